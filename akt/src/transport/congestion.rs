//! *Pure.* Congestion control of QUIC: CUBIC, held back while a path queues more than it must.
//!
//! A sender that goes by loss fills the buffers of a path, and a small message then waits behind megabytes of large ones.
//! So the bytes in flight are bounded as in FAST TCP (Wei, Jin, Low and Hegde, 2006): towards the window at which a round
//! trip takes the shortest time seen and a short queue.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quinn::congestion::{Controller, ControllerFactory, ControllerMetrics, CubicConfig};
use quinn_proto::RttEstimator;

/// A round trip that was shorter than all since is forgotten after this time, or twice as long.
const MEMORY: Duration = Duration::from_secs(10);

/// What may queue, in time: half of a round trip, but for these bounds.
const QUEUE: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(5));

/// However long the queue, others may fill it: so many bytes in a second may go all the same.
const RATE: u64 = 32 << 20;

/// And so many bytes may be in flight.
const LEAST: u64 = 32 << 10;

/// Makes the controller of each connection.
#[derive(Debug, Default)]
pub(super) struct CalmConfig(Arc<CubicConfig>);

impl ControllerFactory for CalmConfig {
    fn build(self: Arc<Self>, now: Instant, mtu: u16) -> Box<dyn Controller> {
        Box::new(Calm { cubic: self.0.clone().build(now, mtu), pace: Pace::default(), began: now })
    }
}

struct Calm {
    cubic: Box<dyn Controller>,
    pace: Pace,
    began: Instant,
}

/// How many bytes may be in flight for the sake of those that come after them; times are since the beginning.
#[derive(Clone, Debug)]
struct Pace {
    /// None before something has queued.
    bound: Option<u64>,
    /// The shortest round trips of this time and of the one before.
    shortest: [Duration; 2],
    turned: Duration,
    /// Of the packets that were sent from then on.
    round: Duration,
    shortest_of_round: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let (never, begin) = (Duration::MAX, Duration::ZERO);
        Self { bound: None, shortest: [never; 2], turned: begin, round: begin, shortest_of_round: never }
    }
}

impl Pace {
    /// A packet of `sent` was acknowledged; the window was `full`, or less was there to send.
    fn acknowledged(&mut self, now: Duration, sent: Duration, window: u64, full: bool) {
        let trip = now.saturating_sub(sent);
        if now - self.turned > MEMORY {
            self.shortest = [Duration::MAX, self.shortest[0]];
            self.turned = now;
        }
        self.shortest[0] = self.shortest[0].min(trip);
        self.shortest_of_round = self.shortest_of_round.min(trip);
        if sent >= self.round {
            self.turn(window, full);
            (self.round, self.shortest_of_round) = (now, Duration::MAX);
        }
    }

    /// A round is over.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "windows are far below 2^52"
    )]
    fn turn(&mut self, window: u64, full: bool) {
        let shortest = self.shortest[0].min(self.shortest[1]);
        let wanted = shortest + (shortest / 2).clamp(QUEUE.0, QUEUE.1);
        let has_queued = self.shortest_of_round > wanted;
        if !has_queued && (self.bound.is_none() || !full) {
            return;
        }
        let window = self.bound.map_or(window, |bound| bound.min(window));
        let ratio = wanted.as_secs_f64() / self.shortest_of_round.as_secs_f64();
        let next = (window as f64 * (1.0 + ratio) / 2.0) as u64;
        let least = (shortest.as_secs_f64() * RATE as f64) as u64;
        self.bound = Some(next.max(least).max(LEAST));
    }

    fn limit(&self, window: u64) -> u64 {
        self.bound.map_or(window, |bound| bound.min(window))
    }
}

impl Controller for Calm {
    fn on_sent(&mut self, now: Instant, bytes: u64, last_packet_number: u64) {
        self.cubic.on_sent(now, bytes, last_packet_number);
    }

    fn on_ack(&mut self, now: Instant, sent: Instant, bytes: u64, app_limited: bool, rtt: &RttEstimator) {
        let window = self.cubic.window();
        // A window that is not used does not open.
        self.cubic.on_ack(now, sent, bytes, app_limited || self.pace.limit(window) < window, rtt);
        let since = |moment: Instant| moment.saturating_duration_since(self.began);
        self.pace.acknowledged(since(now), since(sent), self.cubic.window(), !app_limited);
    }

    fn on_end_acks(&mut self, now: Instant, in_flight: u64, app_limited: bool, largest: Option<u64>) {
        self.cubic.on_end_acks(now, in_flight, app_limited, largest);
    }

    fn on_congestion_event(&mut self, now: Instant, sent: Instant, is_persistent: bool, lost: u64) {
        self.cubic.on_congestion_event(now, sent, is_persistent, lost);
    }

    fn on_mtu_update(&mut self, mtu: u16) {
        self.cubic.on_mtu_update(mtu);
    }

    fn window(&self) -> u64 {
        self.pace.limit(self.cubic.window())
    }

    fn metrics(&self) -> ControllerMetrics {
        let mut metrics = self.cubic.metrics();
        metrics.congestion_window = self.window();
        metrics
    }

    fn clone_box(&self) -> Box<dyn Controller> {
        Box::new(Self { cubic: self.cubic.clone_box(), pace: self.pace.clone(), began: self.began })
    }

    fn initial_window(&self) -> u64 {
        self.cubic.initial_window()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    /// A path that takes `trip` and so many bytes in a second; others keep so much queued before each packet.
    struct Path {
        trip: Duration,
        rate: u64,
        others: Duration,
        now: Duration,
    }

    impl Path {
        /// The queue after so many round trips of a sender that fills its window, which is `window` at most.
        fn run(&mut self, pace: &mut Pace, window: u64, rounds: u32) -> Duration {
            let mut queue = Duration::ZERO;
            for _ in 0..rounds {
                let sent = self.now;
                let drains = Duration::from_secs_f64(pace.limit(window) as f64 / self.rate as f64);
                queue = drains.saturating_sub(self.trip) + self.others;
                self.now += self.trip + queue;
                pace.acknowledged(self.now, sent, window, true);
            }
            queue
        }
    }

    #[test]
    fn a_sender_alone_keeps_its_path_busy_and_its_queue_short() {
        let mut path = Path { trip: MILLISECOND, rate: 1 << 30, others: Duration::ZERO, now: Duration::ZERO };
        let mut pace = Pace::default();

        let before = path.run(&mut pace, 1 << 20, 1);
        let after = path.run(&mut pace, 16 << 20, 100);

        assert!(before < MILLISECOND / 2, "{before:?}: nothing is held back");
        assert!((MILLISECOND / 4..MILLISECOND).contains(&after), "{after:?}");
    }

    #[test]
    fn who_shares_a_path_with_others_that_fill_its_buffers_is_not_starved() {
        let trip = 20 * MILLISECOND;
        let mut path = Path { trip, rate: 1 << 30, others: Duration::ZERO, now: Duration::ZERO };
        let mut pace = Pace::default();
        path.run(&mut pace, 1 << 20, 1);

        path.others = 200 * MILLISECOND;
        path.run(&mut pace, 16 << 20, 1_000);

        let least = trip.as_secs_f64() * RATE as f64;
        assert!(pace.limit(16 << 20) as f64 >= least * 0.99, "{pace:?}");
    }

    #[test]
    fn a_path_that_has_become_longer_is_known_as_that_after_a_time() {
        let mut path = Path { trip: MILLISECOND, rate: 1 << 30, others: Duration::ZERO, now: Duration::ZERO };
        let mut pace = Pace::default();
        path.run(&mut pace, 16 << 20, 50);

        path.trip = 10 * MILLISECOND;
        while path.now < 3 * MEMORY {
            path.run(&mut pace, 64 << 20, 100);
        }

        let fits = path.trip.as_secs_f64() * path.rate as f64;
        assert!(pace.limit(64 << 20) as f64 >= fits, "{pace:?}");
    }

    #[test]
    fn what_was_held_back_is_given_back_when_nothing_queues() {
        let mut path = Path { trip: MILLISECOND, rate: 1 << 26, others: Duration::ZERO, now: Duration::ZERO };
        let mut pace = Pace::default();
        path.run(&mut pace, 1 << 10, 1);
        path.run(&mut pace, 16 << 20, 100);
        let narrow = pace.limit(16 << 20);

        path.rate = 1 << 33;
        path.run(&mut pace, 16 << 20, 100);

        assert!(pace.limit(16 << 20) > 8 * narrow, "{pace:?} after {narrow}");
    }
}
