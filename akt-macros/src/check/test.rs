//! The rules of `#[akt::test]`.

use syn::{Item, spanned::Spanned};

use super::heading;
use crate::diag::Diag;
use crate::model::Test;
use crate::parse::type_name;

/// It stands on a function.
pub(crate) fn is_function(item: &Item, is_simulation: bool, diag: &mut Diag) {
    let name = attribute(is_simulation);
    diag.push(syn::Error::new(item.span(), format!("`{name}` goes on an `async fn`")));
}

pub(crate) fn test(test: &Test, diag: &mut Diag) {
    let sig = &test.function.sig;
    let name = attribute(test.is_simulation);
    if sig.asyncness.is_none() {
        let text = format!("`{name}` goes on an `async fn`; a test that awaits nothing is a plain `#[test]`");
        diag.error(heading(sig.fn_token, &sig.ident), text);
    }
    if !sig.generics.params.is_empty() {
        diag.error(&sig.generics, "nobody says what a test's generic parameters are; name the types");
    }
    for attr in &test.function.attrs {
        let last = attr.path().segments.last();
        if last.is_some_and(|segment| segment.ident == "test" || segment.ident == "sim_test") {
            diag.error(attr, format!("`{name}` makes it a test; remove this attribute"));
        }
    }
    for arg in sig.inputs.iter().skip(1) {
        diag.error(arg, "a test takes nothing but the kit; remove this argument");
    }
    kit(test, diag);
    settings(test, diag);
}

fn attribute(is_simulation: bool) -> &'static str {
    if is_simulation { "#[akt::sim_test]" } else { "#[akt::test]" }
}

fn kit(test: &Test, diag: &mut Diag) {
    let is = |name: &str| test.kit().and_then(type_name).is_some_and(|ident| ident == name);
    match test.kit() {
        Some(_) if is("ClusterKit") && test.has_nodes() => {}
        Some(_) if is("TestKit") && !test.has_nodes() => {}
        Some(arg) if is("ClusterKit") => {
            diag.error(arg, "say how many nodes there are: `#[akt::test(nodes = 3)]`");
        }
        Some(arg) if test.has_nodes() => {
            diag.error(arg, "a test of several nodes takes their kit: `kit: ClusterKit`");
        }
        Some(arg) => diag.error(arg, "a test takes nothing, or the kit: `kit: TestKit`"),
        None if test.has_nodes() => {
            let sig = &test.function.sig;
            let text = "a test of several nodes takes their kit; add `kit: ClusterKit`";
            diag.error(heading(sig.fn_token, &sig.ident), text);
        }
        None => {}
    }
}

fn settings(test: &Test, diag: &mut Diag) {
    if let Some((key, _)) = test.setting("system") {
        if test.has_nodes() {
            diag.error(key, "`system` is for one node; several are started by `start = ..`");
        } else if test.kit().is_none() {
            let text = "`system` is what the kit is made with, and this test takes none; add `kit: TestKit`";
            diag.error(key, text);
        }
    }
    for name in ["limit", "start"] {
        if let Some((key, _)) = test.setting(name).filter(|_| !test.has_nodes()) {
            diag.error(key, format!("`{name}` is for several nodes; add `nodes = 3`"));
        }
    }
}
