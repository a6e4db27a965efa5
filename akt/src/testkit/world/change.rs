//! What a model may do to a world when something happens in it.

use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use super::state::Life;
use super::{Envelope, Machine, Model, State};

/// A world in the middle of a step. It reads as the [`State`] that it is at that moment.
pub struct Change<'a, M: Model> {
    model: &'a M,
    state: &'a mut State<M>,
}

impl<'a, M: Model> Change<'a, M> {
    pub(super) fn new(model: &'a M, state: &'a mut State<M>) -> Self {
        Self { model, state }
    }

    /// Gives an input to the machine of `node`, and does what it wants done. A node that is down does nothing.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn input(&mut self, node: usize, input: <M::Machine as Machine>::Input) {
        let mut out = Vec::new();
        if self.is_up(node) {
            self.state.change(node, |node| node.machine.handle(node.clock, input, &mut out));
        }
        self.perform(node, out);
    }

    pub(super) fn timeout(&mut self, node: usize) {
        let mut out = Vec::new();
        self.state.change(node, |node| node.machine.handle_timeout(node.clock, &mut out));
        self.perform(node, out);
    }

    fn perform(&mut self, node: usize, out: Vec<<M::Machine as Machine>::Output>) {
        for output in out {
            self.model.perform(node, output, self);
        }
    }

    /// Puts a message under way. The same message sent twice is two messages.
    pub fn send(&mut self, from: usize, to: usize, message: M::Message) {
        self.state.put(Envelope { to, from, message });
    }

    /// Takes a message out of the network; false if it is not there.
    pub fn take(&mut self, envelope: &Envelope<M::Message>) -> bool {
        self.state.take(envelope)
    }

    /// Stops a node for good: what is under way to it stays there.
    ///
    /// # Panics
    ///
    /// If there is no such node.
    pub fn stop(&mut self, node: usize) {
        self.state.change(node, |node| node.life = Life::Stopped);
    }

    /// What belongs to no node, to be changed.
    pub fn shared_mut(&mut self) -> &mut M::Shared {
        Rc::make_mut(&mut self.state.shared)
    }
}

impl<M: Model> Deref for Change<'_, M> {
    type Target = State<M>;

    fn deref(&self) -> &State<M> {
        self.state
    }
}

impl<M: Model> fmt::Debug for Change<'_, M>
where
    State<M>: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}
