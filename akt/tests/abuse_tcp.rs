//! A node of TCP under abuse: what no peer should do is refused or endured, memory stays, and nobody else waits for
//! it. A process of its own, because it counts every allocation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

#[path = "it/contracts.rs"]
mod contracts;
#[path = "abuse/papers.rs"]
mod papers;
#[path = "abuse/stream.rs"]
mod stream;
#[path = "abuse/victim.rs"]
mod victim;

use std::sync::atomic::Ordering;
use std::time::Duration;

use akt::prelude::*;
use akt::{Refusal, Remote};

use contracts::depot::v1 as depot;
use stream::{Attack, Attackers};
use victim::{Good, LIVE, Log, PEAK, Shelf, folder, node, until, until_equal};

/// What hostile peers may make a node keep: 64 MiB each of what it cannot place, and their answers.
const MOST: isize = 192 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_tcp_under_abuse_refuses_endures_and_serves_its_good_client() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let (ca, tcp) = (folder("tcp"), || Remote::tcp("127.0.0.1:0"));
    let (far, near) = (node(tcp(), &ca).await, node(tcp(), &ca).await);
    far.spawn("shelf", Shelf::default).await.unwrap();
    far.spawn("stuck", Shelf::default).await.unwrap();
    let address = far.address().unwrap();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://{address}/user/shelf")).unwrap();
    let good = Good::start(shelf);
    let attackers = Attackers::new(([127, 0, 0, 1], address.port).into(), &ca);
    until("the good client to be served", || good.answered.load(Ordering::SeqCst) > 100).await;
    let before = LIVE.load(Ordering::SeqCst);
    PEAK.store(before, Ordering::SeqCst);

    let slow = async {
        tokio::join!(
            attackers.attack(Attack::Silence, 5, 10_000),
            attackers.attack(Attack::HalfOpen, 5, 11_000),
            attackers.attack(Attack::SlowHello, 5, 12_000),
            attackers.attack(Attack::SlowFrame, 5, 13_000),
            attackers.attack(Attack::ManyTells, 2, 14_000),
            attackers.attack(Attack::Glutton, 2, 15_000),
            attackers.attack(Attack::Floodgate, 2, 16_000),
        )
    };
    let quick = async {
        for (number, attack) in (0..).zip(QUICK) {
            attackers.attack(attack, 60, 1_000 * number).await;
        }
        attackers.attack(Attack::Flood, 3, 20_000).await;
    };
    tokio::join!(slow, quick);

    until_equal("every attack to be counted", || counts(&far), [60, 60, 60, 60, 60, 60, 15]).await;
    // Others that do not read may be too slow, too.
    until("who does not read to be given up", || far.refusals(Refusal::Stalled) >= 2).await;
    let most = PEAK.load(Ordering::SeqCst) - before;
    assert!(most < MOST, "{most} bytes were kept at one time");
    until("memory to be given back", || LIVE.load(Ordering::SeqCst) - before < 1 << 20).await;
    let (answered, [slow, slowest]) = good.stop().await;
    println!(
        "{answered} answers, 99 of 100 within {slow:?}, all within {slowest:?}; {most} bytes more at one time"
    );
    assert!(answered > 500, "the good client had {answered} answers");
    assert!(slow < Duration::from_millis(500), "of a hundred asks, the slowest took {slow:?}");
    assert!(log.lines("reason=HTTP").iter().any(|line| line.contains("GET /metrics")), "it is told");
    near.shutdown().await;
    far.shutdown().await;
}

/// Those that the node ends at once.
const QUICK: [Attack; 8] = [
    Attack::Plaintext,
    Attack::Http,
    Attack::WrongCertificate,
    Attack::OtherSystem,
    Attack::HugeFrame,
    Attack::GarbledFrame,
    Attack::NoCredit,
    Attack::ManyStreams,
];

fn counts(node: &ActorSystem) -> [u64; 7] {
    let reasons = [
        Refusal::Plaintext,
        Refusal::Http,
        Refusal::Certificate,
        Refusal::System,
        Refusal::FrameTooLong,
        Refusal::Undecodable,
        Refusal::Timeout,
    ];
    reasons.map(|refusal| node.refusals(refusal))
}
