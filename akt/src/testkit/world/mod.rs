//! Pure machines in a world of their own: every order of events up to a bound, or many drawn from seeds.

mod change;
mod explore;
mod fingerprint;
mod model;
mod report;
mod shorten;
mod state;
mod step;
mod walk;

pub use self::change::Change;
pub use self::explore::Bound;
pub use self::model::Model;
pub use self::report::{Explored, Violation, Walked};
pub use self::state::State;
pub use self::step::{Envelope, Step};
pub use crate::machine::Machine;

use self::state::Budget;

/// Several instances of a machine, and a network of messages between them that keeps no order.
///
/// Any message under way may arrive next, and any timer may fire whose turn it is. What else may happen is said here, how
/// often at most; what the [`Model`] adds happens as often as it says.
///
/// Two players count to each other, each what it is told and one more. With one message said twice they lose count, and
/// three steps show it:
///
/// ```
/// use akt::Instant;
/// use akt::testkit::world::{Bound, Change, Machine, Model, State, World};
///
/// #[derive(Clone, Hash)]
/// struct Player {
///     heard: u8,
/// }
///
/// impl Machine for Player {
///     type Input = u8;
///     type Output = u8;
///
///     fn handle(&mut self, _now: Instant, number: u8, out: &mut Vec<u8>) {
///         self.heard += 1;
///         if number < 5 {
///             out.push(number + 1);
///         }
///     }
///
///     fn deadline(&self) -> Option<Instant> {
///         None
///     }
///
///     fn handle_timeout(&mut self, _now: Instant, _out: &mut Vec<u8>) {}
/// }
///
/// struct Game;
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Serve;
///
/// impl Model for Game {
///     type Machine = Player;
///     type Message = u8;
///     type Shared = bool;
///     type Act = Serve;
///
///     fn begin(&self) -> (Vec<Player>, bool) {
///         (vec![Player { heard: 0 }; 2], false)
///     }
///
///     fn receive(&self, _from: usize, number: u8) -> u8 {
///         number
///     }
///
///     fn perform(&self, node: usize, number: u8, change: &mut Change<'_, Self>) {
///         change.send(node, 1 - node, number);
///     }
///
///     fn acts(&self, state: &State<Self>, acts: &mut Vec<Serve>) {
///         if !state.shared() {
///             acts.push(Serve);
///         }
///     }
///
///     fn act(&self, Serve: &Serve, change: &mut Change<'_, Self>) {
///         *change.shared_mut() = true;
///         change.send(0, 1, 1);
///     }
///
///     fn always(&self, state: &State<Self>) -> Result<(), String> {
///         let heard = state.machines().map(|player| player.heard);
///         if heard.clone().sum::<u8>() <= 5 { Ok(()) } else { Err(format!("{} heard", heard.sum::<u8>())) }
///     }
/// }
///
/// let explored = World::new(Game).explore(Bound::states(1_000)).expect("five messages are heard");
/// assert!(explored.exhausted);
///
/// let lost_count = World::new(Game).duplicate(1).explore(Bound::states(1_000)).unwrap_err();
/// assert_eq!(lost_count.reason(), "6 heard");
/// assert!(lost_count.to_string().contains("B gets 1 from A"));
/// ```
#[derive(Clone, Debug)]
pub struct World<M> {
    model: M,
    budget: Budget,
    are_apart: bool,
}

impl<M: Model> World<M> {
    /// The world of `model`: messages are delayed and overtake each other, and nothing else happens to them.
    pub fn new(model: M) -> Self {
        Self { model, budget: Budget::default(), are_apart: false }
    }

    /// Up to `times` messages are lost.
    #[must_use]
    pub fn lose(mut self, times: u32) -> Self {
        self.budget.lose = times;
        self
    }

    /// Up to `times` messages arrive once more than they were sent.
    #[must_use]
    pub fn duplicate(mut self, times: u32) -> Self {
        self.budget.duplicate = times;
        self
    }

    /// Nodes crash up to `times` times, and start again at any time later, as [`Model::after_crash`] says.
    #[must_use]
    pub fn crash(mut self, times: u32) -> Self {
        self.budget.crash = times;
        self
    }

    /// Timers fire up to `times` times in all; without this, always.
    ///
    /// Time is a part of every state, so a machine with a timer that never rests has no end of states.
    #[must_use]
    pub fn ticks(mut self, times: u32) -> Self {
        self.budget.ticks = Some(times);
        self
    }

    /// Each node has a clock of its own, and they go at any speed: any timer may be the next to fire.
    ///
    /// Without this there is one clock, and the timers fire in the order of their times.
    #[must_use]
    pub fn clocks_apart(mut self) -> Self {
        self.are_apart = true;
        self
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    fn begin(&self) -> State<M> {
        State::begin(&self.model, self.budget, self.are_apart)
    }
}
