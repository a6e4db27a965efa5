//! *Pure.* A circuit breaker: after too many failures it refuses work for a while, then lets a little through.

use std::time::Duration;

use crate::time::Instant;

/// When a [`Breaker`](crate::Breaker) opens and closes.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakerOptions {
    failure_rate: f64,
    at_least: u32,
    window: Duration,
    open_for: Duration,
    probes: u32,
}

impl Default for BreakerOptions {
    /// Opens when half of at least 10 results within a minute are failures; after 30 s lets one through.
    fn default() -> Self {
        Self {
            failure_rate: 0.5,
            at_least: 10,
            window: Duration::from_secs(60),
            open_for: Duration::from_secs(30),
            probes: 1,
        }
    }
}

impl BreakerOptions {
    /// Opens at this share of failures, between 0 and 1.
    #[must_use]
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.failure_rate = rate.clamp(0.0, 1.0);
        self
    }

    /// Opens only when there were so many results within the window.
    #[must_use]
    pub fn at_least(mut self, results: u32) -> Self {
        self.at_least = results.max(1);
        self
    }

    /// Forgets results after so long.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window.max(Duration::from_millis(1));
        self
    }

    /// Stays open for so long.
    #[must_use]
    pub fn open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for;
        self
    }

    /// Lets so many through after that; it closes when all of them succeed.
    #[must_use]
    pub fn probes(mut self, probes: u32) -> Self {
        self.probes = probes.max(1);
        self
    }
}

/// How one piece of admitted work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well,
    Badly,
    /// It was given up: that says nothing about whom it called.
    Dropped,
}

/// What admitted work was admitted to: results of an earlier state count for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Admitted(u64);

const BUCKETS: usize = 12;

/// The breaker's state.
#[derive(Debug)]
pub(super) struct Circuit {
    options: BreakerOptions,
    state: State,
    /// Counts the changes of state.
    era: u64,
}

#[derive(Debug)]
enum State {
    Closed([Bucket; BUCKETS]),
    Open { until: Instant },
    HalfOpen { running: u32, succeeded: u32 },
}

/// The results of a twelfth of the window.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    number: u64,
    well: u32,
    badly: u32,
}

impl Circuit {
    pub(super) fn new(options: BreakerOptions) -> Self {
        Self { options, state: State::Closed(Default::default()), era: 0 }
    }

    /// Whether work may begin; otherwise, after how long it is worth asking again.
    pub(super) fn admit(&mut self, now: Instant) -> Result<Admitted, Duration> {
        if let State::Open { until } = self.state {
            if now < until {
                return Err(until.since(now));
            }
            self.enter(State::HalfOpen { running: 0, succeeded: 0 });
        }
        if let State::HalfOpen { running, succeeded } = &mut self.state {
            if *running + *succeeded >= self.options.probes {
                return Err(Duration::ZERO);
            }
            *running += 1;
        }
        Ok(Admitted(self.era))
    }

    pub(super) fn record(&mut self, now: Instant, admitted: Admitted, ended: Ended) {
        if admitted.0 != self.era {
            return;
        }
        let opened = State::Open { until: now + self.options.open_for };
        match (&mut self.state, ended) {
            (State::Closed(_), Ended::Dropped) | (State::Open { .. }, _) => {}
            (State::Closed(buckets), ended) => {
                let number = bucket_number(now, &self.options);
                note(buckets, number, ended);
                if trips(buckets, number, &self.options) {
                    self.enter(opened);
                }
            }
            (State::HalfOpen { .. }, Ended::Badly) => self.enter(opened),
            (State::HalfOpen { running, .. }, Ended::Dropped) => *running -= 1,
            (State::HalfOpen { running, succeeded }, Ended::Well) => {
                *running -= 1;
                *succeeded += 1;
                if *succeeded >= self.options.probes {
                    self.enter(State::Closed(Default::default()));
                }
            }
        }
    }

    pub(super) fn is_open(&self, now: Instant) -> bool {
        matches!(self.state, State::Open { until } if now < until)
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.era += 1;
    }
}

fn bucket_number(now: Instant, options: &BreakerOptions) -> u64 {
    let width = u64::try_from(options.window.as_nanos()).unwrap_or(u64::MAX) / BUCKETS as u64;
    now.as_nanos() / width.max(1)
}

fn note(buckets: &mut [Bucket; BUCKETS], number: u64, ended: Ended) {
    let bucket = &mut buckets[usize::try_from(number % BUCKETS as u64).unwrap_or_default()];
    if bucket.number != number {
        *bucket = Bucket { number, ..Bucket::default() };
    }
    match ended {
        Ended::Well => bucket.well += 1,
        Ended::Badly => bucket.badly += 1,
        Ended::Dropped => {}
    }
}

fn trips(buckets: &[Bucket; BUCKETS], number: u64, options: &BreakerOptions) -> bool {
    let recent = || buckets.iter().filter(|bucket| bucket.number + BUCKETS as u64 > number);
    let badly: u32 = recent().map(|bucket| bucket.badly).sum();
    let all: u32 = recent().map(|bucket| bucket.badly + bucket.well).sum();
    badly > 0 && all >= options.at_least && f64::from(badly) >= f64::from(all) * options.failure_rate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(secs)
    }

    fn circuit() -> Circuit {
        Circuit::new(BreakerOptions::default().at_least(4).open_for(Duration::from_secs(30)))
    }

    fn run(circuit: &mut Circuit, secs: u64, ended: Ended) {
        let admitted = circuit.admit(at(secs)).expect("it is closed");
        circuit.record(at(secs), admitted, ended);
    }

    fn opened() -> Circuit {
        let mut circuit = circuit();
        (0..4).for_each(|_| run(&mut circuit, 0, Ended::Badly));
        circuit
    }

    #[test]
    fn it_opens_at_the_rate_and_not_before_there_are_enough_results() {
        let mut circuit = circuit();
        for ended in [Ended::Badly, Ended::Badly, Ended::Well] {
            run(&mut circuit, 1, ended);
        }
        assert!(!circuit.is_open(at(1)), "three are too few");

        run(&mut circuit, 1, Ended::Well);

        assert!(circuit.is_open(at(1)), "two of four are half");
    }

    #[test]
    fn results_older_than_the_window_are_forgotten() {
        let mut circuit = circuit();
        (0..3).for_each(|_| run(&mut circuit, 0, Ended::Badly));

        run(&mut circuit, 61, Ended::Badly);

        assert!(circuit.admit(at(61)).is_ok());
    }

    #[test]
    fn open_it_refuses_and_says_for_how_long() {
        let mut circuit = opened();

        assert_eq!(circuit.admit(at(10)), Err(Duration::from_secs(20)));
    }

    #[test]
    fn half_open_it_lets_so_many_through_and_closes_when_they_succeed() {
        let mut circuit = opened();

        let probe = circuit.admit(at(30)).expect("one is let through");
        assert_eq!(circuit.admit(at(30)), Err(Duration::ZERO), "and no more");
        circuit.record(at(31), probe, Ended::Well);

        assert!(circuit.admit(at(31)).is_ok() && circuit.admit(at(31)).is_ok(), "closed");
    }

    #[test]
    fn half_open_it_opens_again_at_a_failure() {
        let mut circuit = opened();

        let probe = circuit.admit(at(30)).expect("one is let through");
        circuit.record(at(31), probe, Ended::Badly);

        assert_eq!(circuit.admit(at(31)), Err(Duration::from_secs(30)));
    }

    #[test]
    fn a_probe_that_is_given_up_makes_room_for_another() {
        let mut circuit = opened();

        let probe = circuit.admit(at(30)).expect("one is let through");
        circuit.record(at(31), probe, Ended::Dropped);

        assert!(circuit.admit(at(31)).is_ok());
    }

    #[test]
    fn what_was_admitted_before_a_change_of_state_counts_for_nothing() {
        let mut circuit = circuit();
        let early = circuit.admit(at(0)).expect("it is closed");
        (0..4).for_each(|_| run(&mut circuit, 0, Ended::Badly));
        let probe = circuit.admit(at(30)).expect("one is let through");

        circuit.record(at(30), early, Ended::Badly);
        circuit.record(at(30), probe, Ended::Well);

        assert!(circuit.admit(at(30)).is_ok() && !circuit.is_open(at(30)));
    }
}
