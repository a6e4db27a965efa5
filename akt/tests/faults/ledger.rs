//! The books of both sides: what was accepted, and what became of each message.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, DeadLetterReason, Stage};
use tokio::task::JoinSet;

use crate::contracts::depot::v1 as depot;

/// So many bytes have a stream of their own; one message of so many has them.
const LARGE: usize = 70 << 10;
const LARGE_ONES: u32 = 40;

/// What one sender sends to one actor.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Less than 256.
    pub(crate) sender: u32,
    pub(crate) messages: u32,
    pub(crate) pace: Duration,
    /// Of an ask; every third message is one.
    pub(crate) timeout: Duration,
}

/// What became of an ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// Certainly not handled.
    No(String),
    Maybe(String),
}

/// What one sender has sent. Messages have numbers that grow.
#[derive(Debug, Default)]
pub(crate) struct Account {
    sender: u32,
    /// Tells that were accepted, and those that came back.
    pub(crate) tells: BTreeSet<u32>,
    pub(crate) returned: BTreeSet<u32>,
    pub(crate) asks: Vec<(u32, Fate)>,
}

/// Sends as planned, and waits for what became of the asks.
pub(crate) async fn send(to: depot::DepotRef, plan: Plan) -> Account {
    let mut account = Account { sender: plan.sender, ..Account::default() };
    let (mut asks, mut ticks) = (JoinSet::new(), tokio::time::interval(plan.pace));
    for n in 0..plan.messages {
        ticks.tick().await;
        let number = plan.sender << 24 | n;
        let small = depot::Item { quantity: number };
        let is_large = n % LARGE_ONES == LARGE_ONES / 2;
        match (n % 3, is_large) {
            (0, false) => {
                let call = to.add(small).timeout(plan.timeout).start();
                asks.spawn(async move { (number, fate(call.await)) });
            }
            (0, true) => {
                let call = to.echo(large(number)).timeout(plan.timeout).start();
                asks.spawn(async move { (number, fate(call.await)) });
            }
            (_, false) => account.told(number, to.add(small).tell()),
            (_, true) => account.told(number, to.echo(large(number)).tell()),
        }
    }
    // Ends with the last deadline: not in time, it has hung.
    let patience = plan.timeout + Duration::from_secs(10);
    let ended = tokio::time::timeout(patience, asks.join_all()).await;
    account.asks = ended.expect("every ask ends within its time");
    account.asks.sort_unstable_by_key(|(number, _)| *number);
    account
}

/// A message that goes by a stream of its own.
fn large(number: u32) -> depot::Blob {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.resize(LARGE, 0);
    depot::Blob { bytes }
}

impl Account {
    fn told<M>(&mut self, number: u32, told: Result<(), TellError<M>>) {
        match told {
            Ok(()) => self.tells.insert(number),
            Err(TellError::Unreachable(..) | TellError::Full(_)) => self.returned.insert(number),
            Err(error) => panic!("{error:?}"),
        };
    }
}

fn fate<T, E: fmt::Debug>(result: Result<T, AskError<E>>) -> Fate {
    let Err(error) = result else { return Fate::Done };
    let said = format!("{error:?}");
    match (&error, error.delivery()) {
        (AskError::Unreachable { .. }, Delivery::No) => Fate::No(said),
        (AskError::Unreachable { .. }, Delivery::Maybe) => Fate::Maybe(said),
        (AskError::Timeout(info), Delivery::No) => {
            assert!(!matches!(info.stage, Stage::Handling { .. }), "{said}");
            Fate::No(said)
        }
        (AskError::Timeout(_), Delivery::Maybe) => Fate::Maybe(said),
        (AskError::Full, _) => Fate::No(said),
        _ => panic!("not an error of the network: {said}"),
    }
}

/// The books of one direction.
#[derive(Debug)]
pub(crate) struct Balance {
    accepted: usize,
    pub(crate) handled: usize,
    pub(crate) dead: usize,
    pub(crate) maybe: usize,
    /// Accepted, neither handled nor dead: all of them must be among those that may have been delivered.
    pub(crate) missing: usize,
    /// Asks that were answered, that were not handled, and those of which nobody knows.
    pub(crate) asks: [usize; 3],
}

/// Closes the books of all `accounts` of one node against the log of the other; `maybe` is what the first has said.
pub(crate) fn balance(accounts: &[Account], log: &[u32], dead: u64, maybe: u64) -> Balance {
    accounts.iter().for_each(|account| check(account, log));
    let handled: BTreeSet<_> = log.iter().copied().collect();
    let tells = || accounts.iter().flat_map(|account| &account.tells);
    let (accepted, handled) = (tells().count(), tells().filter(|tell| handled.contains(tell)).count());
    let (dead, maybe) = (usize::try_from(dead).unwrap(), usize::try_from(maybe).unwrap());
    let fates = || accounts.iter().flat_map(|account| &account.asks).map(|(_, fate)| fate);
    let count = |is: fn(&Fate) -> bool| fates().filter(|fate| is(fate)).count();
    let asks = [
        count(|fate| matches!(fate, Fate::Done)),
        count(|fate| matches!(fate, Fate::No(_))),
        count(|fate| matches!(fate, Fate::Maybe(_))),
    ];
    assert!(handled + dead <= accepted, "{handled} handled and {dead} dead of {accepted}");
    let missing = accepted - handled - dead;
    Balance { accepted, handled, dead, maybe, missing, asks }
}

impl Balance {
    /// Whether the network did something, and let something through.
    pub(crate) fn is_of_use(&self) -> bool {
        self.handled > self.accepted / 50 && self.maybe > 0
    }

    /// Every tell is handled, a dead letter, or one of those that may have been.
    pub(crate) fn adds_up(&self, what: &str) {
        assert!(self.missing <= self.maybe, "{what}: {self:?}");
    }

    /// Every tell was handled, and, if so it must be, every ask answered.
    pub(crate) fn is_whole(&self, what: &str, with_asks: bool) {
        let asks = if with_asks { [self.asks[1], self.asks[2]] } else { [0; 2] };
        assert_eq!(([self.dead, self.maybe, self.missing], asks), ([0; 3], [0; 2]), "{what}: {self:?}");
    }
}

/// What holds for each message whatever happens.
fn check(account: &Account, log: &[u32]) {
    let handled: Vec<_> = log.iter().copied().filter(|number| number >> 24 == account.sender).collect();
    assert!(handled.is_sorted_by(|a, b| a < b), "out of order, or twice: {handled:?}");
    let handled = BTreeSet::from_iter(handled);
    for number in &account.returned {
        assert!(!handled.contains(number), "{number} came back and was handled");
    }
    for (number, fate) in &account.asks {
        match fate {
            Fate::Done => assert!(handled.contains(number), "{number} was answered and not handled"),
            Fate::No(said) => assert!(!handled.contains(number), "{number} was handled: {said}"),
            Fate::Maybe(_) => {}
        }
    }
}

/// Dead letters of tells that did not leave their node.
pub(crate) fn unsent(system: &ActorSystem) -> u64 {
    // What was asked from elsewhere, by one whose connection is gone.
    let asks = system.dead_letters_of(DeadLetterReason::Cancelled);
    let tells = system.dead_letters_of(DeadLetterReason::NoRoute);
    assert_eq!(asks + tells, system.dead_letters(), "{:?}", system.metrics().dead_letters);
    tells
}
