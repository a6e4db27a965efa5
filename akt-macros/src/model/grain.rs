//! What the macros know about a grain beyond an actor.

use proc_macro2::Ident;
use syn::{Expr, LitInt, LitStr, Path, Type};

use super::Actor;

/// What `#[grain(..)]` says beyond `#[actor(..)]`; what is missing was reported.
pub(crate) struct Grain {
    pub(crate) kind: Option<LitStr>,
    pub(crate) key: Option<Type>,
    /// `state = items: CartState`
    pub(crate) state: Option<Kept>,
    /// `gates`, by its word.
    pub(crate) gates: Option<Ident>,
    pub(crate) placement: Option<Placement>,
    pub(crate) consistency: Option<Consistency>,
    pub(crate) stateless: Option<Stateless>,
}

/// `stateless, max = 8`
pub(crate) struct Stateless {
    pub(crate) word: Ident,
    pub(crate) max: Expr,
}

/// A state that a store keeps.
pub(crate) struct Kept {
    /// The word `state`.
    pub(crate) word: Ident,
    /// The field of the grain that has it.
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    pub(crate) schema: Option<LitInt>,
    pub(crate) upcast: Option<Path>,
}

/// `placement = local_first`: the variant of akt's enum.
pub(crate) struct Placement(pub(crate) Ident);

/// `consistency = strict`: the variant of akt's enum.
pub(crate) struct Consistency(pub(crate) Ident);

/// What an actor keeps in a state store.
pub(crate) struct Keeps<'a> {
    pub(crate) state: &'a Kept,
    /// It commits each of its turns.
    pub(crate) gates: bool,
}

impl Actor {
    /// Whether its turns are committed.
    pub(crate) fn is_gated(&self) -> bool {
        self.kept().is_some_and(|kept| kept.gates)
    }

    pub(crate) fn kept(&self) -> Option<Keeps<'_>> {
        let grain = self.options.grain.as_ref()?;
        Some(Keeps { state: grain.state.as_ref()?, gates: grain.gates.is_some() })
    }
}
