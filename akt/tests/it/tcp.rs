//! Calls between nodes, over TCP on the loopback; addresses of all kinds; nodes of two transports.

use std::path::{Path, PathBuf};
use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, Refusal, Remote, StartError, Tls, TransportOptions};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::depot::{Pair, Shelf, at, keeps_every_promise, until};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev-ca")
}

pub(crate) fn tcp(address: &str) -> Remote {
    Remote::tcp(address).tls(Tls::development_in(folder()))
}

fn quic(address: &str) -> Remote {
    Remote::quic(address).tls(Tls::development_in(folder()))
}

async fn node(remote: Remote) -> ActorSystem {
    ActorSystem::builder("shop").remote(remote).start().await.unwrap()
}

fn unreachable<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<T, AskError<E>>) -> (Delivery, String) {
    match result {
        Err(AskError::Unreachable { delivered, source }) => (delivered, source.to_string()),
        other => panic!("{other:?}"),
    }
}

/// Why a node with this `remote` does not start.
async fn refused(remote: Remote) -> String {
    match ActorSystem::builder("shop").remote(remote).start().await {
        Err(StartError::Part { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn tcp_keeps_every_promise() {
    keeps_every_promise(|| tcp("127.0.0.1:0")).await;
}

#[tokio::test]
async fn a_node_of_tcp_that_stops_says_goodbye_and_comes_back_at_its_address() {
    let pair = Pair::start(|| tcp("127.0.0.1:0")).await;
    let address = pair.far.address().unwrap();
    pair.shelf.view(()).await.unwrap();
    let mut events = pair.near.events();

    pair.far.shutdown().await;

    let said = loop {
        if let Some(akt::Event::PeerDown { problem, .. }) = events.next().await {
            break problem;
        }
    };
    assert_eq!(&*said, "peer left: node is shutting down");
    let again = node(tcp(&format!("127.0.0.1:{}", address.port))).await;
    again.spawn("shelf", Shelf::default).await.unwrap();
    assert!(pair.shelf.view(()).await.unwrap().added.is_empty());
    pair.near.shutdown().await;
    again.shutdown().await;
}

#[tokio::test]
async fn a_dial_of_quic_to_a_node_of_tcp_says_so() {
    let (near, far) = (node(quic("127.0.0.1:0")).await, node(tcp("127.0.0.1:0")).await);

    let (delivered, said) = unreachable(at(&near, &far, "shelf").view(()).await);

    assert_eq!(delivered, Delivery::No);
    assert!(said.contains("speaks TCP and this one QUIC") && said.contains("`Remote::tcp`"), "{said}");
    near.shutdown().await;
    far.shutdown().await;
}

#[tokio::test]
async fn a_dial_of_tcp_to_a_node_of_quic_hints_at_it() {
    let (near, far) = (node(tcp("127.0.0.1:0")).await, node(quic("127.0.0.1:0")).await);

    let (delivered, said) = unreachable(at(&near, &far, "shelf").view(()).await);

    assert_eq!(delivered, Delivery::No);
    assert!(said.contains("nobody listens there for TCP") && said.contains("`Remote::quic`"), "{said}");
    near.shutdown().await;
    far.shutdown().await;
}

#[tokio::test]
async fn a_stray_peer_is_told_apart_and_counted() {
    let far = node(tcp("127.0.0.1:0")).await;
    let port = far.address().unwrap().port;
    let mut stray = TcpStream::connect(("127.0.0.1", port)).await.unwrap();

    stray.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

    until(|| far.refusals(Refusal::Http) == 1).await;
    far.shutdown().await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up_in_time_and_takes_no_place_for_ever() {
    let far = node(tcp("127.0.0.1:0")).await;
    let port = far.address().unwrap().port;
    let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();

    until(|| far.refusals(Refusal::Timeout) == 1).await;
    far.shutdown().await;
}

#[tokio::test]
async fn nodes_listen_on_both_families_and_on_names() {
    for remote in [tcp, quic] {
        for address in ["127.0.0.1:0", "[::1]:0", "localhost:0"] {
            let pair = Pair::start(|| remote(address)).await;

            pair.shelf.view(()).await.unwrap();
            pair.stop().await;
        }
    }
}

#[tokio::test]
async fn the_advertised_host_and_port_are_the_address_of_the_node() {
    for (advertised, expected) in [
        ("shop.example:7400", "shop@shop.example:7400"),
        ("[2001:db8::1]:7400", "shop@[2001:db8::1]:7400"),
        ("192.0.2.1:7400", "shop@192.0.2.1:7400"),
    ] {
        let node = node(tcp("127.0.0.1:0").advertise(advertised)).await;

        assert_eq!(node.address().unwrap().to_string(), expected);
        node.shutdown().await;
    }
    let node = node(tcp("127.0.0.1:0").advertise("2001:db8::1")).await;
    let address = node.address().unwrap();
    assert!(&*address.host == "2001:db8::1" && address.port > 0, "{address}");
    node.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_listened_on_or_advertised_is_said_with_what_to_do() {
    let said = refused(tcp("shop")).await;
    assert!(said.contains("\"shop\": expected a host and a port"), "{said}");

    let said = refused(tcp("no-such-host.invalid:0")).await;
    assert!(said.contains("no-such-host.invalid:0: its name is not resolved"), "{said}");

    let said = refused(tcp("127.0.0.1:0").advertise("shop.example:http")).await;
    assert!(said.contains("cannot advertise \"shop.example:http\""), "{said}");

    let slow = TransportOptions::default().keep_alive(Duration::from_secs(5));
    let said = refused(quic("127.0.0.1:0").options(slow)).await;
    assert_eq!(said, "a keep-alive of 5s does not keep a connection alive whose idle timeout is 3s");
}

#[tokio::test]
async fn a_node_on_every_address_says_by_which_others_reach_it() {
    let [one, two] = crate::quic::certificates(["127.0.0.1", "127.0.0.1"]);

    let said = refused(Remote::tcp("0.0.0.0:0").tls(one.clone())).await;
    assert!(said.contains("`advertise(\"host:port\")`"), "{said}");

    let far = node(Remote::tcp("0.0.0.0:0").tls(one).advertise("127.0.0.1")).await;
    far.spawn("shelf", Shelf::default).await.unwrap();
    let near = node(Remote::tcp("127.0.0.1:0").tls(two)).await;
    at(&near, &far, "shelf").view(()).await.unwrap();
    near.shutdown().await;
    far.shutdown().await;
}

#[tokio::test]
async fn the_options_of_a_transport_are_used() {
    let options = || {
        TransportOptions::default()
            .idle_timeout(Duration::from_millis(800))
            .keep_alive(Duration::from_millis(200))
            .receive_window(1 << 20)
            .send_window(1 << 20)
            .mtu(1_280)
            .socket_buffers(1 << 16)
            .without_segmentation_offload()
    };
    for remote in [tcp, quic] {
        keeps_every_promise(|| remote("127.0.0.1:0").options(options())).await;
    }
}
