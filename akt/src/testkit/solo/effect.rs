//! What an actor does besides changing its own value and answering.

use std::time::Duration;

use crate::actor::StopReason;
use crate::path::ActorPath;
use crate::system::Event;
use crate::testkit::probe::Note;

/// Something that an actor did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// A message came to a probe.
    Sent {
        /// The probe.
        to: ActorPath,
        /// The handler or rpc it is for.
        message: &'static str,
        /// Somebody waits for the answer.
        asked: bool,
    },
    /// An actor is there that it spawned, or one of its children did.
    Spawned(ActorPath),
    /// An actor is gone: the actor itself, or one that it spawned.
    Stopped(ActorPath, StopReason),
    /// It, or an actor that it spawned, failed: the text.
    Failed(ActorPath, String),
    /// An actor that it spawned has a new value.
    Restarted(ActorPath),
    /// It watches another.
    Watched(ActorPath),
    /// It does not watch another any more, which is there.
    Unwatched(ActorPath),
    /// It has a timer that comes after so long.
    Scheduled(Duration),
    /// A timer is gone before it came, which would have come after so long.
    Cancelled(Duration),
    /// It has put so many messages aside.
    Stashed(usize),
    /// It has taken so many messages back.
    Unstashed(usize),
    /// Its behaviour is another: this one.
    Became(&'static str),
}

impl Effect {
    /// Of what happened to actors, that which has to do with the one at `me`.
    pub(super) fn of(event: &Event, me: &ActorPath) -> Option<Self> {
        let is_below = |actor: &ActorPath| is_under(actor, me);
        match event {
            Event::Started { actor, .. } if is_below(actor) => Some(Self::Spawned(actor.clone())),
            Event::Restarted { actor, .. } if is_below(actor) => Some(Self::Restarted(actor.clone())),
            Event::Stopped { actor, reason, .. } if actor == me || is_below(actor) => {
                Some(Self::Stopped(actor.clone(), *reason))
            }
            Event::Fault(info) if info.actor == *me || is_below(&info.actor) => {
                Some(Self::Failed(info.actor.clone(), info.text.clone()))
            }
            _ => None,
        }
    }
}

impl From<Note> for Effect {
    fn from(Note { to, message, asked }: Note) -> Self {
        Self::Sent { to, message, asked }
    }
}

fn is_under(actor: &ActorPath, above: &ActorPath) -> bool {
    let mut names = actor.names();
    above.names().all(|name| names.next() == Some(name)) && names.next().is_some()
}
