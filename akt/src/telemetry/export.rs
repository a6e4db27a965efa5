//! Sends what a system measures to its collector, from its start to its end.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::codec::{Codec, rejected};
use super::collector::{Collector, PostError};
use super::spans::{BATCH, ROOM, Spans};
use crate::runtime::Runtime;
use crate::system::{ActorSystem, Extension};
use crate::time::Instant;

/// The signals, as OTLP calls them in its addresses.
const METRICS: &str = "metrics";
const TRACES: &str = "traces";

/// How long a span waits for others at most.
const SPANS_EVERY: Duration = Duration::from_secs(5);

/// The export that [`SystemBuilder::otel`](crate::SystemBuilder::otel) starts, as an extension of the system.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::StartError> {
/// # use std::time::Duration;
/// let otel = akt::Otel::http("http://127.0.0.1:4318").timeout(Duration::from_millis(100));
/// let system = akt::ActorSystem::builder("shop").otel(otel).start().await?;
/// assert_eq!(system.extension::<akt::OtelExport>().unwrap().dropped_spans(), 0);
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OtelExport {
    spans: Spans,
    stop: watch::Sender<bool>,
}

impl OtelExport {
    /// How many spans were lost so far: there was no room for them, or the collector did not take them.
    #[must_use]
    pub fn dropped_spans(&self) -> u64 {
        self.spans.dropped()
    }

    pub(super) fn start(agent: Agent) -> Arc<Self> {
        let (stop, stopped) = watch::channel(false);
        let spans = agent.spans.clone();
        agent.system.runtime().clone().spawn("otel", agent.run(stopped));
        Arc::new(Self { spans, stop })
    }
}

impl Extension for OtelExport {
    /// Waits for the last export, no longer than its timeout.
    async fn stop(&self, _system: &ActorSystem) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}

/// Exports in its own time; one request is under way at most.
pub(super) struct Agent {
    pub(super) system: ActorSystem,
    pub(super) collector: Collector,
    pub(super) codec: Codec,
    pub(super) spans: Spans,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    /// Spans that the collector has not taken yet.
    pub(super) unsent: Option<Unsent>,
    pub(super) health: Health,
}

/// The body of a request, and how many spans are in it.
pub(super) struct Unsent {
    body: Bytes,
    count: u64,
}

/// What was said about the collector and about lost spans, so that nothing is said twice.
#[derive(Default)]
pub(super) struct Health {
    /// The signals that the collector does not take.
    failing: BTreeSet<&'static str>,
    reported: u64,
}

impl Agent {
    /// Its extension knows by the end of `stopped` that it has ended.
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        tokio::select! { biased;
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = self.export() => {}
        }
        let (runtime, timeout) = (self.runtime(), self.timeout);
        tokio::select! { biased;
            () = self.flush() => {}
            () = runtime.sleep(timeout) => {}
        }
        self.spans.close();
        self.spans.drop_some(self.unsent.take().map_or(0, |unsent| unsent.count));
        self.health.ended(self.spans.dropped());
    }

    fn runtime(&self) -> Runtime {
        self.system.runtime().clone()
    }

    /// Goes on until it is dropped.
    async fn export(&mut self) {
        let (runtime, spans) = (self.runtime(), self.spans.clone());
        let mut metrics_due = runtime.now() + self.interval;
        let mut spans_due = runtime.now() + SPANS_EVERY;
        loop {
            tokio::select! { biased;
                () = spans.plenty() => spans_due = Instant::ZERO,
                () = runtime.sleep_until(Some(metrics_due.min(spans_due))) => {}
            }
            if spans_due <= runtime.now() {
                self.send_spans().await;
                spans_due = runtime.now() + SPANS_EVERY;
            }
            if metrics_due <= runtime.now() {
                self.send_metrics().await;
                self.health.passed(spans.dropped());
                metrics_due = runtime.now() + self.interval;
            }
        }
    }

    async fn flush(&mut self) {
        self.send_metrics().await;
        self.send_spans().await;
    }

    /// Metrics that were not taken are not kept: the next contain them.
    async fn send_metrics(&mut self) {
        let body = self.codec.metrics(&self.system.metrics(), self.system.runtime().wall());
        let posted = self.post(METRICS, body.into()).await;
        self.health.posted(METRICS, &posted, self.spans.dropped());
    }

    /// Sends all that wait. Those that are not taken are kept for the next time, if there is hope for them.
    async fn send_spans(&mut self) {
        // Not for ever, should they come faster than they go: it is the turn of the metrics some time.
        for _ in 0..=ROOM / BATCH {
            let Some(Unsent { body, count }) = self.unsent.take().or_else(|| self.batch()) else { return };
            // It is there again if this future is dropped.
            self.unsent = Some(Unsent { body: body.clone(), count });
            let posted = self.post(TRACES, body).await;
            match &posted {
                Ok(()) => self.unsent = None,
                Err(error) if error.passes() => {}
                Err(error) => {
                    self.unsent = None;
                    self.spans.drop_some(error.rejected().unwrap_or(count));
                }
            }
            self.health.posted(TRACES, &posted, self.spans.dropped());
            if self.unsent.is_some() {
                return;
            }
        }
    }

    fn batch(&self) -> Option<Unsent> {
        let spans = self.spans.take();
        let count = spans.len() as u64;
        (count > 0).then(|| Unsent { body: self.codec.spans(spans).into(), count })
    }

    async fn post(&mut self, signal: &str, body: Bytes) -> Result<(), PostError> {
        let runtime = self.runtime();
        let answer = tokio::select! { biased;
            answer = self.collector.post(signal, body) => answer?,
            () = runtime.sleep(self.timeout) => return Err(PostError::Late),
        };
        match rejected(&answer) {
            Some(rejected) => Err(PostError::Rejected { count: rejected.count, reason: rejected.reason }),
            None => Ok(()),
        }
    }
}

impl Health {
    /// Says when the collector begins to fail at a signal, and when it is well again.
    fn posted(&mut self, signal: &'static str, posted: &Result<(), PostError>, dropped: u64) {
        let Err(error) = posted else {
            if self.failing.remove(signal) {
                let spans_lost = self.news(dropped);
                tracing::info!(signal, spans_lost, "the collector takes what is measured again");
            }
            return;
        };
        if self.failing.insert(signal) {
            let cause = error.source();
            tracing::warn!(
                signal, %error, cause, "the collector did not take what was measured; it is tried again"
            );
        }
    }

    /// Says once an interval that spans are lost, unless that was to be expected.
    fn passed(&mut self, dropped: u64) {
        if self.failing.is_empty() && dropped > self.reported {
            tracing::warn!(spans_lost = self.news(dropped), "there was no room for spans");
        }
    }

    fn ended(&mut self, dropped: u64) {
        if dropped > self.reported {
            tracing::warn!(spans_lost = self.news(dropped), "spans were not exported");
        }
    }

    /// How many were dropped since the last that were told.
    fn news(&mut self, dropped: u64) -> u64 {
        dropped - std::mem::replace(&mut self.reported, dropped)
    }
}
