//! What this node watches on one peer: who is to be told, and the machine that decides when.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use super::association::LinkId;
use super::peer::{Out, Peer};
use super::route::Route;
use super::watch::{Input, Output, WatchId, Watches};
use crate::actor::{AnyRef, Control, StopReason, Target, Terminated, Witness};
use crate::machine::Machine;
use crate::path::ActorPath;
use crate::runtime::Fire;
use crate::time::Instant;

/// The watches on the actors of one peer.
pub(super) struct Watching(Mutex<Table>);

struct Table {
    machine: Watches,
    watchers: BTreeMap<WatchId, Watcher>,
    /// The watches of each watcher, which is known by where it is in memory: the table holds it.
    places: BTreeMap<usize, BTreeMap<ActorPath, WatchId>>,
    next: WatchId,
    alarm: Option<Instant>,
    /// Is told when a watcher is gone.
    mourner: Option<Arc<dyn Target>>,
}

struct Watcher {
    watcher: Arc<dyn Target>,
    watched: Arc<dyn Target>,
}

impl Watching {
    pub(super) fn new(lost_after: Duration) -> Self {
        Self(Mutex::new(Table {
            machine: Watches::new(lost_after),
            watchers: BTreeMap::new(),
            places: BTreeMap::new(),
            next: 0,
            alarm: None,
            mourner: None,
        }))
    }
}

impl Table {
    fn insert(&mut self, path: &ActorPath, watcher: Watcher) -> WatchId {
        self.next += 1;
        let place = self.places.entry(address(&watcher.watcher)).or_default();
        place.insert(path.clone(), self.next);
        self.watchers.insert(self.next, watcher);
        self.next
    }

    fn find(&self, path: &ActorPath, watcher: &Arc<dyn Target>) -> Option<WatchId> {
        self.places.get(&address(watcher))?.get(path).copied()
    }

    fn remove(&mut self, watch: WatchId) -> Option<Watcher> {
        let watcher = self.watchers.remove(&watch)?;
        let address = address(&watcher.watcher);
        if let Some(paths) = self.places.get_mut(&address) {
            paths.remove(&watcher.watched.path());
            if paths.is_empty() {
                self.places.remove(&address);
            }
        }
        Some(watcher)
    }
}

fn address(watcher: &Arc<dyn Target>) -> usize {
    Arc::as_ptr(watcher).addr()
}

impl Peer {
    /// `watcher` is told once when the actor at the end of `route` is gone.
    pub(super) fn watch(
        self: &Arc<Self>,
        route: &Route,
        watched: Arc<dyn Target>,
        watcher: &Arc<dyn Target>,
    ) {
        let mut table = self.watching.0.lock();
        if table.find(&route.path, watcher).is_some() {
            return;
        }
        let watch = table.insert(&route.path, Watcher { watcher: watcher.clone(), watched });
        let mourner = table.mourner.get_or_insert_with(|| self.mourner()).clone();
        self.decide(table, Input::Watch { watch, target: route.target.clone() });
        watcher.on_core(|core| core.watch(watcher, mourner));
    }

    /// Takes [`watch`](Self::watch) back.
    pub(super) fn unwatch(self: &Arc<Self>, path: &ActorPath, watcher: &Arc<dyn Target>) {
        let mut table = self.watching.0.lock();
        let Some(watch) = table.find(path, watcher) else { return };
        let gone = table.remove(watch);
        self.decide(table, Input::Unwatch { watch });
        drop(gone);
    }

    /// What is told of watchers that end.
    fn mourner(self: &Arc<Self>) -> Arc<dyn Target> {
        let peer = Arc::downgrade(self);
        Witness::hear(&self.node.system, move |terminated: Terminated| {
            let Some(peer) = peer.upgrade() else { return };
            let watcher = terminated.actor.target();
            let paths = peer.watching.0.lock().places.get(&address(watcher)).cloned().unwrap_or_default();
            paths.keys().for_each(|path| peer.unwatch(path, watcher));
        })
    }

    /// A connection carries, and its writer has its turn: nothing of it gets lost.
    pub(super) fn watch_up(self: &Arc<Self>, link: LinkId, incarnation: u64) {
        self.watch_heard(Input::Up { link, incarnation });
    }

    pub(super) fn watch_down(self: &Arc<Self>, link: LinkId, left: bool) {
        self.watch_heard(Input::Down { link, left });
    }

    /// This node shuts down.
    pub(super) fn watch_over(self: &Arc<Self>) {
        self.watch_heard(Input::Closed);
    }

    pub(super) fn watch_heard(self: &Arc<Self>, input: Input) {
        self.decide(self.watching.0.lock(), input);
    }

    fn decide(self: &Arc<Self>, mut table: MutexGuard<'_, Table>, input: Input) {
        let (now, mut out) = (self.node.runtime().now(), Vec::new());
        table.machine.handle(now, input, &mut out);
        self.act(table, out);
    }

    /// Does what the machine says; under its lock what must stay in order, and then the rest.
    fn act(self: &Arc<Self>, mut table: MutexGuard<'_, Table>, out: Vec<Output>) {
        let (mut wanted, mut ended) = (false, Vec::new());
        for output in out {
            match output {
                Output::Send { link, notice } => {
                    // It takes no room: one word a watch, on each connection.
                    let _ = self.queue.push(Out::Notice { link: Some(link), notice }, true);
                }
                Output::Want => wanted = true,
                Output::Ended { watch, reason } => {
                    ended.extend(table.remove(watch).map(|watcher| (watcher, reason)));
                }
            }
        }
        let deadline = table.machine.deadline();
        if let Some(at) = deadline.filter(|at| table.alarm.is_none_or(|alarm| *at < alarm)) {
            table.alarm = Some(at);
            self.node.system.timers().arm(at, Arc::new(Alarm(self.clone())));
        }
        drop(table);
        if wanted {
            self.want();
        }
        ended.into_iter().for_each(|(watcher, reason)| watcher.tell(reason));
    }
}

impl Watcher {
    fn tell(self, reason: StopReason) {
        let actor = AnyRef::new(self.watched);
        self.watcher.control(Control::Terminated(Terminated { actor, reason }));
    }
}

/// Rings when the machine wants to decide again.
struct Alarm(Arc<Peer>);

impl Fire for Alarm {
    fn fire(&self, now: Instant) {
        let mut table = self.0.watching.0.lock();
        table.alarm = None;
        let mut out = Vec::new();
        table.machine.handle_timeout(now, &mut out);
        self.0.act(table, out);
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching").field("watches", &self.0.lock().watchers.len()).finish_non_exhaustive()
    }
}
