//! loom's models of a home: its consumer, an asker who is lent its part, and a sender.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p akt --lib --release loom_`

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Batch, Home};

/// What the consumer has handled, here or by a guest.
type Seen = Vec<u32>;

struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Model {
    home: Home<u32, Seen>,
    task: Arc<Task>,
}

impl Model {
    /// A consumer that rests.
    fn at_rest() -> Arc<Self> {
        let model = Arc::new(Self { home: Home::new(8), task: Arc::new(Task(AtomicUsize::new(0))) });
        model.home.move_in(Seen::new());
        model.turn();
        model
    }

    /// One turn of the consumer's task.
    fn turn(&self) {
        let waker = Waker::from(self.task.clone());
        let cx = Context::from_waker(&waker);
        let mut batch = VecDeque::new();
        let mut door = self.home.door(&cx);
        let Some(mut visit) = door.enter() else { return };
        while door.take(&mut batch, 0) {
            drop(door);
            let started = batch.len();
            visit.extend(batch.drain(..));
            self.home.queue.give_back(started);
            door = self.home.door(&cx);
        }
        assert!(door.rest(&mut batch, &cx) == Batch::Idle);
        door.leave(visit);
    }

    /// One turn of the consumer's task, which leaves for good if there is nothing to take. False if its part
    /// is lent.
    fn leave(&self) -> bool {
        let waker = Waker::from(self.task.clone());
        let cx = Context::from_waker(&waker);
        let mut batch = VecDeque::new();
        let mut door = self.home.door(&cx);
        let Some(mut visit) = door.enter() else { return false };
        while door.take(&mut batch, 0) {
            drop(door);
            visit.extend(batch.drain(..));
            door = self.home.door(&cx);
        }
        door.close();
        drop(door);
        true
    }

    /// An ask: in the asker's own turn if it is lent the resident, by the queue otherwise.
    fn ask(&self, message: u32) {
        if !self.home.lend() {
            return self.tell(message);
        }
        let mut guest = self.home.guest();
        guest.resident().push(message);
        guest.leave(None, false);
    }

    fn tell(&self, message: u32) {
        assert!(self.home.queue.push::<u32>(message, false).is_ok());
    }

    /// Lets the consumer do what it was woken for; what was seen in the end, in order.
    fn settle(&self) -> Seen {
        if self.task.0.load(Ordering::SeqCst) > 0 {
            self.turn();
        }
        let mut seen = self.home.move_out().expect("nobody is there any more");
        seen.sort_unstable();
        seen
    }
}

#[test]
fn loom_what_comes_while_an_asker_is_lent_the_consumers_part_is_handled() {
    loom::model(|| {
        let model = Model::at_rest();
        let asker = thread::spawn({
            let model = model.clone();
            move || model.ask(1)
        });

        model.tell(2);
        asker.join().unwrap();

        assert_eq!(model.settle(), [1, 2]);
    });
}

#[test]
fn loom_a_consumer_that_is_woken_while_its_part_is_lent_comes_again() {
    loom::model(|| {
        let model = Model::at_rest();
        let asker = thread::spawn({
            let model = model.clone();
            move || model.ask(1)
        });

        model.home.queue.wake();
        model.turn();
        asker.join().unwrap();

        assert!(model.task.0.load(Ordering::SeqCst) > 0);
        assert_eq!(model.settle(), [1]);
    });
}

#[test]
fn loom_two_askers_are_not_lent_the_same_consumer() {
    loom::model(|| {
        let model = Model::at_rest();
        let other = thread::spawn({
            let model = model.clone();
            move || model.ask(1)
        });

        model.ask(2);
        other.join().unwrap();

        assert_eq!(model.settle(), [1, 2]);
    });
}

#[test]
fn loom_what_is_accepted_when_the_consumer_leaves_is_taken_before() {
    loom::model(|| {
        let model = Model::at_rest();
        let sender = thread::spawn({
            let model = model.clone();
            move || model.home.queue.push::<u32>(1, false).is_ok()
        });
        let asker = thread::spawn({
            let model = model.clone();
            move || {
                let lent = model.home.lend();
                if lent {
                    let mut guest = model.home.guest();
                    guest.resident().push(2);
                    guest.leave(None, false);
                }
                lent
            }
        });

        let closed = model.leave();
        let accepted = [sender.join().unwrap(), asker.join().unwrap()];
        if closed {
            assert!(model.home.queue.close().is_empty(), "nothing came behind the closed door");
            let seen = model.home.move_out().expect("nobody is there any more");
            assert_eq!(seen.len(), accepted.into_iter().filter(|accepted| *accepted).count());
        }
    });
}

#[test]
fn loom_who_is_left_behind_comes_out_once() {
    loom::model(|| {
        let model = Model::at_rest();
        let asker = thread::spawn({
            let model = model.clone();
            move || {
                if model.home.lend() {
                    let mut guest = model.home.guest();
                    guest.resident().push(1);
                    guest.leave(None, false);
                }
            }
        });

        let left = model.home.move_out();
        asker.join().unwrap();

        assert!(left.is_none_or(|seen| seen.len() <= 1));
        assert!(!model.home.lend(), "the home is empty");
    });
}
