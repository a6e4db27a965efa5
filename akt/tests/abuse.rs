//! A node under abuse: garbage, strangers and liars are refused, counted and told once; memory stays, and
//! the asks of a good client succeed throughout. A process of its own, because it counts every allocation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

#[path = "it/contracts.rs"]
mod contracts;
#[path = "abuse/hostile.rs"]
mod hostile;

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{Refusal, Remote, Tls};
use parking_lot::Mutex;

use contracts::depot::v1 as depot;
use hostile::{Hostile, garbage};

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

#[derive(Default)]
struct Shelf;

#[akt::actor]
impl depot::Depot for Shelf {
    fn add(&mut self, _: depot::Item) -> Result<depot::Stock, depot::Refused> {
        Ok(depot::Stock::default())
    }
    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock::default()
    }
    fn wait(&mut self, _: depot::Delay) {}
    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        blob
    }
    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }
    fn crash(&mut self, _: depot::Delay) {}
}

/// What was logged as a warning.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn lines(&self, about: &str) -> Vec<String> {
        self.0.lock().iter().filter(|line| line.contains(about)).cloned().collect()
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN && metadata.target().starts_with("akt")
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        struct Line(String);
        impl tracing::field::Visit for Line {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0.push_str(&format!("{}={value:?} ", field.name()));
            }
        }
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().push(line.0);
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// A client that behaves, and asks all the time.
struct Good {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<Option<AskError>>,
}

impl Good {
    fn start(shelf: depot::DepotRef) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let (stopped, count) = (stop.clone(), answered.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's own task")]
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(3));
            while !stopped.load(Ordering::SeqCst) {
                ticks.tick().await;
                if let Err(error) = shelf.view(()).await {
                    return Some(error);
                }
                count.fetch_add(1, Ordering::SeqCst);
            }
            None
        });
        Self { stop, answered, task }
    }

    async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        let failed = self.task.await.unwrap();
        assert!(failed.is_none(), "an ask of the good client failed: {failed:?}");
        self.answered.load(Ordering::SeqCst)
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("abuse").join(name)
}

async fn node() -> ActorSystem {
    let remote = Remote::quic("127.0.0.1:0").tls(Tls::development_in(folder("ca")));
    ActorSystem::builder("shop").remote(remote).start().await.unwrap()
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..400 {
        if done() {
            return;
        }
        ticks.tick().await;
    }
    panic!("waited twenty seconds in vain: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_under_abuse_refuses_counts_and_serves_its_good_client() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let (far, near) = (node().await, node().await);
    far.spawn("shelf", Shelf::default).await.unwrap();
    let address = far.address().unwrap();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://{address}/user/shelf")).unwrap();
    let good = Good::start(shelf);
    let target = ([127, 0, 0, 1], address.port).into();
    let hostile = Hostile { target, ours: folder("ca") };

    until("the good client to be served", || good.answered.load(Ordering::SeqCst) > 100).await;
    let before = LIVE.load(Ordering::SeqCst);

    garbage(target, 100_000).await;
    tokio::join!(hostile.attack(500), hostile.say_nothing(10), hostile.take_no_answer(2));
    until("every attack to be counted", || counts(&far) == [500, 500, 1_000, 50, 50, 10, 2]).await;
    let megabyte = 1 << 20;
    until("memory to be given back", || LIVE.load(Ordering::SeqCst) - before < megabyte).await;
    let answered = good.stop().await;
    let grown = LIVE.load(Ordering::SeqCst) - before;
    println!("{answered} answers, {grown} bytes more");
    assert!(answered > 1_000, "the good client had {answered} answers");
    near.shutdown().await;
    far.shutdown().await;
    first_lines_name_what_was_wrong_and_repeats_are_folded(&log);
}

fn counts(node: &ActorSystem) -> [u64; 7] {
    let reasons = [
        Refusal::Certificate,
        Refusal::System,
        Refusal::FrameTooLong,
        Refusal::Handshake,
        Refusal::Undecodable,
        Refusal::Timeout,
        Refusal::Stalled,
    ];
    reasons.map(|refusal| node.refusals(refusal))
}

fn first_lines_name_what_was_wrong_and_repeats_are_folded(log: &Log) {
    for (reason, said) in [
        ("certificate refused", "127.0.0.1"),
        ("another system", "this node belongs to \"shop\", the peer to \"bank\""),
        ("frame too long", "frame claims 4294967295 bytes"),
    ] {
        let lines = log.lines(&format!("reason={reason}"));
        let (folded, first): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.contains("more"));
        assert!(first.iter().any(|line| line.contains(said)), "{reason}: {lines:#?}");
        assert!(!folded.is_empty(), "{reason}: {lines:#?}");
        assert!(lines.len() < 20, "{reason}: {} lines", lines.len());
    }
}
