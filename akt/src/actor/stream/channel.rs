//! What is between the sinks of a stream and its reader: items in order, room, one end.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, TryAcquireError};

use super::credit::Window;
use super::error::End;
use super::wire::Line;
use crate::actor::error::{AskError, TooLarge};
use crate::actor::orphan::{self, Stranded};

/// The queue of one stream.
pub(crate) struct Channel<T, E> {
    /// How many more items are taken in; closed once there is an end, or no reader.
    room: Semaphore,
    /// How many sinks there are.
    sinks: AtomicUsize,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    items: VecDeque<T>,
    course: Course<E>,
    feed: Feed,
    limit: Option<Limit<T>>,
    reader: Option<Waker>,
    /// Those who wait for the end.
    watchers: Vec<Waker>,
}

/// How large an item may be that leaves the node, and how large it is.
struct Limit<T> {
    bytes: usize,
    measure: fn(&T) -> usize,
}

enum Course<E> {
    Open,
    /// To be read behind the items.
    Ended(End<E>),
    /// It was read, or there is nobody to read it.
    Over,
}

/// Where the room for new items comes from.
enum Feed {
    /// An item that is taken makes room for another.
    Buffer { size: usize },
    /// The peer grants it, through the pump.
    Peer,
    /// The items come from a peer, whom this node grants what it may send.
    Grants { window: Window, line: Option<Arc<dyn Line>> },
}

/// Ends a stream whose type is not known.
pub(crate) trait Abort: Send + Sync {
    /// Ends it with `error`, unless it has ended.
    fn abort(&self, error: AskError);
}

/// What a reader finds.
pub(super) enum Next<T, E> {
    Item(T),
    End(End<E>),
    /// The end was read before.
    Over,
}

/// Whether there is room for an item.
pub(super) enum Room {
    Reserved,
    Full,
    Closed,
}

impl<T, E> Channel<T, E> {
    /// A queue with room for `size` items.
    pub(super) fn buffered(size: usize) -> Arc<Self> {
        Self::new(size, Feed::Buffer { size })
    }

    /// A queue with as much room as the peer grants.
    pub(super) fn to_peer() -> Arc<Self> {
        Self::new(0, Feed::Peer)
    }

    /// A queue that a peer fills, `size` items at most.
    pub(super) fn from_peer(size: usize) -> Arc<Self> {
        Self::new(0, Feed::Grants { window: Window::new(size), line: None })
    }

    fn new(room: usize, feed: Feed) -> Arc<Self> {
        let (items, watchers) = Default::default();
        let state = State { items, course: Course::Open, feed, limit: None, reader: None, watchers };
        Arc::new(Self { room: Semaphore::new(room), sinks: AtomicUsize::new(0), state: Mutex::new(state) })
    }

    // ---- the sinks -------------------------------------------------------------------------

    /// One more sink.
    pub(super) fn enter(&self) {
        self.sinks.fetch_add(1, Ordering::Relaxed);
    }

    /// One sink less; true if it was the last.
    pub(super) fn leave(&self) -> bool {
        self.sinks.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(super) fn has_several_sinks(&self) -> bool {
        self.sinks.load(Ordering::Relaxed) > 1
    }

    /// Waits for room for one item; false when there will be none. Cancel-safe, in order.
    pub(super) async fn reserve(&self) -> bool {
        self.room.acquire().await.map(tokio::sync::SemaphorePermit::forget).is_ok()
    }

    pub(super) fn try_reserve(&self) -> Room {
        match self.room.try_acquire() {
            Ok(permit) => {
                permit.forget();
                Room::Reserved
            }
            Err(TryAcquireError::NoPermits) => Room::Full,
            Err(TryAcquireError::Closed) => Room::Closed,
        }
    }

    /// More room, by the peer.
    pub(super) fn make_room(&self, items: u32) {
        self.room.add_permits(items as usize);
    }

    /// Takes in an item for which there is room, or hands it back if the stream has ended.
    pub(super) fn put(&self, item: T) -> Result<(), T> {
        let mut state = self.state.lock();
        if !matches!(state.course, Course::Open) {
            return Err(item);
        }
        state.items.push_back(item);
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// What is said of `item` if it is too large to leave the node.
    pub(super) fn oversize(&self, item: &T) -> Option<TooLarge> {
        let state = self.state.lock();
        let &Limit { bytes: limit, measure } = state.limit.as_ref()?;
        drop(state);
        let bytes = measure(item);
        (bytes > limit).then_some(TooLarge { bytes: bytes as u64, limit: limit as u64 })
    }

    /// From now on items are measured: they leave the node.
    pub(super) fn set_limit(&self, bytes: usize, measure: fn(&T) -> usize) {
        self.state.lock().limit = Some(Limit { bytes, measure });
    }

    pub(super) fn is_closed(&self) -> bool {
        self.room.is_closed()
    }

    /// Ready when the stream has ended, or nobody reads it.
    pub(super) fn poll_closed(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        if !matches!(state.course, Course::Open) {
            return Poll::Ready(());
        }
        if !state.watchers.iter().any(|known| known.will_wake(cx.waker())) {
            state.watchers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Ends the stream, unless it has ended.
    pub(super) fn end(&self, end: End<E>) {
        let mut state = self.state.lock();
        if !matches!(state.course, Course::Open) {
            return;
        }
        state.course = Course::Ended(end);
        self.close(state);
    }

    /// Wakes everybody: there will be no more items.
    fn close(&self, mut state: parking_lot::MutexGuard<'_, State<T, E>>) {
        let (reader, watchers) = (state.reader.take(), std::mem::take(&mut state.watchers));
        drop(state);
        self.room.close();
        reader.into_iter().chain(watchers).for_each(Waker::wake);
    }

    // ---- the reader ------------------------------------------------------------------------

    /// The next item, if the reader `may_take` one; behind the items the end, once.
    pub(super) fn poll_step(&self, may_take: bool, cx: &Context<'_>) -> Poll<Next<T, E>> {
        let mut state = self.state.lock();
        if may_take && let Some(item) = state.items.pop_front() {
            let granted = state.feed.took();
            drop(state);
            self.refill(granted);
            return Poll::Ready(Next::Item(item));
        }
        match std::mem::replace(&mut state.course, Course::Over) {
            Course::Ended(end) if state.items.is_empty() => Poll::Ready(Next::End(end)),
            Course::Over if state.items.is_empty() => Poll::Ready(Next::Over),
            course => {
                state.course = course;
                match &mut state.reader {
                    Some(reader) => reader.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    /// There is room for one item more.
    fn refill(&self, granted: Granted) {
        match granted {
            Granted::Here => self.room.add_permits(1),
            Granted::There(line, items) => line.grant(items),
            Granted::Nothing => {}
        }
    }

    /// Nobody reads any more; true if the stream was under way.
    pub(super) fn abandon(&self) -> bool {
        let mut state = self.state.lock();
        let was = std::mem::replace(&mut state.course, Course::Over);
        let (items, open) = (std::mem::take(&mut state.items), matches!(was, Course::Open));
        let line = state.feed.hang_up();
        self.close(state);
        if let Some(line) = line.filter(|_| open) {
            line.halt();
        }
        // Both may be of user code.
        drop((items, was));
        open
    }

    // ---- a peer that fills it --------------------------------------------------------------

    /// Its items will come from a peer: nothing was sent yet.
    pub(super) fn expect_peer(&self) {
        let mut state = self.state.lock();
        if let Feed::Buffer { size } = state.feed {
            state.feed = Feed::Grants { window: Window::new(size), line: None };
        }
    }

    /// The peer can be reached: grants what it may send first.
    pub(super) fn connect(&self, line: &Arc<dyn Line>) {
        let mut state = self.state.lock();
        if !matches!(state.course, Course::Open) {
            drop(state);
            return line.halt();
        }
        let Feed::Grants { window, line: connected } = &mut state.feed else { return };
        let granted = window.open();
        *connected = Some(line.clone());
        drop(state);
        if let Some(granted) = granted {
            line.grant(granted);
        }
    }

    /// An item of the peer; false if it was not granted.
    pub(super) fn receive(&self, item: T) -> bool {
        let mut state = self.state.lock();
        let Feed::Grants { window, .. } = &mut state.feed else { return false };
        if !window.received() {
            return false;
        }
        drop(state);
        // Late, if it is handed back.
        let _ = self.put(item);
        true
    }
}

impl<T: Send + 'static, E: Send + 'static> Channel<T, E> {
    /// The last sink is gone: an end in order, unless it went down with whoever had it.
    pub(super) fn forsaken(self: &Arc<Self>) {
        if self.is_closed() {
            return;
        }
        if orphan::is_collecting() {
            orphan::leave_stream(Stranded::new(self.clone()));
        } else if std::thread::panicking() {
            self.end(End::Failed(orphan::dropped()));
        } else {
            self.end(End::Done);
        }
    }
}

impl<T: Send, E: Send> Abort for Channel<T, E> {
    fn abort(&self, error: AskError) {
        self.end(End::Failed(error));
    }
}

/// What follows from an item that was taken.
enum Granted {
    Here,
    There(Arc<dyn Line>, NonZeroU32),
    Nothing,
}

impl Feed {
    fn took(&mut self) -> Granted {
        match self {
            Self::Buffer { .. } => Granted::Here,
            Self::Peer => Granted::Nothing,
            Self::Grants { window, line } => match (window.took(), line) {
                (Some(items), Some(line)) => Granted::There(line.clone(), items),
                _ => Granted::Nothing,
            },
        }
    }

    fn hang_up(&mut self) -> Option<Arc<dyn Line>> {
        if let Self::Grants { line, .. } = self { line.take() } else { None }
    }
}
