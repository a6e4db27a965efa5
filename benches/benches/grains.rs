//! A million grains on one node: activated, called, deactivated, called again; what one takes while it idles.
//!
//! `cargo bench -p akt-benches --bench grains -- 100000` takes fewer.
#![expect(unsafe_code, reason = "an allocator that counts")]
#![expect(clippy::print_stdout, reason = "it prints what it measures")]
#![expect(clippy::disallowed_methods, reason = "a bench looks at the clock")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use akt::prelude::*;
use akt::{GrainOptions, Passivate};

const MILLION: u64 = 1_000_000;
/// Callers, each of a part of the keys.
const CALLERS: u64 = 2;

static LIVE: AtomicI64 = AtomicI64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

// SAFETY: every call is handed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size().cast_signed() as i64, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size().cast_signed() as i64, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

/// A device, as its twin knows it.
struct Twin {
    value: u64,
}

#[akt::grain(kind = "twin", key = u64)]
impl Twin {
    #[on(activate)]
    fn activate() -> Self {
        Self { value: 0 }
    }

    #[on(deactivate)]
    fn deactivate(&mut self) {
        ENDED.fetch_add(self.value, Relaxed);
    }

    #[handler]
    fn report(&mut self, by: u64) -> u64 {
        self.value += by;
        self.value
    }
}

fn main() {
    let count = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(MILLION);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    for (what, passivate) in [("no idle time", None), ("an idle time of 30 s", Some(30))] {
        println!("{count} grains, {what}");
        runtime.block_on(round(count, passivate.map(Duration::from_secs)));
    }
}

/// Each is activated, called, deactivated, and called again.
async fn round(count: u64, idle: Option<Duration>) {
    let options =
        idle.map_or(GrainOptions::new(), |idle| GrainOptions::new().passivate(Passivate::after(idle)));
    let system = ActorSystem::builder("bench").grains(options).start().await.expect("the system starts");
    Twin::grain(&system, u64::MAX).report(0).await.expect("it answers");
    let before = LIVE.load(Relaxed);
    let first = call_all(&system, count, 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let bytes = (LIVE.load(Relaxed) - before) as f64 / count as f64;
    println!("  {:<28}{:>10.0} per second", "activations", per_second(count, first));
    println!("  {:<28}{bytes:>10.0}", "bytes per idle activation");
    println!(
        "  {:<28}{:>10.0} per second",
        "calls of active ones",
        per_second(count, call_all(&system, count, 2).await)
    );

    ENDED.store(0, Relaxed);
    let began = Instant::now();
    if idle.is_none() {
        end_all(&system, count);
    }
    while ENDED.load(Relaxed) < 2 * count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let note = if idle.is_some() { ", the idle time among it" } else { "" };
    println!("  {:<28}{:>10.0} per second{note}", "deactivations", per_second(count, began.elapsed()));
    println!(
        "  {:<28}{:>10.0} per second",
        "activations, again",
        per_second(count, call_all(&system, count, 1).await)
    );
    system.shutdown().await;
}

fn end_all(system: &ActorSystem, count: u64) {
    (0..count).for_each(|key| Twin::grain(system, key).actor().stop());
}

/// Asks each once, and expects that answer.
async fn call_all(system: &ActorSystem, count: u64, answer: u64) -> Duration {
    let began = Instant::now();
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let system = system.clone();
            tokio::spawn(async move {
                for key in (caller..count).step_by(CALLERS as usize) {
                    assert_eq!(Twin::grain(&system, key).report(1).await.expect("it answers"), answer);
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.expect("a caller does not panic");
    }
    began.elapsed()
}

fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}
