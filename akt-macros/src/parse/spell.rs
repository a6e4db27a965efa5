//! Types as tokens: `Self` spelled out, borrows and `impl Trait` found.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;
use syn::Type;

/// Rewrites `Self` to `actor` and `Self::` to `<actor>::`, on the user's span.
pub(crate) fn spell_self(tokens: TokenStream, actor: &TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                let actor = respan(actor.clone(), ident.span());
                let path = matches!(tokens.peek(), Some(TokenTree::Punct(next)) if is_path_sign(next));
                out.extend(if path { quote!(<#actor>) } else { actor });
            }
            TokenTree::Group(group) => {
                let mut spelled = Group::new(group.delimiter(), spell_self(group.stream(), actor));
                spelled.set_span(group.span());
                out.extend([TokenTree::Group(spelled)]);
            }
            token => out.extend([token]),
        }
    }
    out
}

fn is_path_sign(punct: &Punct) -> bool {
    punct.as_char() == ':' && punct.spacing() == Spacing::Joint
}

/// The same tokens at another place.
pub(crate) fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    let respan_one = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), respan(group.stream(), span)).into();
        }
        token.set_span(span.resolved_at(token.span()));
        token
    };
    tokens.into_iter().map(respan_one).collect()
}

/// What keeps a type from being part of a message.
#[derive(Default)]
pub(crate) struct Lifetimes {
    /// It borrows: `&str`, `Cow<'_, str>`.
    pub(crate) borrows: bool,
    /// It is not one type: `impl Trait`.
    pub(crate) opaque: bool,
}

/// Looks through a type's tokens; arguments of `fn(..)` and `Fn(..)` may borrow.
pub(crate) fn lifetimes(tokens: TokenStream) -> Lifetimes {
    let mut found = Lifetimes::default();
    let mut previous: Option<TokenTree> = None;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Ident(ident) if ident == "for" => return found,
            TokenTree::Ident(ident) if ident == "impl" => found.opaque = true,
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                found.borrows |=
                    !matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                found.borrows |= !matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "static");
            }
            TokenTree::Group(group) if !arguments_of_function(group, previous.as_ref()) => {
                let inner = lifetimes(group.stream());
                found.borrows |= inner.borrows;
                found.opaque |= inner.opaque;
            }
            _ => {}
        }
        previous = Some(token);
    }
    found
}

fn arguments_of_function(group: &Group, previous: Option<&TokenTree>) -> bool {
    group.delimiter() == Delimiter::Parenthesis && matches!(previous, Some(TokenTree::Ident(_)))
}

/// The type inside the invisible groups that `macro_rules!` fragments and parentheses leave.
pub(crate) fn ungroup(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungroup(&group.elem),
        Type::Paren(paren) => ungroup(&paren.elem),
        ty => ty,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(tokens: TokenStream) -> String {
        spell_self(tokens, &quote!(Cache<K>)).to_string().replace(' ', "")
    }

    #[test]
    fn self_becomes_the_actor() {
        assert_eq!(spelled(quote!(Vec<Self>)), "Vec<Cache<K>>");
        assert_eq!(spelled(quote!([u8; Self::N])), "[u8;<Cache<K>>::N]");
        assert_eq!(spelled(quote!(<Self as Has>::Key)), "<Cache<K>asHas>::Key");
        assert_eq!(spelled(quote!(where Self: Sized)), "whereCache<K>:Sized");
    }

    #[test]
    fn borrows_are_found() {
        for borrowed in [quote!(&str), quote!(Option<&mut [u8]>), quote!(Cow<'_, str>), quote!((u8, &'a str))]
        {
            assert!(lifetimes(borrowed.clone()).borrows, "{borrowed}");
        }
    }

    #[test]
    fn functions_and_statics_do_not_borrow() {
        for owned in [
            quote!(&'static str),
            quote!(Box<dyn Fn(&str) -> u8 + Send>),
            quote!(fn(&mut u8)),
            quote!([u8; 4]),
        ] {
            assert!(!lifetimes(owned.clone()).borrows, "{owned}");
        }
    }

    #[test]
    fn opaque_types_are_found() {
        assert!(lifetimes(quote!(Vec<impl Send>)).opaque);
        assert!(!lifetimes(quote!(Box<dyn Send>)).opaque);
    }
}
