//! What goes past the mailbox of an actor whose handlers run beside each other: asks that come back, by those for whom
//! a handler of the actor itself waits; and who waits until every message that was taken up is begun.

use std::collections::VecDeque;
use std::fmt;

use parking_lot::Mutex;

use crate::sync::{AtomicBool, Ordering};

/// Where asks that come back wait; in [`NoReturns`] nothing does.
pub trait Returning<M>: Default + Send + Sync + 'static {
    /// Takes `message` in, or hands it back once this is closed.
    fn push<P: Into<M>>(&self, message: P) -> Result<(), P>;
    /// The oldest.
    fn next(&self) -> Option<M>;
    /// Puts one back that cannot be handled yet, before the others. Only while this is open.
    fn put_back(&self, message: M);
    /// Notes what cannot be begun now, as `full` says. For work on the actor's turn.
    fn hold_up(&self, full: impl FnOnce() -> Full);
    /// Whether a handler of this name cannot be begun now.
    fn is_held_up(&self, name: &'static str) -> bool;
    /// Has `work` done when a handler has ended; dropped, if the actor ends before.
    fn park(&self, work: Parked);
    /// A handler has ended.
    fn go_on(&self);
    /// Refuses everything from now on, and hands out what is there.
    fn close(&self) -> VecDeque<M>;
}

/// What cannot be begun before a handler has ended.
#[derive(Debug, Default)]
pub struct Full {
    /// Nothing: another message waits for its start.
    pub(super) all: bool,
    /// Handlers of these names.
    pub(super) names: Vec<&'static str>,
}

/// Work that waits.
pub(crate) type Parked = Box<dyn FnOnce() + Send>;

/// Of an actor that others cannot ask while its handlers wait.
#[derive(Debug, Default)]
pub struct NoReturns;

impl<M> Returning<M> for NoReturns {
    fn push<P: Into<M>>(&self, message: P) -> Result<(), P> {
        Err(message)
    }

    fn next(&self) -> Option<M> {
        None
    }

    fn put_back(&self, _message: M) {
        unreachable!("none came from here")
    }

    fn hold_up(&self, _full: impl FnOnce() -> Full) {}

    fn is_held_up(&self, _name: &'static str) -> bool {
        false
    }

    fn park(&self, work: Parked) {
        work();
    }

    fn go_on(&self) {}

    fn close(&self) -> VecDeque<M> {
        VecDeque::new()
    }
}

/// A line without a bound: each of them has a handler of the same actor that waits for it.
pub struct Returns<M> {
    /// Absent once it is closed.
    line: Mutex<Option<VecDeque<M>>>,
    /// Spares the consumer the lock. Told to it by what wakes it.
    some: AtomicBool,
    full: Mutex<Full>,
    parked: Mutex<Vec<Parked>>,
    /// Spares the consumer, who parks, the lock.
    parks: AtomicBool,
}

impl<M> fmt::Debug for Returns<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returns")
    }
}

impl<M> Default for Returns<M> {
    fn default() -> Self {
        Self {
            line: Mutex::new(Some(VecDeque::new())),
            some: AtomicBool::new(false),
            full: Mutex::default(),
            parked: Mutex::default(),
            parks: AtomicBool::new(false),
        }
    }
}

impl<M: Send + 'static> Returning<M> for Returns<M> {
    fn push<P: Into<M>>(&self, message: P) -> Result<(), P> {
        let mut line = self.line.lock();
        let Some(line) = &mut *line else { return Err(message) };
        line.push_back(message.into());
        self.some.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn next(&self) -> Option<M> {
        if !self.some.load(Ordering::Relaxed) {
            return None;
        }
        let mut line = self.line.lock();
        let line = line.as_mut()?;
        let next = line.pop_front();
        self.some.store(!line.is_empty(), Ordering::Relaxed);
        next
    }

    fn put_back(&self, message: M) {
        let mut line = self.line.lock();
        line.as_mut().expect("closed by the one that puts back").push_front(message);
        self.some.store(true, Ordering::Relaxed);
    }

    fn hold_up(&self, full: impl FnOnce() -> Full) {
        *self.full.lock() = full();
    }

    fn is_held_up(&self, name: &'static str) -> bool {
        let full = self.full.lock();
        full.all || full.names.contains(&name)
    }

    fn park(&self, work: Parked) {
        self.parked.lock().push(work);
        self.parks.store(true, Ordering::Relaxed);
    }

    fn go_on(&self) {
        if self.parks.swap(false, Ordering::Relaxed) {
            let parked = std::mem::take(&mut *self.parked.lock());
            parked.into_iter().for_each(|work| work());
        }
    }

    fn close(&self) -> VecDeque<M> {
        let parked = std::mem::take(&mut *self.parked.lock());
        drop(parked);
        self.line.lock().take().unwrap_or_default()
    }
}
