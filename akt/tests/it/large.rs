//! Large messages by streams of their own, and connections of several lanes: order, bounds, and ends.

use std::path::Path;
use std::time::Duration;

use akt::prelude::*;
use akt::testkit::TestKit;
use akt::{AskError, Network, Remote, Tls};

use crate::contracts::depot::v1 as depot;
use crate::depot::{at, item, keeps_every_promise};
use crate::feed::{Stage, feed};

/// Writes down what comes: the quantity of an item, the length of a blob.
#[derive(Default)]
struct Ledger {
    seen: Vec<u32>,
}

#[akt::actor]
impl depot::Depot for Ledger {
    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        self.seen.push(item.quantity);
        Ok(depot::Stock::default())
    }
    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: self.seen.clone() }
    }
    fn wait(&mut self, _: depot::Delay) {}
    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        self.seen.push(u32::try_from(blob.bytes.len()).unwrap());
        blob
    }
    fn make(&mut self, delay: depot::Delay) -> depot::Blob {
        blob(usize::try_from(delay.millis).unwrap())
    }
    fn crash(&mut self, _: depot::Delay) {}
}

fn blob(size: usize) -> depot::Blob {
    depot::Blob { bytes: vec![7; size] }
}

struct Pair {
    near: ActorSystem,
    far: ActorSystem,
}

impl Pair {
    async fn start(remote: impl Fn() -> Remote) -> Self {
        let start = || ActorSystem::builder("shop").remote(remote()).start();
        Self { near: start().await.unwrap(), far: start().await.unwrap() }
    }

    async fn ledger(&self, name: &str) -> depot::DepotRef {
        self.far.spawn(name, Ledger::default).await.unwrap();
        at(&self.near, &self.far, name)
    }

    async fn stop(self) {
        self.near.shutdown().await;
        self.far.shutdown().await;
    }
}

fn tcp() -> Remote {
    Remote::tcp("127.0.0.1:0").tls(tls())
}

fn quic() -> Remote {
    Remote::quic("127.0.0.1:0").tls(tls())
}

fn tls() -> Tls {
    Tls::development_in(Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev-ca"))
}

/// Large and small ones, tells and asks, to several actors: each sees its own in order, and all answers come.
async fn large_and_small_keep_their_order(remote: impl Fn() -> Remote) {
    let pair = Pair::start(remote).await;
    let ledgers = [pair.ledger("a").await, pair.ledger("b").await, pair.ledger("c").await];
    let (mut asks, mut expected) = (Vec::new(), [const { Vec::new() }; 3]);

    for n in 0..240_usize {
        let (ledger, expected) = (&ledgers[n % 3], &mut expected[n % 3]);
        let size = 100_000 + n;
        match n % 8 {
            0 => {
                ledger.echo(blob(size)).send().await.unwrap();
                expected.push(size);
            }
            4 => {
                asks.push((size, ledger.echo(blob(size)).start()));
                expected.push(size);
            }
            _ => {
                ledger.add(item(u32::try_from(n).unwrap())).send().await.unwrap();
                expected.push(n);
            }
        }
    }
    for (size, ask) in asks {
        assert_eq!(ask.await.unwrap().bytes.len(), size);
    }

    for (ledger, expected) in ledgers.iter().zip(expected) {
        let seen: Vec<_> = ledger.view(()).await.unwrap().added.iter().map(|n| *n as usize).collect();
        assert_eq!(seen, expected);
    }
    pair.stop().await;
}

#[akt::test]
async fn large_messages_keep_their_order_in_memory() {
    let network = Network::seeded(5);
    network.set_latency(Duration::from_millis(1)..Duration::from_millis(30));

    large_and_small_keep_their_order(|| Remote::memory(&network)).await;
    large_and_small_keep_their_order(|| Remote::memory(&network).lanes(4)).await;
}

#[tokio::test]
async fn large_messages_keep_their_order_over_quic() {
    large_and_small_keep_their_order(quic).await;
    large_and_small_keep_their_order(|| quic().lanes(4)).await;
}

#[tokio::test]
async fn large_messages_keep_their_order_over_tcp() {
    large_and_small_keep_their_order(tcp).await;
    large_and_small_keep_their_order(|| tcp().lanes(4)).await;
}

#[akt::test]
async fn many_lanes_keep_every_promise_in_memory() {
    let network = Network::seeded(6);
    network.set_latency(Duration::from_millis(1)..Duration::from_millis(10));

    keeps_every_promise(|| Remote::memory(&network).lanes(16)).await;
}

#[tokio::test]
async fn many_lanes_keep_every_promise() {
    keeps_every_promise(|| quic().lanes(16)).await;
    keeps_every_promise(|| tcp().lanes(3)).await;
}

#[tokio::test]
async fn nodes_that_differ_in_lanes_have_the_smaller_number() {
    let near = ActorSystem::builder("shop").remote(quic().lanes(8)).start().await.unwrap();
    let far = ActorSystem::builder("shop").remote(quic()).start().await.unwrap();
    far.spawn("a", Ledger::default).await.unwrap();

    at(&near, &far, "a").echo(blob(200_000)).await.unwrap();

    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn a_large_message_on_its_way_holds_up_its_own_actor_only() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let (a, b) = (pair.ledger("a").await, pair.ledger("b").await);
    a.view(()).await.unwrap();

    // On a slow network each write takes its time, and a large message has many.
    network.set_latency(Duration::from_millis(20)..Duration::from_millis(21));
    let large = a.echo(blob(900_000)).start();
    let behind = a.view(()).start();
    let beside = b.view(()).start();

    assert!(beside.await.unwrap().added.is_empty());
    assert_eq!(behind.await.unwrap().added, [900_000]);
    large.await.unwrap();
    pair.stop().await;
}

#[tokio::test]
async fn a_node_that_leaves_sends_its_large_messages_first() {
    for remote in [quic, tcp] {
        let pair = Pair::start(remote).await;
        let ledger = pair.ledger("a").await;
        ledger.view(()).await.unwrap();
        let here: depot::DepotRef = pair.far.actor_of("a").await.unwrap();

        for size in [500_000, 1, 400_000, 2] {
            ledger.echo(blob(size)).send().await.unwrap();
        }
        pair.near.shutdown().await;

        assert_eq!(here.view(()).await.unwrap().added, [500_000, 1, 400_000, 2]);
        pair.far.shutdown().await;
    }
}

#[tokio::test]
async fn a_large_ask_that_is_given_up_is_not_missed() {
    let pair = Pair::start(quic).await;
    let ledger = pair.ledger("a").await;
    ledger.view(()).await.unwrap();

    let late = ledger.echo(blob(900_000)).timeout(Duration::from_micros(1)).await;
    drop(ledger.echo(blob(800_000)).start());
    ledger.add(item(3)).await.unwrap();

    assert!(matches!(late, Err(AskError::Timeout(_))), "{late:?}");
    assert_eq!(ledger.view(()).await.unwrap().added.last(), Some(&3));
    pair.stop().await;
}

#[tokio::test]
async fn large_answers_come_back_beside_small_ones() {
    let pair = Pair::start(tcp).await;
    let ledger = pair.ledger("a").await;

    let large: Vec<_> = (0..40).map(|_| ledger.make(depot::Delay { millis: 1_000_000 }).start()).collect();
    let small = ledger.view(()).start();

    small.await.unwrap();
    for answer in large {
        assert_eq!(answer.await.unwrap().bytes.len(), 1_000_000);
    }
    pair.stop().await;
}

#[tokio::test]
async fn large_messages_larger_than_every_window_pass() {
    for remote in [quic, tcp] {
        let pair = Pair::start(|| remote().max_message(32 << 20)).await;
        let ledger = pair.ledger("a").await;

        let echoed = ledger.echo(blob(24 << 20)).timeout(Duration::from_secs(30)).await.unwrap();

        assert_eq!(echoed.bytes.len(), 24 << 20);
        pair.stop().await;
    }
}

#[akt::test]
async fn a_connection_that_breaks_in_mid_message_leaves_nothing_waiting() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    let ledger = pair.ledger("a").await;
    ledger.view(()).await.unwrap();
    network.set_latency(Duration::from_millis(20)..Duration::from_millis(21));
    let large = ledger.echo(blob(900_000)).start();
    let behind = ledger.view(()).start();
    tokio::time::advance(Duration::from_millis(5)).await;

    network.sever(&near, &far);

    assert!(matches!(large.await, Err(AskError::Unreachable { .. })));
    assert!(matches!(behind.await, Err(AskError::Unreachable { .. })));
    ledger.echo(blob(100_000)).await.unwrap();
    pair.stop().await;
}

/// How long 16 MiB take beside small asks, or, if it is not `asked`, alone.
async fn sixteen_mebibytes(kit: &TestKit, remote: impl Fn() -> Remote, asked: bool) -> Duration {
    let pair = Pair::start(remote).await;
    let (bulk, small) = (pair.ledger("bulk").await, pair.ledger("small").await);
    let began = kit.now();
    let transfer = async {
        let mut asks = Vec::new();
        for _ in 0..16 {
            asks.push(bulk.echo(blob((1 << 20) - 1_024)).start());
        }
        for ask in asks {
            ask.await.unwrap();
        }
    };
    let asks = async {
        if !asked {
            std::future::pending::<()>().await;
        }
        loop {
            small.add(item(1)).await.unwrap();
            kit.advance(Duration::from_millis(10)).await;
        }
    };
    tokio::select! { biased;
        () = transfer => {}
        () = asks => unreachable!("they go on"),
    }
    let took = kit.now() - began;
    pair.stop().await;
    took
}

#[akt::test]
async fn a_transfer_takes_its_time_while_small_asks_go_beside_it(kit: TestKit) {
    let network = Network::new();
    let remote = || Remote::memory(&network);

    let alone = sixteen_mebibytes(&kit, remote, false).await;
    let beside = sixteen_mebibytes(&kit, remote, true).await;
    let at_once = sixteen_mebibytes(&kit, || remote().bulk_beside_asks(u64::MAX), true).await;

    // To and fro, 64 MiB in a second each.
    assert!((250..600).contains(&beside.as_millis()), "{beside:?}");
    assert!(alone.as_millis() < 50 && at_once.as_millis() < 50, "{alone:?}, {at_once:?}");
}

/// Every third item is large, to and fro.
async fn large_and_small_items_keep_their_order(remote: impl Fn() -> Remote) {
    let stage = Stage::apart(remote).await;
    let (tap, _) = stage.tap("echo").await;
    let (items, input) = akt::stream(16);
    let mut echoed = tap.chat(input).open().await.unwrap();
    let length = |value: u64| if value.is_multiple_of(3) { 100_000 } else { 10 };

    let send = async {
        for value in 0..96 {
            let load = vec![7; length(value)];
            items.send(feed::Number { value, load }).await.unwrap();
        }
        items.finish();
    };
    let receive = async {
        for value in 0..96 {
            let item = echoed.next().await.unwrap().unwrap();
            assert_eq!((item.value, item.load.len()), (value, length(value)));
        }
        assert!(echoed.next().await.is_none());
    };
    tokio::join!(send, receive);
    stage.stop().await;
}

#[akt::test]
async fn large_items_keep_their_order_in_memory() {
    let network = Network::seeded(6);
    network.set_latency(Duration::from_millis(1)..Duration::from_millis(30));

    large_and_small_items_keep_their_order(|| Remote::memory(&network)).await;
    large_and_small_items_keep_their_order(|| Remote::memory(&network).lanes(4)).await;
}

#[tokio::test]
async fn large_items_keep_their_order_over_quic() {
    large_and_small_items_keep_their_order(quic).await;
}

#[tokio::test]
async fn large_items_keep_their_order_over_tcp() {
    large_and_small_items_keep_their_order(tcp).await;
}

#[akt::test]
async fn a_large_item_on_its_way_holds_up_its_own_stream_only() {
    let network = Network::new();
    let stage = Stage::apart(|| Remote::memory(&network)).await;
    let (tap, _) = stage.tap("echo").await;
    let (items, input) = akt::stream(16);
    let mut echoed = tap.chat(input).open().await.unwrap();

    network.set_latency(Duration::from_millis(20)..Duration::from_millis(21));
    items.send(feed::Number { value: 1, load: vec![7; 900_000] }).await.unwrap();
    tokio::select! { biased;
        item = echoed.next() => panic!("{:?} came first", item.map(|item| item.map(|item| item.value))),
        shared = tap.share(feed::Number { value: 2, load: Vec::new() }) => assert_eq!(shared.unwrap().value, 0),
    }

    items.finish();
    assert_eq!(echoed.next().await.unwrap().unwrap().load.len(), 900_000);
    assert!(echoed.next().await.is_none());
    stage.stop().await;
}

#[akt::test]
async fn a_stream_of_large_items_that_is_dropped_leaves_nothing_behind() {
    let network = Network::new();
    let stage = Stage::apart(|| Remote::memory(&network)).await;
    let (tap, _) = stage.tap("echo").await;
    let (items, input) = akt::stream(64);
    let mut echoed = tap.chat(input).open().await.unwrap();
    network.set_latency(Duration::from_millis(20)..Duration::from_millis(21));

    for value in 0..12 {
        items.try_send(feed::Number { value, load: vec![7; 900_000] }).unwrap();
    }
    assert_eq!(echoed.next().await.unwrap().unwrap().value, 0);
    drop(echoed);

    items.closed().await;
    tap.share(feed::Number { value: 1, load: Vec::new() }).await.unwrap();
    stage.stop().await;
}
