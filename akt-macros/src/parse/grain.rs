//! What `#[grain]` has beyond `#[actor]`: its kind, its key, and the hook that makes its value.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{ImplItemFn, LitStr, Type};

use super::attrs;
use super::item::{returned, typed};
use crate::check;
use crate::diag::Diag;
use crate::model::{Arg, Event, Grain, Hook};

/// Tells the options of a grain from those of an actor, also on their way through a contract's macro.
const MARK: &str = "__akt_grain";

/// The options of `#[grain]`.
pub(crate) fn marked(args: &TokenStream) -> TokenStream {
    let mark = Ident::new(MARK, Span::call_site());
    quote!(#mark, #args)
}

/// The options without the mark, if they have it; and whether they had.
pub(super) fn unmarked(tokens: TokenStream) -> (TokenStream, bool) {
    let mut rest = tokens.clone().into_iter();
    let mark = matches!(rest.next(), Some(TokenTree::Ident(mark)) if mark == MARK);
    if mark { (rest.skip(1).collect(), true) } else { (tokens, false) }
}

/// What was given of `kind` and `key`.
#[derive(Default)]
pub(super) struct Given {
    kind: Option<LitStr>,
    key: Option<Type>,
}

impl Given {
    pub(super) fn read(&mut self, name: &str, input: ParseStream<'_>) -> syn::Result<()> {
        match name {
            "kind" => self.kind = Some(kind(input)?),
            _ => self.key = Some(input.parse()?),
        }
        Ok(())
    }

    /// Both; a mistake otherwise, unless one was reported.
    pub(super) fn grain(self, reported: bool, diag: &mut Diag) -> Grain {
        const USAGE: &str = "`#[akt::grain(kind = \"cart\", key = String)]`";
        let Self { kind, key } = self;
        if kind.is_none() && !reported {
            diag.error(TokenStream::new(), format!("a grain needs a kind, the name of its type: {USAGE}"));
        }
        if key.is_none() && !reported {
            diag.error(TokenStream::new(), format!("a grain needs the type of its key: {USAGE}"));
        }
        Grain { kind, key }
    }
}

pub(super) fn kind(input: ParseStream<'_>) -> syn::Result<LitStr> {
    const SHAPE: &str =
        "a kind is a name: 1 to 255 bytes without `/`, spaces or control characters, and no `$` in front";
    let kind: LitStr = input.parse().map_err(|mistake| {
        syn::Error::new(mistake.span(), "expected the kind in quotes: `kind = \"cart\"`")
    })?;
    let text = kind.value();
    let odd = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if text.is_empty() || text.len() > 255 || text.starts_with('$') || text.contains(odd) {
        return Err(syn::Error::new(kind.span(), SHAPE));
    }
    Ok(kind)
}

/// Reads `async fn activate(key: &String, cx: &mut Ctx<Self>) -> Result<Self, Fault>`.
pub(super) fn activate(method: &ImplItemFn, diag: &mut Diag) -> Option<Hook> {
    let sig = &method.sig;
    let before = diag.count();
    check::activate(sig, diag);
    let args = typed(sig).map(|arg| match check::is_context_argument(arg) {
        true => Arg::Context(arg.ty.span()),
        false => Arg::Field { ident: Ident::new("key", Span::mixed_site()), ty: TokenStream::new() },
    });
    let args = args.collect();
    (diag.count() == before).then(|| Hook {
        event: Event::Activate,
        pattern: None,
        ident: sig.ident.clone(),
        copied: attrs::copied(&method.attrs),
        is_async: sig.asyncness.is_some(),
        args,
        fallible: returned(&sig.output).is_some_and(check::is_result),
    })
}
