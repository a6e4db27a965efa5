//! `mailbox = bounded(64, drop_oldest)` and `order = priority(urgency)`.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Ident, Lit, Token};

use crate::diag;
use crate::mailbox::{Mailbox, Order, Overflow};

pub(super) fn mailbox(input: ParseStream<'_>) -> syn::Result<Mailbox> {
    const KINDS: &[&str] = &["bounded", "unbounded"];
    const EXAMPLES: &str = "expected `bounded(1024)` or `unbounded`";
    let kind: Ident = input.parse().map_err(|mistake| syn::Error::new(mistake.span(), EXAMPLES))?;
    match kind.to_string().as_str() {
        "unbounded" if input.peek(syn::token::Paren) => {
            parentheses(input)?;
            Err(syn::Error::new(kind.span(), "an unbounded mailbox is never full: `unbounded` stands alone"))
        }
        "unbounded" => Ok(Mailbox::Unbounded),
        "bounded" if input.peek(syn::token::Paren) => {
            let bounded = |inside: ParseStream<'_>| {
                let capacity = capacity(inside.parse()?, "a mailbox")?;
                Ok(Mailbox::Bounded(Box::new(capacity), overflow(inside)?))
            };
            bounded.parse2(parentheses(input)?)
        }
        "bounded" => Err(syn::Error::new(kind.span(), "say how many messages fit: `bounded(1024)`")),
        name => Err(syn::Error::new(kind.span(), diag::unknown("mailbox", name, KINDS))),
    }
}

/// What stands in parentheses: taken out whole, so that a mistake in it is one mistake.
fn parentheses(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let inside;
    syn::parenthesized!(inside in input);
    inside.parse()
}

pub(super) fn capacity(expr: Expr, what: &str) -> syn::Result<Expr> {
    positive(expr, "a number of messages", &format!("{what} holds at least one message"))
}

/// A number that is not zero, if it is written as one.
pub(super) fn positive(expr: Expr, what: &str, otherwise: &str) -> syn::Result<Expr> {
    let zero = match &expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse::<usize>()? == 0,
            other => return Err(syn::Error::new_spanned(other, format!("expected {what}"))),
        },
        _ => false,
    };
    if zero { Err(syn::Error::new_spanned(expr, otherwise)) } else { Ok(expr) }
}

/// What stands behind the number of messages.
fn overflow(inside: ParseStream<'_>) -> syn::Result<Option<Overflow>> {
    const ONE: &str = "a mailbox has one number of messages and one way when it is full: \
                       `bounded(1024, drop_oldest)`";
    if inside.is_empty() {
        return Ok(None);
    }
    inside.parse::<Token![,]>()?;
    if inside.is_empty() {
        return Ok(None);
    }
    let way: Ident = inside.parse().map_err(|mistake| syn::Error::new(mistake.span(), ONE))?;
    let name = way.to_string();
    let Some(overflow) = Overflow::from_name(&name) else {
        let text = diag::unknown("way when a mailbox is full", &name, Overflow::NAMES);
        return Err(syn::Error::new(way.span(), text));
    };
    if inside.peek(Token![,]) {
        inside.parse::<Token![,]>()?;
    }
    if inside.is_empty() { Ok(Some(overflow)) } else { Err(syn::Error::new(inside.span(), ONE)) }
}

pub(super) fn order(input: ParseStream<'_>) -> syn::Result<Order> {
    const KINDS: &[&str] = &["fair", "priority", "queue"];
    const EXAMPLES: &str = "expected `fair`, `priority(rank)` or `queue(make)`";
    let kind: Ident = input.parse().map_err(|mistake| syn::Error::new(mistake.span(), EXAMPLES))?;
    let of = |text| {
        let inside = if input.peek(syn::token::Paren) { parentheses(input)? } else { TokenStream::new() };
        syn::parse2(inside).map(Box::new).map_err(|_| syn::Error::new(kind.span(), text))
    };
    match kind.to_string().as_str() {
        "fair" if input.peek(syn::token::Paren) => {
            parentheses(input)?;
            Err(syn::Error::new(kind.span(), "senders are told apart by akt: `fair` stands alone"))
        }
        "fair" => Ok(Order::Fair),
        "priority" => {
            of("say what ranks a message: `priority(rank)`, with `fn rank(message: &CounterMsg) -> u8`")
                .map(Order::Priority)
        }
        "queue" => of("say what makes a queue: `queue(Stack::default)`").map(Order::Queue),
        name => Err(syn::Error::new(kind.span(), diag::unknown("order", name, KINDS))),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;

    use super::super::attrs::options;
    use crate::diag::Diag;
    use crate::mailbox::{Mailbox, Order, Overflow};

    fn mistakes_in(tokens: TokenStream) -> Vec<String> {
        let mut diag = Diag::default();
        options(tokens, &mut diag);
        diag.texts()
    }

    #[test]
    fn a_mailbox_says_how_many_fit() {
        assert_eq!(mistakes_in(quote!(mailbox = bounded)), ["say how many messages fit: `bounded(1024)`"]);
        assert_eq!(mistakes_in(quote!(mailbox = bounded(0))), ["a mailbox holds at least one message"]);
        assert_eq!(mistakes_in(quote!(mailbox = 12)), ["expected `bounded(1024)` or `unbounded`"]);
        assert_eq!(mistakes_in(quote!(mailbox = unbounded 3)), ["expected `,`"]);
    }

    #[test]
    fn a_mailbox_says_what_happens_when_it_is_full() {
        let mut diag = Diag::default();

        let options = options(quote!(mailbox = bounded(64, drop_oldest,), order = fair), &mut diag);

        assert!(matches!(options.mailbox, Some(Mailbox::Bounded(_, Some(Overflow::DropOldest)))));
        assert!(matches!(options.order, Some(Order::Fair)));
        assert_eq!(diag.count(), 0);
    }

    #[test]
    fn every_wrong_way_and_order_is_reported() {
        let one = "a mailbox has one number of messages and one way when it is full: \
                   `bounded(1024, drop_oldest)`";
        assert_eq!(mistakes_in(quote!(mailbox = bounded(4, 3))), [one]);
        assert_eq!(mistakes_in(quote!(mailbox = bounded(4, reject, wait))), [one]);
        assert_eq!(
            mistakes_in(quote!(mailbox = bounded(4, drop_olds), order = prority(f))),
            [
                "unknown way when a mailbox is full `drop_olds`; did you mean `drop_oldest`? supported: \
                 `drop_newest`, `drop_oldest`, `reject`, `wait`",
                "unknown order `prority`; did you mean `priority`? supported: `fair`, `priority`, `queue`",
            ]
        );
        assert_eq!(
            mistakes_in(quote!(mailbox = unbounded(reject), order = fair(3))),
            [
                "an unbounded mailbox is never full: `unbounded` stands alone",
                "senders are told apart by akt: `fair` stands alone",
            ]
        );
        assert_eq!(mistakes_in(quote!(order = queue)), ["say what makes a queue: `queue(Stack::default)`"]);
        assert_eq!(mistakes_in(quote!(order = 3)), ["expected `fair`, `priority(rank)` or `queue(make)`"]);
    }
}
