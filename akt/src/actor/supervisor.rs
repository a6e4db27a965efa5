//! *Pure.* What to do about a fault: policy, budget, backoff.

use std::error::Error as StdError;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::{Directive, Fault};
use super::start::Start;
use crate::backoff::Backoff;
use crate::message::ErrorType;
use crate::time::Instant;

/// The supervision of one actor, applied on its parent's behalf when it fails.
///
/// The default is to stop on any fault, and one-for-one: only the failed actor is concerned. With
/// [`one_for_all`](Self::one_for_all) and [`rest_for_one`](Self::rest_for_one), its siblings restart or stop
/// with it. Resume and escalate never concern siblings: with the first nothing is lost, with the second their
/// parent decides about all of them.
///
/// ```
/// use std::time::Duration;
/// use akt::{Directive, Restart, Supervise};
///
/// let policy = Supervise::one_for_one()
///     .on::<std::io::Error>(Directive::Resume)
///     .on_panic(Restart::at_most(1, Duration::from_secs(5)))
///     .otherwise(Directive::Restart)
///     .budget(3, Duration::from_secs(10))
///     .backoff(Duration::from_millis(100)..=Duration::from_secs(10));
/// # let _ = policy;
/// ```
#[derive(Clone)]
pub struct Supervise {
    strategy: Strategy,
    rules: Vec<Rule>,
    on_panic: Option<Reaction>,
    otherwise: Reaction,
    limits: Restart,
}

#[derive(Clone)]
struct Rule {
    matches: fn(&(dyn StdError + 'static)) -> bool,
    reaction: Reaction,
}

/// Whom a restart or stop concerns besides the failed actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    OneForOne,
    /// All siblings.
    OneForAll,
    /// The siblings that were spawned after it.
    RestForOne,
}

/// A restart with limits of its own: what a rule may say instead of a [`Directive`].
///
/// Its budget is counted apart from those of other rules. By default 10 restarts within a minute, without a
/// wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restart {
    max: u32,
    within: Duration,
    backoff: Backoff,
}

impl Restart {
    /// Allows `max` restarts within any span of `within`; the next fault of the rule stops the actor.
    #[must_use]
    pub fn at_most(max: u32, within: Duration) -> Self {
        Self { max, within, ..Self::default() }
    }

    /// Waits before each restart: the first wait, doubled up to the last, less up to a fifth by chance.
    #[must_use]
    pub fn backoff(mut self, waits: RangeInclusive<Duration>) -> Self {
        self.backoff = Backoff::jittered(waits);
        self
    }
}

impl Default for Restart {
    fn default() -> Self {
        Self { max: 10, within: Duration::from_secs(60), backoff: Backoff::NONE }
    }
}

/// What a rule says: a directive, or a restart with limits of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reaction {
    /// The directive; its restarts share the policy's budget and backoff.
    Directive(Directive),
    /// A restart with a budget and backoff of its own.
    Restart(Restart),
}

impl From<Directive> for Reaction {
    fn from(directive: Directive) -> Self {
        Self::Directive(directive)
    }
}

impl From<Restart> for Reaction {
    fn from(limits: Restart) -> Self {
        Self::Restart(limits)
    }
}

impl Supervise {
    /// Stops the actor on any fault, until told otherwise. The budget is 10 restarts within a minute.
    #[must_use]
    pub fn one_for_one() -> Self {
        Self::with(Strategy::OneForOne)
    }

    /// As [`one_for_one`](Self::one_for_one), and all its siblings restart or stop with the actor.
    ///
    /// Every old value is gone before the first new one is made; they start in the order in which they were
    /// spawned. Siblings finish their current message first; their mailboxes are kept. The restart costs the
    /// failed actor's budget only.
    #[must_use]
    pub fn one_for_all() -> Self {
        Self::with(Strategy::OneForAll)
    }

    /// As [`one_for_all`](Self::one_for_all), for the siblings that were spawned after the actor.
    #[must_use]
    pub fn rest_for_one() -> Self {
        Self::with(Strategy::RestForOne)
    }

    /// Restarts the actor on any fault.
    #[must_use]
    pub fn restart() -> Self {
        Self::one_for_one().otherwise(Directive::Restart)
    }

    fn with(strategy: Strategy) -> Self {
        Self {
            strategy,
            rules: Vec::new(),
            on_panic: None,
            otherwise: Directive::Stop.into(),
            limits: Restart::default(),
        }
    }

    /// Says what to do when the fault's cause is an `E`. The first rule that fits decides.
    #[must_use]
    pub fn on<E: ErrorType>(mut self, reaction: impl Into<Reaction>) -> Self {
        self.rules.push(Rule { matches: |error| error.is::<E>(), reaction: reaction.into() });
        self
    }

    /// Says what to do after a panic.
    #[must_use]
    pub fn on_panic(mut self, reaction: impl Into<Reaction>) -> Self {
        self.on_panic = Some(reaction.into());
        self
    }

    /// Says what to do in every other case.
    #[must_use]
    pub fn otherwise(mut self, reaction: impl Into<Reaction>) -> Self {
        self.otherwise = reaction.into();
        self
    }

    /// Allows `max` restarts within any span of `within`; the next fault stops the actor.
    ///
    /// Rules that say [`Restart`] have a budget of their own.
    #[must_use]
    pub fn budget(mut self, max: u32, within: Duration) -> Self {
        (self.limits.max, self.limits.within) = (max, within);
        self
    }

    /// Waits before each restart: the first wait, doubled up to the last, less up to a fifth by chance.
    #[must_use]
    pub fn backoff(mut self, waits: RangeInclusive<Duration>) -> Self {
        self.limits = self.limits.backoff(waits);
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
            .field("strategy", &self.strategy)
            .field("rules", &self.rules.len())
            .field("on_panic", &self.on_panic)
            .field("otherwise", &self.otherwise)
            .field("limits", &self.limits)
            .finish()
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

/// Whose limits a restart is counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purse {
    /// The policy's.
    Shared,
    Rule(usize),
    Panic,
    Otherwise,
}

/// A policy and the restarts that it has granted.
#[derive(Debug)]
pub(crate) struct Supervisor {
    policy: Supervise,
    start: Start,
    restarts: Vec<(Purse, Instant)>,
}

impl Supervisor {
    pub(crate) fn new(policy: Supervise, start: Start) -> Self {
        Self { policy, start, restarts: Vec::new() }
    }

    pub(crate) fn start(&self) -> Start {
        self.start
    }

    pub(crate) fn strategy(&self) -> Strategy {
        self.policy.strategy
    }

    /// Decides about a fault; `chance` is a random number in 0..1 for the backoff.
    pub(crate) fn decide(&mut self, now: Instant, cause: Cause<'_>, chance: f64) -> Verdict {
        let (purse, reaction) = self.reaction(cause);
        match reaction {
            Reaction::Directive(Directive::Resume) => Verdict::Resume,
            Reaction::Directive(Directive::Stop) => Verdict::Stop,
            Reaction::Directive(Directive::Escalate) => Verdict::Escalate,
            Reaction::Directive(Directive::Restart) => {
                self.restart(now, Purse::Shared, self.policy.limits, chance)
            }
            Reaction::Restart(limits) => self.restart(now, purse, limits, chance),
        }
    }

    fn reaction(&self, cause: Cause<'_>) -> (Purse, Reaction) {
        let policy = &self.policy;
        let named = match cause {
            Cause::Panic => policy.on_panic.map(|reaction| (Purse::Panic, reaction)),
            Cause::Failure(fault) => {
                let fits = policy.rules.iter().position(|rule| (rule.matches)(fault.source()));
                fits.map(|rule| (Purse::Rule(rule), policy.rules[rule].reaction))
            }
            Cause::Child => None,
        };
        named.unwrap_or((Purse::Otherwise, policy.otherwise))
    }

    fn restart(&mut self, now: Instant, purse: Purse, limits: Restart, chance: f64) -> Verdict {
        self.restarts.retain(|(from, at)| *from != purse || now.since(*at) < limits.within);
        let granted = self.restarts.iter().filter(|(from, _)| *from == purse).count();
        let granted = u32::try_from(granted).unwrap_or(u32::MAX);
        if granted >= limits.max {
            return Verdict::Stop;
        }
        self.restarts.push((purse, now));
        Verdict::Restart { after: limits.backoff.wait(granted, chance) }
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
        let mut supervisor =
            Supervisor::new(Supervise::restart().budget(2, Duration::from_secs(10)), Start::ONCE);
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
        let mut supervisor = Supervisor::new(policy, Start::ONCE);
        let (known, other) = (Fault::from(fmt::Error), Fault::new("else"));
        let mut decide = |cause| supervisor.decide(at(0), cause, 0.0).directive();

        assert_eq!(decide(Cause::Failure(&known)), Directive::Resume);
        assert_eq!(decide(Cause::Failure(&other)), Directive::Escalate);
        assert_eq!(decide(Cause::Panic), Directive::Restart);
        assert_eq!(decide(Cause::Child), Directive::Escalate);
    }

    #[test]
    fn without_a_word_any_fault_stops() {
        let mut supervisor = Supervisor::new(Supervise::default(), Start::ONCE);

        assert_eq!(supervisor.decide(at(0), Cause::Panic, 0.0), Verdict::Stop);
    }

    #[test]
    fn each_rule_with_limits_has_a_budget_and_a_backoff_of_its_own() {
        let policy = Supervise::restart().budget(1, Duration::from_secs(60)).on_panic(
            Restart::at_most(2, Duration::from_secs(10))
                .backoff(Duration::from_secs(1)..=Duration::from_secs(8)),
        );
        let mut supervisor = Supervisor::new(policy, Start::ONCE);
        let fault = Fault::new("else");

        let panic = |supervisor: &mut Supervisor, secs| supervisor.decide(at(secs), Cause::Panic, 0.0);
        assert_eq!(panic(&mut supervisor, 0), Verdict::Restart { after: Duration::from_secs(1) });
        assert_eq!(panic(&mut supervisor, 1), Verdict::Restart { after: Duration::from_secs(2) });
        let other = supervisor.decide(at(2), Cause::Failure(&fault), 0.0);
        assert_eq!(other, Verdict::Restart { after: Duration::ZERO }, "the shared budget is untouched");
        assert_eq!(panic(&mut supervisor, 2), Verdict::Stop);
        assert_eq!(supervisor.decide(at(3), Cause::Failure(&fault), 0.0), Verdict::Stop);
    }
}
