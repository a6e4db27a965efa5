//! A restart of siblings together: every old value ends before the first new one starts, in spawn order.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

use super::core::Core;
use super::error::StopReason;
use super::mailbox::Control;
use super::reference::Target;
use super::supervisor::Strategy;

/// One restart of several siblings, each with a place in the order of their spawning.
///
/// An actor is in several rounds when several siblings fail at once. It counts as ready in all of them as
/// soon as its value is gone, and ids order all rounds alike: nobody waits in a circle.
#[derive(Default)]
struct Round(Mutex<State>);

#[derive(Default)]
struct State {
    places: Vec<Place>,
    waiting: Vec<Waker>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Its old value is there.
    Old,
    /// Its old value is gone.
    Ready,
    /// It has a new value, or never will.
    Done,
}

/// One actor's place in a round; dropped when the round need not wait for it any more.
pub(crate) struct Seat {
    round: Arc<Round>,
    place: usize,
}

impl Seat {
    /// Takes the next place.
    fn take(round: &Arc<Round>) -> Self {
        let mut state = round.0.lock();
        state.places.push(Place::Old);
        Self { round: round.clone(), place: state.places.len() - 1 }
    }

    /// The old value is gone.
    fn ready(&self) {
        self.becomes(Place::Ready);
    }

    /// Ready when every old value is gone and everyone before has a new one.
    fn poll_turn(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.round.0.lock();
        let gone = state.places.iter().all(|place| *place != Place::Old);
        if gone && state.places[..self.place].iter().all(|place| *place == Place::Done) {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|known| known.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    fn becomes(&self, place: Place) {
        let mut state = self.round.0.lock();
        state.places[self.place] = place;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.becomes(Place::Done);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seat({})", self.place)
    }
}

impl Core {
    /// Calls the siblings that `strategy` includes to restart with this actor.
    pub(super) fn call_siblings(&self, strategy: Strategy) -> Option<Seat> {
        let siblings = self.included(strategy);
        if siblings.is_empty() {
            return None;
        }
        let round = Arc::new(Round::default());
        let own = siblings.partition_point(|sibling| sibling.core().is_some_and(|core| core.id < self.id));
        let (before, after) = siblings.split_at(own);
        let seats_before: Vec<_> = before.iter().map(|_| Seat::take(&round)).collect();
        let seat = Seat::take(&round);
        let seats_after: Vec<_> = after.iter().map(|_| Seat::take(&round)).collect();
        for (sibling, seat) in siblings.iter().zip(seats_before.into_iter().chain(seats_after)) {
            sibling.control(Control::Regroup(seat));
        }
        Some(seat)
    }

    /// Stops the siblings that `strategy` includes.
    pub(super) fn stop_siblings(&self, strategy: Strategy) {
        for sibling in self.included(strategy) {
            sibling.control(Control::Stop(StopReason::Sibling));
        }
    }

    fn included(&self, strategy: Strategy) -> Vec<Arc<dyn Target>> {
        let mut siblings = match strategy {
            Strategy::OneForOne => return Vec::new(),
            Strategy::OneForAll | Strategy::RestForOne => self.siblings(),
        };
        if strategy == Strategy::RestForOne {
            siblings.retain(|sibling| sibling.core().is_some_and(|core| core.id > self.id));
        }
        siblings
    }

    /// Waits, without a value, for the turn of this actor in all rounds that it was called to, also those
    /// that begin meanwhile; cut short by a stop or a kill, whose reason it returns.
    pub(super) async fn regroup(&self, seats: &mut Vec<Seat>) -> Option<StopReason> {
        seats.iter().for_each(Seat::ready);
        poll_fn(|cx| {
            self.lane.register(cx.waker());
            if let Some(reason) = self.lane.end_asked() {
                return Poll::Ready(Some(reason));
            }
            loop {
                let turn = seats.iter().all(|seat| seat.poll_turn(cx).is_ready());
                // Looked at after the turn: whoever calls does so before it counts as ready elsewhere.
                let calls = self.lane.take_calls();
                if calls.is_empty() {
                    return if turn { Poll::Ready(None) } else { Poll::Pending };
                }
                calls.iter().for_each(Seat::ready);
                seats.extend(calls);
            }
        })
        .await
    }
}
