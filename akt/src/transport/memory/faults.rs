//! What the ways of a network in memory do to packets: how long they take, which are lost and sent again.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use super::link::IDLE_TIMEOUT;

/// What fits into one packet.
const PACKET: usize = 1_200;

/// A packet is sent again after two round trips, and after this at least.
const PATIENCE: Duration = Duration::from_millis(10);

/// What happens to single packets on the way from one node to another; each is a probability from 0 to 1.
///
/// A stream is reliable all the same, so that what happens to a packet shows as delay of all that follows it on its stream,
/// and of nothing on other streams. A write is as many packets as it takes.
///
/// ```
/// use akt::{Faults, Network};
///
/// let network = Network::seeded(7);
/// network.set_faults(Faults { loss: 0.05, reordering: 0.1, ..Faults::default() });
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// That a packet is lost. It is sent again after two round trips, 10 ms at least, then after twice that time, and so on.
    ///
    /// If all that a connection has under way is lost for three seconds, so is the connection. At 1 nothing passes, as after
    /// [`Network::cut_one_way`](super::Network::cut_one_way).
    pub loss: f64,
    /// That a packet comes twice. What comes first counts, so that this makes up for some losses.
    pub duplication: f64,
    /// That a packet is late by up to a round trip, 1 ms at least, so that others overtake it.
    pub reordering: f64,
}

impl Faults {
    /// # Panics
    ///
    /// If one of them is no probability.
    pub(super) fn checked(self) -> Self {
        for (name, value) in
            [("loss", self.loss), ("duplication", self.duplication), ("reordering", self.reordering)]
        {
            assert!((0.0..=1.0).contains(&value), "{name} is a probability from 0 to 1, and not {value}");
        }
        self
    }
}

/// When what was written is on its way for good, when a sign of it arrives, and when the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transit {
    pub(super) leaves: Duration,
    pub(super) shows: Duration,
    pub(super) arrives: Duration,
}

/// All ways between the nodes, known by their ports: from one to another.
pub(super) struct Ways {
    rng: fastrand::Rng,
    latency: Setting<Range<Duration>>,
    faults: Setting<Faults>,
    pub(super) cuts: BTreeSet<(u16, u16)>,
    pub(super) isolated: BTreeSet<u16>,
}

/// What holds for all, and what for some instead.
struct Setting<T> {
    all: T,
    some: BTreeMap<(u16, u16), T>,
}

impl<T> Setting<T> {
    fn new(all: T) -> Self {
        Self { all, some: BTreeMap::new() }
    }

    fn of(&self, from: u16, to: u16) -> &T {
        self.some.get(&(from, to)).unwrap_or(&self.all)
    }

    fn set(&mut self, way: Option<(u16, u16)>, value: T) {
        match way {
            Some(way) => drop(self.some.insert(way, value)),
            None => *self = Self::new(value),
        }
    }
}

impl Ways {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            latency: Setting::new(Duration::ZERO..Duration::ZERO),
            faults: Setting::new(Faults::default()),
            cuts: BTreeSet::new(),
            isolated: BTreeSet::new(),
        }
    }

    /// Without a way, for all of them.
    pub(super) fn set_latency(&mut self, way: Option<(u16, u16)>, latency: Range<Duration>) {
        self.latency.set(way, latency);
    }

    /// Without a way, for all of them.
    pub(super) fn set_faults(&mut self, way: Option<(u16, u16)>, faults: Faults) {
        self.faults.set(way, faults.checked());
    }

    /// Whether something passes.
    pub(super) fn is_open(&self, from: u16, to: u16) -> bool {
        !self.cuts.contains(&(from, to))
            && !self.isolated.contains(&from)
            && !self.isolated.contains(&to)
            && self.faults.of(from, to).loss < 1.0
    }

    /// Sends so many bytes on a way that is open.
    pub(super) fn send(&mut self, from: u16, to: u16, bytes: usize) -> Transit {
        let faults = *self.faults.of(from, to);
        let latency = self.draw_latency(from, to);
        let smooth = Transit { leaves: Duration::ZERO, shows: latency, arrives: latency };
        if faults == Faults::default() {
            return smooth;
        }
        let trip = self.longest(from, to) + self.longest(to, from);
        let mut whole: Option<Transit> = None;
        for _ in 0..bytes.div_ceil(PACKET).max(1) {
            let mut packet = self.send_packet(faults, latency, trip);
            if self.happens(faults.duplication) {
                let latency = self.draw_latency(from, to);
                let copy = self.send_packet(faults, latency, trip);
                packet = if copy.arrives < packet.arrives { copy } else { packet };
            }
            let Transit { leaves, shows, arrives } = whole.unwrap_or(packet);
            whole = Some(Transit {
                leaves: leaves.max(packet.leaves),
                shows: shows.min(packet.shows),
                arrives: arrives.max(packet.arrives),
            });
        }
        whole.unwrap_or(smooth)
    }

    fn send_packet(&mut self, faults: Faults, latency: Duration, trip: Duration) -> Transit {
        let (mut leaves, mut patience) = (Duration::ZERO, (2 * trip).max(PATIENCE));
        // What comes later than that finds no connection.
        while leaves <= 2 * IDLE_TIMEOUT && self.happens(faults.loss) {
            leaves += patience;
            patience *= 2;
        }
        let mut arrives = leaves + latency;
        if self.happens(faults.reordering) {
            arrives += trip.max(Duration::from_millis(1)).mul_f64(self.rng.f64());
        }
        Transit { leaves, shows: arrives, arrives }
    }

    fn draw_latency(&mut self, from: u16, to: u16) -> Duration {
        let Range { start, end } = *self.latency.of(from, to);
        start + end.saturating_sub(start).mul_f64(self.rng.f64())
    }

    fn longest(&self, from: u16, to: u16) -> Duration {
        let Range { start, end } = *self.latency.of(from, to);
        end.max(start)
    }

    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.rng.f64() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn ways(faults: Faults) -> Ways {
        let mut ways = Ways::new(5);
        ways.set_latency(None, 10 * MILLISECOND..20 * MILLISECOND);
        ways.set_faults(None, faults);
        ways
    }

    fn average(ways: &mut Ways, bytes: usize) -> Duration {
        (0..2_000).map(|_| ways.send(1, 2, bytes).arrives).sum::<Duration>() / 2_000
    }

    #[test]
    fn a_lost_packet_comes_after_two_round_trips_and_then_twice_as_late() {
        let mut ways = ways(Faults { loss: 0.5, ..Faults::default() });

        let mut left: Vec<_> = (0..2_000).map(|_| ways.send(1, 2, 100).leaves.as_millis()).collect();
        left.sort_unstable();
        left.dedup();

        // Two round trips of at most 40 ms are 80 ms.
        assert_eq!(left[..5], [0, 80, 240, 560, 1_200]);
    }

    #[test]
    fn a_large_write_is_many_packets_and_waits_for_the_last() {
        let mut ways = ways(Faults { loss: 0.05, ..Faults::default() });

        let (small, large) = (average(&mut ways, 1), average(&mut ways, 100 * PACKET));

        assert!(small < 25 * MILLISECOND && large > 80 * MILLISECOND, "{small:?} {large:?}");
    }

    #[test]
    fn a_packet_that_comes_twice_makes_up_for_losses_and_a_late_one_is_late() {
        let lost = average(&mut ways(Faults { loss: 0.3, ..Faults::default() }), 1);
        let twice = average(&mut ways(Faults { loss: 0.3, duplication: 1.0, ..Faults::default() }), 1);
        let late = average(&mut ways(Faults { reordering: 1.0, ..Faults::default() }), 1);

        assert!(twice < lost, "{twice:?} {lost:?}");
        assert!(late > 30 * MILLISECOND && late < 40 * MILLISECOND, "{late:?}");
    }

    #[test]
    #[should_panic(expected = "loss is a probability from 0 to 1, and not 5")]
    fn percent_are_no_probability() {
        ways(Faults { loss: 5.0, ..Faults::default() });
    }
}
