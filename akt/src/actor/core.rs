//! The erased half of a cell: its name, its place in the tree, its life and its watchers.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;

use super::children::Children;
use super::error::StopReason;
use super::lifecycle::Stage;
use super::mailbox::{Control, Lane};
use super::reference::{AnyRef, Target};
use super::spawn::SpawnError;
use super::start::StartFailure;
use super::watch::Terminated;
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::system::{ActorSystem, Kind};

/// What every local actor has, whatever its type.
pub(crate) struct Core {
    pub(crate) id: ActorId,
    pub(crate) lane: Lane,
    name: Box<str>,
    parent: Option<Arc<dyn Target>>,
    /// With the system: one pointer in an idle actor, not two.
    kind: Arc<Kind>,
    life: Mutex<Life>,
}

struct Life {
    stage: Stage,
    children: Option<Box<Children>>,
    /// They end: none may come.
    childless: bool,
    /// Absent as long as nobody watches, as `children`: most actors.
    #[allow(clippy::box_collection, reason = "one pointer in an idle actor, not three")]
    watchers: Option<Box<Vec<Arc<dyn Target>>>>,
    /// Tasks that wait for the next stage or for the last child.
    wakers: Wakers,
}

/// Some tasks, of which there is mostly one.
#[derive(Default)]
struct Wakers {
    first: Option<Waker>,
    #[allow(clippy::box_collection, reason = "one pointer in an idle actor, not three")]
    others: Option<Box<Vec<Waker>>>,
}

impl Wakers {
    fn register(&mut self, waker: &Waker) {
        match &mut self.first {
            None => self.first = Some(waker.clone()),
            Some(first) if first.will_wake(waker) => {}
            Some(_) => {
                let others = self.others.get_or_insert_default();
                if !others.iter().any(|known| known.will_wake(waker)) {
                    others.push(waker.clone());
                }
            }
        }
    }

    /// Takes `waker` back, if it is there.
    fn forget(&mut self, waker: &Waker) -> Option<Waker> {
        if self.first.as_ref().is_some_and(|first| first.will_wake(waker)) {
            let next = self.others.as_mut().and_then(|others| others.pop());
            return std::mem::replace(&mut self.first, next);
        }
        let others = self.others.as_mut()?;
        let place = others.iter().position(|known| known.will_wake(waker))?;
        Some(others.swap_remove(place))
    }

    fn wake(self) {
        self.first
            .into_iter()
            .chain(self.others.into_iter().flat_map(|others| *others))
            .for_each(Waker::wake);
    }
}

/// One wait for an actor's end, which may be given up.
struct Seat<'a> {
    core: &'a Core,
    waker: Option<Waker>,
}

impl Seat<'_> {
    fn poll(&mut self, cx: &Context<'_>) -> Poll<StopReason> {
        if self.waker.as_ref().is_some_and(|waker| !waker.will_wake(cx.waker())) {
            self.leave();
        }
        let mut life = self.core.life.lock();
        match life.stage.stop_reason() {
            Some(reason) => Poll::Ready(reason),
            None => {
                life.wakers.register(cx.waker());
                self.waker.get_or_insert_with(|| cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn leave(&mut self) {
        let Some(waker) = self.waker.take() else { return };
        let left = self.core.life.lock().wakers.forget(&waker);
        // Another wait of the same task shares it, and comes back when woken.
        if let Some(left) = left {
            left.wake();
        }
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Core {
    pub(crate) fn new(kind: Arc<Kind>, parent: Option<Arc<dyn Target>>, name: Box<str>) -> Self {
        let life = Life {
            stage: Stage::Starting,
            children: None,
            childless: false,
            watchers: None,
            wakers: Wakers::default(),
        };
        let id = kind.system().next_id();
        Self { id, lane: Lane::default(), name, parent, kind, life: Mutex::new(life) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn system(&self) -> &ActorSystem {
        self.kind.system()
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(crate) fn parent(&self) -> Option<&Arc<dyn Target>> {
        self.parent.as_ref()
    }

    pub(crate) fn path(&self) -> ActorPath {
        let mut names = vec![self.name()];
        let mut above = self.parent.as_ref();
        while let Some(core) = above.and_then(|target| target.core()) {
            names.push(core.name());
            above = core.parent.as_ref();
        }
        ActorPath::of(names.into_iter().rev())
    }

    // ---- life ------------------------------------------------------------------------------

    pub(crate) fn enter(&self, next: Stage) {
        let mut life = self.life.lock();
        if !life.stage.allows(&next) {
            return;
        }
        life.stage = next;
        let wakers = std::mem::take(&mut life.wakers);
        drop(life);
        wakers.wake();
    }

    /// Begins the stop of an actor that rests, unless it has children or something to obey. Wakes nobody, who
    /// all wait for what comes later.
    pub(crate) fn take_leave(&self) -> bool {
        let mut life = self.life.lock();
        let leaves =
            matches!(life.stage, Stage::Running) && life.children.is_none() && self.lane.seal_quiet();
        if leaves {
            life.stage = Stage::Stopping(StopReason::Passivated);
        }
        leaves
    }

    pub(crate) fn stage(&self) -> Stage {
        self.life.lock().stage.clone()
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.life.lock().stage.is_alive()
    }

    pub(crate) fn is_starting(&self) -> bool {
        !self.life.lock().stage.has_started()
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        self.life.lock().stage.stop_reason()
    }

    /// Why messages are refused: the reason of a stop that has begun.
    pub(crate) fn refusal(&self) -> StopReason {
        match self.life.lock().stage {
            Stage::Stopped { reason, .. } | Stage::Stopping(reason) => reason,
            Stage::Starting | Stage::Running | Stage::Restarting => StopReason::Requested,
        }
    }

    /// Waits until the actor is there, or is known never to be.
    pub(crate) fn poll_started(&self, cx: &Context<'_>) -> Poll<Result<(), Box<StartFailure>>> {
        let mut life = self.life.lock();
        match &life.stage {
            Stage::Stopped { start_failure: Some(failure), .. } => Poll::Ready(Err(failure.clone())),
            stage if stage.has_started() => Poll::Ready(Ok(())),
            _ => {
                life.wakers.register(cx.waker());
                Poll::Pending
            }
        }
    }

    /// Waits until the actor is gone.
    pub(crate) async fn stopped(&self) -> StopReason {
        let mut seat = Seat { core: self, waker: None };
        poll_fn(|cx| seat.poll(cx)).await
    }

    /// Whether it is the actor's own code that keeps it from ending, now that it should.
    pub(crate) fn holds_up(&self) -> bool {
        let life = self.life.lock();
        match life.stage {
            Stage::Stopped { .. } => false,
            Stage::Stopping(_) => life.children.is_none(),
            Stage::Starting | Stage::Running | Stage::Restarting => self.lane.end_asked().is_some(),
        }
    }

    /// The end: frees the name, then tells watchers, each once.
    pub(crate) fn finish(
        &self,
        me: &Arc<dyn Target>,
        reason: StopReason,
        start_failure: Option<Box<StartFailure>>,
    ) {
        self.lane.close();
        if let Some(parent) = self.parent.as_ref().and_then(|parent| parent.core()) {
            parent.forget_child(me.as_ref());
        }
        let mut life = self.life.lock();
        life.stage = Stage::Stopped { reason, start_failure };
        let (watchers, wakers) = (std::mem::take(&mut life.watchers), std::mem::take(&mut life.wakers));
        drop(life);
        for watcher in watchers.into_iter().flat_map(|watchers| *watchers) {
            tell_terminated(&watcher, me, reason);
        }
        wakers.wake();
    }

    /// Waits before a restart; cut short by a stop or a kill, whose reason it returns.
    pub(crate) async fn pause(&self, after: Duration) -> Option<StopReason> {
        let runtime = self.system().runtime();
        let mut sleep = pin!(runtime.sleep(after));
        poll_fn(|cx| {
            self.lane.register(cx.waker());
            match self.lane.end_asked() {
                None if after.is_zero() => Poll::Ready(None),
                None => sleep.as_mut().poll(cx).map(|()| None),
                end => Poll::Ready(end),
            }
        })
        .await
    }

    // ---- watch -----------------------------------------------------------------------------

    /// `watcher` is told once when the actor is gone; at once if it is.
    pub(crate) fn watch(&self, me: &Arc<dyn Target>, watcher: Arc<dyn Target>) {
        let mut life = self.life.lock();
        if let Some(reason) = life.stage.stop_reason() {
            drop(life);
            return tell_terminated(&watcher, me, reason);
        }
        let watchers = life.watchers.get_or_insert_default();
        // Those that are gone are forgotten now: a long life has many short watchers.
        watchers.retain(|known| !Arc::ptr_eq(known, &watcher) && !known.core().is_some_and(Self::is_gone));
        watchers.push(watcher);
    }

    #[allow(dead_code, reason = "only tests look at it")]
    pub(crate) fn is_watched_by(&self, watcher: &Arc<dyn Target>) -> bool {
        let life = self.life.lock();
        life.watchers.iter().flat_map(|watchers| watchers.iter()).any(|known| Arc::ptr_eq(known, watcher))
    }

    pub(crate) fn unwatch(&self, watcher: &Arc<dyn Target>) {
        if let Some(watchers) = &mut self.life.lock().watchers {
            watchers.retain(|known| !Arc::ptr_eq(known, watcher));
        }
    }

    /// Whether nothing that it is told can matter any more; needs no lock.
    fn is_gone(&self) -> bool {
        self.lane.is_closed()
    }

    // ---- children --------------------------------------------------------------------------

    pub(crate) fn adopt(&self, child: &Arc<dyn Target>) -> Result<(), SpawnError> {
        let path = || child.path();
        let mut life = self.life.lock();
        if !life.stage.is_alive() || life.childless {
            drop(life);
            return Err(SpawnError::ParentStopping(path()));
        }
        let seed = self.system().seed();
        let children = life.children.get_or_insert_with(|| Box::new(Children::new(seed)));
        if children.insert(child.clone()) {
            return Ok(());
        }
        drop(life);
        Err(SpawnError::NameTaken(path()))
    }

    fn forget_child(&self, child: &dyn Target) {
        let mut life = self.life.lock();
        let Some(children) = &mut life.children else { return };
        children.remove(child);
        if !children.is_empty() {
            return;
        }
        life.children = None;
        let wakers = std::mem::take(&mut life.wakers);
        drop(life);
        wakers.wake();
    }

    pub(crate) fn child(&self, name: &str) -> Option<Arc<dyn Target>> {
        self.life.lock().children.as_ref()?.get(name).cloned()
    }

    /// The children in the order in which they were spawned.
    pub(crate) fn children(&self) -> Vec<Arc<dyn Target>> {
        let life = self.life.lock();
        let mut children: Vec<_> =
            life.children.iter().flat_map(|children| children.iter().cloned()).collect();
        drop(life);
        children.sort_unstable_by_key(|child| child.core().map(|core| core.id));
        children
    }

    /// The other children of its parent, in the order in which they were spawned.
    pub(crate) fn siblings(&self) -> Vec<Arc<dyn Target>> {
        let mut siblings =
            self.parent.as_ref().and_then(|parent| parent.core()).map(Self::children).unwrap_or_default();
        siblings.retain(|sibling| sibling.core().is_some_and(|core| core.id != self.id));
        siblings
    }

    /// A new value may have children again.
    pub(crate) fn begin_anew(&self) {
        self.life.lock().childless = false;
    }

    /// Stops all children at once, or kills them, and waits until they are gone; no more may come.
    pub(crate) async fn end_children(&self, how: EndChildren) {
        self.life.lock().childless = true;
        for child in self.children() {
            match how {
                EndChildren::Stop(reason) => child.control(Control::Stop(reason)),
                EndChildren::Kill => child.kill(),
            }
        }
        poll_fn(|cx| {
            // Before the look: a kill in between must wake this task.
            self.lane.register(cx.waker());
            if self.lane.is_killed() && matches!(how, EndChildren::Stop(_)) {
                self.children().iter().for_each(|child| child.kill());
            }
            let mut life = self.life.lock();
            if life.children.is_none() {
                return Poll::Ready(());
            }
            life.wakers.register(cx.waker());
            Poll::Pending
        })
        .await;
    }
}

/// How an actor's children end with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndChildren {
    Stop(StopReason),
    Kill,
}

fn tell_terminated(watcher: &Arc<dyn Target>, gone: &Arc<dyn Target>, reason: StopReason) {
    watcher.control(Control::Terminated(Terminated { actor: AnyRef::new(gone.clone()), reason }));
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use super::*;
    use akt::{Ctx, handler, on};

    /// Has a child and watches whom it is told to.
    #[derive(Default)]
    struct Watcher;

    #[akt::actor]
    impl Watcher {
        #[on(terminated)]
        fn gone(&mut self, _: Terminated) {}

        #[handler]
        async fn child(&mut self, cx: &mut Ctx<Self>) -> AnyRef {
            cx.spawn("child", Self::default).await.expect("the name is free").actor()
        }

        #[handler]
        fn watch(&mut self, actor: AnyRef, cx: &mut Ctx<Self>) {
            cx.watch(&actor);
        }
    }

    fn weak(actor: &AnyRef) -> Weak<dyn Target> {
        Arc::downgrade(actor.target())
    }

    #[akt::test]
    async fn actors_that_watch_each_other_are_forgotten_when_they_are_gone() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        let parent = system.spawn("parent", Watcher::default).await.unwrap();
        let child = parent.child().await.unwrap();
        for watched in [child.clone(), parent.actor()] {
            parent.watch(watched).await.unwrap();
        }
        let left = [weak(&parent.actor()), weak(&child)];

        parent.actor().stop();
        parent.actor().stopped().await;
        drop((parent, child));
        system.shutdown().await;

        assert!(left.iter().all(|actor| actor.upgrade().is_none()), "they hold each other");
    }

    #[akt::test]
    async fn a_watcher_that_is_gone_is_forgotten_at_the_next_watch() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        let watched = system.spawn("watched", Watcher::default).await.unwrap().actor();
        let watch = async || {
            let watcher = system.spawn("watcher", Watcher::default).await.unwrap();
            watcher.watch(watched.clone()).await.unwrap();
            watcher.actor().stop();
            watcher.actor().stopped().await;
            weak(&watcher.actor())
        };

        let first = watch().await;
        watch().await;

        assert!(first.upgrade().is_none());
        system.shutdown().await;
    }

    #[akt::test]
    async fn who_no_longer_waits_for_an_end_is_forgotten() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        let actor = system.spawn("actor", Watcher::default).await.unwrap().actor();

        for _ in 0..3 {
            tokio::time::timeout(Duration::from_millis(1), actor.stopped()).await.unwrap_err();
        }

        {
            let life = actor.target().core().unwrap().life.lock();
            assert!(life.wakers.first.is_none() && life.wakers.others.is_none());
        }
        actor.stop();
        assert_eq!(actor.stopped().await, StopReason::Requested);
        system.shutdown().await;
    }
}
