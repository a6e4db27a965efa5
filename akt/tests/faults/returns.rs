//! How soon a connection is there again when the way is.

use std::time::Duration;

use akt::TransportOptions;
use tokio::time::Instant;

use crate::pair::{Kind, Pair};
use crate::way::{Faults, Way, wait};

/// A second is promised; another is for a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_back_within_a_second_of_its_way() {
    let returns =
        |kind| async move { tokio::join!(after(kind, 1_000), after(kind, 2_800), after(kind, 10_000)) };
    tokio::join!(returns(Kind::Quic), returns(Kind::Tcp));
}

/// The way is cut for so many milliseconds, while somebody asks all the time.
async fn after(kind: Kind, millis: u64) {
    let pair = Pair::start(kind, Way::new(millis, Faults::default()), &TransportOptions::default()).await;
    pair.is_quiet().await;
    let book = pair.nodes[0].book_of(&pair.nodes[1].address());
    let ask = || book.view(()).timeout(Duration::from_millis(500));

    pair.way.cut([true, true]);
    tokio::select! { biased;
        () = wait(millis) => {}
        () = async { loop {
            assert!(ask().await.is_err(), "the way is cut");
            wait(20).await;
        } } => {}
    }
    pair.way.cut([false, false]);
    let healed = now();
    while ask().await.is_err() {
        assert!(
            healed.elapsed() < LIMIT,
            "{kind:?}, cut for {millis} ms: no connection for {:?}",
            healed.elapsed()
        );
        wait(20).await;
    }

    println!("{kind:?}, cut for {millis} ms: back after {:?}", healed.elapsed());
    pair.stop().await;
}

#[expect(clippy::disallowed_methods, reason = "a real network has real time")]
fn now() -> Instant {
    Instant::now()
}
