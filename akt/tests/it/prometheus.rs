//! The endpoint that serves a system's metrics, over real sockets on the loopback.

use std::net::SocketAddr;
use std::time::Duration;

use akt::{ActorSystem, Prometheus, StartError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::Counter;

fn anywhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

async fn served() -> (ActorSystem, SocketAddr) {
    let system = ActorSystem::builder("shop").prometheus(anywhere()).start().await.unwrap();
    let address = system.extension::<Prometheus>().unwrap().address();
    (system, address)
}

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_endpoint_serves_the_metrics_as_text() {
    let (system, address) = served().await;
    let counter = system.spawn("counter", Counter::default).await.unwrap();
    counter.add(1).await.unwrap();

    let answer = ask(address, "GET /metrics HTTP/1.1\r\nHost: shop\r\n\r\n").await;

    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    assert!(body.contains("message=\"add\"} 1\n"), "{body}");
    system.shutdown().await;
}

#[tokio::test]
async fn the_endpoint_refuses_whatever_is_not_a_request_for_metrics() {
    let (system, address) = served().await;

    let statuses = [
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
        ("\0\u{1}nonsense\r\n\r\n", "400"),
        ("GET /metrics HTTP/2\r\n\r\n", "400"),
    ];
    for (request, status) in statuses {
        let answer = ask(address, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
    }
    system.shutdown().await;
}

#[tokio::test]
async fn a_request_that_is_too_long_is_cut_off() {
    let (system, address) = served().await;
    let mut stream = TcpStream::connect(address).await.unwrap();

    let written = stream.write_all(&[b'x'; 8 * 1_024 + 1]).await;

    let mut answer = String::new();
    written.unwrap();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    system.shutdown().await;
}

#[tokio::test]
async fn the_endpoint_ends_with_its_system_and_waits_for_nobody_who_has_not_asked() {
    let (system, address) = served().await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    // Whoever is answered came later, so that the idle one was accepted.
    ask(address, "GET /metrics HTTP/1.1\r\n\r\n").await;

    let over = tokio::time::timeout(Duration::from_secs(5), system.shutdown()).await;

    over.expect("a request that was never made has ten seconds");
    let read = idle.read(&mut [0]).await;
    assert!(read.map_or(true, |read| read == 0));
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn a_system_whose_metrics_cannot_be_served_does_not_start() {
    let (system, address) = served().await;

    let error = ActorSystem::builder("second").prometheus(address).start().await.unwrap_err();

    assert!(matches!(error, StartError::Part { part: "prometheus", .. }), "{error}");
    system.shutdown().await;
}
