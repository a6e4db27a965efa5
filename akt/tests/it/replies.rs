//! Replies that are not a handler's return value: kept and answered later, or left to another actor.

use std::collections::HashMap;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Stage, StopReason};

use crate::support::{Counter, CounterRef, TooBig, system};

/// Keeps those who wait for a key until somebody puts it.
#[derive(Default)]
struct Store {
    values: HashMap<String, i64>,
    waiting: HashMap<String, Vec<Reply<i64>>>,
}

#[akt::actor]
impl Store {
    #[handler(defer)]
    fn wait_for(&mut self, key: String, reply: Reply<i64>) {
        match self.values.get(&key) {
            Some(value) => reply.send(*value),
            None => self.waiting.entry(key).or_default().push(reply),
        }
    }

    #[handler(defer, timeout = "1s")]
    async fn check(&mut self, by: i64, cx: &mut Ctx<Self>, reply: Reply<Result<i64, TooBig>>) {
        tokio::task::yield_now().await;
        let _ = cx.now();
        reply.send(if by > 100 { Err(TooBig) } else { Ok(by) });
    }

    #[handler]
    fn put(&mut self, key: String, value: i64) {
        for reply in self.waiting.remove(&key).unwrap_or_default() {
            reply.send(value);
        }
        self.values.insert(key, value);
    }

    #[handler]
    fn forget(&mut self, key: String) -> usize {
        self.waiting.remove(&key).map_or(0, |waiting| waiting.len())
    }

    #[handler]
    fn boom(&mut self) {
        panic!("replies: boom");
    }
}

/// Leaves every answer to a counter.
struct Router {
    counter: CounterRef,
}

#[akt::actor]
impl Router {
    #[handler]
    fn add(&mut self, by: i64, cx: &mut Ctx<Self>) -> Forward<i64> {
        cx.forward(self.counter.add(by))
    }

    #[handler]
    async fn checked(&mut self, by: i64, cx: &mut Ctx<Self>) -> Forward<Result<i64, TooBig>> {
        tokio::task::yield_now().await;
        cx.forward(self.counter.checked(by))
    }

    #[handler(timeout = "100ms")]
    fn wait(&mut self, cx: &mut Ctx<Self>) -> Forward<i64> {
        cx.forward(self.counter.wait().timeout(Duration::from_secs(60)))
    }

    #[handler]
    fn fail(&mut self, cx: &mut Ctx<Self>) -> Forward<i64> {
        cx.fail(TooBig);
        cx.forward(self.counter.add(1_000))
    }
}

async fn routed(mailbox: Mailbox) -> (ActorSystem, RouterRef, CounterRef) {
    let system = system().await;
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let counter = system.spawn("counter", crate::support::gated(&gate)).mailbox(mailbox).await.unwrap();
    let to = counter.clone();
    let router = system
        .spawn("router", move || Router { counter: to.clone() })
        .supervise(Supervise::one_for_one().otherwise(Directive::Resume))
        .await
        .unwrap();
    (system, router, counter)
}

#[akt::test]
async fn a_deferred_reply_is_kept_and_answered_later() {
    let system = system().await;
    let store = system.spawn("store", Store::default).await.unwrap();

    let first = store.wait_for("key".into()).start();
    let second = store.wait_for("key".into()).start();
    store.wait_for("key".into()).tell().unwrap();
    store.put("key".into(), 7).await.unwrap();

    assert_eq!((first.await.unwrap(), second.await.unwrap()), (7, 7));
    assert_eq!(store.wait_for("key".into()).await.unwrap(), 7, "at once, too");
    assert_eq!(store.check(3).await.unwrap(), 3);
    assert!(matches!(store.check(300).await, Err(AskError::Handler(TooBig))));
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_deferred_reply_that_is_dropped_answers_at_once_and_says_why() {
    let system = system().await;
    let restart = Supervise::one_for_one().otherwise(Directive::Restart);
    let store = system.spawn("store", Store::default).supervise(restart).await.unwrap();

    let dropped = store.wait_for("a".into()).start();
    assert_eq!(store.forget("a".into()).await.unwrap(), 1);
    let error = dropped.await.unwrap_err();
    assert!(matches!(error, AskError::Unanswered) && error.delivery() == Delivery::Maybe, "{error}");

    let restarted = store.wait_for("b".into()).start();
    store.boom().await.unwrap_err();
    assert!(matches!(restarted.await, Err(AskError::Unanswered)), "its value is gone");

    let stopped = store.wait_for("c".into()).start();
    store.actor().stop_after_drain();
    let error = stopped.await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { reason: StopReason::Requested, delivered: Delivery::Maybe }));
    assert_eq!(system.runtime().now().as_nanos() / 1_000_000_000, 0, "nobody waited for a timeout");
    system.shutdown().await;
}

#[akt::test]
async fn a_dropped_ask_whose_reply_was_dropped_was_handled_and_is_no_dead_letter() {
    let system = system().await;
    let store = system.spawn("store", Store::default).await.unwrap();

    let unread = store.wait_for("a".into()).start();
    assert_eq!(store.forget("a".into()).await.unwrap(), 1);
    drop(unread);

    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_forward_keeps_the_askers_reply_and_deadline() {
    let (system, router, counter) = routed(Mailbox::DEFAULT).await;

    assert_eq!(router.add(5).await.unwrap(), 5);
    router.add(5).tell().unwrap();
    assert_eq!(router.checked(1).await.unwrap(), 11);
    assert!(matches!(router.checked(101).await, Err(AskError::Handler(TooBig))));

    let Err(AskError::Timeout(late)) = router.wait().await else { panic!("no timeout") };
    assert!(matches!(late.stage, Stage::Handling { .. }) && late.elapsed < Duration::from_millis(110));
    let queued = router.add(1).timeout(Duration::from_millis(100)).await;
    let Err(AskError::Timeout(late)) = queued else { panic!("no timeout") };
    assert!(matches!(late.stage, Stage::Queued { .. }), "it waits at the counter: {:?}", late.stage);

    counter.actor().kill();
    system.shutdown().await;
}

#[akt::test]
async fn a_forward_that_is_not_accepted_answers_at_once_and_a_tell_is_a_dead_letter() {
    let (system, router, counter) = routed(Mailbox::bounded(1)).await;
    counter.wait().tell().unwrap();
    tokio::task::yield_now().await;
    counter.add(1).tell().unwrap();

    assert!(matches!(router.add(1).await, Err(AskError::Full)));
    router.add(1).tell().unwrap();
    assert!(matches!(router.fail().await, Err(AskError::Fault(_))), "and nothing is forwarded");
    assert_eq!(system.dead_letters_of(DeadLetterReason::MailboxFull), 1);

    counter.actor().kill();
    counter.actor().stopped().await;
    assert!(matches!(router.add(1).await, Err(AskError::Stopped { delivered: Delivery::No, .. })));
    system.shutdown().await;
}

#[akt::test]
async fn many_asks_are_awaited_together_in_their_order() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    let calls: Vec<_> = (1..=3).map(|by| counter.add(by).start()).collect();
    let mut sums = Vec::new();
    for call in calls {
        sums.push(call.await.unwrap());
    }

    assert_eq!(sums, [1, 3, 6]);
    system.shutdown().await;
}
