//! A node under abuse: garbage, strangers and liars are refused, counted and told once; memory stays, and
//! the asks of a good client succeed throughout. A process of its own, because it counts every allocation.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

#[path = "it/contracts.rs"]
mod contracts;
#[path = "abuse/hostile.rs"]
mod hostile;
#[path = "abuse/papers.rs"]
mod papers;
#[path = "abuse/victim.rs"]
mod victim;

use std::sync::atomic::Ordering;

use akt::prelude::*;
use akt::{Refusal, Remote};

use contracts::depot::v1 as depot;
use hostile::{Hostile, garbage};
use victim::{Good, LIVE, Log, PEAK, Shelf, folder, node, until, until_equal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_under_abuse_refuses_counts_and_serves_its_good_client() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let (ca, quic) = (folder("ca"), || Remote::quic("127.0.0.1:0"));
    let (far, near) = (node(quic(), &ca).await, node(quic(), &ca).await);
    far.spawn("shelf", Shelf::default).await.unwrap();
    let address = far.address().unwrap();
    let shelf: depot::DepotRef = near.actor_at(&format!("akt://{address}/user/shelf")).unwrap();
    let good = Good::start(shelf);
    let target = ([127, 0, 0, 1], address.port).into();
    let hostile = Hostile { target, ours: ca };

    until("the good client to be served", || good.answered.load(Ordering::SeqCst) > 100).await;
    let before = LIVE.load(Ordering::SeqCst);

    garbage(target, 100_000).await;
    tokio::join!(hostile.attack(500), hostile.say_nothing(10), hostile.take_no_answer(2));
    until_equal("every attack to be counted", || counts(&far), [500, 500, 1_000, 50, 50, 10, 2]).await;
    let megabyte = 1 << 20;
    until("memory to be given back", || LIVE.load(Ordering::SeqCst) - before < megabyte).await;
    let (answered, [slow, slowest]) = good.stop().await;
    let grown = LIVE.load(Ordering::SeqCst) - before;
    let most = PEAK.load(Ordering::SeqCst) - before;
    println!(
        "{answered} answers, 99 of 100 within {slow:?}, all within {slowest:?}; {grown} bytes more, {most} at one time"
    );
    assert!(answered > 1_000, "the good client had {answered} answers");
    near.shutdown().await;
    far.shutdown().await;
    first_lines_name_what_was_wrong_and_repeats_are_folded(&log);
}

fn counts(node: &ActorSystem) -> [u64; 7] {
    let reasons = [
        Refusal::Certificate,
        Refusal::System,
        Refusal::FrameTooLong,
        Refusal::Handshake,
        Refusal::Undecodable,
        Refusal::Timeout,
        Refusal::Stalled,
    ];
    reasons.map(|refusal| node.refusals(refusal))
}

fn first_lines_name_what_was_wrong_and_repeats_are_folded(log: &Log) {
    for (reason, said) in [
        ("certificate refused", "127.0.0.1"),
        ("another system", "this node belongs to \"shop\", the peer to \"bank\""),
        ("frame too long", "frame claims 4294967295 bytes"),
    ] {
        let lines = log.lines(&format!("reason={reason}"));
        let (folded, first): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.contains("more"));
        assert!(first.iter().any(|line| line.contains(said)), "{reason}: {lines:#?}");
        assert!(!folded.is_empty(), "{reason}: {lines:#?}");
        assert!(lines.len() < 20, "{reason}: {} lines", lines.len());
    }
}
