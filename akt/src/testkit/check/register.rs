//! *Pure.* A register: one value that is read, written, and replaced if it is as expected.

use std::fmt::Debug;

use super::Sequential;

/// A register, as one client alone would see it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register<V>(V);

/// What is done with a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterOp<V> {
    /// Asks for the value.
    Read,
    /// Sets the value.
    Write(V),
    /// Sets the value if it is the first of these.
    Replace {
        /// What it has to be.
        from: V,
        /// What it becomes.
        to: V,
    },
}

/// What a register says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterReply<V> {
    /// The value, to a read.
    Value(V),
    /// To a write.
    Written,
    /// Whether it was as expected, to a replacement.
    Replaced(bool),
}

impl<V> Register<V> {
    /// A register with its first value; `Option` for one that may be empty.
    pub fn new(first: V) -> Self {
        Self(first)
    }
}

impl<V: Clone + Ord + Debug> Sequential for Register<V> {
    type State = V;
    type Op = RegisterOp<V>;
    type Reply = RegisterReply<V>;

    fn begin(&self) -> V {
        self.0.clone()
    }

    fn apply(&self, value: &V, op: &RegisterOp<V>) -> (V, RegisterReply<V>) {
        match op {
            RegisterOp::Read => (value.clone(), RegisterReply::Value(value.clone())),
            RegisterOp::Write(new) => (new.clone(), RegisterReply::Written),
            RegisterOp::Replace { from, to } if from == value => (to.clone(), RegisterReply::Replaced(true)),
            RegisterOp::Replace { .. } => (value.clone(), RegisterReply::Replaced(false)),
        }
    }
}
