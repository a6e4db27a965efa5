//! Spans that have ended, in a queue until they are exported.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// How many wait at most; those that end then are dropped.
pub(super) const ROOM: usize = 2_048;
/// How many go into one request.
pub(super) const BATCH: usize = 512;

/// The queue. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    queue: Mutex<Queue>,
    dropped: AtomicU64,
    plenty: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    spans: VecDeque<SpanData>,
    /// Nobody exports any more.
    closed: bool,
}

impl Spans {
    /// Ready once there is enough for another request.
    pub(super) async fn plenty(&self) {
        self.0.plenty.notified().await;
    }

    /// The oldest, as many as go into one request.
    pub(super) fn take(&self) -> Vec<SpanData> {
        let spans = &mut self.0.queue.lock().spans;
        let count = spans.len().min(BATCH);
        spans.drain(..count).collect()
    }

    /// Takes no more; what is still there is dropped.
    pub(super) fn close(&self) {
        let left = {
            let mut queue = self.0.queue.lock();
            queue.closed = true;
            std::mem::take(&mut queue.spans)
        };
        self.drop_some(left.len() as u64);
    }

    /// Notes that `count` spans were not exported and will not be.
    pub(super) fn drop_some(&self, count: u64) {
        self.0.dropped.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl SpanProcessor for Spans {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, mut span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        describe(&mut span);
        let waiting = {
            let mut queue = self.0.queue.lock();
            if queue.closed {
                return;
            }
            if queue.spans.len() == ROOM {
                return self.drop_some(1);
            }
            queue.spans.push_back(span);
            queue.spans.len()
        };
        if waiting % BATCH == 0 {
            self.0.plenty.notify_one();
        }
    }

    /// The agent exports; nobody can be waited for here.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Gives the span of a handler the name, kind and status that OpenTelemetry knows.
fn describe(span: &mut SpanData) {
    let value =
        |name| span.attributes.iter().find(|one| one.key.as_str() == name).map(|one| one.value.as_str());
    let (Some(kind), Some(message)) = (value("akt.kind"), value("akt.message")) else { return };
    let name = format!("{kind}.{message}");
    let fault = value("akt.fault").map(|fault| fault.into_owned());
    span.name = name.into();
    span.span_kind = SpanKind::Consumer;
    if let Some(fault) = fault {
        span.status = Status::error(fault);
    }
}
