//! *Pure.* Operations of many clients look as if each had happened at one moment between its beginning and its reply.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Debug, Display};

use super::Violation;
use super::search::{Item, Outcome, search, states_after};

const RULE: &str = "linearizability";

/// How many states a search may see while the events that prove a violation are made few.
const PATIENCE: usize = 20_000;

/// A proof begins after the last moment of quiet with at least so many operations behind it.
const ENOUGH: usize = 8;

/// Something that one client alone would use: what it does and says, without any other.
///
/// [`Register`](super::Register) is one. A counter that is added to:
///
/// ```
/// use akt::testkit::check::{Linearizability, Sequential};
///
/// struct Counter;
///
/// impl Sequential for Counter {
///     type State = u64;
///     type Op = u64;
///     type Reply = u64;
///
///     fn begin(&self) -> u64 {
///         0
///     }
///
///     fn apply(&self, sum: &u64, add: &u64) -> (u64, u64) {
///         (sum + add, sum + add)
///     }
/// }
///
/// let mut history = Linearizability::new(Counter);
/// let (one, other) = (history.invoked("a", 1), history.invoked("b", 1));
/// history.replied(one, 1);
/// history.replied(other, 1);
/// assert!(history.check().is_err(), "an update was lost");
/// ```
pub trait Sequential {
    /// What it remembers.
    type State: Clone + Ord + Debug;
    /// What is asked of it.
    type Op: Clone + Debug;
    /// What it says.
    type Reply: Clone + PartialEq + Debug;

    /// What it remembers before the first operation.
    fn begin(&self) -> Self::State;

    /// What it remembers after an operation, and what it says to it.
    fn apply(&self, state: &Self::State, op: &Self::Op) -> (Self::State, Self::Reply);
}

/// A history of operations on one thing.
///
/// Told in the order in which it happened, as one clock sees it. What has no reply may have happened at any time since, or
/// may not. The search is that of Wing and Gong, which remembers the states that it has seen; its cost grows with the number
/// of operations that are under way at once, those without a reply among them.
///
/// ```
/// use akt::testkit::check::{Linearizability, Register, RegisterOp, RegisterReply};
///
/// let mut history = Linearizability::new(Register::new(0));
/// let write = history.invoked("a", RegisterOp::Write(1));
/// let read = history.invoked("b", RegisterOp::Read);
/// history.replied(read, RegisterReply::Value(1));
/// history.replied(write, RegisterReply::Written);
/// history.check().expect("the write was first");
///
/// let read = history.invoked("b", RegisterOp::Read);
/// history.replied(read, RegisterReply::Value(0));
/// let stale = history.check().unwrap_err();
/// assert_eq!(stale.events().last().unwrap(), "b: Read -> Value(0)");
/// ```
#[derive(Clone, Debug)]
pub struct Linearizability<S: Sequential> {
    spec: S,
    ops: Vec<Operation<S::Op, S::Reply>>,
    clock: u64,
}

/// One operation of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId {
    part: usize,
    op: usize,
}

#[derive(Clone, Debug)]
struct Operation<O, R> {
    client: String,
    op: O,
    invoked: u64,
    end: End<R>,
}

#[derive(Clone, Debug)]
enum End<R> {
    Open,
    Replied(u64, R),
    Refused,
}

impl<S: Sequential> Linearizability<S> {
    /// Nothing was asked yet.
    pub fn new(spec: S) -> Self {
        Self { spec, ops: Vec::new(), clock: 0 }
    }

    /// `client` asks for `op`.
    pub fn invoked(&mut self, client: impl Display, op: S::Op) -> OpId {
        self.clock += 1;
        self.ops.push(Operation { client: client.to_string(), op, invoked: self.clock, end: End::Open });
        OpId { part: 0, op: self.ops.len() - 1 }
    }

    /// The reply to `op` came.
    ///
    /// # Panics
    ///
    /// If it is of another history, or has ended already.
    pub fn replied(&mut self, op: OpId, reply: S::Reply) {
        self.clock += 1;
        let at = self.clock;
        self.end(op, End::Replied(at, reply));
    }

    /// It is certain that `op` did not happen and never will.
    ///
    /// # Panics
    ///
    /// If it is of another history, or has ended already.
    pub fn refused(&mut self, op: OpId) {
        self.end(op, End::Refused);
    }

    fn end(&mut self, id: OpId, end: End<S::Reply>) {
        let op = self.ops.get_mut(id.op).expect("an operation is of the history that it is ended in");
        assert!(matches!(op.end, End::Open), "{}'s {:?} has ended already", op.client, op.op);
        op.end = end;
    }

    /// Whether there is an order in which each operation that has a reply gets it, and which keeps the order of those that
    /// did not overlap.
    ///
    /// # Errors
    ///
    /// There is none; with the operations that suffice to prove it.
    pub fn check(&self) -> Result<(), Violation> {
        let all = self.until(u64::MAX);
        if self.outcome(&self.spec.begin(), &all, usize::MAX) == Outcome::Order {
            return Ok(());
        }
        let proof = Proof::of(self);
        let mut violation =
            Violation::new(RULE, "an order of the operations in which each has its reply", "none");
        if proof.is_late {
            violation = violation.event(format!("before these it was {:?}", proof.begin));
        }
        Err(self.events(&proof.kept, proof.end).into_iter().fold(violation, Violation::event))
    }

    fn outcome(&self, begin: &S::State, items: &[Item<'_, S>], bound: usize) -> Outcome {
        search(&self.spec, begin, items, bound)
    }

    /// The operations that had begun at `end`, as they were at that time; without those that were refused.
    fn until(&self, end: u64) -> Vec<Item<'_, S>> {
        self.items(end, 0..self.ops.len())
    }

    fn items(&self, end: u64, which: impl IntoIterator<Item = usize>) -> Vec<Item<'_, S>> {
        let ops = which.into_iter().map(|number| &self.ops[number]);
        let begun = ops.filter(|op| op.invoked <= end && !matches!(op.end, End::Refused));
        begun
            .map(|op| {
                let replied = match &op.end {
                    End::Replied(at, reply) if *at <= end => Some((*at, reply)),
                    _ => None,
                };
                Item { op: &op.op, invoked: op.invoked, replied }
            })
            .collect()
    }

    fn events(&self, which: &[usize], end: u64) -> Vec<String> {
        let mut events = Vec::new();
        for Operation { client, op, invoked, end: how } in which.iter().map(|number| &self.ops[*number]) {
            match how {
                End::Replied(at, reply) if *at <= end => {
                    events.push((*invoked, format!("{client}: {op:?} begins")));
                    events.push((*at, format!("{client}: {op:?} -> {reply:?}")));
                }
                _ => events.push((*invoked, format!("{client}: {op:?} begins, and has no reply by then"))),
            }
        }
        events.sort();
        events.into_iter().map(|(_, event)| event).collect()
    }
}

/// The operations that suffice for there to be no order.
///
/// Up to the reply before the last one there is an order; with the last one there is none, even if those that are left out
/// had happened at any time, or never.
struct Proof<S: Sequential> {
    begin: S::State,
    /// It does not begin with the history.
    is_late: bool,
    kept: Vec<usize>,
    end: u64,
}

impl<S: Sequential> Proof<S> {
    fn of(history: &Linearizability<S>) -> Self {
        let begin = history.spec.begin();
        let times: Vec<_> = (1..=history.clock).collect();
        let fine = times.partition_point(|end| {
            history.outcome(&begin, &history.until(*end), usize::MAX) == Outcome::Order
        });
        let end = times[fine];
        let with_end = |number: &usize| {
            let op = &history.ops[*number];
            op.invoked <= end && !matches!(op.end, End::Refused)
        };
        let kept = (0..history.ops.len()).filter(with_end).collect();
        let mut proof = Self { begin, is_late: false, kept, end };
        proof.begin_late(history);
        proof.leave_out(history);
        proof
    }

    /// Skips what came before a moment of quiet at which it is known what is remembered.
    fn begin_late(&mut self, history: &Linearizability<S>) {
        let mut states = BTreeSet::from([self.begin.clone()]);
        let (mut from, mut skipped) = (0, 0);
        for at in self.quiet(history) {
            let before = history.items(self.end, self.kept[from..at].iter().copied());
            let Some(after) = states_after(&history.spec, &states, &before, PATIENCE) else { break };
            (states, from) = (after, at);
            if let (Some(only), 1) = (states.first(), states.len()) {
                (self.begin, skipped) = (only.clone(), at);
            }
        }
        self.kept.drain(..skipped);
        self.is_late = skipped > 0;
    }

    /// Before which operations none was under way, if enough come after.
    fn quiet(&self, history: &Linearizability<S>) -> Vec<usize> {
        let mut quiet = Vec::new();
        let mut last_reply = 0;
        for at in 0..self.kept.len().saturating_sub(ENOUGH) {
            let op = &history.ops[self.kept[at]];
            if at > 0 && last_reply < op.invoked {
                quiet.push(at);
            }
            last_reply = match op.end {
                End::Replied(reply, _) if reply <= self.end => last_reply.max(reply),
                _ => u64::MAX,
            };
        }
        quiet
    }

    /// Leaves out, one after the other, what is not needed. What writes is not, once what reads it is gone.
    fn leave_out(&mut self, history: &Linearizability<S>) {
        let all = self.kept.clone();
        loop {
            let before = self.kept.len();
            for number in self.kept.clone() {
                let kept: Vec<_> = self.kept.iter().copied().filter(|other| *other != number).collect();
                if self.suffices(history, &all, &kept) {
                    self.kept = kept;
                }
            }
            if self.kept.len() == before {
                return;
            }
        }
    }

    /// Whether `kept` has an order without the last reply, and `all` has none whenever the others were.
    fn suffices(&self, history: &Linearizability<S>, all: &[usize], kept: &[usize]) -> bool {
        let before = history.items(self.end - 1, kept.iter().copied());
        let loose = loosened(history.items(self.end, all.iter().copied()), all, kept);
        history.outcome(&self.begin, &before, PATIENCE) == Outcome::Order
            && history.outcome(&self.begin, &loose, PATIENCE) == Outcome::None
    }
}

/// The operations, where those not in `kept` may happen at any time, or never.
fn loosened<'a, S: Sequential>(items: Vec<Item<'a, S>>, all: &[usize], kept: &[usize]) -> Vec<Item<'a, S>> {
    let mut loose: Vec<_> = items
        .into_iter()
        .zip(all)
        .map(
            |(item, number)| {
                if kept.contains(number) { item } else { Item { invoked: 0, replied: None, ..item } }
            },
        )
        .collect();
    loose.sort_by_key(|item| item.invoked);
    loose
}

/// A history of operations on many things of one kind, each with a key. Each key is checked by itself, which is enough.
///
/// ```
/// use akt::testkit::check::{KeyValue, Register, RegisterOp, RegisterReply};
///
/// let mut history = KeyValue::new(Register::new(None));
/// let write = history.invoked("x", "a", RegisterOp::Write(Some(1)));
/// history.replied(write, RegisterReply::Written);
/// let read = history.invoked("y", "a", RegisterOp::Read);
/// history.replied(read, RegisterReply::Value(Some(1)));
/// assert!(history.check().unwrap_err().to_string().contains(r#"of "y""#));
/// ```
#[derive(Clone, Debug)]
pub struct KeyValue<K, S: Sequential> {
    spec: S,
    keys: BTreeMap<K, usize>,
    parts: Vec<Linearizability<S>>,
}

impl<K: Ord + Debug, S: Sequential + Clone> KeyValue<K, S> {
    /// Nothing was asked yet; each key begins as `spec` does.
    pub fn new(spec: S) -> Self {
        Self { spec, keys: BTreeMap::new(), parts: Vec::new() }
    }

    /// `client` asks for `op` on `key`.
    pub fn invoked(&mut self, key: K, client: impl Display, op: S::Op) -> OpId {
        let part = *self.keys.entry(key).or_insert(self.parts.len());
        if part == self.parts.len() {
            self.parts.push(Linearizability::new(self.spec.clone()));
        }
        OpId { part, ..self.parts[part].invoked(client, op) }
    }

    /// The reply to `op` came.
    ///
    /// # Panics
    ///
    /// If it is of another history, or has ended already.
    pub fn replied(&mut self, op: OpId, reply: S::Reply) {
        self.parts[op.part].replied(op, reply);
    }

    /// It is certain that `op` did not happen and never will.
    ///
    /// # Panics
    ///
    /// If it is of another history, or has ended already.
    pub fn refused(&mut self, op: OpId) {
        self.parts[op.part].refused(op);
    }

    /// Whether [`Linearizability::check`] holds for every key.
    ///
    /// # Errors
    ///
    /// Of the first key, in their order, for which it does not.
    pub fn check(&self) -> Result<(), Violation> {
        self.keys.iter().try_for_each(|(key, part)| {
            self.parts[*part].check().map_err(|violation| violation.of(&format!("of {key:?}")))
        })
    }
}
