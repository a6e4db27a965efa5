//! The books of two nodes whose connection is cut at random moments, many times.

use std::time::Duration;

use akt::TransportOptions;

use crate::ledger::{self, Plan};
use crate::pair::{Kind, Pair};
use crate::seconds;
use crate::way::{Faults, Way, wait};

const CUTS: u64 = 50;

/// What a cut and the time after it take, on average.
const EACH: u64 = 400;

const PACE: Duration = Duration::from_millis(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_fifty_cuts_the_books_of_both_sides_add_up_over_quic() {
    after_many_cuts(Kind::Quic, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_fifty_cuts_the_books_of_both_sides_add_up_over_tcp() {
    after_many_cuts(Kind::Tcp, 2).await;
}

async fn after_many_cuts(kind: Kind, seed: u64) {
    let seed = std::env::var("AKT_SEED").map_or(seed, |seed| seed.parse().expect("a number"));
    let idle = Duration::from_millis(250);
    let options = TransportOptions::default().idle_timeout(idle).keep_alive(idle / 4);
    let pair = Pair::start(kind, Way::new(seed, Faults::default()), &options).await;
    pair.is_quiet().await;
    let [near, far] = &pair.nodes;
    let cuts = CUTS.max(seconds() * 1_000 / EACH);
    let messages = u32::try_from(cuts * EACH / 5).unwrap();
    let plan = |sender| Plan { sender, messages, pace: PACE, timeout: Duration::from_secs(1) };
    let (there, back) = (near.book_of(&far.address()), far.book_of(&near.address()));

    let (first, second, third, ()) = tokio::join!(
        ledger::send(there.clone(), plan(1)),
        ledger::send(there.clone(), plan(2)),
        ledger::send(back.clone(), plan(3)),
        cut_at_random(&pair.way, kind, (seed, cuts)),
    );
    pair.is_quiet().await;

    for (accounts, from, to) in [(vec![first, second], near, far), (vec![third], far, near)] {
        let (dead, maybe) = (ledger::unsent(&from.system), from.system.maybe_delivered());
        let balance = ledger::balance(&accounts, &to.log.lock(), dead, maybe);
        println!("{cuts} cuts over {kind:?}, seed {seed}: {balance:?}");
        balance.adds_up("many cuts");
        assert!(balance.is_of_use(), "{balance:?}");
    }
    pair.stop().await;
}

/// Silence in both directions or in one, shorter and longer than the idle timeout; with TCP, also a reset.
async fn cut_at_random(way: &Way, kind: Kind, (seed, cuts): (u64, u64)) {
    let mut chance = fastrand::Rng::with_seed(seed);
    for _ in 0..cuts {
        wait(chance.u64(1..EACH / 2)).await;
        let time = chance.u64(1..EACH * 3 / 2);
        match chance.u8(0..4) {
            0 if kind == Kind::Tcp => way.reset(),
            0 | 1 => way.cut([true, true]),
            2 => way.cut([true, false]),
            _ => way.cut([false, true]),
        }
        wait(time).await;
        way.cut([false, false]);
    }
}
