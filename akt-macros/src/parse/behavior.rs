//! Behaviours in attributes: `unhandled = deny`, `when = Phase::Ready`; and the enum of `#[derive(Behavior)]`.

use syn::parse::ParseStream;
use syn::{Data, DeriveInput, Ident, Pat, Token};

use super::attrs;
use super::inject::options;
use crate::diag::{self, Diag};
use crate::model::{Conditions, StateVariant, States, Unhandled};

/// Reads the word behind `unhandled =`.
pub(super) fn unhandled(input: ParseStream<'_>) -> syn::Result<Unhandled> {
    const KINDS: &[&str] = &["dead_letter", "deny", "reject"];
    let kind: Ident = input
        .parse()
        .map_err(|mistake| syn::Error::new(mistake.span(), "expected `deny`, `reject` or `dead_letter`"))?;
    match kind.to_string().as_str() {
        "deny" => Ok(Unhandled::Deny),
        "dead_letter" => Ok(Unhandled::DeadLetter),
        "reject" => Ok(Unhandled::Reject),
        name => Err(syn::Error::new(kind.span(), diag::unknown("fate", name, KINDS))),
    }
}

/// Reads the states behind `when =`, `stash_when =` or `reject_when =`.
pub(super) fn condition(key: &Ident, input: ParseStream<'_>, conditions: &mut Conditions) -> syn::Result<()> {
    let place = match key.to_string().as_str() {
        "when" => &mut conditions.when,
        "stash_when" => &mut conditions.stash_when,
        _ => &mut conditions.reject_when,
    };
    *place = Some((key.clone(), pattern(input)?));
    Ok(())
}

/// Reads `= Phase::Ready | Phase::Draining`.
pub(super) fn states(input: ParseStream<'_>) -> syn::Result<Pat> {
    input.parse::<Token![=]>()?;
    let states = pattern(input)?;
    if input.is_empty() { Ok(states) } else { Err(input.error("expected `|` or the end")) }
}

fn pattern(input: ParseStream<'_>) -> syn::Result<Pat> {
    Pat::parse_multi_with_leading_vert(input)
        .map_err(|mistake| syn::Error::new(mistake.span(), "expected a pattern, as `Phase::Ready { .. }`"))
}

/// Reads the enum under `#[derive(Behavior)]`; none if it is none, or has no states.
pub(crate) fn states_of(input: &DeriveInput, diag: &mut Diag) -> Option<States> {
    const WANTED: &str = "`derive(akt::Behavior)` needs an enum: its variants are the states";
    let krate = attrs::krate(&options(&input.attrs, "behavior", diag));
    let data = match &input.data {
        Data::Enum(data) if data.variants.is_empty() => {
            diag.error(&input.ident, "a behaviour has at least one state: add a variant");
            return None;
        }
        Data::Enum(data) => data,
        Data::Struct(data) => {
            diag.error(data.struct_token, WANTED);
            return None;
        }
        Data::Union(data) => {
            diag.error(data.union_token, WANTED);
            return None;
        }
    };
    let variants = data
        .variants
        .iter()
        .map(|variant| StateVariant {
            ident: variant.ident.clone(),
            cfgs: attrs::copied(&variant.attrs).cfgs,
        })
        .collect();
    Some(States { krate, ident: input.ident.clone(), generics: input.generics.clone(), variants })
}
