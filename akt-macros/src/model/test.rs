//! A test with a kit.

use proc_macro2::TokenStream;
use syn::{Expr, FnArg, Ident, ItemFn, ReturnType, Type};

/// The function under `#[akt::test]`.
pub(crate) struct Test {
    pub(crate) krate: TokenStream,
    /// `system = ..`, with its key.
    pub(crate) system: Option<(Ident, Expr)>,
    pub(crate) function: ItemFn,
}

impl Test {
    pub(crate) fn kit(&self) -> Option<&FnArg> {
        self.function.sig.inputs.first()
    }

    /// It returns nothing that says whether it failed.
    pub(crate) fn returns_unit(&self) -> bool {
        match &self.function.sig.output {
            ReturnType::Default => true,
            ReturnType::Type(_, ty) => matches!(&**ty, Type::Tuple(tuple) if tuple.elems.is_empty()),
        }
    }
}
