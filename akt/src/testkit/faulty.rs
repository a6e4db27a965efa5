//! A store that is slow, and fails when a test wants it to.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use parking_lot::Mutex;
use thiserror::Error;

use crate::persistence::{
    EventStore, Fence, Kept, KeptReminder, Record, ReminderRow, ReminderStore, StateStore, StoreError, Write,
};
use crate::runtime::Runtime;

/// A store around another one that can be slow and can fail. It does neither until it is told to; clones are one store.
///
/// What fails has either not been done, [`fail`](Self::fail), or has been done and its answer is lost,
/// [`lose_answers`](Self::lose_answers): a caller cannot tell which from a timeout, and from neither whether to try again.
/// Chance comes from the runtime, or from a seed.
///
/// ```
/// # use std::time::Duration;
/// use akt::persistence::{EventStore, MemoryEventStore};
/// use akt::testkit::Faulty;
///
/// akt::sim::run(7, |runtime| async move {
///     let store = Faulty::new(MemoryEventStore::new(), &runtime);
///     store.slow(Duration::from_millis(5)..Duration::from_millis(50));
///     store.fail_next(1);
///
///     assert!(store.fence("cart/user-1").await.is_err());
///     assert!(store.fence("cart/user-1").await.is_ok());
/// });
/// ```
pub struct Faulty<S>(Arc<Inner<S>>);

struct Inner<S> {
    store: S,
    runtime: Runtime,
    state: Mutex<State>,
}

struct State {
    rng: fastrand::Rng,
    time: Range<Duration>,
    failures: Chance,
    lost_answers: Chance,
}

/// When something happens: for so many times for certain, then by chance.
#[derive(Default)]
struct Chance {
    next: u32,
    probability: f64,
}

/// What becomes of one call.
struct Lot {
    before: Duration,
    after: Duration,
    failure: Option<Failure>,
}

/// The source of the errors of a [`Faulty`] store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// Nothing was done.
    #[error("the test has it fail")]
    Refused,
    /// What was asked for is done.
    #[error("the test has its answer lost")]
    AnswerLost,
}

impl<S> Faulty<S> {
    /// A store around `store` whose time and chance are those of `runtime`.
    pub fn new(store: S, runtime: &Runtime) -> Self {
        Self::seeded(store, runtime, runtime.random())
    }

    /// A store around `store` whose time is that of `runtime`, and whose chance comes from `seed`.
    pub fn seeded(store: S, runtime: &Runtime, seed: u64) -> Self {
        let state = State {
            rng: fastrand::Rng::with_seed(seed),
            time: Duration::ZERO..Duration::ZERO,
            failures: Chance::default(),
            lost_answers: Chance::default(),
        };
        Self(Arc::new(Inner { store, runtime: runtime.clone(), state: Mutex::new(state) }))
    }

    /// Lets each call from now on take a random time within `time`; what it does happens somewhere in the middle.
    pub fn slow(&self, time: Range<Duration>) {
        self.0.state.lock().time = time;
    }

    /// Fails calls with this probability from now on: they do nothing.
    ///
    /// # Panics
    ///
    /// If it is no probability from 0 to 1.
    pub fn fail(&self, probability: f64) {
        self.0.state.lock().failures.probability = checked(probability);
    }

    /// Fails the next `calls` for certain, which do nothing.
    pub fn fail_next(&self, calls: u32) {
        self.0.state.lock().failures.next = calls;
    }

    /// Loses answers with this probability from now on: what was asked for is done, and the call fails.
    ///
    /// # Panics
    ///
    /// If it is no probability from 0 to 1.
    pub fn lose_answers(&self, probability: f64) {
        self.0.state.lock().lost_answers.probability = checked(probability);
    }

    /// Loses the answers of the next `calls` for certain.
    pub fn lose_next_answers(&self, calls: u32) {
        self.0.state.lock().lost_answers.next = calls;
    }

    async fn call<T>(
        &self,
        changes: bool,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Lot { before, after, failure } = self.0.state.lock().draw();
        let runtime = &self.0.runtime;
        wait(runtime, before).await;
        if failure == Some(Failure::Refused) {
            wait(runtime, after).await;
            return Err(StoreError::unavailable(Failure::Refused));
        }
        let done = call.await;
        wait(runtime, after).await;
        match failure {
            Some(failure) if changes => Err(StoreError::unknown(failure)),
            Some(failure) => Err(StoreError::unavailable(failure)),
            None => done,
        }
    }
}

/// Even a sleep of no time lets others run: a store that is not slow is as if it were not there.
async fn wait(runtime: &Runtime, time: Duration) {
    if !time.is_zero() {
        runtime.sleep(time).await;
    }
}

impl State {
    fn draw(&mut self) -> Lot {
        let Range { start, end } = self.time;
        let time = start + end.saturating_sub(start).mul_f64(self.rng.f64());
        let before = time.mul_f64(self.rng.f64());
        let refused = self.failures.draw(&mut self.rng).then_some(Failure::Refused);
        let failure =
            refused.or_else(|| self.lost_answers.draw(&mut self.rng).then_some(Failure::AnswerLost));
        Lot { before, after: time.saturating_sub(before), failure }
    }
}

impl Chance {
    fn draw(&mut self, rng: &mut fastrand::Rng) -> bool {
        let is_certain = self.next > 0;
        self.next = self.next.saturating_sub(1);
        is_certain || self.probability > 0.0 && rng.f64() < self.probability
    }
}

fn checked(probability: f64) -> f64 {
    assert!((0.0..=1.0).contains(&probability), "a probability is from 0 to 1, and not {probability}");
    probability
}

#[async_trait]
impl<S: EventStore> EventStore for Faulty<S> {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        self.call(true, self.0.store.fence(id)).await
    }

    async fn append(&self, id: &str, fence: Fence, events: Vec<Record>) -> Result<(), StoreError> {
        self.call(true, self.0.store.append(id, fence, events)).await
    }

    async fn read(&self, id: &str, from: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.call(false, self.0.store.read(id, from, limit)).await
    }

    async fn put_snapshot(&self, id: &str, fence: Fence, snapshot: Record) -> Result<(), StoreError> {
        self.call(true, self.0.store.put_snapshot(id, fence, snapshot)).await
    }

    async fn snapshot(&self, id: &str) -> Result<Option<Record>, StoreError> {
        self.call(false, self.0.store.snapshot(id)).await
    }

    async fn delete_to(&self, id: &str, fence: Fence, to: u64) -> Result<(), StoreError> {
        self.call(true, self.0.store.delete_to(id, fence, to)).await
    }
}

#[async_trait]
impl<S: StateStore> StateStore for Faulty<S> {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        self.call(true, self.0.store.fence(id)).await
    }

    async fn load(&self, id: &str) -> Result<Kept, StoreError> {
        self.call(false, self.0.store.load(id)).await
    }

    async fn commit(&self, id: &str, fence: Fence, expected: u64, write: Write) -> Result<u64, StoreError> {
        self.call(true, self.0.store.commit(id, fence, expected, write)).await
    }

    async fn ids_with_row(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.call(false, self.0.store.ids_with_row(prefix, after, limit)).await
    }
}

#[async_trait]
impl<S: ReminderStore> ReminderStore for Faulty<S> {
    async fn put(&self, row: ReminderRow) -> Result<u64, StoreError> {
        self.call(true, self.0.store.put(row)).await
    }

    async fn get(&self, id: &str, name: &str) -> Result<Option<KeptReminder>, StoreError> {
        self.call(false, self.0.store.get(id, name)).await
    }

    async fn list(&self, id: &str) -> Result<Vec<KeptReminder>, StoreError> {
        self.call(false, self.0.store.list(id)).await
    }

    async fn delete(&self, id: &str, name: &str) -> Result<bool, StoreError> {
        self.call(true, self.0.store.delete(id, name)).await
    }

    async fn due(
        &self,
        shard: u16,
        window: Range<SystemTime>,
        after: Option<&KeptReminder>,
        limit: usize,
    ) -> Result<Vec<KeptReminder>, StoreError> {
        self.call(false, self.0.store.due(shard, window, after, limit)).await
    }

    async fn advance(
        &self,
        id: &str,
        name: &str,
        version: u64,
        next: Option<SystemTime>,
    ) -> Result<Option<u64>, StoreError> {
        self.call(true, self.0.store.advance(id, name, version, next)).await
    }
}

impl<S> Clone for Faulty<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: fmt::Debug> fmt::Debug for Faulty<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Faulty").field(&self.0.store).finish()
    }
}
