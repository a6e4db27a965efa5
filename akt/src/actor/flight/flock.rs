//! Futures of one task, each looked at when it was woken, in the order of waking.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::sync::{AtomicBool, Mutex, Ordering};

/// What one task has under way. A new member counts as woken.
pub(super) struct Flock<T> {
    seats: Vec<Seat<T>>,
    free: Vec<usize>,
    bells: Arc<Bells>,
}

struct Seat<T> {
    bell: Arc<Bell>,
    /// Absent while it is looked at, and when the seat is free.
    member: Option<T>,
}

/// Where a member sits, as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(usize);

/// The bells of all seats: who rings, and whom that wakes.
struct Bells(Mutex<Ringing>);

struct Ringing {
    /// The seats whose bells were rung, each once.
    rung: VecDeque<usize>,
    /// The task, while it waits.
    task: Option<Waker>,
}

/// The bell of one seat: what its member is polled with.
struct Bell {
    place: usize,
    rung: AtomicBool,
    bells: Arc<Bells>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut ringing = self.bells.0.lock();
        ringing.rung.push_back(self.place);
        let task = ringing.task.take();
        drop(ringing);
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl<T> Default for Flock<T> {
    fn default() -> Self {
        let ringing = Ringing { rung: VecDeque::new(), task: None };
        Self { seats: Vec::new(), free: Vec::new(), bells: Arc::new(Bells(Mutex::new(ringing))) }
    }
}

impl<T> Flock<T> {
    pub(super) fn len(&self) -> usize {
        self.seats.len() - self.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.seats.iter().filter_map(|seat| seat.member.as_ref())
    }

    /// Takes in a member, which is looked at after those that were woken before.
    pub(super) fn join(&mut self, member: T) -> Place {
        let place = self.free.pop().unwrap_or_else(|| {
            let place = self.seats.len();
            let bell = Bell { place, rung: AtomicBool::new(false), bells: self.bells.clone() };
            self.seats.push(Seat { bell: Arc::new(bell), member: None });
            place
        });
        let seat = &mut self.seats[place];
        seat.member = Some(member);
        seat.bell.wake_by_ref();
        Place(place)
    }

    /// Has `task` woken at the next ring. Whoever waits listens first, and looks once more.
    pub(super) fn listen(&self, task: &Waker) {
        let mut ringing = self.bells.0.lock();
        match &mut ringing.task {
            Some(old) => old.clone_from(task),
            none => *none = Some(task.clone()),
        }
    }

    /// Whether a member was woken; for `only`, if that is given.
    pub(super) fn is_woken(&self, only: Option<Place>) -> bool {
        let ringing = self.bells.0.lock();
        let mut rung = ringing.rung.iter().filter(|place| self.seats[**place].member.is_some());
        rung.any(|place| only.is_none_or(|only| only.0 == *place))
    }

    /// Takes the next member that was woken out of its seat, or `only`, if that is given: it must
    /// [`stay`](Self::stay) or [`leave`](Self::leave). It is to be polled with the waker.
    pub(super) fn next(&mut self, only: Option<Place>) -> Option<(Place, T, Waker)> {
        loop {
            let place = self.next_rung(only)?;
            let seat = &mut self.seats[place];
            // Before the poll: a ring in its course counts. Who rang before and was not put down again is seen by it.
            seat.bell.rung.swap(false, Ordering::AcqRel);
            // A seat that was left may ring late.
            if let Some(member) = seat.member.take() {
                return Some((Place(place), member, seat.bell.clone().into()));
            }
        }
    }

    fn next_rung(&self, only: Option<Place>) -> Option<usize> {
        let mut ringing = self.bells.0.lock();
        let Some(Place(only)) = only else { return ringing.rung.pop_front() };
        let at = ringing.rung.iter().position(|place| *place == only)?;
        ringing.rung.remove(at)
    }

    /// A member that was looked at goes on.
    pub(super) fn stay(&mut self, place: Place, member: T) {
        self.seats[place.0].member = Some(member);
    }

    /// A member that was looked at is through.
    pub(super) fn leave(&mut self, place: Place) {
        self.free.push(place.0);
    }

    /// Takes out all members, in the order of their seats.
    pub(super) fn clear(&mut self) -> Vec<T> {
        let members = self.seats.iter_mut().filter_map(|seat| seat.member.take()).collect();
        self.free = (0..self.seats.len()).collect();
        members
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn woken(flock: &mut Flock<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| {
            let (place, member, _) = flock.next(None)?;
            flock.stay(place, member);
            Some(member)
        })
        .collect()
    }

    #[test]
    fn members_are_looked_at_once_for_each_time_they_are_woken_in_that_order() {
        let mut flock = Flock::default();
        for name in ["a", "b", "c"] {
            flock.join(name);
        }
        let (first, _, waker) = flock.next(None).unwrap();
        flock.stay(first, "a");
        assert_eq!(woken(&mut flock), ["b", "c"]);

        flock.seats[2].bell.wake_by_ref();
        waker.wake_by_ref();
        waker.wake_by_ref();

        assert_eq!(woken(&mut flock), ["c", "a"]);
        assert_eq!(woken(&mut flock), [""; 0]);
    }

    #[test]
    fn a_seat_that_was_left_rings_for_nobody_and_is_taken_again() {
        let mut flock = Flock::default();
        flock.join("a");
        let (place, _, waker) = flock.next(None).unwrap();
        flock.leave(place);

        waker.wake();

        assert!(!flock.is_woken(None));
        assert_eq!(woken(&mut flock), [""; 0]);
        flock.join("b");
        assert_eq!((flock.len(), flock.seats.len()), (1, 1));
        assert_eq!(woken(&mut flock), ["b"]);
    }

    #[test]
    fn one_can_be_looked_at_while_the_others_wait() {
        let mut flock = Flock::default();
        for name in ["a", "b"] {
            flock.join(name);
        }
        let only = Some(Place(1));

        let (place, member, _) = flock.next(only).unwrap();
        flock.stay(place, member);

        assert_eq!(member, "b");
        assert!(!flock.is_woken(only) && flock.is_woken(None));
        assert_eq!(woken(&mut flock), ["a"]);
    }
}
