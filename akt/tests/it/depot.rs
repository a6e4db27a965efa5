//! The actor behind the contract of the tests, and the promises that every transport keeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, DeadLetterReason, Remote, Stage, StopReason};

use crate::contracts::depot::v1 as depot;

/// Keeps what it is given.
#[derive(Default)]
pub(crate) struct Shelf {
    pub(crate) added: Vec<u32>,
    /// Handlers that were told that their asker gave up.
    pub(crate) cancelled: Arc<AtomicU64>,
}

#[akt::actor]
impl depot::Depot for Shelf {
    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        if item.quantity > 100 {
            return Err(depot::Refused { why: format!("{} is too much", item.quantity) });
        }
        self.added.push(item.quantity);
        Ok(depot::Stock { added: self.added.clone() })
    }

    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: self.added.clone() }
    }

    async fn wait(&mut self, delay: depot::Delay, cx: &mut Ctx<Self>) {
        let time = Duration::from_millis(delay.millis);
        if tokio::time::timeout(time, cx.cancelled()).await.is_ok() {
            self.cancelled.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        blob
    }

    fn make(&mut self, size: depot::Delay) -> depot::Blob {
        depot::Blob { bytes: vec![7; usize::try_from(size.millis).unwrap()] }
    }

    fn crash(&mut self, _: depot::Delay) {
        panic!("the shelf broke");
    }
}

/// Another contract than that of the reference.
#[derive(Default)]
pub(crate) struct Stranger;

#[akt::actor]
impl depot::Other for Stranger {
    fn ping(&mut self, _: depot::Delay) {}
}

/// Two nodes of one system, and a reference from the one to the shelf of the other.
pub(crate) struct Pair {
    pub(crate) near: ActorSystem,
    pub(crate) far: ActorSystem,
    pub(crate) shelf: depot::DepotRef,
    pub(crate) cancelled: Arc<AtomicU64>,
}

impl Pair {
    pub(crate) async fn start(remote: impl Fn() -> Remote) -> Self {
        let near = ActorSystem::builder("shop").remote(remote()).start().await.unwrap();
        let far = ActorSystem::builder("shop").remote(remote()).start().await.unwrap();
        let cancelled = Arc::<AtomicU64>::default();
        let seen = cancelled.clone();
        let factory = move || Shelf { cancelled: seen.clone(), ..Shelf::default() };
        far.spawn("shelf", factory).await.unwrap();
        let shelf = at(&near, &far, "shelf");
        Self { near, far, shelf, cancelled }
    }

    pub(crate) async fn stop(self) {
        self.near.shutdown().await;
        self.far.shutdown().await;
    }
}

/// A reference on `near` to the actor `name` of `far`.
pub(crate) fn at(near: &ActorSystem, far: &ActorSystem, name: &str) -> depot::DepotRef {
    near.actor_at(&format!("akt://{}/user/{name}", far.address().unwrap())).unwrap()
}

pub(crate) fn item(quantity: u32) -> depot::Item {
    depot::Item { quantity }
}

pub(crate) fn millis(millis: u64) -> depot::Delay {
    depot::Delay { millis }
}

/// Waits until `done`; the clock may be paused or not.
pub(crate) async fn until(done: impl Fn() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..2_000 {
        if done() {
            return;
        }
        ticks.tick().await;
    }
    panic!("waited ten seconds in vain");
}

/// What every transport keeps.
pub(crate) async fn keeps_every_promise(remote: impl Fn() -> Remote) {
    let pair = Pair::start(remote).await;
    asks_tells_and_domain_errors(&pair).await;
    order(&pair).await;
    deadlines_and_cancellation(&pair).await;
    errors_of_the_other_node(&pair).await;
    sizes(&pair).await;
    pair.stop().await;
}

async fn asks_tells_and_domain_errors(pair: &Pair) {
    let shelf = &pair.shelf;

    assert_eq!(shelf.add(item(3)).await.unwrap().added, [3]);
    shelf.add(item(4)).tell().unwrap();
    assert_eq!(shelf.view(()).await.unwrap().added, [3, 4]);

    let refused = shelf.add(item(101)).await.unwrap_err();
    assert!(matches!(&refused, AskError::Handler(error) if error.why == "101 is too much"), "{refused:?}");
}

async fn order(pair: &Pair) {
    pair.far.spawn("ordered", Shelf::default).await.unwrap();
    let shelf = at(&pair.near, &pair.far, "ordered");
    let mut asks = Vec::new();

    for n in 0..1_000_u32 {
        if n % 3 == 0 {
            asks.push(shelf.add(item(n % 100)).start());
        } else {
            shelf.add(item(n % 100)).send().await.unwrap();
        }
    }
    for ask in asks {
        ask.await.unwrap();
    }

    let expected: Vec<_> = (0..1_000).map(|n| n % 100).collect();
    assert_eq!(shelf.view(()).await.unwrap().added, expected);
}

async fn deadlines_and_cancellation(pair: &Pair) {
    pair.far.spawn("slow", Shelf::default).await.unwrap();
    let slow = at(&pair.near, &pair.far, "slow");
    let busy = slow.wait(millis(400)).start();
    let queued = slow.view(()).timeout(Duration::from_millis(50)).await.unwrap_err();
    let AskError::Timeout(info) = &queued else { panic!("{queued:?}") };
    assert!(matches!(info.stage, Stage::Queued { .. }), "{info}");
    assert_eq!(queued.delivery(), Delivery::No);
    busy.await.unwrap();

    let handling = slow.wait(millis(60_000)).timeout(Duration::from_millis(50)).await.unwrap_err();
    let AskError::Timeout(info) = &handling else { panic!("{handling:?}") };
    assert!(matches!(info.stage, Stage::Handling { .. }), "{info}");
    assert_eq!(handling.delivery(), Delivery::Maybe);

    let before = pair.cancelled.load(Ordering::SeqCst);
    let call = pair.shelf.wait(millis(60_000)).start();
    // The answer to a later ask of another actor: the first has arrived.
    assert!(slow.view(()).await.unwrap().added.is_empty());
    drop(call);
    let cancelled = pair.cancelled.clone();
    until(move || cancelled.load(Ordering::SeqCst) == before + 1).await;
    pair.shelf.view(()).await.unwrap();
}

async fn errors_of_the_other_node(pair: &Pair) {
    let (near, far) = (&pair.near, &pair.far);

    let nobody = at(near, far, "nobody");
    let error = nobody.view(()).await.unwrap_err();
    assert!(
        matches!(error, AskError::Stopped { reason: StopReason::Unknown, delivered: Delivery::No }),
        "{error:?}"
    );
    let before = far.dead_letters_of(DeadLetterReason::NoRoute);
    nobody.add(item(1)).tell().unwrap();
    until(|| far.dead_letters_of(DeadLetterReason::NoRoute) == before + 1).await;

    far.spawn("stranger", Stranger::default).await.unwrap();
    let stranger = at(near, far, "stranger");
    let error = stranger.view(()).await.unwrap_err();
    let AskError::Unimplemented { rpc } = &error else { panic!("{error:?}") };
    assert_eq!(rpc, "View (id 0xf9b05c24, unknown to depot.v1.Other)");
    stranger.add(item(1)).tell().unwrap();
    until(|| far.dead_letters_of(DeadLetterReason::Undecodable) == 1).await;

    far.spawn("brittle", Shelf::default).await.unwrap();
    let brittle = at(near, far, "brittle");
    let error = brittle.crash(millis(0)).await.unwrap_err();
    let AskError::Fault(info) = &error else { panic!("{error:?}") };
    assert_eq!((&*info.text, info.actor.as_str()), ("the shelf broke", "/user/brittle"));
    assert!(info.place.as_ref().unwrap().contains("depot.rs"), "{info}");
    let error = brittle.view(()).await.unwrap_err();
    assert!(matches!(error, AskError::Stopped { .. }), "{error:?}");
}

async fn sizes(pair: &Pair) {
    let blob = |size| depot::Blob { bytes: vec![1; size] };

    let echoed = pair.shelf.echo(blob(300_000)).await.unwrap();
    assert_eq!(echoed.bytes.len(), 300_000);

    let error = pair.shelf.echo(blob(2 << 20)).await.unwrap_err();
    assert!(matches!(error, AskError::TooLarge { limit: 1_048_576, .. }), "{error:?}");
    let error = pair.shelf.echo(blob(2 << 20)).tell().unwrap_err();
    assert!(matches!(&error, TellError::TooLarge(blob, _) if blob.bytes.len() == 2 << 20), "{error:?}");

    let error = pair.shelf.make(millis(2 << 20)).await.unwrap_err();
    assert!(matches!(error, AskError::TooLarge { limit: 1_048_576, .. }), "{error:?}");
    pair.shelf.view(()).await.unwrap();
}

#[test]
fn the_contract_is_what_akt_build_makes_of_its_proto() {
    compare("depot", "crate::contracts", include_str!("../proto/depot.generated"));
    compare("chat", "crate::contracts", include_str!("../proto/chat.generated"));
    compare("bank", "crate::contracts", include_str!("../proto/bank.generated"));
}

/// What akt-build makes of `{name}/v1/{name}.proto` is what is `there`.
pub(crate) fn compare(name: &str, root: &str, there: &str) {
    let tests = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");
    let out = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&out).unwrap();

    akt_build::configure()
        .root(root)
        .out_dir(&out)
        .compile(&[tests.join(format!("{name}/v1/{name}.proto"))], &[&tests])
        .unwrap();

    let made = std::fs::read_to_string(out.join("akt_contracts.rs")).unwrap();
    if std::env::var_os("AKT_BLESS").is_some() {
        std::fs::write(tests.join(format!("{name}.generated")), &made).unwrap();
    }
    assert!(made == there, "stale: run this test with AKT_BLESS=1");
}
