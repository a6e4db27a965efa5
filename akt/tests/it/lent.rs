//! Asks of an actor that rests: handled in the turn of the asker, with the same promises.
#![expect(clippy::disallowed_methods, reason = "what the tests spawn is the asker, beside akt")]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use akt::prelude::*;
use akt::{Fault, Supervise};

use crate::support::system;

/// Tells where it is asked.
#[derive(Default)]
struct Witness {
    kept: Option<Reply<u64>>,
    started: Arc<AtomicU64>,
}

#[akt::actor]
impl Witness {
    #[on(start)]
    fn started(&mut self) {
        self.started.fetch_add(1, Ordering::SeqCst);
    }

    #[handler]
    fn runtime(&mut self) -> tokio::runtime::Id {
        tokio::runtime::Handle::current().id()
    }

    #[handler]
    fn task(&mut self) -> Option<tokio::task::Id> {
        tokio::task::try_id()
    }

    #[handler]
    async fn later(&mut self) -> Option<tokio::task::Id> {
        tokio::task::yield_now().await;
        tokio::task::try_id()
    }

    #[handler(defer)]
    fn keep(&mut self, reply: Reply<u64>) {
        self.kept = Some(reply);
    }

    #[handler]
    fn release(&mut self) {
        if let Some(reply) = self.kept.take() {
            reply.send(7);
        }
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    fn stop(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
    }

    #[handler]
    fn fail(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(Fault::new("no salt"));
    }
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Lets all other tasks come to rest.
async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

#[akt::test]
async fn an_ask_of_a_resting_actor_is_answered_in_its_askers_turn() {
    let system = system().await;
    let witness = system.spawn("witness", Witness::default).await.unwrap();
    settle().await;

    let asked = tokio::spawn({
        let witness = witness.clone();
        async move {
            let Poll::Ready(answer) = poll_once(witness.task()) else { panic!("not at once") };
            assert_eq!(answer.unwrap(), tokio::task::try_id());
        }
    });

    asked.await.unwrap();
    system.shutdown().await;
}

#[akt::test]
async fn what_is_told_before_an_ask_is_handled_before_it() {
    let system = system().await;
    let mut sum = 0;
    let adder = system.spawn_fn("adder", move |by: i64, _cx| {
        sum += by;
        sum
    });
    let adder = adder.await.unwrap();
    settle().await;

    for round in 1..100 {
        adder.tell(1).unwrap();
        assert_eq!(adder.ask(0).await.unwrap(), round);
    }
    system.shutdown().await;
}

#[akt::test]
async fn an_async_handler_runs_in_its_actors_own_task() {
    let system = system().await;
    let witness = system.spawn("witness", Witness::default).await.unwrap();
    settle().await;

    let mine = tokio::task::try_id();
    for _ in 0..3 {
        let there = witness.later().await.unwrap();
        assert!(there.is_some() && there != mine, "it ran in the asker's task");
    }
    system.shutdown().await;
}

#[akt::test]
async fn a_reply_that_is_kept_wakes_an_asker_whose_turn_it_was() {
    let system = system().await;
    let witness = system.spawn("witness", Witness::default).await.unwrap();
    settle().await;

    let asked = tokio::spawn({
        let witness = witness.clone();
        async move { witness.keep().await }
    });
    settle().await;
    witness.release().await.unwrap();

    assert_eq!(asked.await.unwrap().unwrap(), 7);
    system.shutdown().await;
}

#[akt::test]
async fn a_kept_reply_to_an_asker_whose_turn_it_was_times_out_in_time() {
    let system = system().await;
    let witness = system.spawn("witness", Witness::default).await.unwrap();
    settle().await;

    let error = witness.keep().timeout(std::time::Duration::from_secs(1)).await.unwrap_err();

    let AskError::Timeout(info) = error else { panic!("{error}") };
    assert!(matches!(info.stage, akt::Stage::Handling { .. }), "{info:?}");
    assert!(info.elapsed >= std::time::Duration::from_secs(1), "{info:?}");
    system.shutdown().await;
}

#[akt::test]
async fn a_failure_in_the_askers_turn_is_supervised_as_any_other() {
    let system = system().await;
    let started = Arc::new(AtomicU64::new(0));
    let count = started.clone();
    let witness = system
        .spawn("witness", move || Witness { kept: None, started: count.clone() })
        .supervise(Supervise::restart());
    let witness = witness.await.unwrap();
    settle().await;

    let panic = witness.boom().await.unwrap_err();
    settle().await;
    let fault = witness.fail().await.unwrap_err();
    settle().await;

    assert!(panic.to_string().contains("no bread"), "{panic}");
    assert!(fault.to_string().contains("no salt"), "{fault}");
    assert_eq!(started.load(Ordering::SeqCst), 3);
    witness.task().await.unwrap();
    witness.stop().await.unwrap();
    assert_eq!(witness.actor().stopped().await, akt::StopReason::Requested);
    system.shutdown().await;
}

#[test]
fn a_task_of_another_runtime_does_not_run_the_actor() {
    let home = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let away = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (system, witness) = home.block_on(async {
        let system = system().await;
        let witness = system.spawn("witness", Witness::default).await.unwrap();
        (system, witness)
    });

    for _ in 0..3 {
        let witness = witness.clone();
        let there = away.block_on(away.spawn(async move { witness.runtime().await })).unwrap().unwrap();
        assert_eq!(there, home.handle().id());
    }
    let there = std::thread::scope(|scope| {
        let without = || Waiter::new().block_on(witness.runtime());
        scope.spawn(without).join().unwrap()
    });

    assert_eq!(there.unwrap(), home.handle().id());
    home.block_on(system.shutdown());
}

/// Waits on a thread that has no runtime.
struct Waiter(std::thread::Thread);

impl std::task::Wake for Waiter {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Waiter {
    fn new() -> Arc<Self> {
        Arc::new(Self(std::thread::current()))
    }

    fn block_on<F: Future>(self: Arc<Self>, future: F) -> F::Output {
        let waker = Waker::from(self);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(out) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return out;
            }
            std::thread::park();
        }
    }
}

#[akt::test]
async fn an_asker_that_never_waits_leaves_others_their_turn() {
    let system = system().await;
    let witness = system.spawn("witness", Witness::default).await.unwrap();
    settle().await;

    let turns = Arc::new(AtomicU64::new(0));
    let count = turns.clone();
    let other = tokio::spawn(async move {
        loop {
            count.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..1_000 {
        witness.task().await.unwrap();
    }

    assert!(turns.load(Ordering::SeqCst) >= 2, "the asker kept the worker to itself");
    other.abort();
    system.shutdown().await;
}
