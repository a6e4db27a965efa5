//! Behaviours: what becomes of a message depends on the state of its actor.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{Admit, BehaviorStack, DeadLetterReason, Message, Network, Remote, SpawnError, Stage, Timer};
use parking_lot::Mutex;

use crate::contracts::depot::v1 as depot;
use crate::depot::{at, item, millis};
use crate::support::system;

/// What happened, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn push(&self, what: impl Into<String>) {
        self.0.lock().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

#[derive(akt::Behavior)]
enum Phase {
    Connecting {
        attempt: u32,
    },
    /// The timer ends with the state.
    Ready(#[expect(dead_code, reason = "kept for its drop")] Option<Timer>),
    Draining,
}

#[derive(Debug)]
struct DbError;

struct Session {
    phase: Phase,
    log: Log,
}

#[akt::actor(behavior = phase, unhandled = deny, stash = 3)]
impl Session {
    #[handler(when = Phase::Connecting { .. }, reject_when = Phase::Ready(_) | Phase::Draining)]
    fn connected(&mut self) {
        self.phase = Phase::Ready(None);
    }

    #[handler(when = Phase::Ready(_), stash_when = Phase::Connecting { .. }, reject_when = Phase::Draining)]
    async fn query(&mut self, number: u32) -> Result<u32, DbError> {
        tokio::task::yield_now().await;
        self.log.push(format!("query {number}"));
        if number == 0 { Err(DbError) } else { Ok(number) }
    }

    /// In every state.
    #[handler]
    fn note(&mut self, what: &'static str) {
        self.log.push(what);
    }

    /// Says something after a while, unless the state has ended by then.
    #[handler(when = Phase::Ready(_), reject_when = _)]
    fn remind(&mut self, cx: &mut Ctx<Self>) {
        self.phase = Phase::Ready(Some(cx.after(Duration::from_millis(5), cx.me().note("still ready"))));
    }

    #[handler(when = Phase::Ready(_), reject_when = _)]
    fn lose(&mut self, attempt: u32) {
        self.phase = Phase::Connecting { attempt };
    }

    #[handler]
    fn drain(&mut self) {
        self.phase = Phase::Draining;
    }

    /// A continuation changes the state.
    #[handler(when = Phase::Connecting { .. }, reject_when = _)]
    fn dial(&mut self, cx: &mut Ctx<Self>) {
        cx.then(async { Ok::<_, DbError>(()) }, |this, _, _| this.phase = Phase::Ready(None));
    }

    /// Tries again at once.
    #[on(enter = Phase::Connecting { .. })]
    fn connecting(&mut self) -> Result<(), Fault> {
        let Phase::Connecting { attempt } = self.phase else { unreachable!("this state was entered") };
        self.log.push(format!("connecting {attempt}"));
        match attempt {
            7 => Err(Fault::new("no line")),
            8 => {
                self.phase = Phase::Ready(None);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    #[on(enter)]
    async fn entered(&mut self, _cx: &mut Ctx<Self>) {
        tokio::task::yield_now().await;
        self.log.push("entered");
    }
}

fn session(log: &Log, attempt: u32) -> impl FnMut() -> Session + Send + 'static {
    let log = log.clone();
    move || Session { phase: Phase::Connecting { attempt }, log: log.clone() }
}

#[akt::test]
async fn each_state_handles_stashes_or_rejects() {
    let (system, log) = (system().await, Log::default());
    let session = system.spawn("session", session(&log, 0)).await.unwrap();

    let early = session.query(1).start();
    session.note("first").await.unwrap();
    session.connected().await.unwrap();

    assert_eq!(early.await.unwrap(), 1, "put aside, and handled in the next state");
    let rejected = session.connected().await.unwrap_err();
    assert_eq!(rejected.to_string(), "rejected: `connected` in behaviour `Ready`");
    assert_eq!(rejected.delivery(), Delivery::No);
    session.drain().await.unwrap();
    session.query(2).tell().unwrap();
    session.note("last").await.unwrap();
    assert_eq!(log.take(), ["connecting 0", "first", "entered", "query 1", "entered", "last"]);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Rejected), 1, "the tell");
    assert_eq!(system.dead_letters(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_state_is_entered_at_the_start_and_at_each_change_before_anything_else() {
    let (system, log) = (system().await, Log::default());
    let session = system.spawn("session", session(&log, 0)).await.unwrap();
    assert_eq!(log.take(), ["connecting 0"], "before the spawn is done");

    session.connected().tell().unwrap();
    session.note("queued").tell().unwrap();
    session.lose(8).tell().unwrap();
    session.note("done").await.unwrap();

    let expected = ["entered", "queued", "connecting 8", "entered", "done"];
    assert_eq!(log.take(), expected, "a change in a hook is a change");
    system.shutdown().await;
}

#[akt::test]
async fn a_new_value_of_the_same_state_is_no_change() {
    let (system, log) = (system().await, Log::default());
    let session = system.spawn("session", session(&log, 0)).await.unwrap();
    session.connected().await.unwrap();
    session.note("entered by now").await.unwrap();
    log.take();

    session.remind().await.unwrap();
    session.remind().await.unwrap();
    session.note("only this").await.unwrap();

    assert_eq!(log.take(), ["only this"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_timer_in_a_state_ends_with_it() {
    let (system, log) = (system().await, Log::default());
    let session = system.spawn("session", session(&log, 0)).await.unwrap();
    session.connected().await.unwrap();

    session.remind().await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    session.note("it came").await.unwrap();
    session.remind().await.unwrap();
    session.drain().await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    session.note("it did not").await.unwrap();

    assert_eq!(log.take(), ["connecting 0", "entered", "still ready", "it came", "entered", "it did not"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_continuation_changes_the_state_as_a_handler_does() {
    let (system, log) = (system().await, Log::default());
    let session = system.spawn("session", session(&log, 0)).await.unwrap();

    let query = session.query(5).start();
    session.dial().await.unwrap();

    assert_eq!(query.await.unwrap(), 5);
    assert_eq!(log.take(), ["connecting 0", "entered", "query 5"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_failing_enter_hook_is_a_failed_start_or_a_fault() {
    let (system, log) = (system().await, Log::default());

    let start = system.spawn("no", session(&log, 7)).await.unwrap_err();
    let SpawnError::Start(info) = start else { panic!("{start}") };
    assert_eq!((&*info.message, &*info.text), ("on(enter)", "no line"));

    let policy = Supervise::one_for_one().otherwise(Directive::Restart);
    let session = system.spawn("session", session(&log, 0)).supervise(policy).await.unwrap();
    session.connected().await.unwrap();
    let query = session.query(3).start();
    session.lose(7).await.unwrap();
    let late = session.query(4).start();
    log.take();
    session.connected().await.unwrap();

    assert_eq!((query.await.unwrap(), late.await.unwrap()), (3, 4));
    assert_eq!(log.take(), ["entered", "query 4"], "a restart keeps what comes after");
    system.shutdown().await;
}

#[derive(akt::Behavior, Debug, Default, PartialEq)]
enum Mood {
    #[default]
    Calm,
    Cross(u8),
    Silent,
}

/// What no handler says about a state becomes of messages that are not handled.
#[derive(Default)]
struct Person {
    moods: BehaviorStack<Mood>,
}

#[akt::actor(behavior = moods)]
impl Person {
    #[handler(when = Mood::Calm | Mood::Cross(0..3))]
    fn greet(&mut self) -> &'static str {
        "hello"
    }

    #[handler]
    fn push(&mut self, mood: Mood) -> usize {
        self.moods.push(mood);
        self.moods.depth()
    }

    #[handler]
    fn pop(&mut self) -> Option<Mood> {
        self.moods.pop()
    }

    #[handler]
    fn set(&mut self, mood: Mood) {
        self.moods.set(mood);
    }
}

#[akt::test]
async fn what_a_behaviour_does_not_handle_is_returned_by_its_name_or_a_dead_letter() {
    let system = system().await;
    let person = system.spawn("person", Person::default).await.unwrap();
    assert_eq!(person.greet().await.unwrap(), "hello");

    person.set(Mood::Silent).await.unwrap();
    let error = person.greet().await.unwrap_err();
    person.greet().tell().unwrap();
    person.set(Mood::Cross(9)).await.unwrap();

    assert!(matches!(error, AskError::Unhandled { behaviour: "Silent" }), "{error}");
    assert_eq!(error.delivery(), Delivery::No);
    assert!(matches!(person.greet().await, Err(AskError::Unhandled { behaviour: "Cross" })));
    assert_eq!(system.dead_letters_of(DeadLetterReason::Unhandled), 1);
    assert_eq!(system.dead_letters(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_stack_of_behaviours_goes_back_and_is_never_empty() {
    let system = system().await;
    let person = system.spawn("person", Person::default).await.unwrap();

    assert_eq!(person.push(Mood::Silent).await.unwrap(), 1);
    assert!(person.greet().await.is_err());
    assert_eq!(person.pop().await.unwrap(), Some(Mood::Silent));
    assert_eq!(person.greet().await.unwrap(), "hello");
    assert_eq!(person.pop().await.unwrap(), None, "the bottom stays");
    assert_eq!(person.greet().await.unwrap(), "hello");
    person.push(Mood::Silent).await.unwrap();
    person.set(Mood::Cross(1)).await.unwrap();
    assert_eq!(person.pop().await.unwrap(), None, "`set` forgets what was below");
    assert_eq!(person.greet().await.unwrap(), "hello");
    system.shutdown().await;
}

#[derive(akt::Behavior)]
enum Door {
    Closed,
    Open,
}

/// A contract's rpcs depend on a state, too.
struct Store {
    door: Door,
    stock: Vec<u32>,
}

#[akt::actor(behavior = door, unhandled = reject, stash = 8)]
impl depot::Depot for Store {
    #[handler(when = Door::Open, stash_when = Door::Closed)]
    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        self.stock.push(item.quantity);
        Ok(depot::Stock { added: self.stock.clone() })
    }

    #[handler(when = Door::Open, stash_when = Door::Closed)]
    async fn view(&mut self, _: ()) -> depot::Stock {
        tokio::task::yield_now().await;
        depot::Stock { added: self.stock.clone() }
    }

    async fn wait(&mut self, _: depot::Delay) {
        self.door = Door::Open;
    }

    #[handler(when = Door::Open)]
    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        blob
    }

    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }

    fn crash(&mut self, _: depot::Delay) {}

    #[guard]
    fn admit(&self, message: &depot::DepotMsg) -> Admit {
        match message.payload::<depot::Item>() {
            Some(item) if item.quantity == 13 => panic!("not that number"),
            Some(item) if self.stock.contains(&item.quantity) => Admit::Reject("it is there"),
            _ => Admit::Pass,
        }
    }

    #[on(enter = Door::Open)]
    fn opened(&mut self) {
        self.stock.push(1);
    }
}

#[akt::test]
async fn the_rpcs_of_a_contract_are_handled_stashed_or_rejected_by_state() {
    let system = system().await;
    let store = system.spawn("store", || Store { door: Door::Closed, stock: Vec::new() }).await.unwrap();

    let add = store.add(item(2)).start();
    let view = store.view(()).start();
    let rejected = store.echo(depot::Blob::default()).await.unwrap_err();
    store.wait(millis(0)).await.unwrap();

    assert_eq!(rejected.to_string(), "rejected: `Echo` in behaviour `Closed`");
    assert_eq!(add.await.unwrap().added, [1, 2]);
    assert_eq!(view.await.unwrap().added, [1, 2]);
    system.shutdown().await;
}

#[akt::test]
async fn a_behaviour_refuses_and_stashes_for_another_node_too() {
    let network = Network::new();
    let node = || ActorSystem::builder("shop").remote(Remote::memory(&network)).start();
    let (near, far) = (node().await.unwrap(), node().await.unwrap());
    far.spawn("store", || Store { door: Door::Closed, stock: Vec::new() }).await.unwrap();
    let store = at(&near, &far, "store");

    let expired = store.view(()).timeout(Duration::from_millis(50)).await.unwrap_err();
    let add = store.add(item(2)).start();
    let rejected = store.echo(depot::Blob::default()).await.unwrap_err();
    store.wait(millis(0)).await.unwrap();

    let AskError::Timeout(info) = expired else { panic!("{expired}") };
    assert_eq!((info.stage, info.delivered), (Stage::Stashed, Delivery::No));
    assert_eq!(rejected.to_string(), "rejected: `Echo` in behaviour `Closed`");
    assert_eq!(add.await.unwrap().added, [1, 2]);
    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn a_guard_sees_what_would_be_handled_and_rejects_it() {
    let system = system().await;
    let policy = Supervise::one_for_one().otherwise(Directive::Resume);
    let store = || Store { door: Door::Closed, stock: vec![7] };
    let store = system.spawn("store", store).supervise(policy).await.unwrap();

    let (late, well) = (store.add(item(7)).start(), store.add(item(8)).start());
    store.wait(millis(0)).await.unwrap();

    assert_eq!(late.await.unwrap_err().to_string(), "rejected: it is there");
    assert_eq!(well.await.unwrap().added, [7, 1, 8], "the guard of the new state decided");
    store.add(item(8)).tell().unwrap();
    assert!(store.view(()).await.is_ok(), "an async handler is guarded too");
    assert_eq!(system.dead_letters_of(DeadLetterReason::Rejected), 1);
    let AskError::Fault(info) = store.add(item(13)).await.unwrap_err() else { panic!("no fault") };
    assert_eq!((&*info.message, &*info.text), ("Add", "not that number"));
    system.shutdown().await;
}
