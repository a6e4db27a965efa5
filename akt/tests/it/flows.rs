//! The log of a run is the same text for the same seed, and its picture shows every node, message and fault.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use akt::testkit::flow::{Flow, FlowError, Recorder, What};
use akt::{ActorSystem, Instant, Network, Remote};
use proptest::prelude::*;

use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, at, item};

/// Two nodes on a network that fails: what was taken down, and what came of ten asks.
fn run(seed: u64, records: bool) -> (Flow, String) {
    akt::sim::run(seed, |runtime| async move {
        let network = Network::seeded(seed);
        network.set_latency(Duration::from_millis(1)..Duration::from_millis(8));
        let recorder = Recorder::new(&runtime);
        if records {
            recorder.network(&network);
            recorder.contract::<depot::DepotMsg>();
        }
        let mut nodes = Vec::new();
        for name in ["near", "far"] {
            let node = ActorSystem::builder("shop").remote(Remote::memory(&network));
            let node = node.runtime(runtime.for_another_node()).start().await.unwrap();
            if records {
                recorder.node(name, &node);
            }
            nodes.push(node);
        }
        let [near, far] = &nodes[..] else { unreachable!("two nodes") };
        far.spawn("shelf", Shelf::default).await.unwrap();
        let (a, b) = (near.address().unwrap(), far.address().unwrap());
        let shelf = at(near, far, "shelf");

        let mut said = String::new();
        for n in 0..10 {
            let ask = shelf.add(item(n)).start();
            match n {
                3 => network.sever(&a, &b),
                5 => network.cut(&a, &b),
                7 => network.heal(&a, &b),
                _ => {}
            }
            runtime.sleep_until(Some(runtime.now() + Duration::from_millis(3))).await;
            if n % 3 == 0 {
                let outcome = ask.await.map(|_| ()).map_err(|error| error.delivery());
                write!(said, "{outcome:?} ").unwrap();
            }
        }
        near.shutdown().await;
        far.shutdown().await;
        write!(said, "{:?}", runtime.now()).unwrap();
        (recorder.flow(), said)
    })
}

#[test]
fn the_same_seed_gives_the_same_text_and_another_seed_another() {
    for seed in 0..10 {
        let (one, other) = (run(seed, true).0.to_string(), run(seed, true).0.to_string());
        assert_eq!(one, other, "seed {seed}");
        assert_ne!(one, run(seed + 1, true).0.to_string(), "seed {seed}");
    }
}

#[test]
fn a_run_that_is_taken_down_is_the_same_run() {
    for seed in 0..10 {
        assert_eq!(run(seed, true).1, run(seed, false).1, "seed {seed}");
    }
    assert!(run(1, false).0.entries().is_empty());
}

#[test]
fn messages_faults_and_actors_are_in_the_log() {
    let text = run(1, true).0.to_string();

    for line in [
        " near up",
        " far spawned /user/shelf",
        " near sent 1 far hello",
        " far delivered 1 near",
        "\"ask /user/shelf",
        " near severed far",
        " near cut far",
        " near healed far",
        " far stopped /user/shelf ",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn every_write_arrives_once_or_is_lost() {
    for seed in 0..30 {
        let mut under_way = std::collections::BTreeMap::new();
        for entry in run(seed, true).0.entries() {
            let (message, peer) = match &entry.what {
                What::Sent { message, to, .. } => {
                    assert_eq!(under_way.insert(*message, (entry.node.clone(), to.clone())), None);
                    continue;
                }
                What::Delivered { message, from } => (message, (from.clone(), entry.node.clone())),
                What::Lost { message, to } => (message, (entry.node.clone(), to.clone())),
                _ => continue,
            };
            assert_eq!(under_way.remove(message), Some(peer), "seed {seed}: {message}");
        }
        assert!(under_way.is_empty(), "seed {seed}: {under_way:?}");
    }
}

fn millis(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// One of everything.
fn everything() -> Flow {
    let mut flow = Flow::new();
    let sent = |message, to: &str, label: &str| What::Sent { message, to: to.into(), label: label.into() };
    let [a, b, c] = ["a", "b", "c"];
    flow.push(millis(0), a, What::Up);
    flow.push(millis(0), b, What::Spawned { actor: "/shelf".into() });
    flow.push(millis(1), a, sent(1, b, "ask /shelf add, and much more than fits into the chart"));
    flow.push(millis(3), b, What::Delivered { message: 1, from: a.into() });
    flow.push(millis(3), b, sent(2, a, "answer <&> \"quoted\""));
    flow.push(millis(4), a, What::Severed { peer: b.into() });
    flow.push(millis(4), b, What::Lost { message: 2, to: a.into() });
    flow.push(millis(5), b, What::Cut { peer: c.into() });
    flow.push(millis(5), b, What::Restarted { actor: "/shelf".into() });
    flow.push(millis(6), b, What::DeadLetter { actor: "/shelf".into(), label: "add: stopped".into() });
    flow.push(millis(6), b, What::Stopped { actor: "/shelf".into(), reason: "killed".into() });
    flow.push(millis(7), b, What::Down { reason: "crashed".into() });
    flow.push(millis(8), b, What::Healed { peer: c.into() });
    flow.push(millis(9), c, What::CutTo { peer: a.into() });
    flow.push(millis(9), c, What::HealedTo { peer: a.into() });
    flow.push(millis(9), c, What::Isolated);
    flow.push(millis(9), c, What::Rejoined);
    flow.push(millis(9), a, What::Paused);
    flow.push(millis(10), a, What::Resumed);
    flow.push(millis(1_500), b, What::Up);
    flow.push(millis(1_500), c, What::Note { text: "two\nlines \\ and a quote \"".into() });
    // A message that comes twice, and one that has not come yet.
    flow.push(millis(1_501), c, sent(3, a, "tell"));
    flow.push(millis(1_502), a, What::Delivered { message: 3, from: c.into() });
    flow.push(millis(1_503), a, What::Delivered { message: 3, from: c.into() });
    flow.push(millis(1_504), c, sent(4, b, ""));
    flow
}

/// Compares with a file beside this one; `AKT_BLESS=1` writes it.
#[track_caller]
fn golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/flows").join(name);
    if std::env::var_os("AKT_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == found, "{name} differs; AKT_BLESS=1 writes it. Found\n{found}");
}

#[test]
fn the_text_and_the_picture_are_as_they_were() {
    let flow = everything();

    golden("everything.flow", &flow.to_string());
    golden("everything.svg", &flow.chart().to_string());
    assert_eq!(flow.to_string().parse::<Flow>().unwrap(), flow);
}

#[test]
fn a_text_that_is_no_log_says_where_and_why() {
    let wrong = |text: &str| {
        let FlowError { line, expected, found, .. } =
            format!("akt-flow 1\n0.000000001 a up\n{text}").parse::<Flow>().unwrap_err();
        format!("{line}: {expected}: {found}")
    };

    assert_eq!("".parse::<Flow>().unwrap_err().to_string(), "line 1: expected `akt-flow 1`, found ``");
    for (text, said) in [
        ("\n", "3: a time, a node and what happened: ``"),
        ("0.5 a up", "3: seconds with nine digits after the point: `0.5`"),
        ("-.000000001 a up", "3: seconds with nine digits after the point: `-.000000001`"),
        (
            "99999999999.000000001 a up",
            "3: seconds with nine digits after the point: `99999999999.000000001`",
        ),
        ("0.000000000 a up", "3: a time that does not go back: `0.000000000 a up`"),
        ("1.000000000 a", "3: what happened: ``"),
        ("1.000000000 a flies", "3: something that happens, with all that belongs to it: `flies`"),
        ("1.000000000 a lost x b", "3: the number of a message: `x`"),
        ("1.000000000 a note \"x", "3: a closing quote: `x`"),
        ("1.000000000 a note \"x\"y", "3: a space between words: `y`"),
        ("1.000000000 a note \"\\x\"", "3: a quote, a backslash, `n` or `r` after a backslash: `\\x\"`"),
    ] {
        assert_eq!(wrong(text), said);
    }
}

proptest! {
    #[test]
    fn any_words_come_back(node in "\\PC{1,8}|.", label in "(.|\n){0,20}", number in any::<u64>(), nanos in any::<u64>()) {
        let mut flow = Flow::new();
        let sent = What::Sent { message: number, to: label.clone(), label: label.clone() };
        flow.push(Instant::from_nanos(nanos), node.clone(), sent);
        flow.push(Instant::from_nanos(nanos), node, What::Note { text: label });

        prop_assert_eq!(flow.to_string().parse::<Flow>(), Ok(flow));
    }

    #[test]
    fn no_text_breaks_the_parser(text in "(akt-flow 1\n)?([0-9.]{0,12} ?(a|\"|\\\\|sent|note|\n)? ?){0,12}") {
        let _ = text.parse::<Flow>();
    }
}
