//! Asks that come back: of an actor whose handler waits for the one that asks. They do not queue behind what
//! waits for that handler.

use std::collections::VecDeque;

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
    /// Refuses everything from now on, and hands out what is there.
    fn close(&self) -> VecDeque<M>;
}

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

    fn close(&self) -> VecDeque<M> {
        VecDeque::new()
    }
}

/// A line without a bound: each of them has a handler of the same actor that waits for it.
#[derive(Debug)]
pub struct Returns<M> {
    /// Absent once it is closed.
    line: Mutex<Option<VecDeque<M>>>,
    /// Spares the consumer the lock. Told to it by what wakes it.
    some: AtomicBool,
}

impl<M> Default for Returns<M> {
    fn default() -> Self {
        Self { line: Mutex::new(Some(VecDeque::new())), some: AtomicBool::new(false) }
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

    fn close(&self) -> VecDeque<M> {
        self.line.lock().take().unwrap_or_default()
    }
}
