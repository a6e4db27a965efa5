//! Handlers with `&self`: they run beside each other, and everything else waits for them.

use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, Message, Stage, StopReason};
use tokio::sync::mpsc;

use crate::support::{Door, Log, door, settle, system, take, until};

#[derive(Default)]
struct Library {
    log: Log,
    books: u32,
    friend: Option<ReaderRef>,
}

impl Library {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }
}

#[akt::actor(stash = 4, supervise(on(panic) = restart, else = stop))]
impl Library {
    /// Reads until the door opens.
    #[handler]
    async fn read(&self, name: &'static str, door: Door) -> u32 {
        self.note(format!("{name} begins"));
        door.await.ok();
        self.note(format!("{name} ends"));
        self.books
    }

    #[handler]
    fn count(&self) -> u32 {
        self.note("count");
        self.books
    }

    #[handler]
    fn add(&mut self, books: u32) -> u32 {
        self.note(format!("add {books}"));
        self.books += books;
        self.books
    }

    #[handler]
    async fn burn(&self, door: Door) {
        door.await.ok();
        panic!("fire");
    }

    /// Asks a reader, who asks this library.
    #[handler]
    async fn ask_a_reader(&self, door: Door) -> u32 {
        door.await.ok();
        self.friend.as_ref().expect("a friend").count_and_add().await.unwrap()
    }

    #[handler]
    fn befriend(&mut self, friend: ReaderRef) {
        self.friend = Some(friend);
    }

    #[handler]
    async fn wait_until_cancelled(&self, log: mpsc::Sender<()>, cx: &Ctx<Self>) {
        cx.cancelled().await;
        log.try_send(()).unwrap();
    }

    #[handler(defer)]
    async fn later(&self, door: Door, reply: Reply<u32>) {
        door.await.ok();
        reply.send(7);
    }

    #[handler]
    async fn tenant(&self, door: Door, cx: &Ctx<Self>) -> Option<String> {
        door.await.ok();
        cx.headers().get("tenant").map(str::to_owned)
    }

    #[guard]
    fn admit(&self, message: &LibraryMsg) -> akt::Admit {
        match message.name() == "read" && self.books > 1_000 {
            true => akt::Admit::Reject("the library is full"),
            false => akt::Admit::Pass,
        }
    }

    #[on(stop)]
    fn closed(&mut self) {
        self.note("closed");
    }
}

/// Asks a library while that waits for it.
struct Reader {
    library: LibraryRef,
}

#[akt::actor]
impl Reader {
    #[handler]
    async fn count_and_add(&mut self) -> u32 {
        let books = self.library.count().await.unwrap();
        assert!(matches!(self.library.add(1).await, Err(AskError::Cycle { .. })));
        books
    }
}

async fn library(system: &ActorSystem) -> (LibraryRef, Log) {
    let log = Log::default();
    let kept = log.clone();
    let make = move || Library { log: kept.clone(), ..Library::default() };
    (system.spawn("library", make).await.unwrap(), log)
}

#[akt::test]
async fn shared_handlers_run_beside_each_other_and_begin_in_order() {
    let system = system().await;
    let (library, log) = library(&system).await;
    let (doors, ways): (Vec<_>, Vec<_>) = (0..3).map(|_| door()).unzip();

    let names = ["a", "b", "c"].into_iter();
    let reads: Vec<_> = names.zip(ways).map(|(name, way)| library.read(name, way).start()).collect();
    settle().await;
    assert_eq!(take(&log), ["a begins", "b begins", "c begins"]);
    doors.into_iter().rev().for_each(|door| door.send(()).unwrap());
    for read in reads {
        assert_eq!(read.await.unwrap(), 0);
    }

    assert_eq!(take(&log), ["c ends", "b ends", "a ends"]);
    system.shutdown().await;
}

#[akt::test]
async fn an_exclusive_handler_waits_for_those_that_share_and_what_comes_after_it_sees_what_it_did() {
    let system = system().await;
    let (library, log) = library(&system).await;
    let ((open, first), (_open, second)) = (door(), door());

    let before = library.read("before", first).start();
    let add = library.add(2).start();
    let after = library.read("after", second).start();
    settle().await;
    assert_eq!(take(&log), ["before begins"], "the second stays behind the message that came before it");
    open.send(()).unwrap();
    assert_eq!((before.await.unwrap(), add.await.unwrap()), (0, 2));
    settle().await;

    assert_eq!(take(&log), ["before ends", "add 2", "after begins"]);
    drop(_open);
    assert_eq!(after.await.unwrap(), 2);
    system.shutdown().await;
}

#[akt::test]
async fn a_sync_handler_with_self_shared_joins_those_under_way() {
    let system = system().await;
    let (library, log) = library(&system).await;
    let (open, way) = door();
    let read = library.read("a", way).start();
    settle().await;

    assert_eq!(library.count().await.unwrap(), 0);

    assert_eq!(take(&log), ["a begins", "count"]);
    open.send(()).unwrap();
    read.await.unwrap();
    system.shutdown().await;
}

#[akt::test]
async fn no_more_shared_handlers_run_than_the_spawn_says() {
    let system = system().await;
    let log = Log::default();
    let kept = log.clone();
    let make = move || Library { log: kept.clone(), ..Library::default() };
    let library = system.spawn("library", make).concurrency(2).await.unwrap();
    let (mut doors, ways): (Vec<_>, Vec<_>) = (0..3).map(|_| door()).unzip();

    let names = ["a", "b", "c"].into_iter();
    let reads: Vec<_> = names.zip(ways).map(|(name, way)| library.read(name, way).start()).collect();
    settle().await;
    assert_eq!(take(&log), ["a begins", "b begins"]);
    doors.remove(0).send(()).unwrap();
    settle().await;

    assert_eq!(take(&log), ["a ends", "c begins"]);
    drop(doors);
    for read in reads {
        read.await.unwrap();
    }
    system.shutdown().await;
}

#[akt::test]
async fn a_shared_handler_that_panics_takes_the_others_along_and_the_actor_restarts() {
    let system = system().await;
    let (library, _) = library(&system).await;
    let mut events = system.events();
    let ((_open, first), (_closed, second), (fire, third)) = (door(), door(), door());
    library.add(5).await.unwrap();

    let read = library.read("asked", first).start();
    library.read("told", second).tell().unwrap();
    let burn = library.burn(third).start();
    settle().await;
    fire.send(()).unwrap();

    let error = burn.await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(info) if info.text == "fire"), "{error}");
    let error = read.await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(info) if info.message == "burn"), "{error}");
    assert_eq!(error.delivery(), Delivery::Maybe);
    let Event::DeadLetter(letter) = until(&mut events, |event| matches!(event, Event::DeadLetter(_))).await
    else {
        unreachable!("waited for")
    };
    assert_eq!((letter.message, letter.reason), ("read", DeadLetterReason::Panicked));
    assert_eq!(library.count().await.unwrap(), 0, "a new value");
    system.shutdown().await;
}

#[akt::test]
async fn a_stop_lets_shared_handlers_end_and_a_kill_does_not() {
    let system = system().await;
    let (library, log) = library(&system).await;
    let (open, way) = door();
    let read = library.read("a", way).start();
    settle().await;
    library.actor().stop();
    settle().await;
    assert!(library.actor().is_alive() || library.actor().stop_reason().is_none(), "a handler is under way");
    open.send(()).unwrap();
    assert_eq!(read.await.unwrap(), 0);
    assert_eq!(library.actor().stopped().await, StopReason::Requested);
    assert_eq!(take(&log), ["a begins", "a ends", "closed"]);

    let killed = system.spawn("killed", Library::default).await.unwrap();
    let (_open, way) = door();
    let read = killed.read("a", way).start();
    settle().await;
    killed.actor().kill();

    let error = read.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { reason: StopReason::Killed, delivered: Delivery::Maybe }));
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_that_comes_back_to_a_shared_handler_is_served_whatever_waits_before_it() {
    let system = system().await;
    let log = Log::default();
    let kept = log.clone();
    let make = move || Library { log: kept.clone(), ..Library::default() };
    let library = system.spawn("library", make).concurrency(1).await.unwrap();
    let asked = library.clone();
    let reader = system.spawn("reader", move || Reader { library: asked.clone() }).await.unwrap();
    library.befriend(reader).await.unwrap();
    let (open, way) = door();

    let ask = library.ask_a_reader(way).start();
    settle().await;
    let add = library.add(3).start();
    settle().await;
    open.send(()).unwrap();

    // Not behind the exclusive one, which waits for the handler that asks; nor for the limit.
    assert_eq!(ask.await.unwrap(), 0);
    assert_eq!(add.await.unwrap(), 3);
    system.shutdown().await;
}

#[akt::test]
async fn each_shared_handler_has_a_context_of_its_own() {
    let system = system().await;
    let (library, _) = library(&system).await;
    let ((_open, first), (_close, second)) = (door(), door());
    let (log, mut cancelled) = mpsc::channel(1);

    let acme = library.tenant(first).header("tenant", "acme").start();
    let none = library.tenant(second).start();
    let dropped = library.wait_until_cancelled(log).start();
    settle().await;
    drop(dropped);
    cancelled.recv().await.unwrap();

    drop((_open, _close));
    assert_eq!(acme.await.unwrap().as_deref(), Some("acme"));
    assert_eq!(none.await.unwrap(), None);
    system.shutdown().await;
}

#[akt::test]
async fn a_shared_handler_may_answer_later_and_its_time_says_how_long_it_ran() {
    let system = system().await;
    let (library, _) = library(&system).await;
    let ((open, first), (_shut, second)) = (door(), door());

    let late = library.read("late", second).timeout(Duration::from_secs(1)).start();
    let later = library.later(first).start();
    settle().await;
    open.send(()).unwrap();

    assert_eq!(later.await.unwrap(), 7);
    let error = late.await.unwrap_err();
    let AskError::Timeout(info) = error else { panic!("{error}") };
    assert!(matches!(info.stage, Stage::Handling { elapsed } if elapsed > Duration::from_millis(900)));
    system.shutdown().await;
}

#[akt::test]
async fn a_guard_is_asked_before_a_shared_handler_too() {
    let system = system().await;
    let (library, log) = library(&system).await;
    library.add(2_000).await.unwrap();
    take(&log);
    let (_open, way) = door();

    let error = library.read("a", way).await.unwrap_err();

    assert!(matches!(error, AskError::Rejected(why) if why == "the library is full"));
    assert_eq!(take(&log), [""; 0]);
    system.shutdown().await;
}

#[akt::test]
async fn a_drain_ends_after_the_shared_handlers_that_were_queued() {
    let system = system().await;
    let (library, log) = library(&system).await;
    let ((open, first), (_shut, second)) = (door(), door());

    let read = library.read("a", first).start();
    library.actor().stop_after_drain();
    let late = library.read("late", second).start();
    settle().await;
    open.send(()).unwrap();

    assert_eq!(read.await.unwrap(), 0);
    assert!(matches!(late.await, Err(AskError::Stopped { delivered: Delivery::No, .. })));
    assert_eq!(take(&log), ["a begins", "a ends", "closed"]);
    system.shutdown().await;
}

#[akt::test]
async fn shared_handlers_are_counted_and_measured_like_others() {
    let system = system().await;
    let (library, _) = library(&system).await;
    let (doors, ways): (Vec<_>, Vec<_>) = (0..3).map(|_| door()).unzip();

    let reads: Vec<_> = ways.into_iter().map(|way| library.read("a", way).start()).collect();
    settle().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    drop(doors);
    for read in reads {
        read.await.unwrap();
    }

    let metrics = system.metrics();
    let read = metrics.kind("Library").and_then(|kind| kind.message("read")).unwrap();
    assert_eq!((read.handled, read.failed, read.time.count(), read.wait.count()), (3, 0, 3, 3));
    assert!(read.time.quantile(0.5).unwrap() >= Duration::from_secs(1));
    system.shutdown().await;
}
