//! The stash: what is put aside comes back in order, or is accounted for.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Stage, StopReason};
use tokio::sync::Notify;

use crate::support::system;

/// Puts numbers aside until it is told to count them.
#[derive(Default)]
struct Counter {
    open: bool,
    seen: Vec<u32>,
    gate: Arc<Notify>,
}

#[derive(Debug)]
struct TooBig;

#[akt::actor(stash = 3)]
impl Counter {
    #[handler]
    fn count(&mut self, number: u32, cx: &mut Ctx<Self>) -> Forward<Result<usize, TooBig>> {
        if !self.open {
            return cx.stash(cx.me().count(number));
        }
        self.seen.push(number);
        Forward::answer(if number > 100 { Err(TooBig) } else { Ok(self.seen.len()) })
    }

    /// As `count`, after a while.
    #[handler]
    async fn count_later(&mut self, number: u32, cx: &mut Ctx<Self>) -> Forward<Result<usize, TooBig>> {
        tokio::task::yield_now().await;
        self.count(number, cx)
    }

    #[handler]
    fn open(&mut self, open: bool, cx: &mut Ctx<Self>) -> usize {
        self.open = open;
        cx.unstash_all();
        cx.stashed()
    }

    /// Brings one back, which it lets in.
    #[handler]
    fn one(&mut self, cx: &mut Ctx<Self>) -> bool {
        self.open = true;
        cx.unstash()
    }

    #[handler]
    fn close(&mut self) {
        self.open = false;
    }

    #[handler]
    fn seen(&mut self) -> Vec<u32> {
        self.seen.clone()
    }

    #[handler]
    fn stashed(&mut self, cx: &mut Ctx<Self>) -> usize {
        cx.stashed()
    }

    #[handler]
    async fn wait(&mut self) {
        self.gate.notified().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    fn after(&mut self, number: u32, cx: &mut Ctx<Self>) {
        cx.after(Duration::from_millis(1), cx.me().count(number)).keep();
    }
}

#[akt::test]
async fn unstashed_messages_are_handled_in_order_before_anything_that_is_queued() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    counter.count(1).tell().unwrap();
    let second = counter.count_later(2).start();
    counter.count(3).tell().unwrap();

    counter.open(true).tell().unwrap();
    counter.count(4).tell().unwrap();

    assert_eq!(counter.seen().await.unwrap(), [1, 2, 3, 4]);
    assert_eq!(second.await.unwrap(), 2, "its asker waited on");
    assert_eq!(counter.stashed().await.unwrap(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn what_is_put_aside_again_keeps_its_place() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    for number in 1..=3 {
        counter.count(number).tell().unwrap();
    }

    assert_eq!(counter.open(false).await.unwrap(), 3);
    assert!(counter.one().await.unwrap());
    counter.close().await.unwrap();
    counter.count(4).tell().unwrap();
    counter.open(false).await.unwrap();
    counter.open(true).await.unwrap();

    assert_eq!(counter.seen().await.unwrap(), [1, 2, 3, 4]);
    assert!(!counter.one().await.unwrap(), "there is none");
    system.shutdown().await;
}

#[akt::test]
async fn a_full_stash_refuses_and_makes_room_of_those_that_nobody_waits_for() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    let cancelled = counter.count(1).start();
    let expired = counter.count(2).timeout(Duration::from_millis(5)).start();
    counter.count(3).tell().unwrap();

    let error = counter.count(4).await.unwrap_err();
    counter.count(5).tell().unwrap();
    assert_eq!(counter.stashed().await.unwrap(), 3);

    assert!(matches!(&error, AskError::Rejected(why) if why == "the stash is full"), "{error}");
    assert_eq!(error.delivery(), Delivery::No);
    assert_eq!(system.dead_letters_of(DeadLetterReason::StashFull), 1, "the tell");
    drop(cancelled);
    assert!(matches!(expired.await, Err(AskError::Timeout(_))));
    counter.count(6).tell().unwrap();
    counter.count(7).tell().unwrap();
    counter.open(true).await.unwrap();
    assert_eq!(counter.seen().await.unwrap(), [3, 6, 7]);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Cancelled), 1);
    assert_eq!(system.dead_letters(), 2);
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_whose_time_ends_in_the_stash_says_so() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    let error = counter.count(1).timeout(Duration::from_millis(50)).await.unwrap_err();

    let AskError::Timeout(info) = error else { panic!("{error}") };
    assert_eq!((info.stage, info.delivered), (Stage::Stashed, Delivery::No));
    counter.open(true).await.unwrap();
    assert_eq!(counter.seen().await.unwrap(), [0; 0], "it is skipped");
    assert_eq!(system.dead_letters(), 0, "its asker knows");
    system.shutdown().await;
}

#[akt::test]
async fn a_call_that_is_dropped_in_the_stash_is_skipped() {
    let system = system().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    let dropped = counter.count(1).start();
    assert_eq!(counter.stashed().await.unwrap(), 1);

    drop(dropped);
    counter.open(true).await.unwrap();

    assert_eq!(counter.seen().await.unwrap(), [0; 0]);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Cancelled), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_restart_and_a_resume_keep_the_stash_and_a_stop_accounts_for_it() {
    let system = system().await;
    for (directive, seen) in [
        (Directive::Restart, Some(vec![1, 2])),
        (Directive::Resume, Some(vec![1, 2])),
        (Directive::Stop, None),
    ] {
        let policy = Supervise::one_for_one().otherwise(directive);
        let counter = system.spawn("counter", Counter::default).supervise(policy).await.unwrap();
        counter.count(1).tell().unwrap();
        let ask = counter.count(2).start();

        assert!(matches!(counter.boom().await, Err(AskError::Fault(_))));
        if let Some(seen) = seen {
            counter.open(true).await.unwrap();
            assert_eq!(counter.seen().await.unwrap(), seen);
            assert_eq!(ask.await.unwrap(), 2);
            counter.actor().stop();
            counter.actor().stopped().await;
            assert_eq!(system.dead_letters_of(DeadLetterReason::Stopped), 0);
        } else {
            let error = ask.await.unwrap_err();
            let (reason, delivered) = (StopReason::Fault, Delivery::No);
            assert!(
                matches!(error, AskError::Stopped { reason: r, delivered: d } if (r, d) == (reason, delivered))
            );
            assert_eq!(counter.actor().stopped().await, reason);
            assert_eq!(system.dead_letters_of(DeadLetterReason::Stopped), 1);
        }
    }
    system.shutdown().await;
}

#[akt::test]
async fn what_is_stashed_at_a_kill_a_drain_or_a_shutdown_is_accounted_for() {
    let system = system().await;
    for (end, reason) in [
        (CounterRef::kill as fn(&CounterRef), DeadLetterReason::Killed),
        (CounterRef::drain, DeadLetterReason::Stopped),
    ] {
        let counter = system.spawn("counter", Counter::default).await.unwrap();
        counter.count(1).tell().unwrap();
        let ask = counter.count(2).start();
        assert_eq!(counter.stashed().await.unwrap(), 2);

        end(&counter);

        assert!(matches!(ask.await, Err(AskError::Stopped { delivered: Delivery::No, .. })));
        counter.actor().stopped().await;
        assert_eq!(system.dead_letters_of(reason), 1);
    }
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    counter.count(1).tell().unwrap();
    assert_eq!(counter.stashed().await.unwrap(), 1);
    system.shutdown().await;
    assert_eq!(system.dead_letters_of(DeadLetterReason::Shutdown), 1);
}

impl CounterRef {
    fn kill(&self) {
        self.actor().kill();
    }

    fn drain(&self) {
        self.actor().stop_after_drain();
    }
}

#[akt::test]
async fn a_drain_handles_what_its_last_messages_unstash() {
    let (system, gate) = (system().await, Arc::new(Notify::new()));
    let made = gate.clone();
    let counter =
        system.spawn("counter", move || Counter { gate: made.clone(), ..Counter::default() }).await.unwrap();
    let (first, second) = (counter.count(1).start(), counter.count(2).start());
    counter.wait().tell().unwrap();
    counter.open(true).tell().unwrap();
    tokio::task::yield_now().await;

    counter.actor().stop_after_drain();
    let late = counter.seen().start();
    gate.notify_one();

    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 2));
    assert!(matches!(late.await, Err(AskError::Stopped { .. })));
    system.shutdown().await;
}

#[akt::test]
async fn a_post_can_be_put_aside_and_what_is_in_the_stash_leaves_room_in_the_mailbox() {
    let system = system().await;
    let counter =
        system.spawn("counter", Counter::default).mailbox(akt::Mailbox::bounded(1)).stash(4).await.unwrap();
    counter.after(1).await.unwrap();
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(counter.stashed().await.unwrap(), 1);
    for number in 2..=4 {
        counter.count(number).send().await.unwrap();
    }

    assert_eq!(counter.stashed().await.unwrap(), 4);
    counter.open(true).await.unwrap();

    assert_eq!(counter.seen().await.unwrap(), [1, 2, 3, 4]);
    system.shutdown().await;
}

#[akt::test]
async fn an_error_of_a_handler_that_may_stash_is_typed_and_an_event() {
    let system = system().await;
    let mut events = system.events();
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    counter.open(true).await.unwrap();

    assert!(matches!(counter.count(101).await, Err(AskError::Handler(TooBig))));
    counter.count(102).tell().unwrap();

    let failed = |event: &akt::Event| matches!(event, akt::Event::HandlerFailed { .. });
    crate::support::until(&mut events, failed).await;
    system.shutdown().await;
}
