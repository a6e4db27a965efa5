//! Places by sender, one of each in turn.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};

use super::order::{MailboxPlace, MailboxQueue};
use crate::actor::sender::Sender;

#[derive(Default)]
pub(super) struct Fair {
    /// The places of each sender that has some.
    lines: HashMap<Sender, VecDeque<MailboxPlace>>,
    /// The same senders, in the order of their turns.
    turns: VecDeque<Sender>,
}

impl Fair {
    /// The first place of a sender, who has no further turn after the last.
    fn take(&mut self, sender: Sender) -> Option<MailboxPlace> {
        let line = self.lines.get_mut(&sender)?;
        let place = line.pop_front();
        if line.is_empty() {
            self.lines.remove(&sender);
            self.turns.retain(|other| *other != sender);
        }
        place
    }
}

impl<M> MailboxQueue<M> for Fair {
    fn push(&mut self, _message: &M, place: MailboxPlace) {
        let sender = Sender::current();
        let line = self.lines.entry(sender).or_default();
        if line.is_empty() {
            self.turns.push_back(sender);
        }
        line.push_back(place);
    }

    fn pop(&mut self) -> Option<MailboxPlace> {
        let sender = *self.turns.front()?;
        self.turns.rotate_left(1);
        self.take(sender)
    }

    /// The turns and not the lines are looked through: their order is the same in each run.
    fn evict(&mut self) -> Option<MailboxPlace> {
        let sender = *self.turns.iter().min_by_key(|sender| Reverse(self.lines[*sender].len()))?;
        self.take(sender)
    }
}
