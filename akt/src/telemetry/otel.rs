//! What is exported over OTLP and where to: the settings, and the layer through which spans come.

use std::collections::BTreeMap;
use std::fmt;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanLimits};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use super::codec::{Codec, SCOPE};
use super::collector::{Collector, Endpoint, SettingsError};
use super::export::{Agent, Health, OtelExport};
use super::spans::Spans;
use super::trace_context::TraceContext;
use crate::system::{ActorSystem, StartError, SystemBuilder};

#[doc = include_str!("../docs/otel.md")]
#[doc = "\n"]
#[doc = include_str!("../docs/metrics.md")]
#[must_use = "nothing is exported until it is given to `.otel(..)` on the builder"]
pub struct Otel {
    endpoint: String,
    interval: Duration,
    timeout: Duration,
    headers: Vec<(String, String)>,
    attributes: BTreeMap<String, String>,
    sample: f64,
    spans: Spans,
    /// Whether there is a layer, so that spans can come.
    listens: bool,
}

impl Otel {
    /// Exports to the collector at `endpoint`, as `http://127.0.0.1:4318`.
    ///
    /// Requests are posted to `{endpoint}/v1/metrics` and `{endpoint}/v1/traces`, as protobuf over HTTP/1.1. TLS is
    /// not spoken: what leaves the machine goes through a collector beside the program. What is not such an address
    /// is a [`StartError::Part`] when the system starts.
    pub fn http(endpoint: impl Into<String>) -> Self {
        Self {
            endpoint: endpoint.into(),
            interval: Duration::from_secs(60),
            timeout: Duration::from_secs(10),
            headers: Vec::new(),
            attributes: BTreeMap::new(),
            sample: 1.0,
            spans: Spans::default(),
            listens: false,
        }
    }

    /// Sets how often metrics are exported, at least 1 ms. 60 s. Spans are exported every 5 s, and as soon as 512
    /// wait.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// Sets how long a request may take, and how long a shutdown waits for the last ones together. 10 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends a header with each request, as `authorization`. It travels in the clear.
    ///
    /// What is not a header of HTTP is a [`StartError::Part`] when the system starts.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Says something about this program with all that is exported, as `deployment.environment.name`.
    ///
    /// `service.name` is the name of the system and `service.instance.id` a number of this run, unless said here.
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Sets the share of traces that are exported, 0 to 1. 1. To be said before [`layer`](Self::layer).
    ///
    /// It is decided where a trace begins. A message that comes with a `traceparent` follows that: a trace is there
    /// as a whole or not at all.
    pub fn sample(mut self, share: f64) -> Self {
        self.sample = share;
        self
    }

    /// Makes the layer for the program's subscriber through which spans come to be exported: those of handlers, and
    /// the program's own from `INFO` upward.
    ///
    /// Without it, only metrics are exported, and no message carries anything. Make one for the process: spans of
    /// all its systems come through it, and are exported by the system that is given these settings. Up to 2,048
    /// spans wait, also before that system starts; those that then end are dropped and counted:
    /// [`OtelExport::dropped_spans`]. Once the system has ended, spans go nowhere.
    pub fn layer<S>(&mut self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        self.listens = true;
        // Whatever is left out here, the environment may change.
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(self.sample))))
            .with_span_limits(SpanLimits::default())
            .with_resource(Resource::builder_empty().build())
            .with_span_processor(self.spans.clone())
            .build();
        let scope = InstrumentationScope::builder(SCOPE[0]).with_version(SCOPE[1]).build();
        let filter =
            Targets::new().with_default(LevelFilter::INFO).with_target("akt::handler", LevelFilter::TRACE);
        OpenTelemetryLayer::new(provider.tracer_with_scope(scope))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter)
    }

    fn start(self, system: ActorSystem) -> Result<Arc<OtelExport>, SettingsError> {
        let collector = Collector::new(Endpoint::parse(&self.endpoint)?, &self.headers)?;
        let resource = self.resource(&system);
        let codec = Codec { resource, began: system.runtime().wall() };
        tracing::info!(endpoint = self.endpoint, "what is measured is exported");
        Ok(OtelExport::start(Agent {
            system,
            collector,
            codec,
            spans: self.spans,
            interval: self.interval,
            timeout: self.timeout,
            unsent: None,
            health: Health::default(),
        }))
    }

    fn resource(&self, system: &ActorSystem) -> Vec<(String, String)> {
        let [library, version] = SCOPE;
        let mut all = BTreeMap::from([
            ("service.name".to_owned(), system.name().to_owned()),
            ("service.instance.id".to_owned(), format!("{:016x}", system.seed())),
            ("telemetry.sdk.language".to_owned(), "rust".to_owned()),
            ("telemetry.sdk.name".to_owned(), library.to_owned()),
            ("telemetry.sdk.version".to_owned(), version.to_owned()),
        ]);
        all.extend(self.attributes.clone());
        all.into_iter().collect()
    }
}

/// Without the headers, which may be secret.
impl fmt::Debug for Otel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otel")
            .field("endpoint", &self.endpoint)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .field("attributes", &self.attributes)
            .field("sample", &self.sample)
            .finish_non_exhaustive()
    }
}

impl SystemBuilder {
    /// Exports metrics and, if there is a [layer](crate::Otel::layer), traces over OTLP until the system is shut
    /// down. See [`Otel`].
    ///
    /// The last export is part of the shutdown, after the last actor is gone and the extensions given later; so say
    /// it first. A collector that cannot be reached is a warning, one for metrics and one for traces, and harms
    /// nothing; settings that are wrong are a [`StartError::Part`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), akt::StartError> {
    /// # use std::time::Duration;
    /// let otel = akt::Otel::http("http://127.0.0.1:4318").interval(Duration::from_secs(15));
    /// # let otel = otel.timeout(Duration::from_millis(100));
    /// let system = akt::ActorSystem::builder("shop").otel(otel).start().await?;
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn otel(self, otel: Otel) -> Self {
        let builder = if otel.listens { self.propagator(TraceContext) } else { self };
        builder.part(move |system| {
            let started = otel.start(system);
            ready(started.map_err(|error| StartError::Part { part: "otel", source: error.into() }))
        })
    }
}
