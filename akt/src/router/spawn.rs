//! Spawning a router: on a system, or as the child of an actor.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::Router;
use super::cell::{RouterCell, Table};
use super::lines::Lines;
use super::pool::Pool;
use super::pull::{PullCell, Shared};
use super::strategy::Strategy;
use crate::actor::{
    Actor, ActorRef, Ctx, Directive, Message, Passivate, Ref, Sink, Spawn, SpawnError, Supervise, Target,
};
use crate::system::ActorSystem;

impl ActorSystem {
    /// Spawns a router at `/user/{name}` and waits until its routees have started; they are its children.
    ///
    /// `factory` makes the value of each routee, and again at each of its restarts.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn); [`SpawnError::Start`] if a routee does not start.
    pub async fn spawn_router<A: Actor>(
        &self,
        name: impl Into<String>,
        router: Router<A::Msg>,
        factory: impl Fn() -> A + Send + Sync + 'static,
    ) -> Result<A::Ref, SpawnError> {
        spawn(self.user(), name.into(), router, factory).await
    }
}

impl<P: Actor> Ctx<P> {
    /// Spawns a router as a child. See [`ActorSystem::spawn_router`].
    ///
    /// # Errors
    ///
    /// As [`ActorSystem::spawn_router`].
    pub async fn spawn_router<A: Actor>(
        &self,
        name: impl Into<String>,
        router: Router<A::Msg>,
        factory: impl Fn() -> A + Send + Sync + 'static,
    ) -> Result<A::Ref, SpawnError> {
        spawn(self.actor().target().clone(), name.into(), router, factory).await
    }
}

async fn spawn<A: Actor>(
    parent: Arc<dyn Target>,
    name: String,
    router: Router<A::Msg>,
    factory: impl Fn() -> A + Send + Sync + 'static,
) -> Result<A::Ref, SpawnError> {
    let Router { size, strategy, stopped, mailbox, order, supervise } = router;
    let table = Arc::new(Table::new());
    let (shared, mailbox) = match strategy {
        Strategy::Pull => {
            let limit = mailbox.unwrap_or_default().limit();
            (Some(Arc::new(Shared::<A>::new(limit, table.clone()))), None)
        }
        _ => (None, mailbox),
    };
    let (kept, make, queue) = (table.clone(), Arc::new(factory), shared.clone());
    let pool = move || {
        let (table, make) = (kept.clone(), make.clone());
        let (order, supervise) = (order.clone(), supervise.clone());
        let shared = queue.clone();
        Some(Pool { table, make, size, stopped, mailbox, order, supervise, shared, last: 0, me: None })
    };
    let (tell, told) = flume::bounded(1);
    let face = move |keeper| {
        let (target, reference) = match shared {
            Some(shared) => both(Arc::new(PullCell { keeper, shared })),
            None => {
                let (turn, lines) = (AtomicUsize::new(0), Lines::default());
                both(Arc::new(RouterCell::<A> { keeper, table, strategy, turn, lines }))
            }
        };
        let _ = tell.send(reference);
        target
    };
    // The pool itself does not fail; what reaches it is what a routee escalates.
    let policy = Supervise::one_for_one().otherwise(Directive::Escalate);
    let pool = Spawn::<Pool<A>>::new(parent, name, Box::new(pool)).behind(face).supervise(policy);
    pool.passivate(Passivate::never()).await?;
    let reference = told.recv().expect("a router that has started has a face");
    Ok(A::Ref::from_ref(reference))
}

/// What the parent and what the senders know of a cell.
fn both<M: Message>(cell: Arc<impl Sink<M>>) -> (Arc<dyn Target>, Ref<M>) {
    (cell.clone(), Ref::new(cell))
}
