//! *Pure.* What one sends to another is handled in its order.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::Violation;

const RULE: &str = "order of a pair";

/// What was sent and handled, by pairs of a sender and a receiver.
///
/// Messages may be missing: that is for [`Conservation`](super::Conservation). Told in the order in which each sender sent,
/// and each receiver handled; between pairs there is none.
///
/// ```
/// use akt::testkit::check::PairOrder;
///
/// let mut order = PairOrder::new();
/// for message in [1, 2, 3] {
///     order.sent("a", "b", message);
/// }
/// order.handled("a", "b", 1);
/// order.handled("a", "b", 3);
/// order.check().expect("2 is missing, and nothing is out of order");
///
/// order.handled("a", "b", 2);
/// assert_eq!(order.check().unwrap_err().found(), "2 handled after 3");
/// ```
#[derive(Clone, Debug)]
pub struct PairOrder<A, M> {
    pairs: BTreeMap<(A, A), Pair<M>>,
}

#[derive(Clone, Debug)]
struct Pair<M> {
    sent: Vec<M>,
    handled: Vec<M>,
}

impl<A: Ord + Debug, M: Ord + Debug> PairOrder<A, M> {
    /// Nothing was sent yet.
    pub fn new() -> Self {
        Self { pairs: BTreeMap::new() }
    }

    /// `from` sent `message` to `to`. Each message of a pair has an identity of its own.
    pub fn sent(&mut self, from: A, to: A, message: M) {
        self.pair(from, to).sent.push(message);
    }

    /// `to` handled `message`, which `from` had sent.
    pub fn handled(&mut self, from: A, to: A, message: M) {
        self.pair(from, to).handled.push(message);
    }

    fn pair(&mut self, from: A, to: A) -> &mut Pair<M> {
        self.pairs.entry((from, to)).or_insert_with(|| Pair { sent: Vec::new(), handled: Vec::new() })
    }

    /// Whether each pair's messages were handled in the order in which they were sent, each at most once.
    ///
    /// # Errors
    ///
    /// The first message of a pair that was handled before its turn, after it, twice, or without being sent.
    pub fn check(&self) -> Result<(), Violation> {
        self.pairs.iter().try_for_each(|((from, to), pair)| check(from, to, pair))
    }
}

fn check<A: Debug, M: Ord + Debug>(from: &A, to: &A, pair: &Pair<M>) -> Result<(), Violation> {
    let mut places = BTreeMap::new();
    let sent = |message: &M| format!("{from:?} sent {message:?} to {to:?}");
    let handled = |message: &M| format!("{to:?} handled {message:?} from {from:?}");
    for (place, message) in pair.sent.iter().enumerate() {
        if places.insert(message, place).is_some() {
            let twice =
                Violation::new(RULE, "an identity for each message", format!("{message:?} sent twice"));
            return Err(twice.event(sent(message)).event(sent(message)));
        }
    }
    let mut last: Option<(usize, &M)> = None;
    for message in &pair.handled {
        let Some(&place) = places.get(message) else {
            let unsent =
                Violation::new(RULE, "what is handled to have been sent", format!("{message:?} was not"));
            return Err(unsent.event(handled(message)));
        };
        match last {
            Some((before, one)) if before == place => {
                let twice = Violation::new(RULE, "each message once", format!("{message:?} handled twice"));
                return Err(twice.event(sent(one)).event(handled(one)).event(handled(message)));
            }
            Some((before, later)) if before > place => {
                let swapped = format!("{message:?} handled after {later:?}");
                let violation = Violation::new(RULE, format!("{message:?} before {later:?}"), swapped);
                return Err([sent(message), sent(later), handled(later), handled(message)]
                    .into_iter()
                    .fold(violation, Violation::event));
            }
            _ => last = Some((place, message)),
        }
    }
    Ok(())
}

impl<A: Ord + Debug, M: Ord + Debug> Default for PairOrder<A, M> {
    fn default() -> Self {
        Self::new()
    }
}
