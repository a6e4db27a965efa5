//! Those who wait for the answer to a message: a routee among them could never give it.

use std::sync::Arc;

use super::call_path::CallPath;
use super::core::Core;
use super::flight::Mode;
use super::meta::{Meta, Way};
use super::reference::Ref;
use super::reply::{Came, Slot};
use super::traits::{Actor, Message};

/// The chain of those who wait, if anybody does.
pub(crate) struct Asker {
    meta: Option<Arc<Meta>>,
    /// The message is handled beside others.
    shared: bool,
}

impl Asker {
    pub(crate) fn of<A: Actor>(message: &A::Msg) -> Self {
        let came = message.reply().and_then(Slot::meta);
        let meta = came.map(|Came(meta)| meta).filter(|meta| meta.asker.is_some());
        Self { meta, shared: matches!(A::mode(message), Mode::Shared | Mode::Peek) }
    }

    /// How the message finds `routee`.
    pub(crate) fn way<M: 'static>(&self, routee: &Ref<M>) -> Way {
        match self.meta.as_ref().and_then(|meta| meta.asker.as_ref()) {
            Some(asker) => asker.way(&*routee.0, self.shared),
            None => Way::Free,
        }
    }

    /// The way back to `routee`, if it waits.
    pub(crate) fn cycle<M: 'static>(&self, routee: &Ref<M>) -> Option<CallPath> {
        match self.way(routee) {
            Way::Cycle(path) => Some(path),
            Way::Free | Way::Back => None,
        }
    }
}

/// Whether a routee takes messages.
pub(crate) fn is_there<M: 'static>(routee: &Ref<M>) -> bool {
    routee.0.core().is_some_and(Core::is_alive)
}
