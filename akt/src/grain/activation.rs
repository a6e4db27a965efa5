//! *Pure.* The activations of one key: which of them takes messages, which lives, and when the next may begin.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::time::Instant;

/// The pause after an activation that failed.
const PAUSE: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(10), jitter: 0.2 };

/// One activation `C` after the other, with `W` as the cause of a failure.
///
/// At most one lives, from the moment that [`take`](Self::take) or [`over`](Self::over) says so until it is over. Another,
/// that takes messages in its stead, waits until then.
pub(super) struct Succession<C, W> {
    takes: Option<C>,
    lives: Option<C>,
    failures: u32,
    pause: Option<Pause<W>>,
    ended: bool,
}

struct Pause<W> {
    until: Instant,
    why: W,
}

/// Who takes a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taker<C, W> {
    Activation(C),
    /// Nobody, as activations have failed: this is why.
    Failing(W),
    /// An activation is to be made, and told to [`Succession::take`].
    Nobody,
    /// Nobody, for good.
    Ended,
}

/// What follows the end of an activation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<C> {
    /// The key rests.
    Rest,
    /// This one begins now.
    Begin(C),
    /// This one must not begin: what it took is refused.
    Refuse(C),
}

impl<C: Clone + PartialEq, W: Clone> Succession<C, W> {
    pub(super) fn new() -> Self {
        Self { takes: None, lives: None, failures: 0, pause: None, ended: false }
    }

    pub(super) fn taker(&self, now: impl FnOnce() -> Instant) -> Taker<C, W> {
        if let Some(activation) = &self.takes {
            return Taker::Activation(activation.clone());
        }
        if self.ended {
            return Taker::Ended;
        }
        match &self.pause {
            Some(pause) if now() < pause.until => Taker::Failing(pause.why.clone()),
            _ => Taker::Nobody,
        }
    }

    pub(super) fn taking(&self) -> Option<&C> {
        self.takes.as_ref()
    }

    pub(super) fn living(&self) -> Option<&C> {
        self.lives.as_ref()
    }

    /// This one has closed its mailbox, if it is the one that takes messages.
    pub(super) fn close(&mut self, activation: &C) {
        self.takes.take_if(|taker| taker == activation);
    }

    /// This one takes messages from now on; true if it may begin.
    pub(super) fn take(&mut self, activation: C) -> bool {
        let begins = self.lives.is_none();
        if begins {
            self.lives = Some(activation.clone());
        }
        self.takes = Some(activation);
        begins
    }

    /// The living one has activated.
    pub(super) fn began(&mut self) {
        (self.failures, self.pause) = (0, None);
    }

    /// There will be no next.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// This one, which lived, is gone; `why` it did not activate, if it did not.
    pub(super) fn over(&mut self, activation: &C, why: Option<W>, now: Instant, chance: f64) -> Next<C> {
        self.close(activation);
        self.lives = None;
        let failed = why.is_some();
        if let Some(why) = why {
            let until = now + PAUSE.wait(self.failures, chance);
            self.failures = self.failures.saturating_add(1);
            self.pause = Some(Pause { until, why });
        }
        if failed || self.ended {
            return self.takes.take().map_or(Next::Rest, Next::Refuse);
        }
        self.lives = self.takes.clone();
        self.lives.clone().map_or(Next::Rest, Next::Begin)
    }

    /// Until when failures are remembered, if nobody tries again.
    pub(super) fn remembered(&self) -> Option<Instant> {
        self.pause.as_ref().map(|pause| pause.until + PAUSE.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Line = Succession<u32, &'static str>;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    #[test]
    fn the_first_begins_at_once_and_takes_what_comes() {
        let mut line = Line::new();

        assert_eq!(line.taker(|| at(0)), Taker::Nobody);
        assert!(line.take(1));
        assert_eq!(line.taker(|| at(0)), Taker::Activation(1));
        assert_eq!(line.over(&1, None, at(1), 0.0), Next::Rest);
        assert_eq!(line.taker(|| at(1)), Taker::Nobody);
    }

    #[test]
    fn the_next_takes_messages_and_waits_for_the_end_of_the_one_before() {
        let mut line = Line::new();
        line.take(1);
        line.close(&1);

        assert!(!line.take(2), "1 lives");
        line.close(&1);
        assert_eq!(line.taker(|| at(0)), Taker::Activation(2), "1 has closed before");
        assert_eq!(line.living(), Some(&1));
        assert_eq!(line.over(&1, None, at(0), 0.0), Next::Begin(2));
        assert_eq!(line.living(), Some(&2));
    }

    #[test]
    fn a_failure_refuses_whoever_waits_and_all_that_comes_for_a_while() {
        let mut line = Line::new();
        line.take(1);
        line.close(&1);
        line.take(2);

        assert_eq!(line.over(&1, Some("no"), at(0), 0.0), Next::Refuse(2));
        assert_eq!(line.taker(|| at(99)), Taker::Failing("no"));
        assert_eq!(line.taker(|| at(100)), Taker::Nobody);
        line.take(3);
        assert_eq!(line.over(&3, Some("no"), at(100), 0.0), Next::Rest);
        assert_eq!(line.taker(|| at(299)), Taker::Failing("no"), "the pause grows");
        line.take(4);
        line.began();
        assert_eq!(line.over(&4, None, at(300), 0.0), Next::Rest);
        assert_eq!(line.taker(|| at(300)), Taker::Nobody);
    }

    #[test]
    fn after_the_end_nobody_begins() {
        let mut line = Line::new();
        line.take(1);
        line.close(&1);
        line.take(2);
        line.end();

        assert_eq!(line.over(&1, None, at(0), 0.0), Next::Refuse(2));
        assert_eq!(line.taker(|| at(0)), Taker::Ended);
    }
}
