//! *Pure.* Passivation: when an actor that nobody uses ends by itself.

use std::time::Duration;

use crate::time::Instant;

/// How long an actor that is due is left alone when something keeps it, if no time was set.
const LOOK: Duration = Duration::from_secs(1);

/// When an actor ends by itself: set by `passivate = ".."` of its attribute, or at spawn.
///
/// It ends as if it were told to stop, with [`StopReason::Passivated`](crate::StopReason::Passivated), and only
/// while it rests: no handler runs, nothing is queued or put aside, it has no children, no work that it piped is
/// under way, and no stream is open that it feeds. What is sent to it is either handled before, and calls the
/// passivation off, or handed back.
///
/// Messages are what keeps an actor: tells, asks, posts and schedules, and the results of its work. Ticks of
/// its own timers do not, unless they say [`Timer::keep_alive`](crate::Timer::keep_alive). Replies that it keeps are dropped with it: see
/// [`Ctx::pause_passivation`](crate::Ctx::pause_passivation).
///
/// An actor that says nothing ends when it is told to, but may be evicted: see [`Evict`](crate::Evict).
///
/// ```
/// use akt::{Passivate, StopReason};
/// use std::time::Duration;
///
/// #[derive(Default)]
/// struct Cart(Vec<u64>);
///
/// #[akt::actor(passivate = "10m")]
/// impl Cart {
///     #[akt::handler]
///     fn add(&mut self, item: u64) {
///         self.0.push(item);
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = akt::ActorSystem::builder("shop").start().await?;
/// let minute = Passivate::after(Duration::from_secs(60));
/// let cart = system.spawn("cart", Cart::default).passivate(minute).await?;
/// cart.add(7).await?;
///
/// assert_eq!(cart.actor().stopped().await, StopReason::Passivated);
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passivate(Rule);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    After(Duration),
    Messages(u64),
    Never,
}

impl Passivate {
    /// After `idle` without a message, up to two milliseconds late.
    #[must_use]
    pub const fn after(idle: Duration) -> Self {
        Self(Rule::After(idle))
    }

    /// When it first rests after its value has handled `count` messages.
    ///
    /// # Panics
    ///
    /// If `count` is zero: such an actor would never be there.
    #[must_use]
    pub const fn after_messages(count: u64) -> Self {
        assert!(count > 0, "an actor handles at least one message before it is passivated");
        Self(Rule::Messages(count))
    }

    /// Never, nor is it evicted: the actor is long-lived.
    #[must_use]
    pub const fn never() -> Self {
        Self(Rule::Never)
    }

    /// Whether it says that the actor is long-lived.
    pub(crate) fn is_never(self) -> bool {
        self.0 == Rule::Never
    }
}

/// The rest of one actor: since when, after how many messages, and whether it may end it.
#[derive(Clone, Debug)]
pub(super) struct Passivation {
    rule: Rule,
    /// Messages handled when it last came to rest; none before this value has rested.
    seen: Option<u64>,
    /// When it came to rest after those.
    since: Instant,
    /// Messages that earlier values handled.
    earlier: u64,
    /// Messages that did not come through the mailbox.
    posts: u64,
    /// Before this, nothing is tried again.
    kept_until: Instant,
    /// Before this, its own code wants to be there.
    held_until: Instant,
    paused: bool,
    evicted: bool,
}

/// What an actor does that has come to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// It goes on resting; at this moment it is to be looked at again.
    Stay(Option<Instant>),
    /// As `Stay`; it was to be evicted, and is in use again.
    Wanted(Option<Instant>),
    Leave {
        evicted: bool,
    },
}

/// How much an actor is used, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// When it last came to rest after a message.
    pub(crate) since: Instant,
    /// Messages handled by then.
    pub(crate) handled: u64,
}

impl Passivation {
    pub(super) fn new(rule: Option<Passivate>) -> Self {
        Self {
            rule: rule.map_or(Rule::Never, |passivate| passivate.0),
            seen: None,
            since: Instant::ZERO,
            earlier: 0,
            posts: 0,
            kept_until: Instant::ZERO,
            held_until: Instant::ZERO,
            paused: false,
            evicted: false,
        }
    }

    /// The actor rests, after `handled` messages from its mailbox.
    pub(super) fn rest(&mut self, now: Instant, handled: u64) -> Rest {
        let active = self.note(now, handled);
        if self.evicted && !active && !self.paused && !self.is_held(now) {
            return Rest::Leave { evicted: true };
        }
        if std::mem::take(&mut self.evicted) {
            return Rest::Wanted(self.alarm());
        }
        if self.is_due(now) { Rest::Leave { evicted: false } } else { Rest::Stay(self.alarm()) }
    }

    /// Something keeps the actor that was to leave: children, or work under way.
    pub(super) fn keep(&mut self, now: Instant) -> Rest {
        self.kept_until = match self.rule {
            Rule::After(idle) => now + idle,
            Rule::Messages(_) | Rule::Never => now + LOOK,
        };
        let alarm = self.alarm();
        if std::mem::take(&mut self.evicted) { Rest::Wanted(alarm) } else { Rest::Stay(alarm) }
    }

    /// Writes down what it has handled; false if that was nothing since it last rested.
    pub(super) fn note(&mut self, now: Instant, handled: u64) -> bool {
        let handled = handled.saturating_add(self.posts);
        let active = self.seen != Some(handled);
        if active {
            (self.seen, self.since) = (Some(handled), now);
        }
        active
    }

    /// A message was handled that did not come through the mailbox.
    pub(super) fn count_post(&mut self) {
        self.posts += 1;
    }

    /// Something has ended that was under way while it rested: its time begins anew at its next rest.
    pub(super) fn stir(&mut self) {
        self.seen = None;
    }

    /// The actor has a new value, after `handled` messages from its mailbox.
    pub(super) fn begin_anew(&mut self, handled: u64) {
        (self.seen, self.earlier) = (None, handled.saturating_add(self.posts));
    }

    /// It does not leave before `until`, nor before an earlier such moment.
    pub(super) fn hold(&mut self, until: Instant) {
        self.held_until = self.held_until.max(until);
    }

    pub(super) fn is_held(&self, now: Instant) -> bool {
        now < self.held_until
    }

    pub(super) fn pause(&mut self) {
        self.paused = true;
    }

    /// False if it was not paused. If it was, [`begin`](Self::begin) must follow.
    pub(super) fn resume(&mut self) -> bool {
        std::mem::take(&mut self.paused)
    }

    /// Time begins anew; messages do not.
    pub(super) fn begin(&mut self, now: Instant) {
        self.since = now;
    }

    /// It is to leave at its next rest, unless a message comes before.
    pub(super) fn evict(&mut self) {
        self.evicted = true;
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn usage(&self) -> Usage {
        Usage { since: self.since, handled: self.seen.unwrap_or(0) }
    }

    /// Whether there is something to do at its next rest.
    pub(super) fn is_called(&self, now: Instant) -> bool {
        self.evicted || self.is_due(now)
    }

    /// Messages that the present value has handled.
    fn handled(&self) -> u64 {
        self.seen.unwrap_or(0).saturating_sub(self.earlier)
    }

    fn is_due(&self, now: Instant) -> bool {
        let due = match self.rule {
            Rule::After(idle) => now.since(self.since) >= idle,
            Rule::Messages(count) => self.handled() >= count,
            Rule::Never => false,
        };
        due && !self.paused && now >= self.kept_until && !self.is_held(now)
    }

    /// When to look, if no message comes.
    pub(super) fn alarm(&self) -> Option<Instant> {
        if self.paused {
            return None;
        }
        match self.rule {
            Rule::After(idle) => Some((self.since + idle).max(self.kept_until).max(self.held_until)),
            Rule::Messages(count) => {
                (self.handled() >= count).then_some(self.kept_until.max(self.held_until))
            }
            Rule::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(secs)
    }

    fn after(secs: u64) -> Passivation {
        Passivation::new(Some(Passivate::after(Duration::from_secs(secs))))
    }

    #[test]
    fn the_time_counts_from_the_last_rest_after_a_message() {
        let mut idle = after(10);

        assert_eq!(idle.rest(at(0), 0), Rest::Stay(Some(at(10))));
        assert_eq!(idle.rest(at(4), 1), Rest::Stay(Some(at(14))));
        assert_eq!(idle.rest(at(10), 1), Rest::Stay(Some(at(14))), "an alarm that rings early is set again");
        assert_eq!(idle.rest(at(14), 1), Rest::Leave { evicted: false });
    }

    #[test]
    fn who_is_held_stays_until_then_or_for_its_idle_time_if_that_is_longer() {
        let mut idle = after(10);
        idle.rest(at(0), 0);
        idle.hold(at(30));
        idle.hold(at(20));

        assert_eq!(idle.rest(at(10), 0), Rest::Stay(Some(at(30))), "the longer one counts");
        idle.evict();
        assert_eq!(idle.rest(at(29), 0), Rest::Wanted(Some(at(30))));
        assert_eq!(idle.rest(at(30), 0), Rest::Leave { evicted: false });
        assert_eq!(idle.rest(at(30), 1), Rest::Stay(Some(at(40))));
    }

    #[test]
    fn a_message_between_the_alarm_and_the_rest_calls_it_off() {
        let mut idle = after(10);
        idle.rest(at(0), 0);

        assert_eq!(idle.rest(at(10), 1), Rest::Stay(Some(at(20))));
    }

    #[test]
    fn what_is_kept_is_left_alone_for_as_long_again() {
        let mut idle = after(10);
        idle.rest(at(0), 0);

        assert_eq!(idle.rest(at(10), 0), Rest::Leave { evicted: false });
        assert_eq!(idle.keep(at(10)), Rest::Stay(Some(at(20))));
        assert_eq!(idle.rest(at(12), 0), Rest::Stay(Some(at(20))));
        assert_eq!(idle.rest(at(20), 0), Rest::Leave { evicted: false });
    }

    #[test]
    fn a_new_value_counts_its_own_messages_and_posts_count_too() {
        let mut counting = Passivation::new(Some(Passivate::after_messages(3)));
        assert_eq!(counting.rest(at(0), 2), Rest::Stay(None));
        counting.begin_anew(2);

        counting.count_post();
        assert_eq!(counting.rest(at(1), 3), Rest::Stay(None));
        counting.count_post();
        assert_eq!(counting.rest(at(1), 3), Rest::Leave { evicted: false });
    }

    #[test]
    fn a_resume_begins_the_time_anew_and_keeps_the_count() {
        let (mut idle, mut counting) = (after(10), Passivation::new(Some(Passivate::after_messages(1))));
        for paused in [&mut idle, &mut counting] {
            paused.pause();
            assert_eq!(paused.rest(at(50), 1), Rest::Stay(None));
            assert!(paused.resume());
            paused.begin(at(60));
        }

        assert_eq!(idle.rest(at(60), 1), Rest::Stay(Some(at(70))));
        assert_eq!(counting.rest(at(60), 1), Rest::Leave { evicted: false });
    }

    #[test]
    fn who_is_to_be_evicted_leaves_unless_a_message_comes() {
        let mut actor = Passivation::new(None);
        assert_eq!(actor.rest(at(0), 1), Rest::Stay(None));

        actor.evict();
        assert_eq!(actor.rest(at(1), 2), Rest::Wanted(None));
        actor.evict();
        assert_eq!(actor.rest(at(2), 2), Rest::Leave { evicted: true });
        assert_eq!(actor.keep(at(2)), Rest::Wanted(None));
        assert_eq!(actor.rest(at(3), 2), Rest::Stay(None), "it was let off");
    }
}
