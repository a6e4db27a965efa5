//! Metrics and traces over OTLP: a till asks the stock, and a little collector prints what it is told of it.

use akt::prelude::*;
use akt::{Otel, prost::Message};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt;

struct Till {
    stock: StockRef,
}

#[akt::actor]
impl Till {
    #[handler]
    async fn buy(&mut self, apples: u32) -> Option<u32> {
        // A span of the program itself, from `INFO` upward, is part of the trace.
        let call = tracing::info_span!("reserve").in_scope(|| self.stock.take(apples).start());
        call.await.ok()
    }
}

#[derive(Default)]
struct Stock {
    apples: u32,
}

#[akt::actor]
impl Stock {
    #[handler]
    fn take(&mut self, apples: u32) -> u32 {
        self.apples = self.apples.checked_sub(apples).expect("enough apples");
        self.apples
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut otel = Otel::http(format!("http://{}", listener.local_addr()?));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(otel.layer()))?;
    tokio::try_join!(sell(otel), collect(listener))?;
    Ok(())
}

async fn sell(otel: Otel) -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("shop").otel(otel).start().await?;
    let stock = system.spawn("stock", || Stock { apples: 10 }).await?;
    let till = system.spawn("till", move || Till { stock: stock.clone() }).await?;
    till.buy(3).await?;
    till.buy(30).await?;

    // The last export is part of it, so that nothing waits for an interval here.
    system.shutdown().await;
    Ok(())
}

/// Takes one connection of OTLP over HTTP, and prints what comes.
async fn collect(listener: TcpListener) -> Result<(), Box<dyn std::error::Error>> {
    let mut stream = BufReader::new(listener.accept().await?.0);
    let mut head = String::new();
    while stream.read_line(&mut head).await? > 0 {
        if !head.ends_with("\r\n\r\n") {
            continue;
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).await?;
        if head.starts_with("POST /v1/metrics") {
            print_metrics(&body);
        } else {
            print_spans(&body);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await?;
        head.clear();
    }
    Ok(())
}

/// The counters that are not zero.
fn print_metrics(body: &[u8]) {
    let export = ExportMetricsServiceRequest::decode(body).unwrap_or_default();
    let scopes = export.resource_metrics.into_iter().flat_map(|one| one.scope_metrics);
    for metric in scopes.flat_map(|scope| scope.metrics) {
        let Some(Data::Sum(sum)) = metric.data else { continue };
        let value = |value| if let Value::AsInt(value) = value { value } else { 0 };
        let total: i64 = sum.data_points.iter().filter_map(|point| point.value.map(value)).sum();
        if total > 0 {
            println!("{}: {total}", metric.name);
        }
    }
}

fn print_spans(body: &[u8]) {
    let export = ExportTraceServiceRequest::decode(body).unwrap_or_default();
    let scopes = export.resource_spans.into_iter().flat_map(|one| one.scope_spans);
    let mut spans: Vec<_> = scopes.flat_map(|scope| scope.spans).collect();
    spans.sort_by_key(|span| span.start_time_unix_nano);
    println!("traces:");
    print_below(&spans, &[], 1);
}

/// The children of a span, each with its own.
fn print_below(spans: &[Span], parent: &[u8], depth: usize) {
    for span in spans.iter().filter(|span| span.parent_span_id == parent) {
        let fault = span.status.as_ref().map_or("", |status| &status.message);
        println!("{}", format!("{}{} {fault}", "  ".repeat(depth), span.name).trim_end());
        print_below(spans, &span.span_id, depth + 1);
    }
}
