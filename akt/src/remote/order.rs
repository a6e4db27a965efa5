//! *Pure.* Order per target, where large messages come by streams of their own and the rest by the lane.
//!
//! In the lane, a barrier stands for each message that comes apart. From a barrier whose message has not come, what
//! follows for the same target is held, and nothing else.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use thiserror::Error;

/// What is held for targets, and what came before its barrier.
#[derive(Debug)]
pub(super) struct Order<M> {
    lines: BTreeMap<Bytes, VecDeque<Entry<M>>>,
    /// Announced and not come.
    awaited: BTreeMap<u64, Bytes>,
    /// Come and not announced.
    early: BTreeMap<u64, Weighed<M>>,
    /// Asks that are held, so that what is said of them later stays behind them.
    asks: BTreeMap<u64, Bytes>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<M> {
    ask: Option<u64>,
    state: State<M>,
}

#[derive(Debug)]
enum State<M> {
    Awaited(u64),
    Here(Weighed<M>),
}

/// A message, and how many bytes it keeps.
#[derive(Debug)]
pub(super) struct Weighed<M> {
    pub(super) message: M,
    pub(super) bytes: usize,
}

/// What a message of the lane is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// A target; an ask has a name.
    Target(Bytes, Option<u64>),
    /// An ask of that name.
    Ask(u64),
    /// Neither: it is never held.
    Nothing,
}

/// So many messages may be on one side of their barriers and not on the other: a peer has fewer under way.
const MOST: usize = 64;

/// What no peer does that keeps to the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Disorder {
    /// A number that stands for two messages.
    #[error("large message {0} came or was announced twice")]
    Twice(u64),
    /// Barriers without their messages, or messages without their barriers, would be kept without end.
    #[error(
        "more than {MOST} large messages are announced and have not come, or have come and are not announced"
    )]
    TooMany,
}

impl<M> Default for Order<M> {
    fn default() -> Self {
        Self {
            lines: BTreeMap::new(),
            awaited: BTreeMap::new(),
            early: BTreeMap::new(),
            asks: BTreeMap::new(),
            bytes: 0,
        }
    }
}

impl<M> Order<M> {
    /// Whether everything in the lane passes.
    pub(super) fn holds_nothing(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// A message of the lane: it passes into `out`, or is held.
    pub(super) fn pass(&mut self, to: For, message: Weighed<M>, out: &mut Vec<M>) {
        let (target, ask) = match to {
            For::Target(target, ask) => (Some(target), ask),
            For::Ask(ask) => (self.asks.get(&ask).cloned(), None),
            For::Nothing => (None, None),
        };
        let line = target.as_ref().and_then(|target| self.lines.get_mut(target));
        let (Some(target), Some(line)) = (target, line) else { return out.push(message.message) };
        self.bytes += message.bytes;
        line.push_back(Entry { ask, state: State::Here(message) });
        if let Some(ask) = ask {
            self.asks.insert(ask, target);
        }
    }

    /// A barrier in the lane: here belongs large message `number`, for `target`, an ask if it has a name.
    ///
    /// # Errors
    ///
    /// [`Disorder`].
    pub(super) fn announce(
        &mut self,
        number: u64,
        (target, ask): (Bytes, Option<u64>),
        out: &mut Vec<M>,
    ) -> Result<(), Disorder> {
        if self.awaited.contains_key(&number) {
            return Err(Disorder::Twice(number));
        }
        let state = match self.early.remove(&number) {
            Some(message) => State::Here(message),
            None if self.awaited.len() == MOST => return Err(Disorder::TooMany),
            None => {
                self.awaited.insert(number, target.clone());
                State::Awaited(number)
            }
        };
        if let Some(ask) = ask {
            self.asks.insert(ask, target.clone());
        }
        self.lines.entry(target.clone()).or_default().push_back(Entry { ask, state });
        self.release(&target, out);
        Ok(())
    }

    /// A large message has come.
    ///
    /// # Errors
    ///
    /// [`Disorder`].
    pub(super) fn arrive(
        &mut self,
        number: u64,
        message: Weighed<M>,
        out: &mut Vec<M>,
    ) -> Result<(), Disorder> {
        let bytes = message.bytes;
        match self.awaited.remove(&number) {
            Some(target) => {
                let line = self.lines.get_mut(&target).into_iter().flatten();
                let mut entries =
                    line.filter(|entry| matches!(entry.state, State::Awaited(awaited) if awaited == number));
                if let Some(entry) = entries.next() {
                    entry.state = State::Here(message);
                    self.bytes += bytes;
                }
                self.release(&target, out);
            }
            None => {
                if self.early.insert(number, message).is_some() {
                    return Err(Disorder::Twice(number));
                }
                if self.early.len() > MOST {
                    return Err(Disorder::TooMany);
                }
                self.bytes += bytes;
            }
        }
        Ok(())
    }

    /// Lets pass what nothing holds any more.
    fn release(&mut self, target: &Bytes, out: &mut Vec<M>) {
        let Some(line) = self.lines.get_mut(target) else { return };
        while line.front().is_some_and(|entry| matches!(entry.state, State::Here(_))) {
            let Some(entry) = line.pop_front() else { break };
            if let Some(ask) = entry.ask {
                self.asks.remove(&ask);
            }
            if let State::Here(Weighed { message, bytes }) = entry.state {
                self.bytes -= bytes;
                out.push(message);
            }
        }
        if line.is_empty() {
            self.lines.remove(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(name: u8) -> Bytes {
        Bytes::copy_from_slice(&[name])
    }

    fn weighed(message: (u8, u32)) -> Weighed<(u8, u32)> {
        Weighed { message, bytes: 10 }
    }

    #[test]
    fn only_what_follows_for_the_same_target_is_held() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, (target(1), None), &mut out).unwrap();
        order.pass(For::Target(target(1), None), weighed((1, 2)), &mut out);
        order.pass(For::Target(target(2), None), weighed((2, 1)), &mut out);
        order.pass(For::Nothing, weighed((0, 0)), &mut out);

        assert_eq!((&out[..], order.bytes()), (&[(2, 1), (0, 0)][..], 10));
        order.arrive(1, weighed((1, 1)), &mut out).unwrap();
        assert_eq!(out[2..], [(1, 1), (1, 2)]);
        assert!(order.holds_nothing() && order.bytes() == 0);
    }

    #[test]
    fn what_is_said_of_an_ask_stays_behind_it() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, (target(1), Some(7)), &mut out).unwrap();
        order.pass(For::Target(target(1), Some(8)), weighed((1, 2)), &mut out);
        for (ask, number) in [(7, 3), (8, 4)] {
            order.pass(For::Ask(ask), weighed((1, number)), &mut out);
        }
        order.pass(For::Ask(9), weighed((2, 1)), &mut out);
        assert_eq!(out, [(2, 1)]);

        order.arrive(1, weighed((1, 1)), &mut out).unwrap();
        order.pass(For::Ask(7), weighed((1, 5)), &mut out);
        assert_eq!(out[1..], [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
    }

    #[test]
    fn barriers_without_messages_and_messages_without_barriers_are_kept_up_to_a_limit() {
        let (mut order, mut out) = (Order::default(), Vec::new());
        for number in 0..64 {
            order.announce(number, (target(1), None), &mut out).unwrap();
            order.arrive(100 + number, weighed((1, 0)), &mut out).unwrap();
        }

        assert_eq!(order.announce(64, (target(1), None), &mut out), Err(Disorder::TooMany));
        assert_eq!(order.arrive(164, weighed((1, 0)), &mut out), Err(Disorder::TooMany));
        assert!(out.is_empty());
    }

    #[test]
    fn a_number_stands_for_one_message() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, (target(1), None), &mut out).unwrap();
        order.arrive(2, weighed((1, 2)), &mut out).unwrap();

        assert_eq!(order.announce(1, (target(2), None), &mut out), Err(Disorder::Twice(1)));
        assert_eq!(order.arrive(2, weighed((1, 2)), &mut out), Err(Disorder::Twice(2)));
    }

    proptest! {
        #[test]
        fn in_any_order_of_arrival_each_target_has_its_own_order_and_nothing_twice(
            messages in prop::collection::vec((0_u8..4, any::<bool>()), 0..60),
            delays in prop::collection::vec(0_usize..80, 60),
        ) {
            let (mut order, mut out) = (Order::default(), Vec::new());
            let mut sent: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
            // What comes apart comes at a time of its own, before its barrier or after it.
            let mut events: Vec<(usize, usize, bool)> = Vec::new();
            for (at, (_, large)) in messages.iter().enumerate() {
                events.push((at, at, false));
                if *large {
                    events.push((delays[at], at, true));
                }
            }
            events.sort_by_key(|(time, ..)| *time);

            for (number, (name, _)) in messages.iter().enumerate() {
                sent.entry(*name).or_default().push(number as u32);
            }
            for (_, at, apart) in events {
                let ((name, large), message) = (messages[at], (messages[at].0, at as u32));
                if apart {
                    order.arrive(at as u64, weighed(message), &mut out).unwrap();
                } else if large {
                    order.announce(at as u64, (target(name), None), &mut out).unwrap();
                } else {
                    order.pass(For::Target(target(name), None), weighed(message), &mut out);
                }
            }

            let mut got: BTreeMap<u8, Vec<u32>> = BTreeMap::new();
            for (name, number) in out {
                got.entry(name).or_default().push(number);
            }
            prop_assert_eq!(got, sent);
            prop_assert!(order.holds_nothing() && order.bytes() == 0);
            prop_assert!(order.awaited.is_empty() && order.early.is_empty() && order.asks.is_empty());
        }
    }
}
