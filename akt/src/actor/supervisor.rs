//! *Pure.* What to do about a fault: policy, budget, backoff.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::{Directive, Fault};
use crate::backoff::Backoff;
use crate::time::Instant;

/// The supervision of one actor, applied on its parent's behalf when it fails.
///
/// One-for-one: only the failed actor is concerned. The default is to stop on any fault.
///
/// ```
/// use std::time::Duration;
/// use akt::{Directive, Supervise};
///
/// let policy = Supervise::one_for_one()
///     .on::<std::io::Error>(Directive::Resume)
///     .on_panic(Directive::Restart)
///     .budget(3, Duration::from_secs(10))
///     .backoff(Duration::from_millis(100)..=Duration::from_secs(10));
/// # let _ = policy;
/// ```
#[derive(Clone)]
pub struct Supervise {
    rules: Vec<Rule>,
    on_panic: Option<Directive>,
    otherwise: Directive,
    max_restarts: u32,
    within: Duration,
    backoff: Backoff,
}

#[derive(Clone)]
struct Rule {
    matches: fn(&(dyn StdError + 'static)) -> bool,
    directive: Directive,
}

impl Supervise {
    /// Stops the actor on any fault, until told otherwise. The budget is 10 restarts within a minute.
    #[must_use]
    pub fn one_for_one() -> Self {
        Self {
            rules: Vec::new(),
            on_panic: None,
            otherwise: Directive::Stop,
            max_restarts: 10,
            within: Duration::from_secs(60),
            backoff: Backoff::NONE,
        }
    }

    /// Restarts the actor on any fault.
    #[must_use]
    pub fn restart() -> Self {
        Self::one_for_one().otherwise(Directive::Restart)
    }

    /// Says what to do when the fault's cause is an `E`. The first rule that fits decides.
    #[must_use]
    pub fn on<E: StdError + 'static>(mut self, directive: Directive) -> Self {
        self.rules.push(Rule { matches: |error| error.is::<E>(), directive });
        self
    }

    /// Says what to do after a panic.
    #[must_use]
    pub fn on_panic(mut self, directive: Directive) -> Self {
        self.on_panic = Some(directive);
        self
    }

    /// Says what to do in every other case.
    #[must_use]
    pub fn otherwise(mut self, directive: Directive) -> Self {
        self.otherwise = directive;
        self
    }

    /// Allows `max` restarts within any span of `within`; the next fault stops the actor.
    #[must_use]
    pub fn budget(mut self, max: u32, within: Duration) -> Self {
        self.max_restarts = max;
        self.within = within;
        self
    }

    /// Waits before each restart: the first wait, doubled up to the last, less up to a fifth by chance.
    #[must_use]
    pub fn backoff(mut self, waits: RangeInclusive<Duration>) -> Self {
        self.backoff = Backoff { min: *waits.start(), max: *waits.end(), jitter: 0.2 };
        self
    }
}

impl Default for Supervise {
    fn default() -> Self {
        Self::one_for_one()
    }
}

impl fmt::Debug for Supervise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervise")
            .field("rules", &self.rules.len())
            .field("on_panic", &self.on_panic)
            .field("otherwise", &self.otherwise)
            .field("max_restarts", &self.max_restarts)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// What happened, as the policy sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause<'a> {
    Panic,
    Failure(&'a Fault),
    /// A child's fault that was escalated.
    Child,
}

/// What the policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Resume,
    Restart { after: Duration },
    Stop,
    Escalate,
}

impl Verdict {
    pub(crate) fn directive(self) -> Directive {
        match self {
            Self::Resume => Directive::Resume,
            Self::Restart { .. } => Directive::Restart,
            Self::Stop => Directive::Stop,
            Self::Escalate => Directive::Escalate,
        }
    }
}

/// A policy and the restarts that it has granted.
#[derive(Debug)]
pub(crate) struct Supervisor {
    policy: Supervise,
    restarts: VecDeque<Instant>,
}

impl Supervisor {
    pub(crate) fn new(policy: Supervise) -> Self {
        Self { policy, restarts: VecDeque::new() }
    }

    /// Decides about a fault; `chance` is a random number in 0..1 for the backoff.
    pub(crate) fn decide(&mut self, now: Instant, cause: Cause<'_>, chance: f64) -> Verdict {
        match self.directive(cause) {
            Directive::Resume => Verdict::Resume,
            Directive::Stop => Verdict::Stop,
            Directive::Escalate => Verdict::Escalate,
            Directive::Restart => self.restart(now, chance),
        }
    }

    fn directive(&self, cause: Cause<'_>) -> Directive {
        let policy = &self.policy;
        match cause {
            Cause::Panic => policy.on_panic.unwrap_or(policy.otherwise),
            Cause::Failure(fault) => policy
                .rules
                .iter()
                .find(|rule| (rule.matches)(fault.source()))
                .map_or(policy.otherwise, |rule| rule.directive),
            Cause::Child => policy.otherwise,
        }
    }

    fn restart(&mut self, now: Instant, chance: f64) -> Verdict {
        let within = self.policy.within;
        self.restarts.retain(|at| now.since(*at) < within);
        let granted = u32::try_from(self.restarts.len()).unwrap_or(u32::MAX);
        if granted >= self.policy.max_restarts {
            return Verdict::Stop;
        }
        self.restarts.push_back(now);
        Verdict::Restart { after: self.policy.backoff.wait(granted, chance) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(secs)
    }

    #[test]
    fn a_spent_budget_stops_and_time_renews_it() {
        let mut supervisor = Supervisor::new(Supervise::restart().budget(2, Duration::from_secs(10)));
        let mut decide = |secs| supervisor.decide(at(secs), Cause::Panic, 0.0);

        assert_eq!(decide(0), Verdict::Restart { after: Duration::ZERO });
        assert_eq!(decide(1), Verdict::Restart { after: Duration::ZERO });
        assert_eq!(decide(2), Verdict::Stop);
        assert_eq!(decide(10), Verdict::Restart { after: Duration::ZERO });
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let policy = Supervise::one_for_one()
            .on::<fmt::Error>(Directive::Resume)
            .on_panic(Directive::Restart)
            .otherwise(Directive::Escalate);
        let mut supervisor = Supervisor::new(policy);
        let (known, other) = (Fault::from(fmt::Error), Fault::new("else"));
        let mut decide = |cause| supervisor.decide(at(0), cause, 0.0).directive();

        assert_eq!(decide(Cause::Failure(&known)), Directive::Resume);
        assert_eq!(decide(Cause::Failure(&other)), Directive::Escalate);
        assert_eq!(decide(Cause::Panic), Directive::Restart);
        assert_eq!(decide(Cause::Child), Directive::Escalate);
    }

    #[test]
    fn without_a_word_any_fault_stops() {
        let mut supervisor = Supervisor::new(Supervise::default());

        assert_eq!(supervisor.decide(at(0), Cause::Panic, 0.0), Verdict::Stop);
    }
}
