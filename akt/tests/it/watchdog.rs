//! Handlers that block their threads are named.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use akt::prelude::*;
use akt::{Blocked, Event};
use parking_lot::Mutex;

use crate::support::until;

/// Blocks until it is let go.
struct Blocker {
    entered: Sender<()>,
    release: Receiver<()>,
}

#[akt::actor]
impl Blocker {
    #[handler]
    fn block(&mut self) {
        self.entered.send(()).unwrap();
        self.release.recv().unwrap();
    }

    #[handler]
    async fn block_later(&mut self) {
        tokio::task::yield_now().await;
        self.entered.send(()).unwrap();
        self.release.recv().unwrap();
    }
}

struct Scene {
    system: ActorSystem,
    blocker: BlockerRef,
    entered: Mutex<Receiver<()>>,
    release: Sender<()>,
}

async fn scene(limit: Duration) -> Scene {
    let system = ActorSystem::builder("test").watchdog(limit).start().await.unwrap();
    let (entered, seen) = channel();
    let (release, released) = channel();
    let blocker = system.spawn_value("blocker", Blocker { entered, release: released }).await.unwrap();
    Scene { system, blocker, entered: Mutex::new(seen), release }
}

/// The next block, seen from a thread that has nothing to do with the runtime; a minute is more than enough.
fn next(scene: &Scene, events: &mut akt::EventStream) -> Blocked {
    scene.entered.lock().recv().unwrap();
    let (told, event) = channel();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let found = futures_block_on(until(events, |event| matches!(event, Event::Blocked(_))));
            told.send(found).unwrap();
        });
        let Ok(Event::Blocked(blocked)) = event.recv_timeout(Duration::from_secs(60)) else {
            panic!("not told")
        };
        blocked
    })
}

fn futures_block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[test]
fn a_handler_that_blocks_the_only_thread_is_named_while_it_blocks() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let scene = runtime.block_on(scene(Duration::from_millis(5)));
    let mut events = scene.system.events();

    scene.blocker.block().tell().unwrap();
    let first = next(&scene, &mut events);
    scene.release.send(()).unwrap();
    scene.blocker.block().tell().unwrap();
    let again = next(&scene, &mut events);
    scene.release.send(()).unwrap();
    scene.blocker.block_later().tell().unwrap();
    let later = next(&scene, &mut events);
    scene.release.send(()).unwrap();

    let said = [&first, &again, &later].map(|block| (block.kind, block.message, block.times));
    assert_eq!(said, [("Blocker", "block", 1), ("Blocker", "block", 2), ("Blocker", "block_later", 1)]);
    assert_eq!(first.actor.to_string(), "/user/blocker");
    assert!(first.held >= Duration::from_millis(5), "{first}");
    runtime.block_on(scene.system.shutdown());
}

#[akt::test]
async fn a_handler_that_awaits_for_an_hour_does_not_block() {
    let system = ActorSystem::builder("test").watchdog(Duration::from_millis(1)).start().await.unwrap();
    let mut events = system.events();
    let sleeper = system.spawn("sleeper", Sleeper::default).await.unwrap();

    sleeper.hour().timeout(Duration::from_secs(7_200)).await.unwrap();

    system.shutdown().await;
    while let Some(event) = events.next().await {
        assert!(!matches!(event, Event::Blocked(_)), "{event:?}");
    }
}

#[derive(Default)]
struct Sleeper;

#[akt::actor]
impl Sleeper {
    #[handler]
    async fn hour(&mut self) {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
    }
}
