//! Mailboxes in the attribute: every way when they are full, and every order.

use akt::prelude::*;
use akt::{MailboxPlace, MailboxQueue, Message};

#[derive(Default)]
struct Stack(Vec<MailboxPlace>);

impl<M> MailboxQueue<M> for Stack {
    fn push(&mut self, _message: &M, place: MailboxPlace) {
        self.0.push(place);
    }

    fn pop(&mut self) -> Option<MailboxPlace> {
        self.0.pop()
    }
}

struct Ranked;

fn rank(message: &RankedMsg) -> usize {
    message.name().len()
}

#[akt::actor(mailbox = bounded(8, wait), order = priority(rank))]
impl Ranked {
    #[handler]
    fn work(&mut self) {}
}

struct Cache<K>(K);

#[akt::actor(mailbox = bounded(8, reject), order = priority(|message| message.name() == "work"))]
impl<K: Send + 'static> Cache<K> {
    #[handler]
    fn work(&mut self) {
        let _ = &self.0;
    }
}

struct Fair;

#[akt::actor(mailbox = bounded(8, drop_oldest,), order = fair)]
impl Fair {
    #[handler]
    fn work(&mut self) {}
}

struct Stacked;

#[akt::actor(order = queue(Stack::default), mailbox = bounded(8, drop_newest))]
impl Stacked {
    #[handler]
    fn work(&mut self) {}
}

fn main() {
    let _ = (Ranked, Cache(1), Fair, Stacked);
}
