//! Faults drawn from a seed, each with its time.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

/// Which faults a run may meet, how many of each, and when.
///
/// What happens when is drawn from the seed of the run, and passes again: a cut heals, a node that was killed starts again.
///
/// ```
/// use akt::testkit::cluster::Chaos;
/// use std::time::Duration;
///
/// let chaos = Chaos::new().cuts(2).kills(1).within(Duration::from_secs(20));
/// # let _ = chaos;
/// ```
#[derive(Clone, Debug)]
pub struct Chaos {
    kinds: Vec<Kind>,
    on: Option<Range<usize>>,
    within: Duration,
    lasting: Range<Duration>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Cut,
    CutOneWay,
    Isolate,
    Sever,
    Pause,
    Kill,
}

/// One fault, and when it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    pub(super) node: usize,
    /// For those between two.
    pub(super) peer: usize,
    /// From the call of chaos on.
    pub(super) after: Duration,
    pub(super) lasting: Duration,
}

impl Chaos {
    /// No fault yet, within ten seconds, lasting from 50 ms to five seconds.
    #[must_use]
    pub fn new() -> Self {
        Self {
            kinds: Vec::new(),
            on: None,
            within: Duration::from_secs(10),
            lasting: Duration::from_millis(50)..Duration::from_secs(5),
        }
    }

    /// Nothing passes between two nodes for a while, `times` times.
    #[must_use]
    pub fn cuts(self, times: usize) -> Self {
        self.add(Kind::Cut, times)
    }

    /// Nothing passes from one node to another for a while; the way back is open.
    #[must_use]
    pub fn one_way_cuts(self, times: usize) -> Self {
        self.add(Kind::CutOneWay, times)
    }

    /// Nothing passes between a node and all others for a while.
    #[must_use]
    pub fn isolations(self, times: usize) -> Self {
        self.add(Kind::Isolate, times)
    }

    /// The connections of two nodes break, and may be made again at once.
    #[must_use]
    pub fn severs(self, times: usize) -> Self {
        self.add(Kind::Sever, times)
    }

    /// A node stands still for a while: no task of it runs.
    #[must_use]
    pub fn pauses(self, times: usize) -> Self {
        self.add(Kind::Pause, times)
    }

    /// A node is gone without a word, and starts again after a while.
    #[must_use]
    pub fn kills(self, times: usize) -> Self {
        self.add(Kind::Kill, times)
    }

    /// Sets which nodes stand still or are killed; a cut has one of them at one of its ends. All.
    #[must_use]
    pub fn on(mut self, nodes: Range<usize>) -> Self {
        self.on = Some(nodes);
        self
    }

    /// Sets how long after now the last one begins. 10 s.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Sets how long each lasts. From 50 ms to 5 s.
    #[must_use]
    pub fn lasting(mut self, time: Range<Duration>) -> Self {
        self.lasting = time;
        self
    }

    fn add(mut self, kind: Kind, times: usize) -> Self {
        self.kinds.extend(std::iter::repeat_n(kind, times));
        self
    }

    /// The faults of a run with `nodes` nodes, in the order of their times; two that would fall together on one node are both
    /// there, and mean what they can.
    pub(super) fn draw(&self, seed: u64, nodes: usize) -> Vec<Fault> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut faults: Vec<_> =
            self.kinds.iter().map(|kind| self.draw_one(*kind, &mut rng, nodes)).collect();
        faults.sort_by_key(|fault| (fault.after, fault.node, fault.peer));
        faults
    }

    fn draw_one(&self, kind: Kind, rng: &mut fastrand::Rng, nodes: usize) -> Fault {
        let node = rng.usize(self.on.clone().unwrap_or(0..nodes));
        let peer = (node + 1 + rng.usize(..nodes.saturating_sub(1).max(1))) % nodes;
        let after = self.within.mul_f64(rng.f64());
        let spread = self.lasting.end.saturating_sub(self.lasting.start);
        Fault { kind, node, peer, after, lasting: self.lasting.start + spread.mul_f64(rng.f64()) }
    }
}

impl Default for Chaos {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (node, peer) = (name(self.node), name(self.peer));
        match self.kind {
            Kind::Cut => write!(f, "{node} and {peer} are cut apart"),
            Kind::CutOneWay => write!(f, "nothing passes from {node} to {peer}"),
            Kind::Isolate => write!(f, "{node} is cut from all"),
            Kind::Sever => return write!(f, "the connections of {node} and {peer} break"),
            Kind::Pause => write!(f, "{node} stands still"),
            Kind::Kill => write!(f, "{node} is killed"),
        }?;
        write!(f, " for {:?}", self.lasting)
    }
}

/// What logs and charts call a node: a, b, c …
pub(super) fn name(node: usize) -> String {
    match u8::try_from(node) {
        Ok(node @ ..26) => char::from(b'a' + node).to_string(),
        _ => format!("n{node}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_faults_in_the_order_of_their_times() {
        let chaos = Chaos::new().cuts(3).kills(2).pauses(2).severs(1);
        let told = |seed| -> Vec<_> {
            chaos.draw(seed, 3).iter().map(|fault| format!("{:?} {fault}", fault.after)).collect()
        };

        assert_eq!(told(7), told(7));
        assert_ne!(told(7), told(8));
        let faults = chaos.draw(7, 3);
        assert!(faults.is_sorted_by_key(|fault| fault.after));
        assert!(faults.iter().all(|fault| fault.node != fault.peer && fault.after < chaos.within));
    }
}
