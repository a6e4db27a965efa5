//! loom's models: a task with members under way, and those who wake them.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p akt --lib --release loom_`

use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use super::flock::Flock;

/// The task, and how often it was woken.
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Looks at each member that was woken.
fn look(flock: &mut Flock<Arc<AtomicUsize>>, task: &Arc<Task>) -> usize {
    flock.listen(&Waker::from(task.clone()));
    let mut looks = 0;
    while let Some((place, member, _)) = flock.next(None) {
        member.fetch_add(1, Ordering::SeqCst);
        flock.stay(place, member);
        looks += 1;
    }
    looks
}

#[test]
fn loom_a_ring_in_the_course_of_a_look_is_not_lost() {
    loom::model(|| {
        let task = Arc::new(Task(AtomicUsize::new(0)));
        let mut flock = Flock::default();
        let seen = Arc::new(AtomicUsize::new(0));
        flock.join(seen.clone());
        let (place, member, waker) = flock.next(None).expect("a new member counts as woken");
        flock.stay(place, member);

        let ringer = thread::spawn(move || waker.wake());
        look(&mut flock, &task);
        ringer.join().expect("the ringer ends");

        // Either it was seen, or the task was woken to look again.
        let woken = task.0.load(Ordering::SeqCst) > 0;
        let looked = seen.load(Ordering::SeqCst) == 1;
        assert!(looked || woken, "nobody looks");
        assert_eq!(look(&mut flock, &task), usize::from(!looked));
    });
}

#[test]
fn loom_two_who_ring_are_both_heard_and_the_task_is_woken() {
    loom::model(|| {
        let task = Arc::new(Task(AtomicUsize::new(0)));
        let mut flock = Flock::default();
        let seen = Arc::new(AtomicUsize::new(0));
        flock.join(seen.clone());
        flock.join(seen.clone());
        let wakers = [(); 2].map(|()| {
            let (place, member, waker) = flock.next(None).expect("a new member counts as woken");
            flock.stay(place, member);
            waker
        });
        flock.listen(&Waker::from(task.clone()));

        let ringers = wakers.map(|waker| thread::spawn(move || waker.wake()));
        ringers.into_iter().for_each(|ringer| ringer.join().expect("the ringer ends"));

        assert_eq!(task.0.load(Ordering::SeqCst), 1, "once is enough");
        assert_eq!(look(&mut flock, &task), 2);
    });
}

#[test]
fn loom_what_was_said_before_a_ring_is_seen_at_a_look() {
    loom::model(|| {
        let mut flock = Flock::default();
        flock.join(());
        let (place, (), waker) = flock.next(None).expect("a new member counts as woken");
        flock.stay(place, ());
        // Woken for another reason.
        waker.wake_by_ref();
        let said = Arc::new(AtomicBool::new(false));

        let says = said.clone();
        let ringer = thread::spawn(move || {
            says.store(true, Ordering::Release);
            waker.wake();
        });
        let mut seen = false;
        let mut look = |flock: &mut Flock<()>| {
            while let Some((place, (), _)) = flock.next(None) {
                seen |= said.load(Ordering::Acquire);
                flock.stay(place, ());
            }
        };
        look(&mut flock);
        ringer.join().expect("the ringer ends");
        look(&mut flock);

        assert!(seen, "the ring was lost");
    });
}
