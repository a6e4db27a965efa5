//! A node under abuse, the memory that it takes, what it logs, and a client that behaves.

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{Remote, Tls};
use parking_lot::Mutex;

use crate::contracts::depot::v1 as depot;

struct Counting;

/// Bytes that live now, and the most that lived at one time.
pub(crate) static LIVE: AtomicIsize = AtomicIsize::new(0);
pub(crate) static PEAK: AtomicIsize = AtomicIsize::new(0);

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let more = layout.size().cast_signed();
        PEAK.fetch_max(LIVE.fetch_add(more, Ordering::Relaxed) + more, Ordering::Relaxed);
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
pub(crate) struct Shelf;

#[akt::actor]
impl depot::Depot for Shelf {
    fn add(&mut self, _: depot::Item) -> Result<depot::Stock, depot::Refused> {
        Ok(depot::Stock::default())
    }
    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock::default()
    }
    async fn wait(&mut self, delay: depot::Delay) {
        tokio::time::sleep(Duration::from_millis(delay.millis)).await;
    }
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
pub(crate) struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub(crate) fn lines(&self, about: &str) -> Vec<String> {
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
pub(crate) struct Good {
    stop: Arc<AtomicBool>,
    pub(crate) answered: Arc<AtomicU64>,
    took: Arc<Mutex<Vec<Duration>>>,
    task: tokio::task::JoinHandle<Option<AskError>>,
}

impl Good {
    pub(crate) fn start(shelf: depot::DepotRef) -> Self {
        let (stop, answered) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let took = Arc::<Mutex<Vec<Duration>>>::default();
        let (stopped, count, times) = (stop.clone(), answered.clone(), took.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's own task")]
        let task = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(3));
            while !stopped.load(Ordering::SeqCst) {
                ticks.tick().await;
                let asked = clock();
                if let Err(error) = shelf.view(()).await {
                    return Some(error);
                }
                times.lock().push(asked.elapsed());
                count.fetch_add(1, Ordering::SeqCst);
            }
            None
        });
        Self { stop, answered, took, task }
    }

    /// How many asks were answered, and how long the slowest of a hundred and of all took.
    pub(crate) async fn stop(self) -> (usize, [Duration; 2]) {
        self.stop.store(true, Ordering::SeqCst);
        let failed = self.task.await.unwrap();
        assert!(failed.is_none(), "an ask of the good client failed: {failed:?}");
        let mut took = std::mem::take(&mut *self.took.lock());
        took.sort();
        (took.len(), [took[took.len() * 99 / 100], *took.last().unwrap()])
    }
}

#[expect(clippy::disallowed_methods, reason = "a test on a real network measures real time")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("abuse").join(name)
}

/// A node whose CA is in `folder`.
pub(crate) async fn node(remote: Remote, folder: &Path) -> ActorSystem {
    let remote = remote.tls(Tls::development_in(folder));
    ActorSystem::builder("shop").remote(remote).start().await.unwrap()
}

pub(crate) async fn until(what: &str, done: impl Fn() -> bool) {
    until_equal(what, &done, true).await;
}

pub(crate) async fn until_equal<T: PartialEq + std::fmt::Debug>(what: &str, seen: impl Fn() -> T, wanted: T) {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..400 {
        if seen() == wanted {
            return;
        }
        ticks.tick().await;
    }
    panic!("waited twenty seconds in vain: {what}: {:?}, not {wanted:?}", seen());
}
