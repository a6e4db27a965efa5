//! Calls between nodes, over QUIC on the loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, Refusal, Remote, StartError, Tls};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, Shelf, at, keeps_every_promise, millis, until};

fn folder(name: &str) -> PathBuf {
    std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn remote_on(address: &str) -> Remote {
    Remote::quic(address).tls(Tls::development_in(folder("dev-ca")))
}

pub(crate) fn remote() -> Remote {
    remote_on("127.0.0.1:0")
}

/// A node where another was, whose socket is closed by a task of its own soon after its shutdown.
async fn node_again(address: &str) -> ActorSystem {
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..500 {
        ticks.tick().await;
        if let Ok(system) = ActorSystem::builder("shop").remote(remote_on(address)).start().await {
            return system;
        }
    }
    node(remote_on(address)).await
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

#[tokio::test]
async fn quic_keeps_every_promise() {
    keeps_every_promise(remote).await;
}

#[tokio::test]
async fn quic_without_segmentation_offload_keeps_every_promise() {
    keeps_every_promise(|| remote().without_segmentation_offload()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_asks_at_once_share_one_connection() {
    let pair = Pair::start(remote).await;

    let calls: Vec<_> =
        (0..1_000).map(|_| pair.shelf.echo(depot::Blob { bytes: vec![3; 100] }).start()).collect();
    for call in calls {
        assert_eq!(call.await.unwrap().bytes.len(), 100);
    }
    pair.stop().await;
}

#[tokio::test]
async fn a_certificate_of_another_ca_is_refused_and_counted_by_both() {
    let near = node(remote()).await;
    let far = node(Remote::quic("127.0.0.1:0").tls(Tls::development_in(folder("other-ca")))).await;

    let shelf: depot::DepotRef =
        near.actor_at(&format!("akt://{}/user/shelf", far.address().unwrap())).unwrap();
    let (delivered, said) = unreachable(shelf.view(()).await);

    assert_eq!(delivered, Delivery::No);
    assert!(said.contains("certificate refused"), "{said}");
    assert_eq!(near.refusals(Refusal::Certificate), 1);
    until(|| far.refusals(Refusal::Certificate) == 1).await;
    near.shutdown().await;
    far.shutdown().await;
}

#[tokio::test]
async fn nobody_there_is_said_within_the_time_for_connecting() {
    let near = node(remote().connect_timeout(Duration::from_millis(300))).await;
    let unused = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://shop@{unused}/user/shelf")).unwrap();

    let begun = near.runtime().now();
    let (delivered, said) = unreachable(shelf.view(()).await);

    assert_eq!(delivered, Delivery::No);
    assert!(near.runtime().now().since(begun) < Duration::from_secs(2), "{said}");
    near.shutdown().await;
}

#[tokio::test]
async fn the_name_of_a_host_reaches_it_as_well_as_its_address() {
    let pair = Pair::start(remote).await;
    let port = pair.far.address().unwrap().port;

    let by_name: depot::DepotRef =
        pair.near.actor_at(&format!("akt://shop@localhost:{port}/user/shelf")).unwrap();

    by_name.view(()).await.unwrap();
    pair.shelf.view(()).await.unwrap();
    by_name.view(()).await.unwrap();
    pair.stop().await;
}

#[tokio::test]
async fn the_development_ca_keeps_to_the_loopback() {
    let error = ActorSystem::builder("shop").remote(remote_on("0.0.0.0:0")).start().await.unwrap_err();

    let StartError::Part { source, .. } = &error else { panic!("{error}") };
    let cause = source.source().unwrap().to_string();
    assert!(cause.contains("0.0.0.0") && cause.contains("Tls::from_pem"), "{cause}");
}

/// Certificates of one CA, one for each list of names.
pub(crate) fn certificates<const N: usize>(names: [&str; N]) -> [Tls; N] {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&ca_key).unwrap().pem();
    let issuer = Issuer::new(params, ca_key);
    names.map(|name| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        Tls::from_pem(&ca, params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
    })
}

#[tokio::test]
async fn certificates_of_ones_own_are_checked_against_the_host_that_was_dialed() {
    let [near, good, other] = certificates(["client.test", "127.0.0.1", "elsewhere.test"]);
    let near = node(Remote::quic("127.0.0.1:0").tls(near)).await;
    let good = node(Remote::quic("127.0.0.1:0").tls(good)).await;
    let other = node(Remote::quic("127.0.0.1:0").tls(other)).await;
    good.spawn("shelf", Shelf::default).await.unwrap();

    at(&near, &good, "shelf").view(()).await.unwrap();
    let (delivered, said) = unreachable(at(&near, &other, "shelf").view(()).await);

    assert_eq!(delivered, Delivery::No);
    assert!(
        said.contains("wrong host: dialed 127.0.0.1, the peer's certificate is for elsewhere.test"),
        "{said}"
    );
    assert_eq!(near.refusals(Refusal::Host), 1);
    for node in [near, good, other] {
        node.shutdown().await;
    }
}

#[tokio::test]
async fn a_node_that_comes_back_at_its_address_is_reached_again() {
    let pair = Pair::start(remote).await;
    let address = pair.far.address().unwrap();
    pair.shelf.view(()).await.unwrap();

    pair.far.shutdown().await;
    let again = node_again(&format!("127.0.0.1:{}", address.port)).await;
    again.spawn("shelf", Shelf::default).await.unwrap();

    assert!(pair.shelf.view(()).await.unwrap().added.is_empty());
    pair.near.shutdown().await;
    again.shutdown().await;
}

/// Another process with a shelf on a node of its own.
struct Process {
    child: Child,
    /// Kept open: the process may print more.
    _stdout: BufReader<ChildStdout>,
    address: String,
}

impl Process {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "quic::serve_for_another_process", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = stdout.by_ref().lines().map_while(Result::ok);
        let address = lines.find_map(|line| Some(line.split_once("serving ")?.1.to_owned()));
        Self { child, _stdout: stdout, address: address.expect("the process says where it serves") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other process: serves until its standard input ends, or it is killed.
#[tokio::test]
#[ignore = "the other half of the tests with two processes"]
async fn serve_for_another_process() {
    let far = node(remote()).await;
    far.spawn("shelf", Shelf::default).await.unwrap();
    println!("serving {}", far.address().unwrap());
    std::io::stdout().flush().unwrap();

    let ended = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    ended.await.unwrap();
    far.shutdown().await;
}

#[tokio::test]
async fn a_process_killed_in_mid_call_is_unreachable_and_its_call_may_have_been_handled() {
    let near = node(remote()).await;
    let mut process = Process::start();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://{}/user/shelf", process.address)).unwrap();
    shelf.view(()).await.unwrap();
    let call = shelf.wait(millis(60_000)).start();
    shelf.view(()).timeout(Duration::from_millis(50)).await.unwrap_err();

    process.child.kill().unwrap();
    let begun = near.runtime().now();
    let (delivered, said) = unreachable(call.await);

    assert_eq!(delivered, Delivery::Maybe);
    assert!(
        near.runtime().now().since(begun) < Duration::from_secs(5),
        "{said} after {:?}",
        near.runtime().now().since(begun)
    );
    near.shutdown().await;
}

#[tokio::test]
async fn a_process_that_stops_in_order_says_goodbye() {
    let near = node(remote()).await;
    let mut process = Process::start();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://{}/user/shelf", process.address)).unwrap();
    shelf.view(()).await.unwrap();
    let mut events = near.events();

    drop(process.child.stdin.take());

    let said = loop {
        if let Some(akt::Event::PeerDown { problem, .. }) = events.next().await {
            break problem;
        }
    };
    assert_eq!(&*said, "peer left: node is shutting down");
    assert!(process.child.wait().unwrap().success());
    near.shutdown().await;
}
