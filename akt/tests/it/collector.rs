//! A collector of OTLP for tests: a real socket on the loopback, and what came there.
#![expect(clippy::disallowed_methods, reason = "the collector is no part of a system")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use ::tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use ::tracing::{Dispatch, Event, Level, Subscriber};
use akt::Otel;
use akt::prost::Message;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// What the collector does with requests.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    Takes,
    /// Takes them, and closes the connection after each.
    TakesOne,
    /// Answers with this status.
    Refuses(u16),
    /// Answers the first request with this status, and takes the others.
    RefusesFirst(u16),
    /// Takes requests but for so many of what is in them.
    Rejects(i64),
    /// Reads, and never answers.
    Silent,
}

pub(crate) struct Collector {
    pub(crate) endpoint: String,
    requests: mpsc::Receiver<Request>,
}

/// One request as it came.
pub(crate) struct Request {
    pub(crate) head: String,
    body: Vec<u8>,
}

impl Collector {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (log, requests) = mpsc::channel(10_000);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, manner, log.clone()));
            }
        });
        Self { endpoint, requests }
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Request {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), self.requests.recv());
        next.await.expect("a request comes in time").expect("the collector runs")
    }

    /// What has come and was not looked at yet.
    pub(crate) fn came(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }

    /// The spans that have come.
    pub(crate) fn spans(&mut self) -> Vec<Span> {
        self.came().iter().flat_map(Request::spans).collect()
    }
}

impl Request {
    pub(crate) fn metrics(&self) -> Vec<Metric> {
        self.export()
            .into_iter()
            .flat_map(|export| export.resource_metrics)
            .flat_map(|one| one.scope_metrics)
            .flat_map(|scope| scope.metrics)
            .collect()
    }

    /// What is said about the program.
    pub(crate) fn resource(&self) -> Vec<KeyValue> {
        let metrics = self.export().into_iter().flat_map(|export| export.resource_metrics);
        metrics.filter_map(|one| one.resource).flat_map(|resource| resource.attributes).collect()
    }

    fn export(&self) -> Option<ExportMetricsServiceRequest> {
        let mine = self.head.starts_with("POST /v1/metrics ");
        mine.then(|| ExportMetricsServiceRequest::decode(&*self.body).unwrap())
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        if !self.head.starts_with("POST /v1/traces ") {
            return Vec::new();
        }
        let export = ExportTraceServiceRequest::decode(&*self.body).unwrap();
        let scopes = export.resource_spans.into_iter().flat_map(|one| one.scope_spans);
        scopes.flat_map(|scope| scope.spans).collect()
    }
}

/// Listens for spans on this thread, and for what `others` hear, until the result is dropped.
pub(crate) fn listen(otel: &mut Otel, others: Warnings) -> DefaultGuard {
    // As long as there is one subscriber only, what other threads are asked first is answered for all.
    static OTHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::default()));
    LazyLock::force(&OTHER);
    set_default(tracing_subscriber::registry().with(otel.layer()).with(others))
}

/// Hears the warnings of akt.
#[derive(Clone, Default)]
pub(crate) struct Warnings(pub(crate) Arc<AtomicU64>);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if *metadata.level() == Level::WARN && metadata.target().starts_with("akt") {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The text of an attribute.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|one| one.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

async fn serve(stream: TcpStream, mut manner: Manner, log: mpsc::Sender<Request>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await {
        log.try_send(request).expect("the log has room");
        let (status, body) = match manner {
            Manner::Takes | Manner::TakesOne => (200, Vec::new()),
            Manner::Refuses(status) => (status, Vec::new()),
            Manner::RefusesFirst(status) => {
                manner = Manner::Takes;
                (status, Vec::new())
            }
            Manner::Rejects(count) => (200, partly(count)),
            Manner::Silent => continue,
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {status} So\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(&[answer.as_bytes(), &body].concat()).await.unwrap();
        if matches!(manner, Manner::TakesOne) {
            return;
        }
    }
}

fn partly(rejected_spans: i64) -> Vec<u8> {
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, ..Default::default() });
    ExportTraceServiceResponse { partial_success }.encode_to_vec()
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { head, body })
}
