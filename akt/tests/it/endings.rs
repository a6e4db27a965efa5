//! The end of a local actor at an odd moment: in its start, in a restart, with its children, its runtime.

use std::sync::Arc;

use akt::prelude::*;
use akt::{DeadLetterReason, SpawnError, StopReason};
use tokio::sync::{Notify, mpsc};

use crate::support::{Counter, TooBig, system};

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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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

#[tokio::test(start_paused = true)]
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
