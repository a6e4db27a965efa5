//! Behaviours: what an actor does with a message depends on the state that one of its fields is in.

use super::error::AskError;
use super::runner::Runner;
use super::stash::Shelf;
use super::traits::{Actor, Message};
use crate::system::DeadLetterReason;

/// The states of an actor's behaviour. Implemented by `#[derive(akt::Behavior)]` on an enum, whose variants are
/// the states; its fields are data that lives as long as its state.
///
/// `#[akt::actor(behavior = phase)]` names the field that holds it. A handler changes the state by an assignment,
/// which counts from the next message on.
///
/// ```
/// use std::time::Duration;
///
/// use akt::prelude::*;
///
/// #[derive(akt::Behavior)]
/// enum Phase {
///     Closed,
///     /// The timer ends with the state.
///     Open { until: akt::Timer },
/// }
///
/// struct Door {
///     phase: Phase,
/// }
///
/// #[akt::actor(behavior = phase, stash = 16)]
/// impl Door {
///     #[handler(when = Phase::Closed)]
///     fn open(&mut self, cx: &mut Ctx<Self>) {
///         let until = cx.after(Duration::from_secs(30), cx.me().close());
///         self.phase = Phase::Open { until };
///     }
///
///     #[handler(when = Phase::Open { .. })]
///     fn close(&mut self) {
///         self.phase = Phase::Closed;
///     }
///
///     /// Waits in the stash until the door is open.
///     #[handler(when = Phase::Open { .. }, stash_when = Phase::Closed)]
///     fn enter(&mut self, name: String) -> String {
///         format!("{name} is in")
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a behaviour",
    label = "this field does not say which state the actor is in",
    note = "put `#[derive(akt::Behavior)]` on the enum of its states; the field is that enum or a `BehaviorStack` of it"
)]
pub trait Behavior {
    /// The enum whose variants are the states: what the patterns of handlers are matched against.
    type State;

    /// The state that it is in.
    fn current(&self) -> &Self::State;

    #[doc(hidden)]
    fn state(&self) -> State;
}

/// A state without its data.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// The place of its variant.
    pub index: u16,
    /// The name of its variant.
    pub name: &'static str,
}

/// What a behaviour does with a message.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    Handle,
    Stash,
    Reject,
    Unhandled,
}

/// A behaviour that goes back: the state on top counts, and what is below it comes back when it is popped.
///
/// There is always a state: the one at the bottom is never popped. A change of behaviour is a change of the state
/// on top, so that to push the state that is there already is none.
///
/// ```
/// #[derive(akt::Behavior, Debug, PartialEq)]
/// enum Mode {
///     Idle,
///     Busy,
///     Paused,
/// }
///
/// let mut mode = akt::BehaviorStack::new(Mode::Idle);
/// mode.set(Mode::Busy);
/// mode.push(Mode::Paused);
///
/// assert_eq!(mode.pop(), Some(Mode::Paused));
/// assert_eq!(mode.top(), &Mode::Busy);
/// assert_eq!(mode.pop(), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BehaviorStack<E> {
    bottom: E,
    above: Vec<E>,
}

impl<E: Behavior<State = E>> BehaviorStack<E> {
    /// A stack of one state.
    pub const fn new(bottom: E) -> Self {
        Self { bottom, above: Vec::new() }
    }

    /// The state on top.
    pub fn top(&self) -> &E {
        self.above.last().unwrap_or(&self.bottom)
    }

    /// The state on top, to change its data or to put another in its place.
    pub fn top_mut(&mut self) -> &mut E {
        self.above.last_mut().unwrap_or(&mut self.bottom)
    }

    /// Puts `state` on top.
    pub fn push(&mut self, state: E) {
        self.above.push(state);
    }

    /// Takes the state on top; the one below counts again. `None` at the bottom, which stays.
    pub fn pop(&mut self) -> Option<E> {
        self.above.pop()
    }

    /// Forgets all states and begins with `state`.
    pub fn set(&mut self, state: E) {
        *self = Self::new(state);
    }

    /// Pops everything above the bottom.
    pub fn reset(&mut self) {
        self.above.clear();
    }

    /// How many states are on top of the bottom.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.above.len()
    }
}

impl<E: Behavior<State = E>> Behavior for BehaviorStack<E> {
    type State = E;

    fn current(&self) -> &E {
        self.top()
    }

    fn state(&self) -> State {
        self.top().state()
    }
}

impl<E> From<E> for BehaviorStack<E> {
    fn from(bottom: E) -> Self {
        Self { bottom, above: Vec::new() }
    }
}

impl<A: Actor> Runner<A> {
    /// Whether the state is another than the one that was entered last.
    #[inline]
    pub(super) fn has_changed(&self, actor: &A) -> bool {
        A::BEHAVES && actor.state().index != self.cx.state
    }

    /// Whether there is something to do before any message that comes.
    #[inline]
    pub(super) fn is_behind(&self, actor: &A) -> bool {
        self.has_changed(actor) || self.cx.shelf.is_due()
    }

    /// Enters the present state as the state of the actor: what was put aside is judged anew.
    pub(super) fn adopt_state(&mut self, actor: &A) {
        self.cx.state = actor.state().index;
        self.cx.shelf.release();
    }

    /// The message, if the present state handles it; otherwise it is put aside or refused.
    #[inline]
    pub(super) fn treat(&mut self, actor: &A, message: A::Msg) -> Option<A::Msg> {
        if !A::BEHAVES {
            return Some(message);
        }
        let core = &self.cell.core;
        match actor.treatment(&message) {
            Treatment::Handle => return Some(message),
            Treatment::Stash => self.cx.put_aside(message),
            Treatment::Unhandled => {
                let error = AskError::Unhandled { behaviour: actor.state().name };
                core.decline(message, error, DeadLetterReason::Unhandled);
            }
            Treatment::Reject => {
                let why = format!("`{}` in behaviour `{}`", message.name(), actor.state().name);
                core.decline(message, AskError::Rejected(why.into()), DeadLetterReason::Rejected);
            }
        }
        None
    }
}
