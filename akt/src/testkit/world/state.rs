//! A world at one moment: its machines, the messages between them, and what may happen next.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::fingerprint::fingerprint;
use super::{Change, Envelope, Machine, Model, Step};
use crate::time::Instant;

/// A world at one moment.
pub struct State<M: Model> {
    /// Shared with the states before: a step changes one or two.
    pub(super) nodes: Vec<Rc<Node<M::Machine>>>,
    /// Sorted, so that the same messages are the same state.
    flight: Vec<Rc<Envelope<M::Message>>>,
    pub(super) shared: Rc<M::Shared>,
    budget: Budget,
    are_apart: bool,
}

/// What faults, and how many ticks, are left.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub(super) struct Budget {
    pub(super) lose: u32,
    pub(super) duplicate: u32,
    pub(super) crash: u32,
    pub(super) ticks: Option<u32>,
}

#[derive(Clone)]
pub(super) struct Node<T> {
    pub(super) machine: T,
    pub(super) life: Life,
    pub(super) clock: Instant,
    /// The machine's fingerprint.
    print: u128,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Life {
    Up,
    Crashed,
    /// For good.
    Stopped,
}

impl<M: Model> State<M> {
    pub(super) fn begin(model: &M, budget: Budget, are_apart: bool) -> Self {
        let (machines, shared) = model.begin();
        let nodes = machines.into_iter().map(|machine| Rc::new(Node::new(machine))).collect();
        Self { nodes, flight: Vec::new(), shared: Rc::new(shared), budget, are_apart }
    }

    /// The machine of a node.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn machine(&self, node: usize) -> &M::Machine {
        &self.nodes[node].machine
    }

    /// Every machine, also those of nodes that are down.
    pub fn machines(&self) -> impl Iterator<Item = &M::Machine> + Clone {
        self.nodes.iter().map(|node| &node.machine)
    }

    /// Whether a node runs.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn is_up(&self, node: usize) -> bool {
        self.nodes[node].life == Life::Up
    }

    /// The time on the clock of a node.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn now(&self, node: usize) -> Instant {
        self.nodes[node].clock
    }

    /// What belongs to no node.
    pub fn shared(&self) -> &M::Shared {
        &self.shared
    }

    /// The messages under way, sorted by who gets them.
    pub fn under_way(&self) -> impl Iterator<Item = &Envelope<M::Message>> {
        self.flight.iter().map(|envelope| &**envelope)
    }

    pub(super) fn put(&mut self, envelope: Envelope<M::Message>) {
        let place = self.flight.partition_point(|other| **other < envelope);
        self.flight.insert(place, Rc::new(envelope));
    }

    pub(super) fn take(&mut self, envelope: &Envelope<M::Message>) -> bool {
        let found = self.flight.binary_search_by(|other| (**other).cmp(envelope));
        found.map(|place| self.flight.remove(place)).is_ok()
    }

    /// What may happen next, in a fixed order.
    pub(super) fn steps(&self, model: &M) -> Vec<Step<M::Message, M::Act>> {
        let mut steps = Vec::new();
        let mut flight: Vec<_> = self.under_way().collect();
        flight.dedup();
        let here = flight.iter().filter(|envelope| self.is_up(envelope.to));
        steps.extend(here.map(|envelope| Step::Deliver((*envelope).clone())));
        let mut acts = Vec::new();
        model.acts(self, &mut acts);
        steps.extend(acts.into_iter().map(Step::Act));
        self.ticks(&mut steps);
        let crashed = (0..self.nodes.len()).filter(|node| self.nodes[*node].life == Life::Crashed);
        steps.extend(crashed.map(Step::Restart));
        if self.budget.lose > 0 {
            steps.extend(flight.iter().map(|envelope| Step::Lose((*envelope).clone())));
        }
        if self.budget.duplicate > 0 {
            steps.extend(flight.iter().map(|envelope| Step::Duplicate((*envelope).clone())));
        }
        if self.budget.crash > 0 {
            steps.extend((0..self.nodes.len()).filter(|node| self.is_up(*node)).map(Step::Crash));
        }
        steps
    }

    /// Whether nothing must happen any more. A timer that the bound holds back still waits.
    pub(super) fn is_at_rest(&self, steps: &[Step<M::Message, M::Act>]) -> bool {
        steps.iter().all(Step::is_fault) && self.nodes.iter().all(|node| node.due().is_none())
    }

    fn ticks(&self, steps: &mut Vec<Step<M::Message, M::Act>>) {
        if self.budget.ticks == Some(0) {
            return;
        }
        let due = self.nodes.iter().enumerate().filter_map(|(number, node)| Some((number, node.due()?)));
        let first = due.clone().map(|(_, at)| at).min();
        let now = due.filter(|(_, at)| self.are_apart || Some(*at) == first);
        steps.extend(now.map(|(number, at)| Step::Tick(number, at)));
    }

    /// The state after `step`, or why a machine panicked.
    pub(super) fn after(&self, model: &M, step: &Step<M::Message, M::Act>) -> Result<Self, String> {
        let mut next = self.clone();
        let applied = catch_unwind(AssertUnwindSafe(|| next.apply(model, step)));
        applied.map(|()| next).map_err(|panic| format!("panicked: {}", words(&*panic)))
    }

    fn apply(&mut self, model: &M, step: &Step<M::Message, M::Act>) {
        match step {
            Step::Deliver(envelope) => {
                self.take(envelope);
                let input = model.receive(envelope.from, envelope.message.clone());
                Change::new(model, self).input(envelope.to, input);
            }
            Step::Act(act) => model.act(act, &mut Change::new(model, self)),
            Step::Tick(node, at) => self.tick(model, *node, *at),
            Step::Lose(envelope) => {
                self.budget.lose -= 1;
                self.take(envelope);
            }
            Step::Duplicate(envelope) => {
                self.budget.duplicate -= 1;
                self.put(envelope.clone());
            }
            Step::Crash(node) => {
                self.budget.crash -= 1;
                let left = model.after_crash(*node, self.machine(*node));
                self.change(*node, |node| (node.machine, node.life) = (left, Life::Crashed));
            }
            Step::Restart(node) => self.change(*node, |node| node.life = Life::Up),
        }
    }

    fn tick(&mut self, model: &M, node: usize, at: Instant) {
        self.budget.ticks = self.budget.ticks.map(|left| left - 1);
        for (number, other) in self.nodes.iter_mut().enumerate() {
            if other.clock < at && (number == node || !self.are_apart) {
                Rc::make_mut(other).clock = at;
            }
        }
        Change::new(model, self).timeout(node);
    }

    pub(super) fn change<T>(&mut self, node: usize, change: impl FnOnce(&mut Node<M::Machine>) -> T) -> T {
        let node = Rc::make_mut(&mut self.nodes[node]);
        let result = change(node);
        node.print = fingerprint(&node.machine);
        result
    }
}

impl<T: Machine + Hash> Node<T> {
    fn new(machine: T) -> Self {
        let print = fingerprint(&machine);
        Self { machine, life: Life::Up, clock: Instant::ZERO, print }
    }

    /// When its timers fire: not before now.
    fn due(&self) -> Option<Instant> {
        let at = self.machine.deadline().filter(|at| *at != Instant::FAR && self.life == Life::Up)?;
        Some(at.max(self.clock))
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

impl<M: Model> Clone for State<M> {
    fn clone(&self) -> Self {
        Self {
            nodes: self.nodes.clone(),
            flight: self.flight.clone(),
            shared: self.shared.clone(),
            budget: self.budget,
            are_apart: self.are_apart,
        }
    }
}

impl<M: Model> Hash for State<M> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for node in &self.nodes {
            (node.print, node.life, node.clock).hash(hasher);
        }
        (&self.flight, &self.shared, self.budget).hash(hasher);
    }
}

impl<M: Model> fmt::Debug for State<M>
where
    M::Machine: fmt::Debug,
    M::Shared: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let machines: Vec<_> = self.machines().collect();
        let mut state = f.debug_struct("State");
        state.field("machines", &machines).field("under_way", &self.flight).field("shared", &self.shared);
        state.finish_non_exhaustive()
    }
}
