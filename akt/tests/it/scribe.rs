//! An actor that writes down in which order it handles its messages, and is busy as long as a test likes.

use std::sync::Arc;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, EventStream, Mailbox, MailboxOrder, Message};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::support::system;

/// Writes down what it handles, once its gate is open.
pub(crate) struct Scribe {
    pub(crate) log: Log,
    pub(crate) gate: Arc<Notify>,
}

pub(crate) type Log = Arc<Mutex<Vec<i64>>>;

#[akt::actor]
impl Scribe {
    #[handler]
    pub(crate) async fn wait(&mut self) {
        self.gate.notified().await;
    }

    #[handler]
    pub(crate) fn note(&mut self, n: i64) -> i64 {
        self.log.lock().push(n);
        n
    }

    #[handler]
    pub(crate) async fn slowly(&mut self, n: i64) {
        tokio::task::yield_now().await;
        self.log.lock().push(n);
    }

    #[handler]
    pub(crate) fn urgent(&mut self, n: i64) -> i64 {
        self.note(n)
    }

    #[handler]
    pub(crate) fn boom(&mut self) {
        panic!("no {}", "ink");
    }

    /// Sends on what it is told, from its own turn.
    #[handler]
    pub(crate) fn relay(&mut self, to: ScribeRef, from: i64, upto: i64) {
        for n in from..upto {
            to.note(n).tell().expect("there is room");
        }
    }
}

/// A scribe that is busy until its gate opens, with what was heard of it.
pub(crate) struct Desk {
    pub(crate) system: ActorSystem,
    pub(crate) events: EventStream,
    pub(crate) scribe: ScribeRef,
    pub(crate) log: Log,
    pub(crate) gate: Arc<Notify>,
}

impl Desk {
    pub(crate) async fn new(mailbox: Mailbox) -> Self {
        Self::ordered(mailbox, None).await
    }

    pub(crate) async fn ordered(mailbox: Mailbox, order: Option<MailboxOrder<ScribeMsg>>) -> Self {
        let (system, log, gate) = (system().await, Log::default(), Arc::new(Notify::new()));
        let events = system.events();
        let mut spawn = system.spawn("scribe", scribe(&log, &gate)).mailbox(mailbox);
        if let Some(order) = order {
            spawn = spawn.order(order);
        }
        let scribe = spawn.await.unwrap();
        scribe.wait().tell().unwrap();
        tokio::task::yield_now().await;
        Self { system, events, scribe, log, gate }
    }

    pub(crate) fn tell(&self, notes: impl IntoIterator<Item = i64>) {
        notes.into_iter().for_each(|n| self.scribe.note(n).tell().unwrap());
    }

    /// Opens the gate, and says what was handled until nothing was left.
    pub(crate) async fn handled(&self) -> Vec<i64> {
        self.gate.notify_one();
        self.scribe.actor().stop_after_drain();
        self.scribe.actor().stopped().await;
        std::mem::take(&mut *self.log.lock())
    }

    /// The messages that became dead letters, and why.
    pub(crate) fn letters(&mut self) -> Vec<(&'static str, DeadLetterReason)> {
        std::iter::from_fn(|| self.events.try_next())
            .filter_map(|event| match event {
                Event::DeadLetter(letter) => Some((letter.message, letter.reason)),
                _ => None,
            })
            .collect()
    }
}

pub(crate) fn scribe(log: &Log, gate: &Arc<Notify>) -> impl Fn() -> Scribe + Send + Sync + 'static {
    let (log, gate) = (log.clone(), gate.clone());
    move || Scribe { log: log.clone(), gate: gate.clone() }
}

/// Runs in a tokio task of its own.
pub(crate) async fn task(work: impl Future<Output = ()> + Send + 'static) {
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(work);
    tasks.join_all().await;
}

pub(crate) fn urgent_first() -> Option<MailboxOrder<ScribeMsg>> {
    Some(MailboxOrder::priority(|message: &ScribeMsg| message.name() == "urgent"))
}

pub(crate) const FULL: (&str, DeadLetterReason) = ("note", DeadLetterReason::MailboxFull);
