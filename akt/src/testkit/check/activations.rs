//! *Pure.* A key is active in one place at a time.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Violation;
use crate::time::Instant;

const RULE: &str = "single activation";

/// The times at which keys were active, and where.
///
/// Told in any order: what counts is the time, which has to be one clock's. An activation may begin at the moment at which
/// the one before ended. One that has no end is active for ever.
///
/// ```
/// use akt::Instant;
/// use akt::testkit::check::Activations;
///
/// let at = Instant::from_nanos;
/// let mut activations = Activations::new();
/// activations.began("cart/7", "a", at(1));
/// activations.ended("cart/7", "a", at(5));
/// activations.began("cart/7", "b", at(5));
/// activations.check().expect("one after the other");
///
/// activations.began("cart/7", "c", at(9));
/// let violation = activations.check().unwrap_err();
/// assert_eq!(violation.events(), [r#"+5ns "cart/7" began on "b""#, r#"+9ns "cart/7" began on "c""#]);
/// ```
#[derive(Clone, Debug)]
pub struct Activations<K, N> {
    events: Vec<(Instant, Event<K, N>)>,
}

#[derive(Clone, Debug)]
enum Event<K, N> {
    Began(K, N),
    Ended(K, N),
    Fell(N),
}

/// Of one activation: where, since when and until when.
struct Span<'a, N> {
    node: &'a N,
    began: Instant,
    ended: Option<Instant>,
}

impl<K: Ord + Debug, N: Ord + Debug> Activations<K, N> {
    /// Nothing was active yet.
    pub fn new() -> Self {
        Self { events: Vec::new() }
    }

    /// `key` became active on `node`.
    pub fn began(&mut self, key: K, node: N, at: Instant) {
        self.events.push((at, Event::Began(key, node)));
    }

    /// `key` is no longer active on `node`.
    pub fn ended(&mut self, key: K, node: N, at: Instant) {
        self.events.push((at, Event::Ended(key, node)));
    }

    /// Whatever was active on `node` ended: it crashed, or was fenced.
    pub fn fell(&mut self, node: N, at: Instant) {
        self.events.push((at, Event::Fell(node)));
    }

    /// Whether each key was active once at a time.
    ///
    /// # Errors
    ///
    /// The first moment at which a key was active twice; or an end of what had not begun, as the history is wrong then.
    pub fn check(&self) -> Result<(), Violation> {
        let mut overlaps: Vec<_> =
            self.spans()?.iter().filter_map(|(key, spans)| overlap(key, spans)).collect();
        overlaps.sort_by_key(|(at, _)| *at);
        overlaps.into_iter().next().map_or(Ok(()), |(_, violation)| Err(violation))
    }

    fn spans(&self) -> Result<BTreeMap<&K, Vec<Span<'_, N>>>, Violation> {
        let mut events: Vec<_> = self.events.iter().collect();
        events.sort_by_key(|(at, _)| *at);
        let mut spans = BTreeMap::<_, Vec<Span<'_, N>>>::new();
        for (at, event) in events {
            match event {
                Event::Began(key, node) => {
                    spans.entry(key).or_default().push(Span { node, began: *at, ended: None });
                }
                Event::Ended(key, node) => {
                    let here = spans.get_mut(key).and_then(|spans| open_on(spans, node).next());
                    let Some(span) = here else { return Err(unbegun(key, node, *at)) };
                    span.ended = Some(*at);
                }
                Event::Fell(node) => {
                    let here = spans.values_mut().flat_map(|spans| open_on(spans, node));
                    here.for_each(|span| span.ended = Some(*at));
                }
            }
        }
        Ok(spans)
    }
}

fn open_on<'s, 'a, N: PartialEq>(
    spans: &'s mut [Span<'a, N>],
    node: &'s N,
) -> impl Iterator<Item = &'s mut Span<'a, N>> {
    spans.iter_mut().filter(move |span| span.ended.is_none() && span.node == node)
}

fn unbegun(key: &impl Debug, node: &impl Debug, at: Instant) -> Violation {
    Violation::new(RULE, "an activation to have begun before it ended", "one that had not")
        .event(format!("{at:?} {key:?} ended on {node:?}"))
}

/// The first overlap of spans, which are sorted by their beginnings.
fn overlap<N: Debug>(key: &impl Debug, spans: &[Span<'_, N>]) -> Option<(Instant, Violation)> {
    let mut last = spans.first()?;
    for span in &spans[1..] {
        if last.ended.is_none_or(|ended| span.began < ended) {
            let mut violation =
                Violation::new(RULE, format!("{key:?} to be active once at a time"), "two at once");
            for Span { node, began, .. } in [last, span] {
                violation = violation.event(format!("{began:?} {key:?} began on {node:?}"));
            }
            if let Some(ended) = last.ended {
                violation = violation.event(format!("{ended:?} {key:?} ended on {:?}", last.node));
            }
            return Some((span.began, violation));
        }
        last = span;
    }
    None
}

impl<K: Ord + Debug, N: Ord + Debug> Default for Activations<K, N> {
    fn default() -> Self {
        Self::new()
    }
}
