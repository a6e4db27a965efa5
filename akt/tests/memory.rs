//! What a million actors, and systems that have ended, leave behind. A process of its own, because it counts every allocation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

#[path = "it/contracts.rs"]
mod contracts;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

use akt::prelude::*;
use akt::{Network, Remote};
use tokio::sync::Mutex;

use contracts::depot::v1 as depot;

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size().cast_signed(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size().cast_signed(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ACTORS: usize = 1_000_000;

/// One test at a time: they count the same bytes.
static COUNTED: Mutex<()> = Mutex::const_new(());

#[derive(Default)]
struct Counter(u64);

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: u64) -> u64 {
        self.0 += by;
        self.0
    }
}

#[derive(Default)]
struct Other;

#[akt::actor]
impl depot::Other for Other {
    fn ping(&mut self, _: depot::Delay) {}
}

fn live() -> isize {
    LIVE.load(Ordering::Relaxed)
}

/// Spawns so many actors, asks each, and stops all; the live bytes while they were there, and afterwards.
async fn come_and_go(system: &ActorSystem, count: usize) -> (isize, isize) {
    let mut actors = Vec::with_capacity(count);
    let list = live();
    for n in 0..count {
        let actor = system.spawn(n.to_string(), Counter::default).await.unwrap();
        assert_eq!(actor.add(7).await.unwrap(), 7);
        actors.push(actor);
    }
    let there = live() - list;
    actors.iter().for_each(|actor| actor.actor().stop());
    for actor in &actors {
        actor.actor().stopped().await;
    }
    drop(actors);
    settle().await;
    (there, live())
}

/// A task that has ended is freed when its worker comes to it.
async fn settle() {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
}

/// Starts so many systems one after the other, each with actors at work, and shuts them down.
async fn start_and_end(systems: usize) {
    for _ in 0..systems {
        let system = ActorSystem::builder("memory").start().await.unwrap();
        for n in 0..10 {
            let actor = system.spawn(n.to_string(), Counter::default).await.unwrap();
            assert_eq!(actor.add(7).await.unwrap(), 7);
        }
        system.shutdown().await;
    }
    settle().await;
}

/// As [`start_and_end`], with pairs of nodes that talk to each other.
async fn meet_and_part(pairs: usize) {
    for _ in 0..pairs {
        let network = Network::new();
        let node = || ActorSystem::builder("memory").remote(Remote::memory(&network)).start();
        let (near, far) = (node().await.unwrap(), node().await.unwrap());
        let _other = far.spawn("other", Other::default).await.unwrap();
        let address = format!("akt://{}/user/other", far.address().unwrap());
        let other: depot::OtherRef = near.actor_at(&address).unwrap();
        other.ping(depot::Delay { millis: 7 }).await.unwrap();
        near.shutdown().await;
        far.shutdown().await;
    }
    settle().await;
}

/// What a hundred rounds leave behind.
async fn left_by(rounds: impl AsyncFn(usize)) -> isize {
    let _alone = COUNTED.lock().await;
    rounds(10).await;
    let start = live();
    rounds(100).await;
    live() - start
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_systems_that_were_shut_down_leave_nothing_behind() {
    let left = left_by(start_and_end).await;

    assert!(left < 5_000, "{left} bytes are left: more than what a thread has once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_pairs_of_nodes_that_were_shut_down_leave_nothing_behind() {
    let left = left_by(meet_and_part).await;

    assert!(left < 5_000, "{left} bytes are left: more than what a thread has once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes 2 GB: cargo test -p akt --release --test memory -- --ignored --nocapture"]
async fn a_million_actors_that_are_gone_leave_nothing_behind() {
    let _alone = COUNTED.lock().await;
    let system = ActorSystem::builder("memory").start().await.unwrap();
    // What a system, a kind and a thread have once, they have from here on.
    come_and_go(&system, 1_000).await;
    let start = live();

    let (there, left) = come_and_go(&system, ACTORS).await;

    println!("start {start}, with {ACTORS} actors {there} more, afterwards {left}");
    println!("{} bytes an actor", there / ACTORS.cast_signed());
    assert!(left <= start + start / 100, "{} bytes are left: more than a hundredth of {start}", left - start);
    system.shutdown().await;
}
