//! What a queue holds: a plain line of messages, or a tray.

use std::collections::VecDeque;

use super::tray::{Rest, Tray};

/// A tray is seldom, and costs the others no space.
pub(super) enum Items<M> {
    Line(VecDeque<M>),
    Tray(Box<Tray<M>>),
}

impl<M> Items<M> {
    #[inline]
    pub(super) fn put(&mut self, message: M) {
        match self {
            Self::Line(line) => line.push_back(message),
            Self::Tray(tray) => tray.put(message),
        }
    }

    /// The next is this one, whatever else there is.
    pub(super) fn put_back(&mut self, message: M) {
        match self {
            Self::Line(line) => line.push_front(message),
            Self::Tray(tray) => tray.put_back(message),
        }
    }

    /// Swaps the whole line into the empty `batch`, or takes one message from the tray; false if there is none.
    pub(super) fn take(&mut self, batch: &mut VecDeque<M>) -> bool {
        match self {
            Self::Line(line) if line.is_empty() => return false,
            Self::Line(line) => std::mem::swap(line, batch),
            Self::Tray(tray) => batch.extend(tray.take()),
        }
        !batch.is_empty()
    }

    pub(super) fn empty(&mut self) -> Rest<M> {
        match self {
            Self::Line(line) => (std::mem::take(line), None),
            Self::Tray(tray) => tray.empty(),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Line(line) => line.len(),
            Self::Tray(tray) => tray.len(),
        }
    }

    /// How many slots the line has.
    pub(super) fn capacity(&self) -> usize {
        match self {
            Self::Line(line) => line.capacity(),
            Self::Tray(_) => 0,
        }
    }

    /// Gives back the space of the line.
    pub(super) fn trim(&mut self) {
        if let Self::Line(line) = self {
            *line = VecDeque::new();
        }
    }

    pub(super) fn tray(&mut self) -> Option<&mut Tray<M>> {
        match self {
            Self::Line(_) => None,
            Self::Tray(tray) => Some(tray),
        }
    }
}
