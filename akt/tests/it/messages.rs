//! What becomes of messages to a local actor: ask, tell, order, room, timeouts, cancellation.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Recipient, Stage};
use tokio::sync::{Notify, mpsc};

use crate::contracts::depot::v1 as depot;
use crate::depot::Shelf;
use crate::support::{Counter, Inline, TooBig, gated, system};

#[akt::test]
async fn an_ask_yields_what_the_handler_returns() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    counter.add(2).tell().unwrap();

    assert_eq!(counter.add(3).await.unwrap(), 5);
    assert_eq!(counter.checked(1).await.unwrap(), 6);
    assert!(matches!(counter.checked(101).await, Err(AskError::Handler(TooBig))));
    system.shutdown().await;
}

#[akt::test]
async fn messages_of_one_sender_are_handled_in_order() {
    let system = system().await;
    let (log, mut handled) = mpsc::channel(1_000);
    let counter = system
        .spawn("counter", move || Counter { log: Some(log.clone()), ..Counter::default() })
        .await
        .unwrap();

    for n in 0..500 {
        counter.add(2 * n).tell().unwrap();
        counter.add(2 * n + 1).await.unwrap();
    }

    let order: Vec<_> = std::iter::from_fn(|| handled.try_recv().ok()).collect();
    assert_eq!(order, (0..1_000).collect::<Vec<_>>());
    system.shutdown().await;
}

#[akt::test]
async fn a_full_mailbox_hands_the_message_back_and_makes_send_and_ask_wait() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).mailbox(Mailbox::bounded(2)).await.unwrap();
    let busy = counter.wait().start();
    tokio::task::yield_now().await;
    counter.add(1).tell().unwrap();
    counter.add(1).tell().unwrap();

    let refused = counter.add(40).tell().unwrap_err();
    assert!(matches!(refused, TellError::Full(_)));
    let late = counter.add(1).timeout(Duration::from_millis(10)).send().await.unwrap_err();
    assert!(matches!(late, TellError::Full(_)));
    let error = counter.add(1).timeout(Duration::from_millis(10)).await.unwrap_err();
    let AskError::Timeout(info) = &error else { panic!("{error}") };
    assert_eq!(info.stage, Stage::WaitingForRoom);
    assert_eq!(error.delivery(), Delivery::No);

    let first = counter.add(10).start();
    let second = counter.add(100).start();
    gate.notify_one();
    assert_eq!(busy.await.unwrap(), 0);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (12, 112));
    system.shutdown().await;
}

#[akt::test]
async fn a_timeout_names_its_stage() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).await.unwrap();

    let handling = counter.wait().timeout(Duration::from_millis(100));
    let Err(AskError::Timeout(info)) = handling.await else { panic!("no timeout") };
    assert!(matches!(info.stage, Stage::Handling { elapsed } if elapsed >= Duration::from_millis(99)));
    assert_eq!(info.delivered, Delivery::Maybe);

    let Err(AskError::Timeout(info)) = counter.add(1).timeout(Duration::from_millis(100)).await else {
        panic!("no timeout")
    };
    assert_eq!(info.stage, Stage::Queued { depth: 1 });
    assert_eq!(info.delivered, Delivery::No);
    assert!(info.elapsed >= Duration::from_millis(100) && info.elapsed < Duration::from_millis(110));

    gate.notify_one();
    assert_eq!(counter.add(0).await.unwrap(), 0, "the timed-out add was never executed");
    assert_eq!(system.dead_letters(), 0, "it was returned");
    system.shutdown().await;
}

#[akt::test]
async fn a_dropped_ask_is_skipped_while_queued_and_told_while_handled() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    let (log, mut told) = mpsc::channel(1);

    let running = counter.wait_or_cancelled(log).start();
    tokio::task::yield_now().await;
    let queued = counter.add(5).start();
    drop(queued);
    drop(running);

    assert_eq!(told.recv().await, Some(-1));
    assert_eq!(counter.add(0).await.unwrap(), 0);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Cancelled), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_message_takes_room_until_it_is_started_and_no_longer() {
    let system = system().await;
    let minute = Duration::from_secs(60);
    let policy = Supervise::restart().backoff(minute..=minute);
    let counter = system.spawn("counter", Counter::default).mailbox(Mailbox::bounded(1)).supervise(policy);
    let counter = counter.await.unwrap();

    assert!(matches!(counter.boom().await, Err(AskError::Fault(_))));

    counter.add(1).tell().expect("nothing waits while it restarts");
    assert!(matches!(counter.add(1).tell(), Err(TellError::Full(_))));
    system.shutdown().await;
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("bomb");
    }
}

struct Arsenal;

#[akt::actor]
impl Arsenal {
    #[handler]
    async fn guard(&mut self) {
        let _bomb = Bomb;
        std::future::pending::<()>().await;
    }

    #[handler]
    fn store(&mut self, bomb: Bomb) {
        std::mem::forget(bomb);
    }
}

#[akt::test]
async fn what_panics_when_it_is_dropped_is_accounted_for() {
    let system = system().await;
    let arsenal = system.spawn("arsenal", || Arsenal).await.unwrap();
    let running = arsenal.guard().start();
    tokio::task::yield_now().await;
    let queued = arsenal.store(Bomb).start();

    arsenal.actor().kill();

    let error = running.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { delivered: Delivery::Maybe, .. }), "{error}");
    let error = queued.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { delivered: Delivery::No, .. }), "{error}");
    assert_eq!(system.dead_letters(), 0, "both were returned");

    let counter = system.spawn("counter", Counter::default).mailbox(Mailbox::bounded(1)).await.unwrap();
    counter.boom().tell().unwrap();
    let waiting = counter.add(1).start();
    drop(waiting);
    counter.actor().stopped().await;
    assert_eq!(system.dead_letters_of(DeadLetterReason::Panicked), 1, "on the same thread, later");
    system.shutdown().await;
}

#[akt::test]
async fn a_task_that_runs_at_once_when_there_is_room_may_use_the_mailbox() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).mailbox(Mailbox::bounded(1)).await.unwrap();
    let busy = counter.wait().start();
    tokio::task::yield_now().await;
    counter.add(1).tell().unwrap();
    let waiting = Inline::run({
        let counter = counter.clone();
        async move { counter.add(10).await }
    });

    gate.notify_one();

    assert_eq!(busy.await.unwrap(), 0);
    assert_eq!(counter.add(100).await.unwrap(), 111);
    assert_eq!(waiting.take().unwrap().unwrap(), 11);
    system.shutdown().await;
}

#[akt::test]
async fn a_started_call_that_is_told_panics_and_leaves_nothing_behind() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).mailbox(Mailbox::bounded(1)).await.unwrap();
    let busy = counter.wait().start();
    tokio::task::yield_now().await;
    let queued = counter.add(1).start();
    let waiting = counter.add(10).start();

    for call in [queued, waiting] {
        assert!(catch_unwind(AssertUnwindSafe(|| call.tell())).is_err());
    }
    gate.notify_one();

    assert_eq!(busy.await.unwrap(), 0);
    assert_eq!(counter.add(100).await.unwrap(), 100, "there is room, and neither was executed");
    assert_eq!(system.dead_letters_of(DeadLetterReason::Cancelled), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_waker_that_panics_costs_nobody_else_a_deadline() {
    struct Bad;
    impl Wake for Bad {
        fn wake(self: Arc<Self>) {
            panic!("bad waker");
        }
    }
    let system = system().await;
    let counter = system.spawn("counter", gated(&Arc::new(Notify::new()))).await.unwrap();
    let mut bad = counter.wait().timeout(Duration::from_millis(10));
    let waker = Waker::from(Arc::new(Bad));
    assert!(Pin::new(&mut bad).poll(&mut Context::from_waker(&waker)).is_pending());

    let good = counter.add(1).timeout(Duration::from_millis(100));

    assert!(matches!(good.await, Err(AskError::Timeout(_))));
    drop(bad);
    counter.actor().kill();
    system.shutdown().await;
}

/// Takes one message that others take as well.
#[derive(Default)]
struct Ledger {
    added: u32,
}

#[akt::actor]
impl depot::Depot for Ledger {
    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        self.added += item.quantity;
        Ok(depot::Stock { added: vec![self.added] })
    }

    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: vec![self.added] }
    }

    fn wait(&mut self, _: depot::Delay) {}

    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        blob
    }

    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }

    fn crash(&mut self, _: depot::Delay) {}
}

#[akt::test]
async fn a_recipient_is_any_actor_that_takes_the_message() {
    let system = system().await;
    let shelf = system.spawn("shelf", Shelf::default).await.unwrap();
    let ledger = system.spawn("ledger", Ledger::default).await.unwrap();
    let all: [Recipient<depot::Item>; 2] = [Recipient::of(&shelf), Recipient::of(&ledger)];

    for recipient in &all {
        recipient.tell(depot::Item { quantity: 3 }).unwrap();
        recipient.clone().tell(depot::Item { quantity: 4 }).unwrap();
    }

    assert_eq!(shelf.view(()).await.unwrap().added, [3, 4]);
    assert_eq!(ledger.view(()).await.unwrap().added, [7]);
    shelf.actor().stop();
    all[0].actor().stopped().await;
    let Err(TellError::Stopped(item)) = all[0].tell(depot::Item { quantity: 5 }) else { panic!("accepted") };
    assert_eq!(item.quantity, 5);
    system.shutdown().await;
}

#[akt::test]
async fn a_started_call_that_nobody_polls_holds_up_nobody() {
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).mailbox(Mailbox::bounded(1)).await.unwrap();
    let _busy = counter.wait().start();
    tokio::task::yield_now().await;
    counter.add(1).tell().unwrap();

    let first = counter.add(10).start();
    let second = counter.add(100).start();
    gate.notify_one();

    assert_eq!(second.await.unwrap(), 101);
    assert_eq!(first.await.unwrap(), 111);
    system.shutdown().await;
}
