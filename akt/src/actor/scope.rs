//! What lives only as long as an actor, or as one value of it: its timers and its work in progress.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use super::presence::Presence;
use crate::time::Instant;

/// The timers and the work of one actor, and whether it is still wanted.
#[derive(Default)]
pub(crate) struct Scope {
    state: Mutex<State>,
    /// Absent in an actor that ends only when it is told to.
    presence: OnceLock<Arc<Presence>>,
    /// What outlives the actor: an `Arc<dyn Face<A>>`, absent in most.
    face: OnceLock<Box<dyn Any + Send + Sync>>,
    /// What its value is kept by, if it is kept anywhere.
    pub(super) journal: Mutex<Option<Box<dyn Any + Send>>>,
    /// The number of the present value among those that were kept under its name; 0 if it has none.
    pub(super) fence: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Nothing joins any more.
    closed: bool,
    /// How many values the actor has had before the present one.
    value: u64,
    next: u64,
    /// By place, so that the order of their end is that of their beginning.
    members: BTreeMap<u64, Arc<dyn Member>>,
    /// Those that keep it, and need not be ended.
    #[allow(clippy::box_collection, reason = "one pointer in most actors, not three")]
    lasting: Option<Box<Vec<Arc<dyn Member>>>>,
}

/// Something that ends with an actor.
pub(crate) trait Member: Send + Sync {
    /// Whether it outlives the value that began it.
    fn outlives_value(&self) -> bool;
    /// Ends it.
    fn end(&self);
    /// Whether the actor must not end by itself before it has ended.
    fn keeps(&self) -> bool {
        false
    }
    /// When it comes next, if it is a timer.
    fn due(&self) -> Option<Instant> {
        None
    }
}

/// Names a member, so that it can leave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u64);

impl Scope {
    /// Takes `member` in; `None` if the actor is gone, and `member` must not begin.
    pub(crate) fn join(&self, member: Arc<dyn Member>) -> Option<Place> {
        let mut state = self.state.lock();
        if state.closed {
            return None;
        }
        let place = state.next;
        state.next += 1;
        state.members.insert(place, member);
        Some(Place(place))
    }

    /// As [`join`](Self::join), for a member that leaves by keeping the actor no longer.
    pub(crate) fn join_lasting(&self, member: Arc<dyn Member>) {
        let mut state = self.state.lock();
        // Whenever their number has doubled: each is looked at a few times only.
        let lasting = state.lasting.get_or_insert_default();
        let ended = lasting.len().is_power_of_two().then(|| {
            let (kept, ended) = std::mem::take(&mut **lasting).into_iter().partition(|known| known.keeps());
            **lasting = kept;
            ended
        });
        lasting.push(member);
        drop(state);
        drop::<Option<Vec<_>>>(ended);
    }

    /// Lets a member go that has ended by itself.
    pub(crate) fn leave(&self, place: Place) {
        let member = self.state.lock().members.remove(&place.0);
        drop(member);
    }

    /// Whether a member keeps the actor from ending by itself.
    pub(super) fn is_kept(&self) -> bool {
        let state = self.state.lock();
        state
            .members
            .values()
            .chain(state.lasting.iter().flat_map(|lasting| lasting.iter()))
            .any(|member| member.keeps())
    }

    /// When its timers come next, the soonest first.
    pub(super) fn due(&self) -> Vec<Instant> {
        let mut due: Vec<_> = self.state.lock().members.values().filter_map(|member| member.due()).collect();
        due.sort_unstable();
        due
    }

    pub(super) fn presence(&self) -> Option<&Arc<Presence>> {
        self.presence.get()
    }

    /// Only once, before the actor begins.
    pub(super) fn set_presence(&self, presence: Arc<Presence>) {
        let _ = self.presence.set(presence);
    }

    pub(super) fn face(&self) -> Option<&(dyn Any + Send + Sync)> {
        self.face.get().map(|face| &**face)
    }

    /// As [`set_presence`](Self::set_presence).
    pub(super) fn set_face(&self, face: Box<dyn Any + Send + Sync>) {
        let _ = self.face.set(face);
    }

    /// Which value of the actor is the present one.
    pub(super) fn value(&self) -> u64 {
        self.state.lock().value
    }

    /// Ends what belongs to the actor's present value.
    pub(super) fn end_value(&self) {
        let mut state = self.state.lock();
        state.value += 1;
        let (kept, ended) = std::mem::take(&mut state.members)
            .into_iter()
            .partition(|(_, member): &(_, Arc<dyn Member>)| member.outlives_value());
        state.members = kept;
        drop(state);
        end_all(ended);
    }

    /// Ends everything; nothing begins any more.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let ended = std::mem::take(&mut state.members);
        drop(state);
        end_all(ended);
        if let Some(presence) = self.presence() {
            presence.end();
        }
    }
}

fn end_all(members: BTreeMap<u64, Arc<dyn Member>>) {
    members.into_values().for_each(|member| member.end());
}
