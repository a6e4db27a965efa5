//! Errands: what an actor does on its turn besides messages. A tick, a post, the result of its work.

use super::cell::LocalCell;
use super::context::Ctx;
use super::core::Core;
use super::mailbox::Errand;
use super::panic::guard_drop;
use super::traits::Actor;
use crate::system::DeadLetterReason;

/// Runs on the actor's turn; what it yields is handled there and then, as a message is.
pub(super) type Run<A> = Box<dyn FnOnce(&mut A, &mut Ctx<A>) -> Option<<A as Actor>::Msg> + Send>;

impl<A: Actor> LocalCell<A> {
    /// Puts `run` on the control lane. When the actor is gone before its turn, it becomes a dead letter of
    /// the name `message`; without a name, nothing.
    pub(crate) fn errand(
        &self,
        message: Option<&'static str>,
        run: impl FnOnce(&mut A, &mut Ctx<A>) -> Option<A::Msg> + Send + 'static,
    ) {
        let run: Run<A> = Box::new(run);
        match self.core.lane.push_errand(Errand { message, run: Box::new(run) }) {
            Ok(()) => self.home.queue.wake(),
            Err(errand) => self.core.abandon(errand),
        }
    }
}

impl Core {
    /// Work that its actor gave up: it was stopped, or restarted and does not want it any more.
    pub(super) fn give_up(&self, message: &'static str, done: impl Send) {
        let _ = guard_drop(done);
        let reason = match self.is_alive() {
            true => DeadLetterReason::Cancelled,
            false => DeadLetterReason::of_stop(self.refusal()),
        };
        self.system().dead_letter(self, message, reason);
    }

    /// An errand whose actor stops, or is gone.
    pub(super) fn abandon(&self, errand: Errand) {
        let Errand { message, run } = errand;
        // A destructor that panics has been told on its way here; there is no actor left to fail.
        let _ = guard_drop(run);
        let reason = DeadLetterReason::of_stop(self.refusal());
        if let Some(message) = message
            && self.system().switches().accounts_for(reason)
        {
            self.system().dead_letter(self, message, reason);
        }
    }
}
