//! What a million actors leave behind. A process of its own, because it counts every allocation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

use akt::prelude::*;

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
    // A task that has ended is freed when its worker comes to it.
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    (there, live())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes 2 GB: cargo test -p akt --release --test memory -- --ignored --nocapture"]
async fn a_million_actors_that_are_gone_leave_nothing_behind() {
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
