//! The seeded executor: every choice of which task runs next comes from one seed.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Wake, Waker};

use parking_lot::Mutex;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A ready-queue from which tasks are drawn at random, polled inside one paused current-thread tokio task.
pub(crate) struct Executor {
    state: Mutex<State>,
}

struct State {
    rng: fastrand::Rng,
    tasks: Vec<Option<Slot>>,
    free: Vec<usize>,
    ready: Vec<usize>,
    driver: Option<Waker>,
    /// Of which task ran when: two runs went alike if it is the same.
    trace: u64,
}

struct Slot {
    /// Absent while the task is being polled.
    task: Option<Task>,
    waker: Waker,
    queued: bool,
}

struct TaskWaker {
    executor: Weak<Executor>,
    index: usize,
}

impl Executor {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let rng = fastrand::Rng::with_seed(seed);
        Arc::new(Self {
            state: Mutex::new(State {
                rng,
                tasks: Vec::new(),
                free: Vec::new(),
                ready: Vec::new(),
                driver: None,
                trace: 0,
            }),
        })
    }

    pub(crate) fn spawn(self: &Arc<Self>, task: Task) {
        let mut state = self.state.lock();
        let index = state.free.pop().unwrap_or_else(|| {
            state.tasks.push(None);
            state.tasks.len() - 1
        });
        let waker = Waker::from(Arc::new(TaskWaker { executor: Arc::downgrade(self), index }));
        state.tasks[index] = Some(Slot { task: Some(task), waker, queued: false });
        drop(state);
        self.schedule(index);
    }

    /// Polls ready tasks, one at a time in seeded order, until none is ready; never completes by itself.
    pub(crate) fn poll_ready(&self, cx: &Context<'_>) {
        self.state.lock().driver = Some(cx.waker().clone());
        while let Some((index, mut task, waker)) = self.draw() {
            let done = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            let mut state = self.state.lock();
            if done {
                state.tasks[index] = None;
                state.free.push(index);
                drop(state);
            } else if let Some(slot) = &mut state.tasks[index] {
                slot.task = Some(task);
            }
        }
    }

    fn draw(&self) -> Option<(usize, Task, Waker)> {
        let mut state = self.state.lock();
        let State { rng, ready, tasks, trace, .. } = &mut *state;
        while !ready.is_empty() {
            let index = ready.swap_remove(rng.usize(..ready.len()));
            let Some(slot) = &mut tasks[index] else { continue };
            slot.queued = false;
            if let Some(task) = slot.task.take() {
                // As FNV-1a does.
                *trace = (*trace ^ index as u64).wrapping_mul(0x0000_0100_0000_01b3);
                return Some((index, task, slot.waker.clone()));
            }
        }
        None
    }

    fn schedule(&self, index: usize) {
        let mut state = self.state.lock();
        let Some(Some(slot)) = state.tasks.get_mut(index) else { return };
        if std::mem::replace(&mut slot.queued, true) {
            return;
        }
        state.ready.push(index);
        let driver = state.driver.clone();
        drop(state);
        if let Some(driver) = driver {
            driver.wake();
        }
    }

    /// What the order of the tasks that ran comes to.
    pub(crate) fn trace(&self) -> u64 {
        self.state.lock().trace
    }

    /// Drops every task, outside the lock: their destructors may wake others.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        state.free.clear();
        let tasks = std::mem::take(&mut state.tasks);
        drop(state);
        drop(tasks);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(executor) = self.executor.upgrade() {
            executor.schedule(self.index);
        }
    }
}

/// Polls the executor until `root` is ready; no task is left then, nor if one panics.
pub(crate) async fn run<T>(executor: Arc<Executor>, root: impl Future<Output = T>) -> T {
    let cleared = Cleared(executor.clone());
    let mut root = std::pin::pin!(root);
    let result = std::future::poll_fn(|cx| {
        executor.poll_ready(cx);
        let polled = root.as_mut().poll(cx);
        if polled.is_pending() {
            executor.poll_ready(cx);
        }
        polled
    })
    .await;
    drop(cleared);
    result
}

struct Cleared(Arc<Executor>);

impl Drop for Cleared {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Executor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;

    fn order(seed: u64) -> Vec<usize> {
        let executor = Executor::new(seed);
        let log = Arc::new(Mutex::new(Vec::new()));
        for n in 0..8 {
            let log = log.clone();
            executor.spawn(Box::pin(async move {
                for _ in 0..2 {
                    log.lock().push(n);
                    let mut yielded = false;
                    std::future::poll_fn(|cx| {
                        if std::mem::replace(&mut yielded, true) {
                            return Poll::Ready(());
                        }
                        cx.waker().wake_by_ref();
                        Poll::Pending
                    })
                    .await;
                }
            }));
        }
        executor.poll_ready(&Context::from_waker(Waker::noop()));
        std::mem::take(&mut *log.lock())
    }

    #[test]
    fn the_same_seed_gives_the_same_order_and_another_seed_another() {
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        assert_eq!(order(7).len(), 16);
    }

    #[test]
    fn a_task_that_spawns_another_when_it_is_dropped_may() {
        struct Heir(Arc<Executor>);
        impl Drop for Heir {
            fn drop(&mut self) {
                self.0.spawn(Box::pin(std::future::ready(())));
            }
        }
        let executor = Executor::new(1);
        executor.spawn(Box::pin(std::future::pending()));
        executor.spawn(Box::pin(std::future::ready(())));
        let heir = Heir(executor.clone());
        executor.spawn(Box::pin(async move {
            let _heir = heir;
            std::future::pending::<()>().await;
        }));
        executor.spawn(Box::pin(std::future::ready(())));
        executor.poll_ready(&Context::from_waker(Waker::noop()));

        executor.clear();
    }
}
