//! Those who wait for the answer to a message: a routee among them could never give it.

use std::sync::Arc;

use super::core::Core;
use super::current;
use super::flight::Mode;
use super::meta::{Meta, Way};
use super::reference::{Ref, Refusal};
use super::reply::{Came, Slot};
use super::traits::{Actor, Message};

/// The chain of those who wait, if anybody does.
pub(crate) struct Asker {
    meta: Option<Arc<Meta>>,
    is_unsent: bool,
    /// The message is handled beside others.
    shared: bool,
}

impl Asker {
    pub(crate) fn of<A: Actor>(message: &A::Msg) -> Self {
        let came = message.reply().and_then(Slot::meta);
        let meta = came.map(|Came(meta)| meta).filter(|meta| meta.asker.is_some());
        Self { meta, is_unsent: false, shared: matches!(A::mode(message), Mode::Shared | Mode::Peek) }
    }

    /// Of a message that may not have been sent yet, and carries nothing then: its asker is the handler that runs.
    pub(crate) fn unsent<A: Actor>(message: &A::Msg) -> Self {
        Self { is_unsent: true, ..Self::of::<A>(message) }
    }

    /// How the message finds `routee`.
    pub(crate) fn way<M: 'static>(&self, routee: &Ref<M>) -> Way {
        match self.meta.as_ref().and_then(|meta| meta.asker.as_ref()) {
            Some(asker) => asker.way(&*routee.0, self.shared),
            None if self.is_unsent => current::way(&*routee.0, self.shared),
            None => Way::Free,
        }
    }

    pub(crate) fn is_awaited_by<M: 'static>(&self, routee: &Ref<M>) -> bool {
        matches!(self.way(routee), Way::Cycle(_))
    }

    /// Takes out the routees that wait; the way back to one of them, if there are any.
    pub(crate) fn sort_out<M: 'static>(&self, routees: &mut Vec<Ref<M>>) -> Option<Refusal> {
        let mut back = None;
        routees.retain(|routee| match self.way(routee) {
            Way::Cycle(path) => {
                back = Some(path);
                false
            }
            Way::Free | Way::Back => true,
        });
        back.map(Refusal::cycle)
    }

    /// The way back to one of those that are there, if all of them wait.
    pub(crate) fn awaited_by_all<'a, M: 'static>(
        &self,
        routees: impl Iterator<Item = &'a Ref<M>>,
    ) -> Option<Refusal> {
        self.meta.as_ref()?;
        let mut routees: Vec<_> = routees.filter(|routee| is_there(routee)).cloned().collect();
        self.sort_out(&mut routees).filter(|_| routees.is_empty())
    }
}

/// Whether a routee takes messages.
pub(crate) fn is_there<M: 'static>(routee: &Ref<M>) -> bool {
    routee.0.core().is_some_and(Core::is_alive)
}
