//! What is asked of the life of an actor on another node: on its way there, and obeyed here.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::carrier::{Carrier, EndOfCarrier};
use super::inbound::path;
use super::peer::{Out, Peer};
use super::watch::Input;
use crate::actor::{Control, Held, Origin, StopReason, Target};
use crate::path::{ActorPath, is_reserved};
use crate::wire::{Notice, Signal};

impl Peer {
    /// Sends `signal` behind what was sent to the same actor before.
    pub(super) fn signal(self: &Arc<Self>, target: &Bytes, signal: Signal) {
        let notice = Notice::Signal { target: target.clone(), signal };
        // It takes no room: who asks for an end does so once.
        let _ = self.queue.push(Out::Notice { link: None, notice }, true);
        if !self.is_up() {
            self.want();
        }
    }

    /// A notice that was not sent; nobody waits for a word about it.
    pub(super) fn drop_notice(&self, notice: Notice, problem: &str) {
        let Notice::Signal { target, signal } = notice else { return };
        let actor = String::from_utf8_lossy(&target);
        tracing::warn!(%actor, peer = %self.address, signal = signal.name(), problem, "not delivered");
    }
}

/// Takes in what the peer says of an actor.
///
/// # Errors
///
/// That it watches too many.
pub(super) fn take(carrier: &Arc<Carrier>, notice: Notice) -> Result<(), EndOfCarrier> {
    match notice {
        Notice::Signal { target, signal } => signalled(carrier, &target, signal),
        Notice::Watch { watch, target, actor } => return carrier.begin_watch(watch, &target, actor),
        Notice::Unwatch { watch } => carrier.end_watch(watch),
        Notice::Watched { watch, actor } => carrier.peer.watch_heard(Input::Watched { watch, actor }),
        Notice::Terminated { watch, reason } => {
            carrier.peer.watch_heard(Input::Terminated { watch, reason });
        }
    }
    Ok(())
}

fn signalled(carrier: &Arc<Carrier>, target: &[u8], signal: Signal) {
    let (peer, signal_name) = (&carrier.peer.address, signal.name());
    let Some(path) = path(target) else {
        return tracing::warn!(%peer, signal = signal_name, "no path of an actor");
    };
    if !carrier.may_operate() {
        return carrier.forbid(&format_args!("clients do not {signal_name} actors: {path}"));
    }
    if is_akts_own(&path) {
        return tracing::warn!(%peer, actor = %path, signal = signal_name, "refused: this actor belongs to akt");
    }
    match carrier.node().system.lookup(&path) {
        Some(actor) if signal == Signal::Drain => {
            // Behind what waits for room in its mailbox.
            let drain = Drain(actor.target().clone());
            match carrier.arrival(target).filter(|arrival| arrival.is_crowded()) {
                Some(arrival) => arrival.hold(Box::new(drain)),
                None => obey(&*drain.0, signal),
            }
        }
        Some(actor) => obey(&**actor.target(), signal),
        None => tracing::debug!(%peer, actor = %path, signal = signal_name, "no such actor"),
    }
}

/// The end of an actor that waits like a message.
struct Drain(Arc<dyn Target>);

impl Held for Drain {
    fn poll_admitted(&mut self, _cx: &Context<'_>) -> Poll<()> {
        obey(&*self.0, Signal::Drain);
        Poll::Ready(())
    }

    fn bytes(&self) -> Option<usize> {
        None
    }
}

/// Whether nobody on another node may end the actor at `path`: a guardian, or what akt keeps below one.
pub(super) fn is_akts_own(path: &ActorPath) -> bool {
    path.names().count() < 2 || path.names().any(is_reserved)
}

fn obey(actor: &dyn Target, signal: Signal) {
    // A peer that repeats itself costs nothing: one stop is as good as many.
    let asked = |as_good| actor.on_core(|core| core.lane.has_asked(as_good)) == Some(true);
    match signal {
        Signal::Stop if !asked(|_| false) => actor.control(Control::Stop(StopReason::Requested)),
        Signal::Drain if !asked(|it| matches!(it, Control::Drain(_))) => actor.drain(),
        Signal::Restart if !asked(|it| matches!(it, Control::Restart)) => actor.control(Control::Restart),
        Signal::Kill => actor.kill(),
        Signal::Stop | Signal::Drain | Signal::Restart => {}
    }
}
