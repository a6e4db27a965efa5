//! The options in `#[handler(..)]`.

use proc_macro2::Ident;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, LitStr, Meta};

use super::attrs::{duration, read};
use super::{behavior, mailbox};
use crate::diag::Diag;
use crate::model::{HandlerOptions, Run};

const OPTIONS: &[&str] = &[
    "abort_on_cancel",
    "boxed",
    "defer",
    "max",
    "name",
    "private",
    "reentrant",
    "reject_when",
    "result",
    "stash_when",
    "timeout",
    "when",
];
/// What can be said of a method of a contract; the rest its contract says.
const RPC_OPTIONS: &[&str] = &["abort_on_cancel", "boxed", "max", "reject_when", "stash_when", "when"];

/// Reads the options of `#[handler(timeout = "2s", defer)]`.
pub(crate) fn handler(attr: &Attribute, diag: &mut Diag) -> HandlerOptions {
    options(attr, OPTIONS, diag)
}

/// Reads what `#[handler(when = Phase::Ready)]` says of an rpc; nothing if it says nothing.
pub(crate) fn rpc(attr: &Attribute, diag: &mut Diag) -> Option<HandlerOptions> {
    matches!(attr.meta, Meta::List(_)).then(|| options(attr, RPC_OPTIONS, diag))
}

/// How many handlers may be under way.
pub(super) fn count(input: ParseStream<'_>) -> syn::Result<Expr> {
    mailbox::positive(input.parse()?, "a number of handlers", "at least one handler can run")
}

fn options(attr: &Attribute, supported: &[&str], diag: &mut Diag) -> HandlerOptions {
    let mut options = HandlerOptions::default();
    match &attr.meta {
        Meta::Path(_) => {}
        Meta::List(list) => {
            read(list.tokens.clone(), supported, diag, &mut |key, input| option(key, input, &mut options));
        }
        Meta::NameValue(pair) => {
            diag.error(pair, "options stand in parentheses: `#[handler(timeout = \"2s\")]`");
        }
    }
    options
}

fn option(key: &Ident, input: ParseStream<'_>, options: &mut HandlerOptions) -> syn::Result<()> {
    let Run { boxed, abort_on_cancel } = &mut options.run;
    match key.to_string().as_str() {
        "abort_on_cancel" => *abort_on_cancel = Some(key.clone()),
        "boxed" => *boxed = Some(key.clone()),
        "defer" => options.defer = true,
        "max" => options.max = Some((key.clone(), count(input)?)),
        "name" => options.called = Some(name(input)?),
        "private" => options.private = Some(key.clone()),
        "reentrant" => options.reentrant = Some(key.clone()),
        "result" => options.result = Some(key.clone()),
        "timeout" => options.timeout = Some(duration(input)?),
        _ => behavior::condition(key, input, &mut options.conditions)?,
    }
    Ok(())
}

/// The name of a message, as its method of the reference has it.
fn name(input: ParseStream<'_>) -> syn::Result<Ident> {
    const WANTED: &str = "expected the name of a method: `name = \"add\"`";
    let literal: LitStr = input.parse().map_err(|mistake| syn::Error::new(mistake.span(), WANTED))?;
    literal.parse().map_err(|_| syn::Error::new(literal.span(), WANTED))
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn a_wrong_timeout_is_named() {
        let mut diag = Diag::default();

        handler(&parse_quote!(#[handler(timeout = "5 parsecs")]), &mut diag);
        handler(&parse_quote!(#[handler(timeout = 5)]), &mut diag);

        assert_eq!(
            diag.texts(),
            [
                r#"invalid duration "5 parsecs"; examples: "250ms", "2s", "5m", "1h""#,
                r#"expected a duration; examples: "250ms", "2s", "5m", "1h""#,
            ]
        );
    }

    #[test]
    fn a_name_is_that_of_a_method() {
        let mut diag = Diag::default();

        handler(&parse_quote!(#[handler(name = "add it")]), &mut diag);
        handler(&parse_quote!(#[handler(name = fn)]), &mut diag);

        assert_eq!(diag.texts(), [r#"expected the name of a method: `name = "add"`"#; 2]);
    }
}
