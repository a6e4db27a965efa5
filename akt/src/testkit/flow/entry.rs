//! *Pure.* One thing that happened on one node.

use crate::time::Instant;

/// One thing that happened on one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, on the clock of the run.
    pub at: Instant,
    /// Where.
    pub node: String,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The node has begun, or begun again.
    Up,
    /// The node is gone.
    Down {
        /// Why.
        reason: String,
    },
    /// A message has left the node.
    Sent {
        /// Its number, with which the others name it.
        message: u64,
        /// Where it goes.
        to: String,
        /// What it says.
        label: String,
    },
    /// A message has come to the node.
    Delivered {
        /// Its number.
        message: u64,
        /// Where it comes from.
        from: String,
    },
    /// A message that left the node will never arrive.
    Lost {
        /// Its number.
        message: u64,
        /// Where it would have gone.
        to: String,
    },
    /// Nothing passes any more between the node and another.
    Cut {
        /// The other.
        peer: String,
    },
    /// Nothing passes any more from the node to another; the other way is as it was.
    CutTo {
        /// The other.
        peer: String,
    },
    /// Messages pass again.
    Healed {
        /// The other.
        peer: String,
    },
    /// Messages pass again from the node to another; the other way is as it was.
    HealedTo {
        /// The other.
        peer: String,
    },
    /// Nothing passes any more between the node and all others.
    Isolated,
    /// Messages pass again.
    Rejoined,
    /// The node does nothing for now.
    Paused,
    /// It goes on.
    Resumed,
    /// The connections of the two were broken.
    Severed {
        /// The other.
        peer: String,
    },
    /// An actor has begun.
    Spawned {
        /// Its path.
        actor: String,
    },
    /// An actor has a new value after a fault.
    Restarted {
        /// Its path.
        actor: String,
    },
    /// An actor is gone.
    Stopped {
        /// Its path.
        actor: String,
        /// Why.
        reason: String,
    },
    /// A message became a dead letter.
    DeadLetter {
        /// The actor that it was for.
        actor: String,
        /// What it was, and why.
        label: String,
    },
    /// What the test says of it.
    Note {
        /// In its words.
        text: String,
    },
}
