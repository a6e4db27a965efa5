//! What the macros know about a type under one of the derives.

use proc_macro2::TokenStream;
use syn::{Attribute, Generics, Ident, Type, Visibility};

/// An enum whose variants are states.
pub(crate) struct States {
    pub(crate) krate: TokenStream,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    pub(crate) variants: Vec<StateVariant>,
}

/// One variant of it.
pub(crate) struct StateVariant {
    pub(crate) ident: Ident,
    pub(crate) cfgs: Vec<Attribute>,
}

/// A struct that is made from what its system provides.
pub(crate) struct Injected {
    pub(crate) krate: TokenStream,
    /// The type of the arguments, if it is the user's.
    pub(crate) args: Option<Type>,
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    pub(crate) fields: Vec<InjectedField>,
}

/// One field of it.
pub(crate) struct InjectedField {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) docs: Vec<Attribute>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) source: Source,
}

/// Where a field comes from.
pub(crate) enum Source {
    /// `#[dep(named = ..)]`; the name is empty if there is none.
    Dependency(String),
    /// `#[arg]`
    Argument,
    /// Neither.
    Default,
}

impl Injected {
    /// The fields that each spawn gives.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &InjectedField> {
        self.fields.iter().filter(|field| matches!(field.source, Source::Argument))
    }

    pub(crate) fn has_args(&self) -> bool {
        self.arguments().next().is_some()
    }
}
