//! The rules of `#[akt::test]`.

use syn::{Item, spanned::Spanned};

use super::heading;
use crate::diag::Diag;
use crate::model::Test;
use crate::parse::type_name;

/// It stands on a function.
pub(crate) fn is_function(item: &Item, diag: &mut Diag) {
    diag.push(syn::Error::new(item.span(), "`#[akt::test]` goes on an `async fn`"));
}

pub(crate) fn test(test: &Test, diag: &mut Diag) {
    let sig = &test.function.sig;
    if sig.asyncness.is_none() {
        let text = "`#[akt::test]` goes on an `async fn`; a test that awaits nothing is a plain `#[test]`";
        diag.error(heading(sig.fn_token, &sig.ident), text);
    }
    if !sig.generics.params.is_empty() {
        diag.error(&sig.generics, "nobody says what a test's generic parameters are; name the types");
    }
    for attr in &test.function.attrs {
        if attr.path().segments.last().is_some_and(|segment| segment.ident == "test") {
            diag.error(attr, "`#[akt::test]` makes it a test; remove this attribute");
        }
    }
    for (index, arg) in sig.inputs.iter().enumerate() {
        if index > 0 {
            diag.error(arg, "a test takes nothing but the kit; remove this argument");
        } else if type_name(arg).is_none_or(|name| name != "TestKit") {
            diag.error(arg, "a test takes nothing, or the kit: `kit: TestKit`");
        }
    }
    if let Some((key, _)) = &test.system
        && test.kit().is_none()
    {
        diag.error(
            key,
            "`system` is what the kit is made with, and this test takes none; add `kit: TestKit`",
        );
    }
}
