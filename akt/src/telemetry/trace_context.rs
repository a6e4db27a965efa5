//! The W3C trace context in the headers of messages: `traceparent` and `tracestate`.

use std::any::Any;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::actor::Headers;
use crate::system::ContextPropagator;

/// Carries the W3C trace context in the headers `traceparent` and `tracestate` of messages, so that the span of a
/// handler is a child of the span in which its message was sent.
///
/// A system that exports traces has it: see [`Otel`](crate::Otel). It is to be said for a system whose spans are
/// exported by another of the same process, or by a layer of `tracing-opentelemetry` that the program makes itself.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::StartError> {
/// let system = akt::ActorSystem::builder("shop").propagator(akt::TraceContext).start().await?;
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TraceContext;

/// The span that the headers name, if they name one.
fn read(headers: &Headers) -> Option<Context> {
    headers.get("traceparent")?;
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Read(headers));
    context.has_active_span().then_some(context)
}

impl ContextPropagator for TraceContext {
    fn inject(&self, headers: &mut Headers) {
        TraceContextPropagator::new().inject_context(&Context::current(), &mut Write(headers));
    }

    /// In work beside an actor, what came with the message is current. A handler has a span of its own.
    fn attach(&self, headers: &Headers) -> Box<dyn Any> {
        if Context::current().has_active_span() {
            return Box::new(());
        }
        Box::new(read(headers).map(Context::attach))
    }

    fn adopt(&self, span: &Span, headers: &Headers) {
        if let Some(context) = read(headers) {
            // A span that the layer does not see has no parent and needs none.
            let _ = span.set_parent(context);
        }
    }
}

struct Read<'a>(&'a Headers);

impl Extractor for Read<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name).collect()
    }
}

struct Write<'a>(&'a mut Headers);

impl Injector for Write<'_> {
    /// An empty state is only written over another.
    fn set(&mut self, name: &str, value: String) {
        if !value.is_empty() || self.0.get(name).is_some() {
            self.0.insert(name, value);
        }
    }
}
