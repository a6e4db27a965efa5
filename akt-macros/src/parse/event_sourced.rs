//! Events in an attribute, `event_sourced(event = .., snapshot_every = ..)`, and `#[apply]`.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{ImplItemFn, LitInt, Path, Type};

use super::{attrs, grain, mailbox, ungroup};
use crate::check;
use crate::diag::Diag;
use crate::model::{Apply, EventSourced};

const KEYS: &[&str] = &["event", "kind", "schema", "snapshot_every", "upcast"];

/// Reads what stands in the parentheses behind `word`.
pub(super) fn event_sourced(word: Ident, inside: TokenStream, diag: &mut Diag) -> EventSourced {
    let before = diag.count();
    let mut read =
        EventSourced { word, event: None, kind: None, schema: None, upcast: None, snapshot_every: None };
    attrs::read(inside, KEYS, diag, &mut |key, input| {
        match key.to_string().as_str() {
            "event" => read.event = Some(input.parse()?),
            "kind" => read.kind = Some(grain::kind(input)?),
            "schema" => read.schema = Some(schema(&input.parse()?)?),
            "upcast" => read.upcast = Some(input.call(Path::parse_mod_style)?),
            _ => {
                let few = "a snapshot follows at least one event";
                let every = mailbox::positive(input.parse()?, "a number of events", few)?;
                read.snapshot_every = Some(every);
            }
        }
        Ok(())
    });
    if diag.count() == before {
        check::events(&read, diag);
    }
    read
}

pub(super) fn schema(literal: &syn::Lit) -> syn::Result<LitInt> {
    let number = match literal {
        syn::Lit::Int(number) if number.base10_parse::<u32>().is_ok_and(|number| number > 0) => Some(number),
        _ => None,
    };
    number
        .cloned()
        .ok_or_else(|| syn::Error::new(literal.span(), "schemas are numbered from 1 on: `schema = 2`"))
}

/// Reads `#[apply] fn apply(&mut self, event: &CartEvent)`.
pub(super) fn apply(method: &ImplItemFn, diag: &mut Diag) -> Apply {
    check::apply(&method.sig, diag);
    let event = super::typed(&method.sig).find_map(|arg| match ungroup(&arg.ty) {
        Type::Reference(reference) => Some(reference.elem.to_token_stream()),
        _ => None,
    });
    Apply { ident: method.sig.ident.clone(), cfgs: attrs::copied(&method.attrs).cfgs, event }
}
