//! The end of a local actor at an odd moment: in its start, in a restart, with its children, its runtime.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, SpawnError, StopReason};
use tokio::sync::{Notify, mpsc};

use crate::support::{Counter, Inline, TooBig, gated, system, until};

/// Stops itself where it is told to.
#[derive(Clone, Copy)]
struct Quitter {
    at_start: bool,
}

#[akt::actor]
impl Quitter {
    #[on(start)]
    fn started(&mut self, cx: &mut Ctx<Self>) {
        if self.at_start {
            cx.stop();
        }
    }

    #[on(stop)]
    fn stopping(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
    }

    #[handler]
    fn stop_and_fail(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
        cx.fail(TooBig);
    }

    #[handler]
    fn fail(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(TooBig);
    }
}

#[akt::test]
async fn an_actor_that_asks_for_its_end_ends_whatever_else_happens() {
    let system = system().await;

    let at_start = system.spawn("start", || Quitter { at_start: true }).await.unwrap();
    assert_eq!(at_start.actor().stopped().await, StopReason::Requested);

    for directive in [Directive::Resume, Directive::Restart] {
        let policy = Supervise::one_for_one().otherwise(directive);
        let quitter = system.spawn("fail", || Quitter { at_start: false }).supervise(policy).await.unwrap();
        assert!(
            matches!(quitter.stop_and_fail().await, Err(AskError::Fault(info)) if info.directive == Directive::Stop)
        );
        assert_eq!(quitter.actor().stopped().await, StopReason::Fault);
    }

    let quitter = system.spawn("stop", || Quitter { at_start: false }).supervise(Supervise::restart());
    let quitter = quitter.await.unwrap();
    assert!(matches!(quitter.fail().await, Err(AskError::Fault(_))));
    assert_eq!(quitter.actor().stopped().await, StopReason::Requested, "its `on(stop)` said so");
    system.shutdown().await;
}

/// Starts at once, and when it restarts never.
struct SlowAgain {
    again: bool,
}

#[akt::actor]
impl SlowAgain {
    #[on(start)]
    async fn started(&mut self) {
        if self.again {
            std::future::pending::<()>().await;
        }
    }

    #[handler]
    fn boom(&mut self) {
        panic!("again");
    }
}

#[akt::test]
async fn a_kill_in_the_midst_of_a_restart_is_a_kill() {
    let system = system().await;
    let mut again = false;
    let factory = move || SlowAgain { again: std::mem::replace(&mut again, true) };
    let slow = system.spawn("slow", factory).supervise(Supervise::restart()).await.unwrap();
    assert!(matches!(slow.boom().await, Err(AskError::Fault(_))));
    slow.boom().tell().unwrap();
    tokio::task::yield_now().await;

    slow.actor().kill();

    assert_eq!(slow.actor().stopped().await, StopReason::Killed);
    assert_eq!(system.dead_letters_of(DeadLetterReason::Killed), 1);
    system.shutdown().await;
}

/// Hands out a spawn of a child, and keeps its other child from stopping.
struct Nursery {
    spawns: mpsc::Sender<akt::Spawn<Counter>>,
    gate: Arc<Notify>,
}

struct Slow(Arc<Notify>);

#[akt::actor]
impl Slow {
    #[on(stop)]
    async fn stopping(&mut self) {
        self.0.notified().await;
    }

    #[handler]
    fn never(&mut self) {}
}

#[akt::actor]
impl Nursery {
    #[on(start)]
    async fn started(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        let gate = self.gate.clone();
        cx.spawn("slow", move || Slow(gate.clone())).await?;
        let _ = self.spawns.try_send(cx.spawn("late", Counter::default));
        Ok(())
    }

    #[handler]
    fn boom(&mut self) {
        panic!("nursery");
    }

    #[handler]
    fn children(&mut self, cx: &mut Ctx<Self>) -> usize {
        cx.children().len()
    }
}

#[akt::test]
async fn a_child_that_comes_while_its_siblings_end_is_refused() {
    let system = system().await;
    let (spawns, mut late) = mpsc::channel(1);
    let gate = Arc::new(Notify::new());
    let stop = gate.clone();
    let factory = move || Nursery { spawns: spawns.clone(), gate: gate.clone() };
    let nursery = system.spawn("nursery", factory).supervise(Supervise::restart()).await.unwrap();
    assert!(matches!(nursery.boom().await, Err(AskError::Fault(_))));
    tokio::task::yield_now().await;

    let late = late.recv().await.unwrap().await;
    stop.notify_one();

    assert!(matches!(late, Err(SpawnError::ParentStopping(_))), "{late:?}");
    assert_eq!(nursery.children().await.unwrap(), 1, "the child of the new value");
    nursery.actor().stop();
    stop.notify_one();
    nursery.actor().stopped().await;
    system.shutdown().await;
}

#[test]
fn nobody_waits_for_a_runtime_that_is_gone() {
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (gone, here) = (runtime(), runtime());
    let (system, counter, running) = gone.block_on(async {
        let system = system().await;
        let counter = system.spawn("counter", gated(&Arc::new(Notify::new()))).await.unwrap();
        let running = counter.wait().start();
        tokio::task::yield_now().await;
        (system, counter, running)
    });
    let queued = counter.add(1).start();
    drop(gone);

    here.block_on(async {
        let error = running.await.unwrap_err();
        assert!(matches!(error, AskError::Unanswered) && error.delivery() == Delivery::Maybe, "{error}");
        let error = queued.await.unwrap_err();
        assert!(matches!(error, AskError::Stopped { delivered: Delivery::No, .. }), "{error}");
        assert!(matches!(counter.add(1).await, Err(AskError::Stopped { .. })));
        assert_eq!(counter.actor().stopped().await, StopReason::Killed);
        let error = system.spawn("late", Counter::default).await.unwrap_err();
        assert!(matches!(error, SpawnError::ParentStopping(_)), "{error}");
        system.shutdown().await;
    });
}

struct Sick(Arc<Notify>);

#[akt::actor]
impl Sick {
    #[on(start)]
    async fn started(&mut self) -> Result<(), TooBig> {
        self.0.notified().await;
        Err(TooBig)
    }

    #[handler]
    fn never(&mut self) {}
}

#[akt::test]
async fn a_failing_start_is_a_spawn_error_however_early_it_is_noticed() {
    let system = system().await;
    let mut events = system.events();
    let gate = Arc::new(Notify::new());
    let started = gate.clone();
    let spawning = Inline::run(system.spawn("sick", move || Sick(gate.clone())).into_future());

    started.notify_one();
    until(&mut events, |event| matches!(event, Event::Stopped { .. })).await;

    let spawned = spawning.take().unwrap();
    assert!(matches!(spawned, Err(SpawnError::Start(_))), "{spawned:?}");
    system.shutdown().await;
}

#[test]
fn a_shutdown_may_be_awaited_outside_of_any_runtime() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let (system, hanging) = tokio.block_on(async {
        let builder = ActorSystem::builder("test").shutdown_grace(Duration::from_millis(20));
        let system = builder.start().await.unwrap();
        let counter = system.spawn("counter", gated(&Arc::new(Notify::new()))).await.unwrap();
        (system, counter.wait().start())
    });

    block_on(system.shutdown());

    assert!(matches!(block_on(hanging), Err(AskError::Stopped { .. })));
}

/// Polls `future` on this thread, which belongs to no runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(out) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return out;
        }
        std::thread::park();
    }
}
