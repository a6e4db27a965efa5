//! In which order a mailbox hands out what it holds: by priority, by sender, or as a user's own queue says.

use std::fmt;
use std::sync::Arc;

use super::fair::Fair;
use super::priority::Priority;

type Make<M> = dyn Fn() -> Box<dyn MailboxQueue<M>> + Send + Sync;

/// In which order a mailbox hands out its messages, if not in the order of their acceptance.
///
/// It is given to [`Spawn::order`](crate::Spawn::order) or said in the attribute, `order = priority(urgency)`,
/// and goes with any [`Mailbox`](crate::Mailbox), which says how many messages may wait. The actor takes one
/// message at a time, so that a message that should be next is next: this costs a lock a message.
///
/// # Panics of user code
///
/// A panic in a function or queue that is given here is caught and logged. The message it was about keeps its
/// place in the mailbox, and is handed out when nothing else is left. Such code runs under the mailbox's lock: it
/// must be short, and must not use a reference to the actor.
pub struct MailboxOrder<M>(Arc<Make<M>>);

impl<M: 'static> MailboxOrder<M> {
    /// The highest `rank` first; messages of equal rank in the order of their acceptance.
    ///
    /// A message whose `rank` panics comes last. Senders that wait for room wait in the order of asking,
    /// whatever they bring. With [`Overflow::DropOldest`](crate::Overflow::DropOldest), the oldest message of the
    /// lowest rank is dropped. As long as higher ones come, lower ones wait.
    ///
    /// ```
    /// use akt::prelude::*;
    /// use akt::{MailboxOrder, Message};
    ///
    /// #[derive(Default)]
    /// struct Pump {
    ///     strokes: u64,
    /// }
    ///
    /// #[akt::actor]
    /// impl Pump {
    ///     #[handler]
    ///     fn stroke(&mut self) {
    ///         self.strokes += 1;
    ///     }
    ///
    ///     #[handler]
    ///     fn alarm(&mut self) -> u64 {
    ///         self.strokes
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("plant").start().await?;
    /// let urgent = MailboxOrder::priority(|message: &PumpMsg| message.name() == "alarm");
    /// let pump = system.spawn("pump", Pump::default).order(urgent).await?;
    /// pump.stroke().tell()?;
    ///
    /// assert_eq!(pump.alarm().await?, 0); // before the stroke
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn priority<K: Ord + Send + 'static>(rank: impl Fn(&M) -> K + Send + Sync + 'static) -> Self {
        let rank = Arc::new(rank);
        Self::queue(move || Priority::new(rank.clone()))
    }

    /// One message of each sender in turn; those of one sender in the order of their acceptance.
    ///
    /// A sender is the actor whose handler, hook or timer sends, wherever it runs; outside of actors, the tokio
    /// task, and outside of those, the thread. All messages over one connection come from one sender; so do, in
    /// a simulation, those of all tasks that are no actors.
    ///
    /// A bound is for all senders together. With [`Overflow::DropOldest`](crate::Overflow::DropOldest), the
    /// oldest message of the sender who has the most is dropped: who floods, loses.
    #[must_use]
    pub fn fair() -> Self {
        Self::queue(Fair::default)
    }

    /// As a queue of one's own says; `make` makes an empty one for each actor that is spawned.
    ///
    /// If `make` panics, the spawn fails with [`SpawnError::Start`](crate::SpawnError::Start).
    pub fn queue<Q: MailboxQueue<M> + 'static>(make: impl Fn() -> Q + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || Box::new(make())))
    }

    /// An empty queue of this order.
    pub(crate) fn make(&self) -> Box<dyn MailboxQueue<M>> {
        (self.0)()
    }
}

impl<M> Clone for MailboxOrder<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M> fmt::Debug for MailboxOrder<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailboxOrder")
    }
}

/// An order of one's own: a queue of places in a mailbox. See [`MailboxOrder::queue`].
///
/// The messages stay with akt, and so do the lock, the room, those who wait for it, the wake-up and the end. The
/// queue only says whose turn it is, so that a wrong one loses nothing: a place that it never hands out is taken
/// when it hands out nothing else, one that it hands out twice or makes up is passed over in favour of the
/// oldest message, and its panics are caught and logged.
///
/// ```
/// use akt::prelude::*;
/// use akt::{MailboxOrder, MailboxPlace, MailboxQueue};
///
/// /// The latest first.
/// #[derive(Default)]
/// struct Stack(Vec<MailboxPlace>);
///
/// impl<M> MailboxQueue<M> for Stack {
///     fn push(&mut self, _message: &M, place: MailboxPlace) {
///         self.0.push(place);
///     }
///
///     fn pop(&mut self) -> Option<MailboxPlace> {
///         self.0.pop()
///     }
///
///     fn evict(&mut self) -> Option<MailboxPlace> {
///         (!self.0.is_empty()).then(|| self.0.remove(0))
///     }
/// }
///
/// struct Editor;
///
/// #[akt::actor(order = queue(Stack::default))]
/// impl Editor {
///     #[handler]
///     fn undo(&mut self, step: u64) {}
/// }
/// ```
pub trait MailboxQueue<M>: Send {
    /// Takes in the place of `message`, which has just been accepted.
    fn push(&mut self, message: &M, place: MailboxPlace);

    /// Takes out the place whose message is handled next.
    fn pop(&mut self) -> Option<MailboxPlace>;

    /// Takes out the place whose message is dropped, when the mailbox is full and drops the oldest; unless it
    /// says otherwise, the one that would be handled next.
    fn evict(&mut self) -> Option<MailboxPlace> {
        self.pop()
    }
}

/// The place of a message in its mailbox, for a [`MailboxQueue`]. Places ascend in the order of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailboxPlace(pub(super) u64);
