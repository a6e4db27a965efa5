//! *Pure.* Order per target, where large messages come by streams of their own and the rest by the lane.
//!
//! In the lane, a barrier stands for each message that comes apart. From a barrier whose message has not come, what
//! follows for the same target is held, and nothing else; behind a large item, what follows of the same ask.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use thiserror::Error;

use crate::wire::{Course, Side};

/// What is held for targets, and what came before its barrier.
#[derive(Debug)]
pub(super) struct Order<M> {
    lines: BTreeMap<Bytes, VecDeque<Entry<M>>>,
    /// Announced and not come.
    awaited: BTreeMap<u64, Bytes>,
    /// Come and not announced.
    early: BTreeMap<u64, Weighed<M>>,
    /// Of asks of which something is held: so that what is said of them later stays behind it.
    courses: BTreeMap<Course, Held>,
    bytes: usize,
}

#[derive(Debug)]
struct Held {
    line: Bytes,
    entries: usize,
}

#[derive(Debug)]
struct Entry<M> {
    of: Option<Course>,
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
    /// A target; an ask has a course.
    Target(Bytes, Option<Course>),
    /// An ask, of which something is said.
    Course(Course),
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
            courses: BTreeMap::new(),
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
        let (line, of) = match to {
            For::Target(target, of) => (Some(target).filter(|target| self.lines.contains_key(target)), of),
            For::Course(course) => (self.courses.get(&course).map(|held| held.line.clone()), Some(course)),
            For::Nothing => (None, None),
        };
        let Some(line) = line else { return out.push(message.message) };
        self.bytes += message.bytes;
        self.hold(line, Entry { of, state: State::Here(message) });
    }

    /// A barrier in the lane: here belongs large message `number`.
    ///
    /// # Errors
    ///
    /// [`Disorder`].
    pub(super) fn announce(&mut self, number: u64, to: For, out: &mut Vec<M>) -> Result<(), Disorder> {
        if self.awaited.contains_key(&number) {
            return Err(Disorder::Twice(number));
        }
        let (line, of) = match to {
            For::Target(target, of) => (target, of),
            For::Course(course) => {
                let held = self.courses.get(&course).map(|held| held.line.clone());
                (held.unwrap_or_else(|| line_of(course)), Some(course))
            }
            For::Nothing => (Bytes::new(), None),
        };
        let state = match self.early.remove(&number) {
            Some(message) => State::Here(message),
            None if self.awaited.len() == MOST => return Err(Disorder::TooMany),
            None => {
                self.awaited.insert(number, line.clone());
                State::Awaited(number)
            }
        };
        self.hold(line.clone(), Entry { of, state });
        self.release(&line, out);
        Ok(())
    }

    fn hold(&mut self, line: Bytes, entry: Entry<M>) {
        if let Some(course) = entry.of {
            let new = || Held { line: line.clone(), entries: 0 };
            self.courses.entry(course).or_insert_with(new).entries += 1;
        }
        self.lines.entry(line).or_default().push_back(entry);
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
            Some(name) => {
                let line = self.lines.get_mut(&name).into_iter().flatten();
                let mut entries =
                    line.filter(|entry| matches!(entry.state, State::Awaited(awaited) if awaited == number));
                if let Some(entry) = entries.next() {
                    entry.state = State::Here(message);
                    self.bytes += bytes;
                }
                self.release(&name, out);
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
    fn release(&mut self, name: &Bytes, out: &mut Vec<M>) {
        let Some(line) = self.lines.get_mut(name) else { return };
        while line.front().is_some_and(|entry| matches!(entry.state, State::Here(_))) {
            let Some(entry) = line.pop_front() else { break };
            if let Some(course) = entry.of
                && let Some(held) = self.courses.get_mut(&course)
            {
                held.entries -= 1;
                if held.entries == 0 {
                    self.courses.remove(&course);
                }
            }
            if let State::Here(Weighed { message, bytes }) = entry.state {
                self.bytes -= bytes;
                out.push(message);
            }
        }
        if line.is_empty() {
            self.lines.remove(name);
        }
    }
}

/// The line of an ask of which nothing is held but large items. No target begins like it.
fn line_of(course: Course) -> Bytes {
    let asker = u8::from(course.asker == Side::Them);
    [[0, asker].as_slice(), &course.correlation.to_be_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(name: u8) -> Bytes {
        Bytes::copy_from_slice(&[name])
    }

    fn ask(correlation: u64) -> Course {
        Course { correlation, asker: Side::Them }
    }

    fn weighed(message: (u8, u32)) -> Weighed<(u8, u32)> {
        Weighed { message, bytes: 10 }
    }

    #[test]
    fn only_what_follows_for_the_same_target_is_held() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, For::Target(target(1), None), &mut out).unwrap();
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

        order.announce(1, For::Target(target(1), Some(ask(7))), &mut out).unwrap();
        order.pass(For::Target(target(1), Some(ask(8))), weighed((1, 2)), &mut out);
        for (name, number) in [(7, 3), (8, 4)] {
            order.pass(For::Course(ask(name)), weighed((1, number)), &mut out);
        }
        order.pass(For::Course(ask(9)), weighed((2, 1)), &mut out);
        assert_eq!(out, [(2, 1)]);

        order.arrive(1, weighed((1, 1)), &mut out).unwrap();
        order.pass(For::Course(ask(7)), weighed((1, 5)), &mut out);
        assert_eq!(out[1..], [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]);
    }

    #[test]
    fn what_is_said_later_stays_behind_what_was_said_of_the_same_ask() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, For::Target(target(1), Some(ask(7))), &mut out).unwrap();
        order.announce(2, For::Target(target(1), None), &mut out).unwrap();
        order.pass(For::Course(ask(7)), weighed((1, 3)), &mut out);
        order.arrive(1, weighed((1, 1)), &mut out).unwrap();
        order.pass(For::Course(ask(7)), weighed((1, 4)), &mut out);

        assert_eq!(out, [(1, 1)], "the ask has gone, its cancel has not");
        order.arrive(2, weighed((1, 2)), &mut out).unwrap();
        assert_eq!(out[1..], [(1, 2), (1, 3), (1, 4)]);
    }

    #[test]
    fn a_large_item_holds_what_follows_of_its_ask_and_nothing_else() {
        let (mut order, mut out) = (Order::default(), Vec::new());
        let answer = Course { correlation: 7, asker: Side::Us };

        order.announce(1, For::Course(ask(7)), &mut out).unwrap();
        order.pass(For::Course(ask(7)), weighed((1, 2)), &mut out);
        order.pass(For::Course(answer), weighed((2, 1)), &mut out);
        order.pass(For::Target(target(1), Some(ask(8))), weighed((3, 1)), &mut out);

        assert_eq!((&out[..], order.bytes()), (&[(2, 1), (3, 1)][..], 10));
        order.arrive(1, weighed((1, 1)), &mut out).unwrap();
        assert_eq!(out[2..], [(1, 1), (1, 2)]);
    }

    #[test]
    fn a_large_item_stays_behind_its_ask_and_keeps_its_place_when_that_has_gone() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, For::Target(target(1), Some(ask(7))), &mut out).unwrap();
        order.announce(2, For::Course(ask(7)), &mut out).unwrap();
        order.arrive(2, weighed((1, 2)), &mut out).unwrap();
        order.announce(3, For::Course(ask(7)), &mut out).unwrap();
        assert!(out.is_empty());

        order.arrive(1, weighed((1, 1)), &mut out).unwrap();
        order.pass(For::Course(ask(7)), weighed((1, 4)), &mut out);
        assert_eq!(out, [(1, 1), (1, 2)]);
        order.arrive(3, weighed((1, 3)), &mut out).unwrap();
        assert_eq!(out[2..], [(1, 3), (1, 4)]);
        assert!(order.holds_nothing() && order.courses.is_empty());
    }

    #[test]
    fn barriers_without_messages_and_messages_without_barriers_are_kept_up_to_a_limit() {
        let (mut order, mut out) = (Order::default(), Vec::new());
        for number in 0..64 {
            order.announce(number, For::Target(target(1), None), &mut out).unwrap();
            order.arrive(100 + number, weighed((1, 0)), &mut out).unwrap();
        }

        assert_eq!(order.announce(64, For::Target(target(1), None), &mut out), Err(Disorder::TooMany));
        assert_eq!(order.arrive(164, weighed((1, 0)), &mut out), Err(Disorder::TooMany));
        assert!(out.is_empty());
    }

    #[test]
    fn a_number_stands_for_one_message() {
        let (mut order, mut out) = (Order::default(), Vec::new());

        order.announce(1, For::Target(target(1), None), &mut out).unwrap();
        order.arrive(2, weighed((1, 2)), &mut out).unwrap();

        assert_eq!(order.announce(1, For::Target(target(2), None), &mut out), Err(Disorder::Twice(1)));
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
                    order.announce(at as u64, For::Target(target(name), None), &mut out).unwrap();
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
            prop_assert!(order.awaited.is_empty() && order.early.is_empty() && order.courses.is_empty());
        }
    }
}
