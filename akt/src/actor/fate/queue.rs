//! Mailboxes of every kind, and a queue that does what it should not, at random.

use crate::actor::{Mailbox, MailboxOrder, MailboxPlace, MailboxQueue, Message, Overflow};

/// A mailbox of any kind, in any order.
pub(super) fn any<M: Message>(rng: &mut fastrand::Rng) -> (Mailbox, Option<MailboxOrder<M>>) {
    let mailbox = match rng.u8(..8) {
        0..4 => Mailbox::Unbounded,
        4 => Mailbox::bounded(rng.usize(1..5)),
        5 => Mailbox::bounded(rng.usize(1..5)).when_full(Overflow::Reject),
        6 => Mailbox::bounded(rng.usize(1..5)).when_full(Overflow::DropNewest),
        _ => Mailbox::bounded(rng.usize(1..5)).when_full(Overflow::DropOldest),
    };
    let order = match rng.u8(..8) {
        0..4 => None,
        4 | 5 => Some(MailboxOrder::priority(|message: &M| {
            assert!(message.name() != "slow", "fate: rank");
            message.name().len()
        })),
        6 => Some(MailboxOrder::fair()),
        _ => {
            let seed = rng.u64(..);
            Some(MailboxOrder::queue(move || Whim::new(seed)))
        }
    };
    (mailbox, order)
}

/// Hands out any place that it has seen: in no order, twice, or not at all.
struct Whim {
    seen: Vec<MailboxPlace>,
    rng: fastrand::Rng,
}

impl Whim {
    fn new(seed: u64) -> Self {
        Self { seen: Vec::new(), rng: fastrand::Rng::with_seed(seed) }
    }
}

impl<M> MailboxQueue<M> for Whim {
    fn push(&mut self, _message: &M, place: MailboxPlace) {
        assert!(self.rng.u8(..8) > 0, "fate: push");
        self.seen.push(place);
    }

    fn pop(&mut self) -> Option<MailboxPlace> {
        assert!(self.rng.u8(..8) > 0, "fate: pop");
        self.rng.choice(&self.seen).copied()
    }
}
