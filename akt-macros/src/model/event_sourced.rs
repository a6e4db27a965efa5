//! What the macros know about the events of an actor.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, LitInt, LitStr, Path, Type};

use super::{Actor, Answer};

/// What stands in the parentheses of `event_sourced(..)`.
pub(crate) struct EventSourced {
    /// The word in front of them.
    pub(crate) word: Ident,
    /// Absent if its want was reported.
    pub(crate) event: Option<Type>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) schema: Option<LitInt>,
    pub(crate) upcast: Option<Path>,
    pub(crate) snapshot_every: Option<Expr>,
}

/// One `#[apply]` method.
pub(crate) struct Apply {
    pub(crate) ident: Ident,
    pub(crate) cfgs: Vec<Attribute>,
    /// What it takes a reference of.
    pub(crate) event: Option<TokenStream>,
}

impl Actor {
    /// Whether anything in it needs the actor to be event-sourced.
    pub(crate) fn mentions_events(&self) -> bool {
        let rpcs = self.served.iter().flat_map(|served| &served.methods);
        self.options.event_sourced.is_some()
            || !self.applies.is_empty()
            || self.handlers.iter().any(|handler| handler.answer == Answer::Persisted)
            || rpcs.into_iter().any(|rpc| rpc.persists)
    }

    /// The type of its events, as far as it was said.
    pub(crate) fn event(&self) -> TokenStream {
        let said = self.options.event_sourced.as_ref().and_then(|said| said.event.as_ref());
        let said = said.map(ToTokens::to_token_stream);
        let applied = || self.applies.iter().find_map(|apply| apply.event.clone());
        self.subject.spell(said.or_else(applied).unwrap_or_else(|| quote!(())))
    }
}
