//! The root of a system's actors, which keeps its system and is kept by it until the system has ended.

use std::sync::Arc;

use parking_lot::RwLock;

use super::ActorSystem;
use crate::actor::{Core, Guardian, Target};

/// The name of the root.
const USER: &str = "user";

/// Absent once the system has ended.
#[derive(Default)]
pub(super) struct Root(RwLock<Option<Arc<dyn Target>>>);

impl ActorSystem {
    pub(super) fn plant(&self) {
        *self.0.root.0.write() = Some(Guardian::spawn(self, USER));
    }

    /// The system has ended: it and its root let each other go.
    pub(super) fn uproot(&self) {
        let root = self.0.root.0.write().take();
        drop(root);
        self.forget_parts();
    }

    /// The actor above all others; of a system that has ended, one that has stopped as well.
    pub(crate) fn user(&self) -> Arc<dyn Target> {
        let root = self.0.root.0.read().clone();
        root.unwrap_or_else(|| Guardian::gone(self, USER))
    }

    /// Waits until every actor is gone.
    pub(super) async fn all_stopped(&self) {
        let root = self.user();
        let _reason = root.core().map(Core::stopped).expect("the root is local").await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use akt::prelude::*;

    /// Has a child, a watch, a timer and work that never ends.
    #[derive(Default)]
    struct Busy;

    #[akt::actor(passivate = "1h")]
    impl Busy {
        #[handler]
        async fn begin(&mut self, cx: &mut Ctx<Self>) {
            let child = cx.spawn("child", Self::default).await.expect("the name is free");
            cx.watch(&child.actor());
            cx.after(Duration::from_secs(60), cx.me().tick()).detach();
            cx.then(std::future::pending::<Result<(), Fault>>(), |_, _, _| {});
        }

        #[handler]
        fn tick(&mut self) {}
    }

    #[akt::test]
    async fn a_system_that_has_ended_is_forgotten_with_its_last_handle() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        let busy = system.spawn("busy", Busy::default).await.unwrap();
        busy.begin().await.unwrap();
        let scheduler = system.scheduler();
        scheduler.once("once", Duration::from_secs(60), busy.tick()).unwrap();
        (0..1_000).for_each(|_| busy.tick().tell().unwrap());
        busy.tick().await.unwrap();
        let left = Arc::downgrade(&system.0);

        system.shutdown().await;
        drop((busy, scheduler, system));

        assert!(left.upgrade().is_none(), "something keeps it");
    }

    #[akt::test]
    async fn a_system_that_has_ended_spawns_nothing_and_ends_again_at_once() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        system.shutdown().await;

        let refused = system.spawn("late", Busy::default).await;

        assert!(
            matches!(refused, Err(akt::SpawnError::ParentStopping(path)) if path.to_string() == "/user/late")
        );
        assert!(system.actor_of::<BusyRef>("late").await.is_err());
        assert!(system.metrics().kinds.iter().all(|kind| kind.actors == 0));
        system.shutdown().await;
        assert!(system.run_until(std::future::pending()).await.is_clean());
    }
}
