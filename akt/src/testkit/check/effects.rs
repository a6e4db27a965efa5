//! *Pure.* What was asked for has its effect once.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Violation;

const RULE: &str = "exactly-once effects";

/// Requests, how often each is sent or repeated, and the effects that they had.
///
/// A request that was confirmed has one effect; one that was not has one or none, whatever its sender repeats. Told in any
/// order.
///
/// ```
/// use akt::testkit::check::Effects;
///
/// let mut effects = Effects::new();
/// effects.requested("order 1");
/// effects.requested("order 1"); // repeated: no answer came
/// effects.happened("order 1", "card charged");
/// effects.confirmed("order 1");
/// effects.check().expect("charged once");
///
/// effects.happened("order 1", "card charged");
/// assert_eq!(effects.check().unwrap_err().found(), "2");
/// ```
#[derive(Clone, Debug)]
pub struct Effects<R> {
    requests: BTreeMap<R, Life>,
}

#[derive(Clone, Debug, Default)]
struct Life {
    requested: usize,
    is_confirmed: bool,
    effects: Vec<String>,
}

impl<R: Ord + Debug> Effects<R> {
    /// Nothing was asked for yet.
    pub fn new() -> Self {
        Self { requests: BTreeMap::new() }
    }

    /// `request` was sent, for the first time or again.
    pub fn requested(&mut self, request: R) {
        self.of(request).requested += 1;
    }

    /// `request` had its effect, in words.
    pub fn happened(&mut self, request: R, effect: impl Into<String>) {
        self.of(request).effects.push(effect.into());
    }

    /// The sender of `request` was told that it is done.
    pub fn confirmed(&mut self, request: R) {
        self.of(request).is_confirmed = true;
    }

    fn of(&mut self, request: R) -> &mut Life {
        self.requests.entry(request).or_default()
    }

    /// Whether each request had its effect once, or not yet.
    ///
    /// # Errors
    ///
    /// The first request, in their order, of which that is not so.
    pub fn check(&self) -> Result<(), Violation> {
        self.requests.iter().try_for_each(|(request, life)| check(request, life))
    }
}

fn check(request: &impl Debug, life: &Life) -> Result<(), Violation> {
    let (expected, found) = match life.effects.len() {
        0 if life.is_confirmed => ("one effect of what was confirmed", "0".to_owned()),
        count @ 2.. => ("at most one effect", count.to_string()),
        _ if life.requested == 0 => ("a request before its effect or confirmation", "none".to_owned()),
        _ => return Ok(()),
    };
    let requested = (0..life.requested.min(1)).map(|_| format!("{request:?} was requested"));
    let effects = life.effects.iter().take(2).map(|effect| format!("{request:?} happened: {effect}"));
    let confirmed = life.is_confirmed.then(|| format!("{request:?} was confirmed"));
    let violation = Violation::new(RULE, expected, found);
    Err(requested.chain(effects).chain(confirmed).fold(violation, Violation::event))
}

impl<R: Ord + Debug> Default for Effects<R> {
    fn default() -> Self {
        Self::new()
    }
}
