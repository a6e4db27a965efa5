//! The spans of handlers, as a subscriber sees them.

use std::fmt::{Debug, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ::tracing::field::{Field, Visit};
use ::tracing::level_filters::LevelFilter;
use ::tracing::span::{Attributes, Id, Record};
use ::tracing::subscriber::Interest;
use ::tracing::{Event, Metadata, Subscriber};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::support::{gated, system};

/// Writes down the spans of handlers, and what happens inside them.
struct Listener {
    level: LevelFilter,
    next: AtomicU64,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// Listens on this thread, until what comes second is dropped.
    fn listen(level: LevelFilter) -> (Arc<Mutex<Vec<String>>>, ::tracing::subscriber::DefaultGuard) {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let listener = Self { level, next: AtomicU64::new(1), seen: seen.clone() };
        (seen, ::tracing::subscriber::set_default(listener))
    }

    fn note(&self, what: String) {
        self.seen.lock().push(what);
    }
}

/// The fields of a span, as text.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Listener {
    /// Asks each time: tracing remembers an answer for all threads, and only this one listens.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.is_event() && metadata.target() == "akt::handler" && *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        self.note(format!("{}{}", span.metadata().name(), fields.0));
        Id::from_u64(self.next.fetch_add(1, Ordering::SeqCst))
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, span: &Id) {
        self.note(format!("in {}", span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        self.note(format!("out {}", span.into_u64()));
    }
}

#[akt::test]
async fn a_handler_has_a_span_that_names_actor_kind_and_message() {
    let (seen, _listening) = Listener::listen(LevelFilter::TRACE);
    let system = system().await;
    let gate = Arc::new(Notify::new());
    let counter = system.spawn("counter", gated(&gate)).await.unwrap();

    // What another thread was asked first, it may have answered for this one.
    for _ in 0..2 {
        counter.add(1).send().await.unwrap();
        tokio::task::yield_now().await;
        ::tracing::callsite::rebuild_interest_cache();
    }
    seen.lock().clear();

    counter.add(1).send().await.unwrap();
    let waiting = counter.wait().start();
    tokio::task::yield_now().await;
    gate.notify_one();
    waiting.await.unwrap();

    let add = "handle akt.actor=/user/counter akt.kind=\"Counter\" akt.message=\"add\"";
    let wait = "handle akt.actor=/user/counter akt.kind=\"Counter\" akt.message=\"wait\"";
    let seen = seen.lock().clone();
    let [first, second] = [&seen[1], &seen[4]];
    assert!(first.starts_with("in ") && seen[2] == first.replace("in", "out"), "{seen:?}");
    assert_eq!([&seen[0], &seen[3]], [add, wait]);
    assert_eq!(seen.iter().filter(|line| *line == wait).count(), 1, "one span for an async handler");
    assert!(seen.iter().filter(|line| *line == second).count() >= 2, "in it at each poll: {seen:?}");
    system.shutdown().await;
}

/// Gives way in the midst of its handlers.
#[derive(Default)]
struct Polite;

#[akt::actor]
impl Polite {
    #[akt::handler]
    async fn read(&self) {
        tokio::task::yield_now().await;
    }

    #[akt::handler(reentrant)]
    async fn turn(this: akt::Turn<Self>) {
        tokio::task::yield_now().await;
        this.with(|_| ());
    }
}

#[akt::test]
async fn handlers_beside_each_other_have_a_span_each_that_is_entered_at_their_polls() {
    let (seen, _listening) = Listener::listen(LevelFilter::TRACE);
    let system = system().await;
    let polite = system.spawn("polite", Polite::default).await.unwrap();
    for _ in 0..2 {
        polite.read().await.unwrap();
        polite.turn().await.unwrap();
        ::tracing::callsite::rebuild_interest_cache();
    }
    seen.lock().clear();

    tokio::try_join!(polite.read(), polite.read(), polite.turn()).unwrap();

    let of = |name: &str| format!("handle akt.actor=/user/polite akt.kind=\"Polite\" akt.message=\"{name}\"");
    let seen = seen.lock().clone();
    let spans = |name: &str| seen.iter().filter(|line| **line == of(name)).count();
    assert_eq!((spans("read"), spans("turn")), (2, 1), "{seen:?}");
    let (ins, outs): (Vec<_>, Vec<_>) =
        seen.iter().filter(|line| !line.starts_with("handle")).partition(|line| line.starts_with("in"));
    assert_eq!((ins.len(), outs.len()), (6, 6), "two polls each: {seen:?}");
    system.shutdown().await;
}

#[akt::test]
async fn who_does_not_listen_to_traces_gets_no_spans() {
    let (seen, _listening) = Listener::listen(LevelFilter::DEBUG);
    let system = system().await;
    let counter = system.spawn("counter", crate::support::Counter::default).await.unwrap();

    counter.add(1).await.unwrap();

    assert_eq!(*seen.lock(), [""; 0]);
    system.shutdown().await;
}
