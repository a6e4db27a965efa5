//! What holds on a network with faults: one table, each fault on each transport on which it can happen.

use std::sync::Arc;
use std::time::Duration;

use akt::{Event, TransportOptions};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::ledger::{self, Plan};
use crate::pair::{Kind, Pair};
use crate::way::{Faults, Way, wait};

/// One line of the table.
struct Case {
    fault: &'static str,
    kinds: &'static [Kind],
    faults: Faults,
    /// What happens while messages are under way.
    meanwhile: Meanwhile,
    expected: Expected,
}

#[derive(Clone, Copy)]
enum Meanwhile {
    Nothing,
    /// The way is cut in these directions for so long, in milliseconds.
    Cut([bool; 2], u64),
    Reset,
}

/// What comes of it, besides what holds always.
#[derive(Clone, Copy, PartialEq)]
enum Expected {
    /// Everything is handled, and every ask answered.
    All,
    /// Every tell is handled: asks may be too late.
    Tells,
    /// A connection is lost, and the books add up.
    Books,
}

const BOTH: &[Kind] = &[Kind::Quic, Kind::Tcp];
const ALL: &[Kind] = &[Kind::Quic, Kind::Lanes, Kind::Tcp];
const UDP: &[Kind] = &[Kind::Quic, Kind::Lanes];
const TCP: &[Kind] = &[Kind::Tcp];

/// Shorter and longer than the idle timeout.
const SHORT: u64 = 700;
const LONG: u64 = 2_500;
const IDLE: Duration = Duration::from_millis(1_500);

const PACE: Duration = Duration::from_millis(4);

/// Cases that run at once: they wait more than they work.
const AT_ONCE: usize = 8;

fn table() -> Vec<Case> {
    let ms = Duration::from_millis;
    let case = |fault, kinds, faults| {
        let (meanwhile, expected) = (Meanwhile::Nothing, Expected::All);
        Case { fault, kinds, faults, meanwhile, expected }
    };
    let cut = |fault, cut, time| {
        let expected = if time > SHORT { Expected::Books } else { Expected::All };
        Case { meanwhile: Meanwhile::Cut(cut, time), expected, ..case(fault, BOTH, Faults::default()) }
    };
    let loss = case("loss of 15 %", UDP, Faults { loss: 0.15, ..Faults::default() });
    let reset = case("a reset", TCP, Faults::default());
    vec![
        case("none", BOTH, Faults::default()),
        case("loss of 1 %", UDP, Faults { loss: 0.01, ..Faults::default() }),
        Case { expected: Expected::Tells, ..loss },
        case("delay", BOTH, Faults { delay: ms(30)..ms(30), ..Faults::default() }),
        case("jitter", BOTH, Faults { delay: ms(1)..ms(40), ..Faults::default() }),
        case("reordering", UDP, Faults { overtaken: 0.05, delay: ms(2)..ms(6), ..Faults::default() }),
        case("duplication", &[Kind::Quic], Faults { twice: 0.3, overtaken: 0.05, ..Faults::default() }),
        case("an MTU of 1280", &[Kind::Quic], Faults { mtu: 1_280, ..Faults::default() }),
        case("small writes", TCP, Faults { pieces: 7, ..Faults::default() }),
        cut("a short cut", [true, true], SHORT),
        cut("a short cut of one way", [true, false], SHORT),
        Case { kinds: ALL, ..cut("a cut", [true, true], LONG) },
        cut("a cut of the way there", [false, true], LONG),
        cut("a cut of the way back", [true, false], LONG),
        Case { meanwhile: Meanwhile::Reset, expected: Expected::Books, ..reset },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_holds_under_every_fault() {
    let (mut cases, places) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for (seed, case) in table().into_iter().enumerate() {
        for kind in case.kinds {
            let name = format!("{} over {kind:?}", case.fault);
            let way = Way::new(seed as u64, case.faults.clone());
            let (places, line) = (places.clone(), (case.meanwhile, case.expected));
            cases.spawn(async move {
                let _place = places.acquire().await;
                run(name, *kind, way, line).await;
            });
        }
    }
    // All of them: one that fails says so itself.
    let mut failed = 0;
    while let Some(case) = cases.join_next().await {
        failed += u32::from(case.is_err());
    }
    assert_eq!(failed, 0, "cases have failed");
}

async fn run(name: String, kind: Kind, way: Way, (meanwhile, expected): (Meanwhile, Expected)) {
    let options = TransportOptions::default().idle_timeout(IDLE).keep_alive(IDLE / 4);
    let pair = Pair::start(kind, way, &options).await;
    pair.is_quiet().await;
    let [near, far] = &pair.nodes;
    let mut events = near.system.events();

    let plan = |sender| Plan { sender, messages: 400, pace: PACE, timeout: Duration::from_secs(4) };
    let (there, back) = (near.book_of(&far.address()), far.book_of(&near.address()));
    let (first, second, third, ()) = tokio::join!(
        ledger::send(there.clone(), plan(1)),
        ledger::send(there.clone(), plan(2)),
        ledger::send(back.clone(), plan(3)),
        happen(&pair.way, meanwhile),
    );
    pair.way.set(Faults::default());
    pair.is_quiet().await;

    let seen = std::iter::from_fn(|| events.try_next());
    let is_lost = seen.filter(|event| matches!(event, Event::PeerDown { .. })).count() > 0;
    assert!(!is_lost || expected != Expected::All, "{name}: the connection was lost");
    for (accounts, from, to) in [(vec![first, second], near, far), (vec![third], far, near)] {
        let (dead, maybe) = (ledger::unsent(&from.system), from.system.maybe_delivered());
        let balance = ledger::balance(&accounts, &to.log.lock(), dead, maybe);
        println!("{name}: {balance:?}");
        balance.adds_up(&name);
        if !is_lost {
            balance.is_whole(&name, expected == Expected::All);
        }
    }
    pair.stop().await;
}

async fn happen(way: &Way, meanwhile: Meanwhile) {
    wait(400).await;
    match meanwhile {
        Meanwhile::Nothing => {}
        Meanwhile::Reset => way.reset(),
        Meanwhile::Cut(cut, time) => {
            way.cut(cut);
            wait(time).await;
            way.cut([false; 2]);
        }
    }
}
