//! The mailbox of an actor: two lanes, one for messages with room for so many, one for control.

mod fair;
mod home;
mod idle;
mod items;
mod lane;
#[cfg(all(test, loom))]
mod model;
mod order;
mod priority;
mod queue;
mod room;
mod tray;

use std::num::NonZeroUsize;

pub(crate) use home::{Home, Visit};
pub(crate) use idle::Roused;
pub(crate) use lane::{Control, Errand, Lane};
pub use order::{MailboxOrder, MailboxPlace, MailboxQueue};
pub(crate) use queue::{Batch, Queue, Shut};
pub(crate) use room::{Room, Ticket, Woken};

/// How many messages an actor may have accepted and not started, and what becomes of one more.
///
/// Given to [`Spawn::mailbox`](crate::Spawn::mailbox), or said in the attribute. Ticks, results of work and
/// control messages are not counted, never refused and never dropped.
///
/// | take | attribute | when | a full mailbox |
/// |---|---|---|---|
/// | `Mailbox::bounded(n)` | `mailbox = bounded(n)` | nearly always; 1,024 unless it is said | hands a `tell` back; `send` and asks wait |
/// | [`Overflow::Reject`] | `mailbox = bounded(n, reject)` | whoever asks has better things to do than to wait | refuses everybody at once |
/// | [`Overflow::DropNewest`] | `mailbox = bounded(n, drop_newest)` | samples of which some suffice; senders must not notice | drops the message that comes |
/// | [`Overflow::DropOldest`] | `mailbox = bounded(n, drop_oldest)` | only the latest counts: positions, prices | drops the one that has waited longest |
/// | [`Mailbox::Unbounded`] | `mailbox = unbounded` | something else bounds what is sent | is never full |
/// | [`MailboxOrder::priority`] | `order = priority(f)` | some messages must overtake others | as the mailbox says |
/// | [`MailboxOrder::fair`] | `order = fair` | one busy sender must not hold up the others | as the mailbox says |
/// | [`MailboxOrder::queue`] | `order = queue(f)` | anything else: the latest first, deadlines | as the mailbox says |
///
/// An order goes with any mailbox. Without one, messages are handled in the order of their acceptance, which
/// is the fastest: an actor with an order, or one that drops the oldest, takes its messages one by one.
///
/// ```
/// use akt::prelude::*;
/// use akt::{Mailbox, Overflow};
///
/// #[derive(Default)]
/// struct Display(Vec<u64>);
///
/// #[akt::actor(mailbox = bounded(1, drop_oldest))]
/// impl Display {
///     #[handler]
///     fn show(&mut self, value: u64) {
///         self.0.push(value);
///     }
///
///     #[handler]
///     fn shown(&mut self) -> Vec<u64> {
///         self.0.clone()
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = ActorSystem::builder("board").start().await?;
/// let display = system.spawn("display", Display::default).await?;
/// for value in 1..=3 {
///     display.show(value).tell()?; // 1 and 2 become dead letters
/// }
/// # tokio::task::yield_now().await;
/// assert_eq!(display.shown().await?, [3]);
///
/// // The same, said at the spawn.
/// let mailbox = Mailbox::bounded(1).when_full(Overflow::DropOldest);
/// system.spawn("second", Display::default).mailbox(mailbox).await?;
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mailbox {
    /// At most `limit` messages.
    Bounded {
        /// How many may wait.
        limit: NonZeroUsize,
        /// What becomes of one more.
        overflow: Overflow,
    },
    /// As many as memory holds.
    Unbounded,
}

/// What becomes of a message that comes to a full mailbox. Nothing vanishes.
///
/// A message that is dropped was accepted: its `tell` or `send` was successful, and it is a dead letter of the
/// reason [`MailboxFull`](crate::DeadLetterReason::MailboxFull); an ask that is dropped is answered at once with
/// [`AskError::Full`](crate::AskError::Full), certainly not executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// A `tell` is handed back, `send` and asks wait for room within their time, in the order of asking.
    #[default]
    Wait,
    /// A `tell` and a `send` are handed back, and an ask is answered with `AskError::Full`, at once.
    Reject,
    /// It is dropped itself.
    DropNewest,
    /// It is accepted, and the message that has waited longest is dropped; which that is, a [`MailboxOrder`]
    /// may say otherwise. The message that is being handled does not count: there is room for one beside it.
    DropOldest,
}

impl Mailbox {
    /// The bound of a mailbox that says nothing else.
    pub const DEFAULT: Self = Self::bounded(1_024);

    /// A mailbox of `limit` messages, in which those for whom there is no room wait.
    ///
    /// # Panics
    ///
    /// If `limit` is zero: such an actor could never be told anything.
    #[must_use]
    pub const fn bounded(limit: usize) -> Self {
        match NonZeroUsize::new(limit) {
            Some(limit) => Self::Bounded { limit, overflow: Overflow::Wait },
            None => panic!("a mailbox needs room for at least one message"),
        }
    }

    /// The same with another way when it is full. An unbounded mailbox never is, and stays as it is.
    #[must_use]
    pub const fn when_full(self, overflow: Overflow) -> Self {
        match self {
            Self::Bounded { limit, .. } => Self::Bounded { limit, overflow },
            Self::Unbounded => Self::Unbounded,
        }
    }

    pub(crate) fn limit(self) -> usize {
        match self {
            Self::Bounded { limit, .. } => limit.get(),
            Self::Unbounded => usize::MAX,
        }
    }

    pub(crate) fn overflow(self) -> Overflow {
        match self {
            Self::Bounded { overflow, .. } => overflow,
            Self::Unbounded => Overflow::Wait,
        }
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::DEFAULT
    }
}
