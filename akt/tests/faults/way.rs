//! The way between two nodes: what it does to what passes, changeable while it is used, by chance of a seed.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::time::Instant;

/// What happens on the way.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    /// Shares of packets that are lost, and that come twice; of UDP.
    pub(crate) loss: f64,
    pub(crate) twice: f64,
    /// The share of packets that others overtake; of UDP.
    pub(crate) overtaken: f64,
    /// How late what passes comes, in order.
    pub(crate) delay: Range<Duration>,
    /// Larger packets, with their headers, are lost; of UDP.
    pub(crate) mtu: usize,
    /// Bytes of TCP come in pieces of so many.
    pub(crate) pieces: usize,
    /// Nothing passes in these directions.
    pub(crate) cut: [bool; 2],
    /// How often all connections of TCP were reset.
    pub(crate) resets: u64,
}

impl Default for Faults {
    fn default() -> Self {
        let delay = Duration::ZERO..Duration::ZERO;
        let (mtu, pieces) = (usize::MAX, usize::MAX);
        Self { loss: 0.0, twice: 0.0, overtaken: 0.0, delay, mtu, pieces, cut: [false; 2], resets: 0 }
    }
}

/// Where to: one of two ends.
pub(crate) type Direction = usize;

/// How late a packet comes that others overtake.
const OVERTAKEN: Duration = Duration::from_millis(10);

/// Bytes of the headers of IPv4 and UDP.
const HEADERS: usize = 28;

/// Both directions between two nodes, shared by all who relay on it.
#[derive(Clone)]
pub(crate) struct Way {
    faults: Arc<watch::Sender<Faults>>,
    chance: Arc<Mutex<fastrand::Rng>>,
}

impl Way {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let chance = Arc::new(Mutex::new(fastrand::Rng::with_seed(seed)));
        Self { faults: Arc::new(watch::Sender::new(faults)), chance }
    }

    pub(crate) fn set(&self, faults: Faults) {
        let resets = self.faults.borrow().resets;
        self.faults.send_replace(Faults { resets, ..faults });
    }

    pub(crate) fn cut(&self, cut: [bool; 2]) {
        self.faults.send_modify(|faults| faults.cut = cut);
    }

    pub(crate) fn reset(&self) {
        self.faults.send_modify(|faults| faults.resets += 1);
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Faults> {
        self.faults.subscribe()
    }

    /// How late each copy of a packet comes, beside what holds up all; there may be none.
    pub(crate) fn fates(&self, to: Direction, bytes: usize) -> Vec<Duration> {
        let faults = self.faults.borrow();
        let mut chance = self.chance.lock();
        if faults.cut[to] || bytes.saturating_add(HEADERS) > faults.mtu || chance.f64() < faults.loss {
            return Vec::new();
        }
        let copies = 1 + usize::from(chance.f64() < faults.twice);
        let mut late = || if chance.f64() < faults.overtaken { OVERTAKEN } else { Duration::ZERO };
        (0..copies).map(|_| late()).collect()
    }

    /// When that comes which is on its way since now.
    #[expect(clippy::disallowed_methods, reason = "a real network has real time")]
    pub(crate) fn due(&self) -> Instant {
        let Range { start, end } = self.faults.borrow().delay;
        Instant::now() + start + end.saturating_sub(start).mul_f64(self.chance.lock().f64())
    }
}

/// Lets time pass on a real network.
pub(crate) async fn wait(millis: u64) {
    let mut ticks = tokio::time::interval(Duration::from_millis(millis));
    ticks.tick().await;
    ticks.tick().await;
}

/// Waits until `due`.
pub(crate) async fn until(due: Instant) {
    // What never comes is not waited for any longer.
    let _ = tokio::time::timeout_at(due, std::future::pending::<()>()).await;
}
