//! How many bytes may wait for one actor, or for one peer, and the line of those who wait until it is less.

use std::task::{Context, Poll};

use crate::actor::{Refusal, Room, Ticket, Woken};

/// What a message costs at least: those without a body take room too.
const LEAST: usize = 1 << 10;

/// Bytes that wait, and a turn that is given to one at a time while they are below the limit.
///
/// So the limit is exceeded by one message at most, whatever the size of those that wait for their turn.
#[derive(Debug)]
pub(super) struct Budget {
    limit: usize,
    used: usize,
    turn: Room,
    /// The limit is reached, and nobody's turn comes.
    shut: bool,
}

/// What a message of so many bytes takes.
pub(super) fn cost(bytes: usize) -> usize {
    bytes.max(LEAST)
}

impl Budget {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: 0, turn: Room::new(1), shut: false }
    }

    /// What waits.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Whether a message may be added: nobody overtakes those who wait.
    pub(super) fn is_open(&self) -> bool {
        self.turn.is_free()
    }

    /// Adds a message while it [is open](Self::is_open).
    pub(super) fn add(&mut self, cost: usize) {
        self.used += cost;
        if self.used >= self.limit && !self.shut {
            self.shut = self.turn.take();
        }
    }

    /// Adds a message by one whose turn it is.
    pub(super) fn add_in_turn(&mut self, cost: usize) -> Option<Woken> {
        self.used += cost;
        if self.used >= self.limit {
            self.shut = true;
            return None;
        }
        Some(self.turn.give_back(1))
    }

    /// A message has left.
    pub(super) fn remove(&mut self, cost: usize) -> Option<Woken> {
        self.used -= cost;
        if self.used >= self.limit || !self.shut {
            return None;
        }
        self.shut = false;
        Some(self.turn.give_back(1))
    }

    /// Ready when it is the caller's turn, in the order of asking.
    pub(super) fn poll_turn(
        &mut self,
        ticket: &mut Option<Ticket>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Refusal>> {
        self.turn.poll(ticket, cx)
    }

    /// Leaves the line; a turn that had come goes to the next.
    pub(super) fn abandon(&mut self, ticket: &Ticket) -> Woken {
        self.turn.abandon(ticket)
    }

    /// Gives back a turn that is not used.
    pub(super) fn pass(&mut self) -> Woken {
        self.turn.give_back(1)
    }
}
