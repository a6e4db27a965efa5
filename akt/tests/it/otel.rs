//! What a system exports over OTLP, to a collector on the loopback; traces have a file of their own.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::tracing::info_span;
use akt::{ActorSystem, Network, Otel, OtelExport, Remote, StartError};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{Metric, NumberDataPoint};
use tokio::net::TcpListener;

use crate::collector::{Collector, Manner, Warnings, listen, text};
use crate::contracts::depot::v1 as depot;
use crate::support::Counter;

/// How many spans wait at most, and how many are enough to be exported at once.
const ROOM: usize = 2_048;
const BATCH: usize = 512;

fn number(metrics: &[Metric], name: &str) -> NumberDataPoint {
    let metric = metrics.iter().find(|metric| metric.name == name).unwrap();
    let mut points = match metric.data.clone().unwrap() {
        Data::Sum(sum) => {
            assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{sum:?}");
            sum.data_points
        }
        Data::Gauge(gauge) => gauge.data_points,
        other => panic!("{other:?}"),
    };
    points.pop().unwrap()
}

#[tokio::test]
async fn metrics_are_exported_under_the_names_of_the_table() {
    let mut collector = Collector::start(Manner::Takes).await;
    let otel = Otel::http(&collector.endpoint);
    let system = ActorSystem::builder("shop").otel(otel).start().await.unwrap();
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    counter.add(1).await.unwrap();
    counter.add(1).await.unwrap();

    system.shutdown().await;

    let metrics = collector.next().await.metrics();
    let handled = number(&metrics, "akt.messages.handled");
    assert_eq!(handled.value, Some(Value::AsInt(2)));
    let labels = ["system", "kind", "message"].map(|label| text(&handled.attributes, label));
    assert_eq!(labels, [Some("shop"), Some("Counter"), Some("add")]);
    assert!(handled.start_time_unix_nano > 0 && handled.time_unix_nano >= handled.start_time_unix_nano);
    assert_eq!(
        number(&metrics, "akt.actors").value,
        Some(Value::AsInt(0)),
        "a gauge, after the last has gone"
    );
    let wait = metrics.iter().find(|metric| metric.name == "akt.message.wait").unwrap();
    let Some(Data::Histogram(wait)) = &wait.data else { panic!("{wait:?}") };
    assert_eq!((wait.aggregation_temporality, wait.data_points[0].count), (2, 2));
}

#[tokio::test]
async fn the_metrics_of_peers_are_exported() {
    let network = Network::new();
    let mut collector = Collector::start(Manner::Takes).await;
    let otel = Otel::http(&collector.endpoint).interval(Duration::from_millis(1));
    let near =
        ActorSystem::builder("shop").remote(Remote::memory(&network)).otel(otel).start().await.unwrap();
    let far = ActorSystem::builder("shop").remote(Remote::memory(&network)).start().await.unwrap();
    let peer = far.address().unwrap().to_string();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://{peer}/user/shelf")).unwrap();
    shelf.add(depot::Item::default()).tell().unwrap();

    let sent = loop {
        let metrics = collector.next().await.metrics();
        let is_there = metrics.iter().any(|metric| metric.name == "akt.peer.messages.sent");
        let sent = is_there.then(|| number(&metrics, "akt.peer.messages.sent"));
        if let Some(sent) = sent.filter(|sent| sent.value == Some(Value::AsInt(1))) {
            break sent;
        }
    };

    assert_eq!(text(&sent.attributes, "peer"), Some(&*peer));
    near.shutdown().await;
    far.shutdown().await;
}

#[tokio::test]
async fn metrics_are_exported_again_and_again() {
    let mut collector = Collector::start(Manner::TakesOne).await;
    let otel = Otel::http(&collector.endpoint).interval(Duration::from_millis(1));
    let system = ActorSystem::builder("shop").otel(otel).start().await.unwrap();

    for _ in 0..3 {
        assert_eq!(
            number(&collector.next().await.metrics(), "akt.event.subscribers").value,
            Some(Value::AsInt(0))
        );
    }

    system.shutdown().await;
}

#[tokio::test]
async fn a_request_says_what_was_set_and_who_sends() {
    let mut collector = Collector::start(Manner::Takes).await;
    let otel = Otel::http(format!("{}/otlp", collector.endpoint));
    let otel = otel.header("authorization", "Bearer 7").attribute("service.instance.id", "one");
    let system = ActorSystem::builder("shop").otel(otel).start().await.unwrap();

    system.shutdown().await;

    let request = collector.next().await;
    assert!(request.head.starts_with("POST /otlp/v1/metrics HTTP/1.1\r\n"), "{}", request.head);
    assert!(request.head.contains("authorization: Bearer 7\r\n"), "{}", request.head);
    assert!(request.head.contains("content-type: application/x-protobuf\r\n"), "{}", request.head);
}

#[tokio::test]
async fn all_that_is_exported_names_its_system() {
    let mut collector = Collector::start(Manner::Takes).await;
    let otel = Otel::http(&collector.endpoint).attribute("service.version", "7");
    let system = ActorSystem::builder("shop").otel(otel).start().await.unwrap();

    system.shutdown().await;

    let resource = collector.next().await.resource();
    assert_eq!(text(&resource, "service.name"), Some("shop"));
    assert_eq!(text(&resource, "service.version"), Some("7"));
    assert_eq!(text(&resource, "service.instance.id").map(str::len), Some(16));
}

/// A system whose spans come from this thread.
async fn listening(otel: Otel) -> (ActorSystem, Arc<OtelExport>, Warnings, impl Drop) {
    let (mut otel, warnings) = (otel, Warnings::default());
    let listening = listen(&mut otel, warnings.clone());
    let system = ActorSystem::builder("shop").otel(otel).start().await.unwrap();
    let export = system.extension::<OtelExport>().unwrap();
    (system, export, warnings, listening)
}

fn make_spans(count: usize) {
    (0..count).for_each(|_| drop(info_span!("early")));
}

#[tokio::test]
async fn the_last_export_is_part_of_the_shutdown() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, export, warnings, _listening) = listening(Otel::http(&collector.endpoint)).await;
    make_spans(BATCH + 1);

    system.shutdown().await;

    assert_eq!(collector.spans().len(), BATCH + 1);
    assert_eq!((export.dropped_spans(), warnings.0.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn spans_are_exported_as_soon_as_there_are_many() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _, _, _listening) = listening(Otel::http(&collector.endpoint)).await;

    make_spans(BATCH);

    assert_eq!(collector.next().await.spans().len(), BATCH);
    system.shutdown().await;
}

#[tokio::test]
async fn spans_that_have_no_room_are_dropped_and_counted_and_said() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (mut otel, warnings) = (Otel::http(&collector.endpoint), Warnings::default());
    let _listening = listen(&mut otel, warnings.clone());
    make_spans(ROOM + 7);

    let system = ActorSystem::builder("shop").otel(otel).start().await.unwrap();
    let export = system.extension::<OtelExport>().unwrap();
    system.shutdown().await;

    assert_eq!((collector.spans().len(), export.dropped_spans()), (ROOM, 7));
    assert_eq!(warnings.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_collector_that_fails_is_said_once_and_not_at_every_interval() {
    let mut collector = Collector::start(Manner::Refuses(503)).await;
    let otel = Otel::http(&collector.endpoint).interval(Duration::from_millis(1));
    let (system, _, warnings, _listening) = listening(otel).await;

    for _ in 0..5 {
        collector.next().await;
    }
    system.shutdown().await;

    assert_eq!(warnings.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_collector_that_is_not_there_harms_nobody() {
    let nowhere = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let otel = Otel::http(format!("http://{nowhere}")).interval(Duration::from_millis(1));
    let (system, export, _, _listening) = listening(otel).await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();

    for value in 1..100 {
        assert_eq!(counter.add(1).await.unwrap(), value);
    }
    system.shutdown().await;

    assert_eq!(export.dropped_spans(), 99, "they could go nowhere");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_collector_longer_than_its_timeout() {
    let mut collector = Collector::start(Manner::Silent).await;
    let otel = Otel::http(&collector.endpoint).timeout(Duration::from_millis(50));
    let (system, export, _, _listening) = listening(otel).await;
    make_spans(BATCH);
    collector.next().await;

    let over = tokio::time::timeout(Duration::from_secs(5), system.shutdown()).await;

    over.expect("it waits for fifty milliseconds");
    assert_eq!(export.dropped_spans(), BATCH as u64);
}

#[tokio::test]
async fn spans_that_a_collector_could_not_take_are_sent_again() {
    let mut collector = Collector::start(Manner::RefusesFirst(503)).await;
    let (system, export, _, _listening) = listening(Otel::http(&collector.endpoint)).await;
    make_spans(BATCH);
    assert_eq!(collector.next().await.spans().len(), BATCH);

    system.shutdown().await;

    assert_eq!((collector.spans().len(), export.dropped_spans()), (BATCH, 0));
}

#[tokio::test]
async fn spans_that_a_collector_will_never_take_are_dropped_and_counted() {
    let mut collector = Collector::start(Manner::RefusesFirst(400)).await;
    let (system, export, _, _listening) = listening(Otel::http(&collector.endpoint)).await;
    make_spans(BATCH);
    assert_eq!(collector.next().await.spans().len(), BATCH);

    system.shutdown().await;

    assert_eq!((collector.spans().len(), export.dropped_spans()), (0, BATCH as u64));
}

#[tokio::test]
async fn spans_that_a_collector_rejects_are_counted_and_the_next_are_sent() {
    let mut collector = Collector::start(Manner::Rejects(3)).await;
    let (system, export, _, _listening) = listening(Otel::http(&collector.endpoint)).await;
    make_spans(BATCH + 5);

    system.shutdown().await;

    assert_eq!((collector.spans().len(), export.dropped_spans()), (BATCH + 5, 6));
}

#[tokio::test]
async fn a_system_with_settings_that_are_wrong_does_not_start() {
    let wrong = [
        Otel::http("collector:4318"),
        Otel::http("https://collector:4318"),
        Otel::http("http://collector:4318").header("no header", "x"),
        Otel::http("http://collector:4318").header("authorization", "two\nlines"),
    ];

    for otel in wrong {
        let error = ActorSystem::builder("shop").otel(otel).start().await.unwrap_err();
        assert!(matches!(error, StartError::Part { part: "otel", .. }), "{error}");
    }
}
