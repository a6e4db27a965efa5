//! A test with a kit.

use proc_macro2::TokenStream;
use syn::{Expr, FnArg, Ident, ItemFn, ReturnType, Type};

/// The function under `#[akt::test]` or `#[akt::sim_test]`.
pub(crate) struct Test {
    pub(crate) krate: TokenStream,
    /// `sim_test`.
    pub(crate) is_simulation: bool,
    /// What the attribute says, in its order.
    pub(crate) settings: Vec<(Ident, Expr)>,
    pub(crate) function: ItemFn,
}

impl Test {
    pub(crate) fn kit(&self) -> Option<&FnArg> {
        self.function.sig.inputs.first()
    }

    /// It has nodes, not one system.
    pub(crate) fn has_nodes(&self) -> bool {
        self.is_simulation || self.setting("nodes").is_some()
    }

    pub(crate) fn setting(&self, name: &str) -> Option<&(Ident, Expr)> {
        self.settings.iter().find(|(key, _)| key == name)
    }

    /// It returns nothing that says whether it failed.
    pub(crate) fn returns_unit(&self) -> bool {
        match &self.function.sig.output {
            ReturnType::Default => true,
            ReturnType::Type(_, ty) => matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
        }
    }
}
