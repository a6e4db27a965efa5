//! *Pure.* The log of a run.

use super::{Chart, Entry, What};
use crate::time::Instant;

/// What happened in a run, in order.
///
/// It prints itself as text, one line for each thing that happened, and is parsed from it again: two runs were the same if
/// their texts are. [`Flow::chart`] is the picture of it.
///
/// ```
/// use akt::Instant;
/// use akt::testkit::flow::{Flow, What};
///
/// let mut flow = Flow::new();
/// let sent = What::Sent { message: 1, to: "b".into(), label: "add 2".into() };
/// flow.push(Instant::from_nanos(1_500_000), "a", sent);
/// flow.push(Instant::from_nanos(2_000_000), "b", What::Delivered { message: 1, from: "a".into() });
///
/// let text = flow.to_string();
/// assert_eq!(
///     text,
///     "akt-flow 1\n\
///      0.001500000 a sent 1 b \"add 2\"\n\
///      0.002000000 b delivered 1 a\n",
/// );
/// assert_eq!(text.parse::<Flow>()?, flow);
/// assert!(flow.chart().to_string().starts_with("<svg"));
/// # Ok::<(), akt::testkit::flow::FlowError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    entries: Vec<Entry>,
}

impl Flow {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what happened on `node`. Time does not go back: what is told late is told as of the moment before.
    pub fn push(&mut self, at: Instant, node: impl Into<String>, what: What) {
        let last = self.entries.last().map_or(Instant::ZERO, |last| last.at);
        self.entries.push(Entry { at: at.max(last), node: node.into(), what });
    }

    /// What happened, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The picture of it: a column for each node, an arrow for each message.
    pub fn chart(&self) -> Chart<'_> {
        Chart::new(self)
    }
}
