//! What an actor has at one moment, of what others may not see.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Effect, Solo};
use crate::actor::{Actor, ActorRef, Core, Target};
use crate::path::ActorPath;
use crate::testkit::quiet;
use crate::time::Instant;

#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    inside: Inside,
    /// Whom it watches, of those who are there; as text, in order.
    watched: Vec<ActorPath>,
    there: BTreeSet<String>,
}

/// What only its own turn sees.
#[derive(Clone, Debug, Default)]
struct Inside {
    state: &'static str,
    stashed: usize,
    timers: Vec<Instant>,
}

impl<A: Actor> Solo<A> {
    /// What the actor has now; what only its own turn sees is that of `before`, while a handler lets nothing else run.
    pub(super) fn look(&mut self, before: &Snapshot) -> Snapshot {
        let seen = Arc::new(Mutex::new(None));
        let inner = seen.clone();
        self.cell.errand(None, move |actor, cx| {
            let state = if A::BEHAVES { actor.state().name } else { "" };
            let (stashed, timers) = cx.kept();
            *inner.lock() = Some(Inside { state, stashed, timers });
            None
        });
        self.wait(quiet::settle());
        let seen = seen.lock().take();
        let mut snapshot =
            Snapshot { inside: seen.unwrap_or_else(|| before.inside.clone()), ..Snapshot::default() };
        let me: Arc<dyn Target> = self.reference.as_ref().actor().target().clone();
        snapshot.find(&*self.kit.system().user(), &me);
        snapshot
    }
}

impl Snapshot {
    fn find(&mut self, above: &dyn Target, me: &Arc<dyn Target>) {
        for child in above.core().map(Core::children).unwrap_or_default() {
            self.there.insert(child.path().to_string());
            if child.core().is_some_and(|core| core.is_watched_by(me)) {
                self.watched.push(child.path());
            }
            self.find(&*child, me);
        }
    }

    /// What is different from `before`.
    pub(super) fn since(&self, before: &Self, now: Instant) -> Vec<Effect> {
        let mut effects = Vec::new();
        let is_new = |path: &&ActorPath| !before.watched.contains(path);
        let is_left =
            |path: &&ActorPath| !self.watched.contains(path) && self.there.contains(&path.to_string());
        effects.extend(self.watched.iter().filter(is_new).cloned().map(Effect::Watched));
        effects.extend(before.watched.iter().filter(is_left).cloned().map(Effect::Unwatched));
        let (Inside { state, stashed, timers }, was) = (&self.inside, &before.inside);
        effects.extend(beyond(timers, &was.timers).map(|at| Effect::Scheduled(at.since(now))));
        let gone = beyond(&was.timers, timers).filter(|at| *at > now);
        effects.extend(gone.map(|at| Effect::Cancelled(at.since(now))));
        if *stashed > was.stashed {
            effects.push(Effect::Stashed(stashed - was.stashed));
        }
        if *stashed < was.stashed {
            effects.push(Effect::Unstashed(was.stashed - stashed));
        }
        if *state != was.state && !was.state.is_empty() {
            effects.push(Effect::Became(state));
        }
        effects
    }
}

/// Those of `some` that are not among `others`, each as often as it is there more.
fn beyond(some: &[Instant], others: &[Instant]) -> impl Iterator<Item = Instant> {
    let mut others = others.to_vec();
    some.iter().copied().filter(move |at| match others.iter().position(|other| other == at) {
        Some(place) => {
            others.swap_remove(place);
            false
        }
        None => true,
    })
}
