//! `passivate = ..`: a duration, `messages(n)` or `never`.

use syn::parse::ParseStream;
use syn::{Expr, Ident, Lit, LitStr};

use super::attrs;
use crate::diag;
use crate::model::Passivate;

const EXAMPLES: &str = "expected a duration such as `\"10m\"`, `messages(1000)` or `never`";

/// Reads what stands behind the `=`.
pub(super) fn passivate(input: ParseStream<'_>) -> syn::Result<Passivate> {
    if input.peek(LitStr) {
        let text: LitStr = input.fork().parse()?;
        let idle = attrs::duration(input)?;
        if idle.is_zero() {
            return Err(syn::Error::new(text.span(), "an actor needs time in which it is not passivated"));
        }
        return Ok(Passivate::After(idle));
    }
    let kind: Ident = input.parse().map_err(|mistake| syn::Error::new(mistake.span(), EXAMPLES))?;
    match kind.to_string().as_str() {
        "never" => Ok(Passivate::Never),
        "messages" if input.peek(syn::token::Paren) => {
            let inside;
            syn::parenthesized!(inside in input);
            count(inside.parse()?).map(|count| Passivate::Messages(Box::new(count)))
        }
        "messages" => Err(syn::Error::new(kind.span(), "say after how many messages: `messages(1000)`")),
        name => Err(syn::Error::new(kind.span(), diag::unknown("passivation", name, &["messages", "never"]))),
    }
}

fn count(expr: Expr) -> syn::Result<Expr> {
    let Expr::Lit(literal) = &expr else { return Ok(expr) };
    match &literal.lit {
        Lit::Int(number) if number.base10_parse::<u64>()? == 0 => {
            Err(syn::Error::new_spanned(number, "an actor handles at least one message"))
        }
        Lit::Int(_) => Ok(expr),
        other => Err(syn::Error::new_spanned(other, "expected a number of messages")),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;
    use syn::parse::Parser;

    use super::*;

    fn mistake(tokens: TokenStream) -> String {
        passivate.parse2(tokens).err().map(|mistake| mistake.to_string()).unwrap_or_default()
    }

    #[test]
    fn passivation_is_read() {
        assert!(
            matches!(passivate.parse2(quote!("10m")), Ok(Passivate::After(idle)) if idle.as_secs() == 600)
        );
        assert!(matches!(passivate.parse2(quote!(messages(3))), Ok(Passivate::Messages(_))));
        assert!(matches!(passivate.parse2(quote!(never)), Ok(Passivate::Never)));
    }

    #[test]
    fn a_wrong_passivation_is_named() {
        assert_eq!(
            mistake(quote!("5 parsecs")),
            r#"invalid duration "5 parsecs"; examples: "250ms", "2s", "5m", "1h""#
        );
        assert_eq!(mistake(quote!("0s")), "an actor needs time in which it is not passivated");
        assert_eq!(mistake(quote!(5)), EXAMPLES);
        assert_eq!(mistake(quote!(messages)), "say after how many messages: `messages(1000)`");
        assert_eq!(mistake(quote!(messages(0))), "an actor handles at least one message");
        assert_eq!(
            mistake(quote!(nver)),
            "unknown passivation `nver`; did you mean `never`? supported: `messages`, `never`"
        );
    }
}
