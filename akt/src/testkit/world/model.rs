//! What a test says of its machines: how they are joined, what else happens to them, and what must hold.

use std::fmt;
use std::hash::Hash;

use super::{Change, State};
use crate::machine::Machine;

/// Machines, how what they want is done, and what must hold of them.
///
/// A node is the number of its machine in [`Model::begin`]; traces call them A, B, C and so on. Everything here is a function
/// of what it is given: no clock and no chance, or nothing replays.
pub trait Model: Sized {
    /// The machine of each node. States are told apart by its hash, so what decides must be in it.
    type Machine: Machine + Clone + Hash;
    /// What goes from node to node.
    type Message: Clone + Ord + Hash + fmt::Debug;
    /// What belongs to no node: what a store knows, how many requests were made, what a rule has to remember.
    type Shared: Clone + Hash;
    /// What happens besides; [`std::convert::Infallible`] if nothing does.
    type Act: Clone + PartialEq + fmt::Debug;

    /// The machines and what is shared, before anything has happened.
    fn begin(&self) -> (Vec<Self::Machine>, Self::Shared);

    /// The input that a message is to the node that gets it.
    fn receive(&self, from: usize, message: Self::Message) -> <Self::Machine as Machine>::Input;

    /// Does what the machine of `node` wants done.
    fn perform(&self, node: usize, output: <Self::Machine as Machine>::Output, change: &mut Change<'_, Self>);

    /// Adds what may happen next besides messages, timers and faults.
    fn acts(&self, state: &State<Self>, acts: &mut Vec<Self::Act>) {
        let _ = (state, acts);
    }

    /// Lets one of these happen.
    fn act(&self, act: &Self::Act, change: &mut Change<'_, Self>);

    /// What a crash leaves of a machine, and with what it starts again. Unless it is said, everything is kept.
    fn after_crash(&self, node: usize, crashed: &Self::Machine) -> Self::Machine {
        let _ = node;
        crashed.clone()
    }

    /// What must hold in every state.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    fn always(&self, state: &State<Self>) -> Result<(), String>;

    /// What must hold at rest: nothing arrives any more, no timer waits, no act is left and every node that crashed runs again.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    fn finally(&self, state: &State<Self>) -> Result<(), String> {
        let _ = state;
        Ok(())
    }
}
