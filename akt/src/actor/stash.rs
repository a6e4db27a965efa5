//! Messages put aside by an actor, given back in order.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use parking_lot::Mutex;

use super::call::Call;
use super::context::Ctx;
use super::core::Core;
use super::error::AskError;
use super::forward::Forward;
use super::narrow::Wraps;
use super::orphan;
use super::reply::{AnyReply, Begin};
use super::traits::{Actor, Message, Request};
use crate::system::DeadLetterReason;

/// An actor with a stash. Implemented by `#[akt::actor(stash = 1000)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no stash",
    note = "say how many messages may be put aside: `#[akt::actor(stash = 1000)]`"
)]
pub trait Stashes: Actor<Stash = Stash<<Self as Actor>::Msg>> {}

/// Where an actor keeps what it puts aside: a [`Stash`], or [`NoStash`], which takes no space.
#[doc(hidden)]
pub trait Shelf<M>: Default + Send + Sync + 'static {
    /// A stash for so many messages.
    fn of(limit: usize) -> Self;
    /// A message other than the one before is about to be handled.
    fn begin(&mut self);
    /// The place of the message that is about to be handled, if it comes from here.
    fn place(&self) -> Option<u64>;
    /// The message that had this place is about to be handled, or put aside again.
    fn begin_at(&mut self, place: Option<u64>);
    /// Whether one message more would be too many.
    fn is_full(&self) -> bool;
    /// How many messages are in it.
    fn len(&self) -> usize;
    /// Whether nothing is in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Puts a message aside; at its old place if it was here before.
    fn put(&mut self, message: M);
    /// Takes out those whose askers do not wait any more.
    fn sweep(&mut self) -> Vec<M>;
    /// Everything is to be handled before anything that is queued.
    fn release(&mut self);
    /// Whether something is to be handled before anything that is queued.
    fn is_due(&self) -> bool;
    /// The next of those that are to be handled.
    fn next(&mut self) -> Option<M>;
    /// Takes everything out, in order.
    fn take_all(&mut self) -> Vec<M>;
}

/// A bounded stash. Its room is its own: what is in it has left the mailbox.
///
/// Locked, so that a context can be shared by handlers whatever the messages are; by the actor alone, at no price.
#[doc(hidden)]
pub struct Stash<M>(Option<Box<Mutex<Shelves<M>>>>);

struct Shelves<M> {
    limit: usize,
    /// By the order in which they came.
    aside: BTreeMap<u64, M>,
    /// To be handled before anything that is queued.
    due: BTreeMap<u64, M>,
    /// The place of the message that is being handled, if it comes from here.
    place: Option<u64>,
    next: u64,
}

impl<M> Shelves<M> {
    fn len(&self) -> usize {
        self.aside.len() + self.due.len()
    }

    fn is_full(&self) -> bool {
        self.len() >= self.limit
    }
}

impl<M> Stash<M> {
    fn shelves(&mut self) -> Option<&mut Shelves<M>> {
        self.0.as_mut().map(|shelves| shelves.get_mut())
    }

    /// How many messages are in it.
    fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |shelves| shelves.lock().len())
    }

    /// The oldest is to be handled before anything that is queued.
    fn release_one(&mut self) -> bool {
        let Some(shelves) = self.shelves() else { return false };
        let Some((place, message)) = shelves.aside.pop_first() else { return false };
        shelves.due.insert(place, message);
        true
    }
}

impl<M> fmt::Debug for Stash<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Stash({})", self.len())
    }
}

impl<M> Default for Stash<M> {
    fn default() -> Self {
        Self(None)
    }
}

impl<M: Message> Shelf<M> for Stash<M> {
    fn of(limit: usize) -> Self {
        let (aside, due) = (BTreeMap::new(), BTreeMap::new());
        Self(Some(Box::new(Mutex::new(Shelves { limit, aside, due, place: None, next: 0 }))))
    }

    fn begin(&mut self) {
        if let Some(shelves) = self.shelves() {
            shelves.place = None;
        }
    }

    fn place(&self) -> Option<u64> {
        self.0.as_ref()?.lock().place
    }

    fn begin_at(&mut self, place: Option<u64>) {
        if let Some(shelves) = self.shelves() {
            shelves.place = place;
        }
    }

    fn is_full(&self) -> bool {
        self.0.as_ref().is_none_or(|shelves| shelves.lock().is_full())
    }

    fn len(&self) -> usize {
        Self::len(self)
    }

    fn put(&mut self, message: M) {
        let Some(shelves) = self.shelves() else { return };
        let place = shelves.place.take().unwrap_or_else(|| {
            shelves.next += 1;
            shelves.next
        });
        shelves.aside.insert(place, message);
    }

    fn sweep(&mut self) -> Vec<M> {
        let over = |message: &M| message.reply().is_some_and(|slot| slot.is_over());
        let mut swept = Vec::new();
        for shelf in self.shelves().into_iter().flat_map(|shelves| [&mut shelves.due, &mut shelves.aside]) {
            let places: Vec<_> =
                shelf.iter().filter(|(_, message)| over(message)).map(|(place, _)| *place).collect();
            swept.extend(places.iter().filter_map(|place| shelf.remove(place)));
        }
        swept
    }

    fn release(&mut self) {
        if let Some(shelves) = self.shelves() {
            shelves.due.append(&mut shelves.aside);
        }
    }

    fn is_due(&self) -> bool {
        self.0.as_ref().is_some_and(|shelves| !shelves.lock().due.is_empty())
    }

    fn next(&mut self) -> Option<M> {
        let shelves = self.shelves()?;
        let (place, message) = shelves.due.pop_first()?;
        shelves.place = Some(place);
        Some(message)
    }

    fn take_all(&mut self) -> Vec<M> {
        self.release();
        let due = self.shelves().map(|shelves| std::mem::take(&mut shelves.due));
        due.into_iter().flat_map(BTreeMap::into_values).collect()
    }
}

/// The stash of an actor that has none.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct NoStash;

impl<M: Message> Shelf<M> for NoStash {
    fn of(_limit: usize) -> Self {
        Self
    }

    fn begin(&mut self) {}

    fn place(&self) -> Option<u64> {
        None
    }

    fn begin_at(&mut self, _place: Option<u64>) {}

    fn is_full(&self) -> bool {
        true
    }

    fn len(&self) -> usize {
        0
    }

    fn put(&mut self, _message: M) {}

    fn sweep(&mut self) -> Vec<M> {
        Vec::new()
    }

    fn release(&mut self) {}

    fn is_due(&self) -> bool {
        false
    }

    fn next(&mut self) -> Option<M> {
        None
    }

    fn take_all(&mut self) -> Vec<M> {
        Vec::new()
    }
}

impl<A: Actor> Ctx<A> {
    /// Puts `call` aside in place of an answer; whoever asked waits on, and is answered when it is handled.
    ///
    /// The call is one of the actor's own messages, mostly the one that is being handled. It stays in the stash
    /// until [`unstash`](Self::unstash), [`unstash_all`](Self::unstash_all), a change of behaviour, or a restart
    /// brings it back; a message that is put aside again keeps its place. When the stash is full, an ask is
    /// answered with `Rejected`, and a tell is a dead letter `StashFull`. When the actor stops, what is in the
    /// stash is refused as what is in the mailbox is.
    ///
    /// ```
    /// use akt::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Printer {
    ///     out_of_paper: bool,
    /// }
    ///
    /// #[akt::actor(stash = 100)]
    /// impl Printer {
    ///     #[handler]
    ///     fn print(&mut self, page: String, cx: &mut Ctx<Self>) -> Forward<usize> {
    ///         if self.out_of_paper {
    ///             return cx.stash(cx.me().print(page));
    ///         }
    ///         Forward::answer(page.len())
    ///     }
    ///
    ///     #[handler]
    ///     fn refill(&mut self, cx: &mut Ctx<Self>) {
    ///         self.out_of_paper = false;
    ///         cx.unstash_all();
    ///     }
    /// }
    /// ```
    pub fn stash<Q: Request>(&self, call: Call<'_, Q>) -> Forward<Q::Out>
    where
        A: Stashes,
        A::Msg: Wraps<Q::Message>,
    {
        let (_, payload) = call.into_parts();
        Forward::aside(move |reply| A::Msg::wrap(Q::wrap(payload, reply)))
    }

    /// The oldest message in the stash is handled next, before anything that is queued; false if there is none.
    pub fn unstash(&mut self) -> bool
    where
        A: Stashes,
    {
        self.shelf.release_one()
    }

    /// All messages in the stash are handled next, in the order in which they were put aside, before anything
    /// that is queued.
    pub fn unstash_all(&mut self)
    where
        A: Stashes,
    {
        self.shelf.release();
    }

    /// How many messages are in the stash.
    #[must_use]
    pub fn stashed(&self) -> usize
    where
        A: Stashes,
    {
        self.shelf.len()
    }
}

impl<A: Actor> Ctx<A> {
    /// Puts a message aside, or refuses it when there is no room even without those that nobody waits for.
    pub(super) fn put_aside(&mut self, message: A::Msg) {
        if self.shelf.is_full() {
            self.shelf.sweep().into_iter().for_each(|message| self.cell.core.swept(message));
        }
        if self.shelf.is_full() {
            let error = AskError::Rejected("the stash is full".into());
            return self.cell.core.decline(message, error, DeadLetterReason::StashFull);
        }
        if let Some(slot) = message.reply() {
            slot.put_aside();
        }
        self.shelf.put(message);
    }

    /// As [`put_aside`](Self::put_aside), for what a handler returned.
    pub(super) fn put_aside_any(&mut self, message: Box<dyn Any>) {
        let message = message.downcast().expect("`cx.stash` takes messages of its actor");
        self.put_aside(*message);
    }
}

impl Core {
    /// A message that is refused: returned with `error`, or a dead letter.
    pub(super) fn decline<M: Message>(&self, message: M, error: AskError, reason: DeadLetterReason) {
        let name = message.name();
        if !orphan::part(message).fail(error) && self.system().switches().accounts_for(reason) {
            self.system().dead_letter(self, name, reason);
        }
    }

    /// A message whose asker has given up, or was told that its time is up.
    fn swept<M: Message>(&self, message: M) {
        let now = self.system().runtime().now();
        let cancelled = message.reply().is_some_and(|slot| slot.begin(now) == Begin::Cancelled);
        let name = message.name();
        let _: AnyReply = orphan::part(message);
        if cancelled {
            self.system().dead_letter(self, name, DeadLetterReason::Cancelled);
        }
    }
}
