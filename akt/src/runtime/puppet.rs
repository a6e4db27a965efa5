//! The tasks of a simulated node: they run, are held, or are dropped at once.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What becomes of a simulated node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Paused,
    Resumed,
    Killed,
    /// It was killed, and its tasks are dropped.
    Gone,
}

/// Whether the tasks of a node run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Phase {
    Running,
    Paused,
    Dead,
}

type Hearer = Arc<dyn Fn(Fate) + Send + Sync>;

/// A node whose tasks hang on strings.
pub(super) struct Puppets {
    phase: AtomicU8,
    state: Mutex<State>,
    hearers: Mutex<Vec<Hearer>>,
}

#[derive(Default)]
struct State {
    spawned: u64,
    tasks: BTreeMap<u64, Arc<Mutex<Strings>>>,
    /// Those that wanted to run while they may not.
    held: BTreeSet<u64>,
}

/// What the node holds of a task.
#[derive(Default)]
struct Strings {
    /// Absent while it is polled, and when it is over.
    task: Option<Task>,
    waker: Option<Waker>,
}

impl Puppets {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            phase: AtomicU8::new(Phase::Running as u8),
            state: Mutex::default(),
            hearers: Mutex::default(),
        })
    }

    /// Ties `task` to the node. `None` if that is dead: then it is dropped.
    pub(super) fn tie(self: &Arc<Self>, task: Task) -> Option<Puppet> {
        let strings = Arc::new(Mutex::new(Strings { task: Some(task), waker: None }));
        let number = {
            let mut state = self.state.lock();
            if self.is_dead() {
                return None;
            }
            state.spawned += 1;
            let number = state.spawned;
            state.tasks.insert(number, strings.clone());
            number
        };
        Some(Puppet { node: self.clone(), number, strings })
    }

    pub(super) fn is_running(&self) -> bool {
        self.is(Phase::Running)
    }

    pub(super) fn is_dead(&self) -> bool {
        self.is(Phase::Dead)
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::SeqCst) == phase as u8
    }

    /// Has `hearer` told what becomes of the node, before its tasks notice.
    pub(super) fn on_fate(&self, hearer: Hearer) {
        self.hearers.lock().push(hearer);
    }

    pub(super) fn pause(&self) {
        if self.turn(Phase::Running, Phase::Paused) {
            self.tell(Fate::Paused);
        }
    }

    pub(super) fn resume(&self) {
        if !self.turn(Phase::Paused, Phase::Running) {
            return;
        }
        self.tell(Fate::Resumed);
        let mut state = self.state.lock();
        let held = std::mem::take(&mut state.held);
        let tasks: Vec<_> = held.iter().filter_map(|number| state.tasks.get(number).cloned()).collect();
        drop(state);
        tasks.iter().filter_map(|strings| strings.lock().waker.clone()).for_each(Waker::wake);
    }

    pub(super) fn kill(&self) {
        if !self.turn(Phase::Running, Phase::Dead) && !self.turn(Phase::Paused, Phase::Dead) {
            return;
        }
        self.tell(Fate::Killed);
        let tasks = std::mem::take(&mut self.state.lock().tasks);
        for strings in tasks.into_values() {
            let Strings { task, waker } = std::mem::take(&mut *strings.lock());
            drop(task);
            // What is left of it ends.
            waker.into_iter().for_each(Waker::wake);
        }
        self.tell(Fate::Gone);
        self.hearers.lock().clear();
    }

    fn turn(&self, from: Phase, to: Phase) -> bool {
        let _state = self.state.lock();
        self.phase.compare_exchange(from as u8, to as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    fn tell(&self, fate: Fate) {
        let hearers = self.hearers.lock().clone();
        hearers.iter().for_each(|hearer| hearer(fate));
    }

    /// Whether the task of this number may be polled; otherwise it is woken when it may.
    fn admits(&self, number: u64) -> bool {
        if self.is_running() {
            return true;
        }
        let mut state = self.state.lock();
        if self.is(Phase::Paused) {
            state.held.insert(number);
        }
        self.is_running()
    }
}

/// A task of a simulated node, as its executor sees it.
pub(super) struct Puppet {
    node: Arc<Puppets>,
    number: u64,
    strings: Arc<Mutex<Strings>>,
}

impl Future for Puppet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut strings = self.strings.lock();
        if !strings.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            strings.waker = Some(cx.waker().clone());
        }
        if !self.node.admits(self.number) {
            return if self.node.is_dead() { Poll::Ready(()) } else { Poll::Pending };
        }
        let Some(mut task) = strings.task.take() else { return Poll::Ready(()) };
        drop(strings);
        if task.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let mut strings = self.strings.lock();
        // It may have killed its own node.
        if self.node.is_dead() {
            drop(strings);
            drop(task);
            return Poll::Ready(());
        }
        strings.task = Some(task);
        Poll::Pending
    }
}

impl Drop for Puppet {
    fn drop(&mut self) {
        let strings = self.node.state.lock().tasks.remove(&self.number);
        drop(strings);
    }
}
