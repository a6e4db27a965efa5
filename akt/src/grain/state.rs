//! The state of a grain: there before it is activated, saved when its handlers say so.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;

use super::keeper::Keeper;
use super::traits::Grain;
use crate::actor::{Ctx, Fault, LocalCell, StopReason, TurnCtx};
use crate::backoff::Backoff;
use crate::persistence::{Change, Kept, RecoveryError, Saved, StateStore, StoreError, Stored, Write};
use crate::runtime::Fire;
use crate::system::ActorSystem;
use crate::time::Instant;

/// How long what [`Ctx::save_later`] was said of may wait.
const LATER: Duration = Duration::from_secs(1);

/// The waits after saves that failed.
const AGAIN: Backoff = Backoff { min: LATER, max: Duration::from_secs(30), jitter: 0.2 };

/// How often an activation that ends tries to save what is left.
const LAST_TRIES: u32 = 4;

/// A grain with a state that outlives its activations. Implemented by `#[akt::grain(state = ..)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no state that is kept",
    label = "no `state = ..` in its attribute",
    note = "say `#[akt::grain(state = CartState, ..)]`, and keep it in a field `state: CartState`"
)]
pub trait Stateful: Grain {
    /// What is kept. Its default is the state of a grain that was never saved.
    type State: Stored + Default;
    /// The version of the schema that states are written in.
    const SCHEMA: u32 = 1;

    /// The state.
    fn kept(&self) -> &Self::State;

    /// The state, to be changed.
    fn kept_mut(&mut self) -> &mut Self::State;

    /// Reads a state of an older schema.
    ///
    /// # Errors
    ///
    /// Whatever keeps it from being read; the grain is not activated.
    fn upcast(_schema: u32, bytes: Bytes) -> Result<Self::State, Fault> {
        Self::State::from_bytes(bytes)
    }
}

/// What keeps an activation's state, for those who save it: one after the other.
#[derive(Clone)]
struct Shared(Arc<Inner>);

struct Inner {
    keeper: Mutex<Keeper>,
    /// There is something that is to be saved later.
    dirty: AtomicBool,
    /// Somebody sees to that.
    seen_to: AtomicBool,
    failures: AtomicU32,
}

impl Shared {
    fn of<G: Stateful>(cx: &Ctx<G>) -> Self {
        cx.with_journal(Self::clone).expect("the state was loaded before the activation")
    }

    /// Begins to save what `state` is now.
    fn save<G: Stateful>(
        self,
        state: &G::State,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<G> {
        let write = Write { state: Change::Save(saved::<G>(state)), ..Write::default() };
        let unsaved = Unsaved(self.0.dirty.swap(false, Ordering::Relaxed).then(|| self.clone()));
        async move {
            let done = self.0.keeper.lock().await.commit(write).await;
            if done.is_ok() {
                unsaved.forget();
            }
            done
        }
    }
}

/// What was to be saved later is so again, if a save fails or is dropped half-way.
struct Unsaved(Option<Shared>);

impl Unsaved {
    fn forget(mut self) {
        self.0.take();
    }
}

impl Drop for Unsaved {
    fn drop(&mut self) {
        if let Some(shared) = &self.0 {
            shared.0.dirty.store(true, Ordering::Relaxed);
        }
    }
}

/// `state` as a store keeps it.
pub(super) fn saved<G: Stateful>(state: &G::State) -> Saved {
    Saved { schema: G::SCHEMA, bytes: state.to_bytes() }
}

/// What was kept, as the grain's state.
pub(super) fn restored<G: Stateful>(id: &Arc<str>, kept: &Kept) -> Result<G::State, Fault> {
    let Some(Saved { schema, bytes }) = kept.state.clone() else { return Ok(G::State::default()) };
    if schema > G::SCHEMA {
        let known = G::SCHEMA;
        return Err(RecoveryError::NewerState { id: id.clone(), schema, known }.into());
    }
    let state = if schema == G::SCHEMA { G::State::from_bytes(bytes) } else { G::upcast(schema, bytes) };
    state.map_err(|fault| {
        let problem = fault.to_string().into();
        RecoveryError::Undecodable { what: "state", id: id.clone(), sequence: kept.version, problem }.into()
    })
}

/// Takes over what is kept of a grain that is activated.
pub(super) async fn opened<G: Stateful>(cx: &mut Ctx<G>) -> Result<(Keeper, Kept), Fault> {
    let face = cx.face().expect("only a grain has a state, and it is reached by its face");
    let store: Result<Arc<dyn StateStore>, _> = cx.system().dependency();
    let store = store.map_err(|_| RecoveryError::NoStateStore { kind: G::KIND })?;
    let (keeper, kept) = Keeper::open(store, face.id()).await?;
    cx.note_fence(keeper.fence().0);
    Ok((keeper, kept))
}

/// The state of a grain that is activated. Generated code calls it first.
#[doc(hidden)]
pub async fn load_state<G: Stateful>(cx: &mut Ctx<G>) -> Result<G::State, Fault> {
    let (keeper, kept) = opened(cx).await?;
    let state = restored::<G>(keeper.id(), &kept)?;
    let inner = Inner {
        keeper: Mutex::new(keeper),
        dirty: AtomicBool::new(false),
        seen_to: AtomicBool::new(false),
        failures: AtomicU32::new(0),
    };
    cx.keep_journal(Box::new(Shared(Arc::new(inner))));
    Ok(state)
}

impl<G: Stateful> Ctx<G> {
    /// Saves `state`: when it is ready with `Ok`, that is durable.
    ///
    /// ```
    /// use akt::persistence::{MemoryStateStore, StoreError};
    /// use akt::prelude::*;
    ///
    /// #[derive(Default)]
    /// struct Counter { state: u64 }
    ///
    /// #[akt::grain(kind = "counter", key = String, state = u64)]
    /// impl Counter {
    ///     #[handler]
    ///     async fn add(&mut self, by: u64, cx: &mut Ctx<Self>) -> Result<u64, StoreError> {
    ///         self.state += by;
    ///         cx.save(&self.state).await?;
    ///         Ok(self.state)
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let store = MemoryStateStore::new();
    /// for sum in [2, 4] {
    ///     let system = ActorSystem::builder("shop").state_store(store.clone()).start().await?;
    ///     assert_eq!(Counter::grain(&system, "user-1").add(2).await?, sum);
    ///     system.shutdown().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`StoreError`]; [`persisted`](StoreError::persisted) says whether the state may be saved. With
    /// [`StaleFence`](StoreError::StaleFence) another activation has taken over: this one ends, `Moved`, and so is its
    /// asker told.
    ///
    /// # Cancellation
    ///
    /// If it is dropped, the state may be saved.
    pub fn save(
        &mut self,
        state: &G::State,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<'_, G> {
        let saving = Shared::of(self).save::<G>(state);
        async move {
            let done = saving.await;
            if matches!(done, Err(StoreError::StaleFence { .. })) {
                self.give_way();
            }
            done
        }
    }

    /// Has the state saved within a second, once for all that is changed until then; at the latest when this activation
    /// ends, unless a fault or a kill ends it.
    ///
    /// A save that fails is tried again, with an error in the log. With [`StaleFence`](StoreError::StaleFence), this
    /// activation ends, `Moved`.
    pub fn save_later(&mut self) {
        let shared = Shared::of(self);
        shared.0.dirty.store(true, Ordering::Relaxed);
        if !shared.0.seen_to.swap(true, Ordering::Relaxed) {
            see_to(self, LATER);
        }
    }
}

impl<G: Stateful> TurnCtx<G> {
    /// As [`Ctx::save`]: of a clone of the state, which may be another one when this is ready.
    ///
    /// # Errors
    ///
    /// As [`Ctx::save`].
    pub fn save(&self, state: &G::State) -> impl Future<Output = Result<(), StoreError>> + Send + use<'_, G> {
        let saving = Shared::of(self).save::<G>(state);
        async move {
            let done = saving.await;
            if matches!(done, Err(StoreError::StaleFence { .. })) {
                self.give_way();
            }
            done
        }
    }
}

/// Saves on the turn of its grain, when its time has come.
struct Due<G: Stateful>(Arc<LocalCell<G>>);

impl<G: Stateful> Fire for Due<G> {
    fn fire(&self, _now: Instant) {
        self.0.errand(None, |grain, cx| {
            save_now(grain, cx);
            None
        });
    }
}

fn see_to<G: Stateful>(cx: &Ctx<G>, after: Duration) {
    cx.system().timers().arm(cx.now() + after, Arc::new(Due(cx.cell())));
}

fn save_now<G: Stateful>(grain: &G, cx: &mut Ctx<G>) {
    let Some(shared) = cx.with_journal(Shared::clone) else { return };
    if !shared.0.dirty.load(Ordering::Relaxed) {
        shared.0.seen_to.store(false, Ordering::Relaxed);
        return;
    }
    let (saving, cell) = (shared.save::<G>(grain.kept()), cx.cell());
    cx.system().runtime().spawn("save", async move {
        let done = saving.await;
        cell.errand(None, move |_, cx| {
            saved_later(cx, done);
            None
        });
    });
}

fn saved_later<G: Stateful>(cx: &mut Ctx<G>, done: Result<(), StoreError>) {
    let Some(shared) = cx.with_journal(Shared::clone) else { return };
    let Err(error) = done else {
        shared.0.failures.store(0, Ordering::Relaxed);
        // What was changed while it was under way.
        match shared.0.dirty.load(Ordering::Relaxed) {
            true => see_to(cx, LATER),
            false => shared.0.seen_to.store(false, Ordering::Relaxed),
        }
        return;
    };
    if matches!(error, StoreError::StaleFence { .. }) {
        return cx.give_way();
    }
    tracing::error!(grain = %cx.path(), %error, "a state was not saved; it is tried again");
    let after = AGAIN.wait(shared.0.failures.fetch_add(1, Ordering::Relaxed), cx.system().runtime().chance());
    see_to(cx, after);
}

/// Saves what is left when an activation ends. Generated code calls it last.
#[doc(hidden)]
pub async fn save_at_end<G: Stateful>(grain: &G, cx: &mut Ctx<G>) -> Result<(), Fault> {
    let Some(shared) = cx.with_journal(Shared::clone) else { return Ok(()) };
    // One that was begun may fail yet.
    drop(shared.0.keeper.lock().await);
    if !shared.0.dirty.load(Ordering::Relaxed) {
        return Ok(());
    }
    if matches!(cx.stop_reason(), None | Some(StopReason::Fault | StopReason::Moved)) {
        tracing::warn!(grain = %cx.path(), "what was to be saved later is not saved: the activation has failed");
        return Ok(());
    }
    save_last::<G>(grain, &shared, cx.system()).await
}

async fn save_last<G: Stateful>(grain: &G, shared: &Shared, system: &ActorSystem) -> Result<(), Fault> {
    let mut tries = 0;
    loop {
        let Err(error) = shared.clone().save::<G>(grain.kept()).await else { return Ok(()) };
        tries += 1;
        if tries == LAST_TRIES || !matches!(error, StoreError::Unavailable { .. }) {
            return Err(error.into());
        }
        let runtime = system.runtime();
        runtime.sleep(AGAIN.wait(tries - 1, runtime.chance())).await;
    }
}
