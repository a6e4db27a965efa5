//! Spawning a router: on a system, or as the child of an actor.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use super::Router;
use super::cell::{RouterCell, Table};
use super::pool::Pool;
use crate::actor::{Actor, ActorRef, Ctx, Directive, Ref, Spawn, SpawnError, Supervise, Target};
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
        spawn(self.user().clone(), name.into(), router, factory).await
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
    let Router { size, strategy, stopped, mailbox, supervise } = router;
    let table = Arc::new(Table::new());
    let (kept, make) = (table.clone(), Arc::new(factory));
    let pool = move || {
        let (table, make, supervise) = (kept.clone(), make.clone(), supervise.clone());
        Some(Pool { table, make, size, stopped, mailbox, supervise, last: 0 })
    };
    let (tell, told) = flume::bounded(1);
    let face = move |keeper| {
        let cell = Arc::new(RouterCell::<A> { keeper, table, strategy, turn: AtomicUsize::new(0) });
        let _ = tell.send(cell.clone());
        cell as Arc<dyn Target>
    };
    // The pool itself does not fail; what reaches it is what a routee escalates.
    let policy = Supervise::one_for_one().otherwise(Directive::Escalate);
    Spawn::<Pool<A>>::new(parent, name, Box::new(pool)).behind(face).supervise(policy).await?;
    let cell = told.recv().expect("a router that has started has a face");
    Ok(A::Ref::from_ref(Ref::new(cell)))
}
