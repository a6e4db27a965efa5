//! Those who wait for the answer to a message: a routee among them could never give it.

use std::sync::Arc;

use crate::actor::{Actor, CallPath, Came, Core, Message, Meta, Mode, Ref, Refusal, Slot, Way, way};

/// The chain of those who wait, if anybody does.
pub(super) struct Asker {
    meta: Option<Arc<Meta>>,
    /// The message is handled beside others.
    shared: bool,
}

impl Asker {
    pub(super) fn of<A: Actor>(message: &A::Msg) -> Self {
        let came = message.reply().and_then(Slot::meta);
        let meta = came.map(|Came(meta)| meta).filter(|meta| meta.asker.is_some());
        Self { meta, shared: matches!(A::mode(message), Mode::Shared | Mode::Peek) }
    }

    /// How the message finds `routee`.
    pub(super) fn way<M: 'static>(&self, routee: &Ref<M>) -> Way {
        match self.meta.as_ref().and_then(|meta| meta.asker.as_ref()) {
            Some(asker) => asker.way(&*routee.0, self.shared),
            None => Way::Free,
        }
    }

    /// Whether it waits. What is not sent yet carries nothing: its asker is the handler that runs.
    pub(super) fn is_awaited_by<M: 'static>(&self, routee: &Ref<M>) -> bool {
        let is_cycle = |way| matches!(way, Way::Cycle(_));
        is_cycle(self.way(routee)) || is_cycle(way(&*routee.0, self.shared))
    }

    /// Takes out the routees that wait; the way back to one of them, if there are any.
    pub(super) fn sort_out<M: 'static>(&self, routees: &mut Vec<Ref<M>>) -> Option<Refusal> {
        let mut back = None;
        routees.retain(|routee| match self.way(routee) {
            Way::Cycle(path) => {
                back = Some(path);
                false
            }
            Way::Free | Way::Back => true,
        });
        back.map(cycle)
    }

    /// The way back to one of those that are there, if all of them wait.
    pub(super) fn awaited_by_all<'a, M: 'static>(
        &self,
        routees: impl Iterator<Item = &'a Ref<M>>,
    ) -> Option<Refusal> {
        self.meta.as_ref()?;
        let mut routees: Vec<_> = routees.filter(|routee| is_there(routee)).cloned().collect();
        self.sort_out(&mut routees).filter(|_| routees.is_empty())
    }
}

pub(super) fn cycle(path: CallPath) -> Refusal {
    Refusal::Cycle(Box::new(path))
}

/// Whether a routee takes messages.
pub(super) fn is_there<M: 'static>(routee: &Ref<M>) -> bool {
    routee.0.core().is_some_and(Core::is_alive)
}
