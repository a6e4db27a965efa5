//! Extensions of a system: started in order before actors, stopped in reverse after them.

use std::sync::Arc;

use akt::prelude::*;
use akt::{Extension, StartError};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::Counter;

type Log = Arc<Mutex<Vec<String>>>;

/// Writes down what happens to it; fails, panics or waits if told to.
struct Noted<const N: u8> {
    log: Log,
    start: Start,
    gate: Option<Arc<Notify>>,
}

#[derive(Clone, Copy)]
enum Start {
    Well,
    Failing,
    Panicking,
}

impl<const N: u8> Noted<N> {
    fn new(log: &Log) -> Self {
        Self { log: log.clone(), start: Start::Well, gate: None }
    }

    fn starting(log: &Log, start: Start) -> Self {
        Self { start, ..Self::new(log) }
    }
}

impl<const N: u8> Extension for Noted<N> {
    async fn start(&self, system: &ActorSystem) -> Result<(), Fault> {
        self.log.lock().push(format!("start {N}"));
        match self.start {
            Start::Well => {
                system.spawn(format!("actor-of-{N}"), Counter::default).await?;
                Ok(())
            }
            Start::Failing => Err(Fault::new("no bread")),
            Start::Panicking => panic!("no oven"),
        }
    }

    async fn stop(&self, system: &ActorSystem) {
        if let Some(gate) = &self.gate {
            gate.notified().await;
        }
        let actors = system.actor_of::<crate::support::CounterRef>(&format!("actor-of-{N}")).await.is_ok();
        self.log.lock().push(format!("stop {N}, actors {actors}"));
    }
}

#[akt::test]
async fn extensions_start_in_order_and_stop_in_reverse_after_the_actors() {
    let log = Log::default();
    let builder = ActorSystem::builder("test").extension(Noted::<1>::new(&log));
    let system = builder.extension(Noted::<2>::new(&log)).start().await.unwrap();
    assert!(system.extension::<Noted<2>>().is_some());
    assert!(system.extension::<Noted<3>>().is_none());

    system.shutdown().await;

    assert_eq!(*log.lock(), ["start 1", "start 2", "stop 2, actors false", "stop 1, actors false"]);
    assert!(system.extension::<Noted<1>>().is_none(), "none once it is stopped");
}

#[akt::test]
async fn a_failing_extension_is_a_start_error_and_leaves_nothing_running() {
    for (start, text) in [(Start::Failing, "no bread"), (Start::Panicking, "no oven")] {
        let log = Log::default();
        let builder = ActorSystem::builder("test").extension(Noted::<1>::new(&log));
        let builder = builder.extension(Noted::<2>::starting(&log, start)).extension(Noted::<3>::new(&log));

        let error = builder.start().await.unwrap_err();

        let StartError::Part { part, source } = &error else { panic!("{error}") };
        assert!(part.ends_with("Noted<2>"), "{part}");
        assert_eq!(source.to_string(), text);
        assert_eq!(*log.lock(), ["start 1", "start 2", "stop 1, actors false"]);
    }
}

#[akt::test]
async fn a_second_extension_of_one_type_is_a_start_error() {
    let log = Log::default();
    let builder = ActorSystem::builder("test").extension(Noted::<1>::new(&log));

    let error = builder.extension(Noted::<1>::new(&log)).start().await.unwrap_err();

    assert!(matches!(error, StartError::Part { .. }));
    assert_eq!(*log.lock(), ["start 1", "stop 1, actors false"]);
}

#[akt::test]
async fn every_shutdown_waits_for_the_extensions() {
    let (log, gate) = (Log::default(), Arc::new(Notify::new()));
    let slow = Noted::<1> { gate: Some(gate.clone()), ..Noted::new(&log) };
    let system = ActorSystem::builder("test").extension(slow).start().await.unwrap();
    let mut both = JoinSet::new();
    for _ in 0..2 {
        let system = system.clone();
        both.spawn(async move { system.shutdown().await });
    }
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(both.try_join_next().is_none());

    gate.notify_one();

    both.join_all().await;
    assert_eq!(*log.lock(), ["start 1", "stop 1, actors false"], "stopped once");
}
