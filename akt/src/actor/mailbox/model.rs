//! loom's models: a home with its consumer, an asker who is lent its part, and a sender; and a queue that is full.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p akt --lib --release loom_`

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Batch, Home, Queue, Ticket};

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
        let model =
            Arc::new(Self { home: Home::new(Queue::new(8)), task: Arc::new(Task(AtomicUsize::new(0))) });
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

// ---- room ----------------------------------------------------------------------------------------

/// A queue with room for one message, which is taken, and a sender who waits.
struct Line {
    queue: Queue<u32>,
    task: Arc<Task>,
}

impl Line {
    fn full() -> Arc<Self> {
        let line = Self { queue: Queue::new(1), task: Arc::new(Task(AtomicUsize::new(0))) };
        assert!(line.queue.push::<u32>(1, false).is_ok());
        Arc::new(line)
    }

    /// One look for room; whether it is over, and if the message was accepted.
    fn send(&self, ticket: &mut Option<Ticket>, message: u32) -> Poll<bool> {
        let waker = Waker::from(self.task.clone());
        self.queue
            .poll_room(ticket, &Context::from_waker(&waker))
            .map(|room| room.is_ok() && self.queue.push::<u32>(message, true).is_ok())
    }

    /// Waits for room as long as nobody wakes the sender; whether the message was accepted.
    fn settle(&self, mut ticket: Option<Ticket>, sent: Poll<bool>, message: u32) -> bool {
        match sent {
            Poll::Ready(sent) => sent,
            Poll::Pending => {
                assert!(self.task.0.load(Ordering::SeqCst) > 0, "nobody woke the sender");
                match self.send(&mut ticket, message) {
                    Poll::Ready(sent) => sent,
                    Poll::Pending => panic!("the sender was woken for nothing"),
                }
            }
        }
    }

    /// What the consumer finds, and gives back the room of.
    fn consume(&self) -> Vec<u32> {
        let waker = Waker::noop();
        let (mut batch, control) = (VecDeque::new(), crate::sync::AtomicBool::new(false));
        self.queue.poll_batch(&mut batch, 0, &control, &Context::from_waker(waker));
        self.queue.give_back(batch.len());
        batch.into()
    }
}

#[test]
fn loom_a_sender_that_waits_for_room_beside_a_consumer_and_a_close_is_woken_and_loses_nothing() {
    loom::model(|| {
        let line = Line::full();
        let sender = thread::spawn({
            let line = line.clone();
            move || {
                let mut ticket = None;
                let sent = line.send(&mut ticket, 2);
                (ticket, sent)
            }
        });
        let consumer = thread::spawn({
            let line = line.clone();
            move || line.consume()
        });

        let mut seen: Vec<_> = line.queue.close().into();
        seen.extend(consumer.join().unwrap());
        let (ticket, sent) = sender.join().unwrap();
        let accepted = line.settle(ticket, sent, 2);

        seen.sort_unstable();
        assert_eq!(seen, if accepted { vec![1, 2] } else { vec![1] });
    });
}

#[test]
fn loom_room_that_is_given_back_wakes_who_waits_also_if_the_first_in_line_leaves() {
    loom::model(|| {
        let line = Line::full();
        let mut first = None;
        assert!(line.send(&mut first, 2).is_pending());
        let leaver = thread::spawn({
            let (line, first) = (line.clone(), first.expect("it waits"));
            move || line.queue.abandon(&first)
        });
        let consumer = thread::spawn({
            let line = line.clone();
            move || line.consume()
        });

        let mut second = None;
        let sent = line.send(&mut second, 3);
        leaver.join().unwrap();
        let mut seen = consumer.join().unwrap();
        assert!(line.settle(second, sent, 3), "the queue is open");

        seen.extend(line.consume());
        assert_eq!(seen, [1, 3]);
    });
}
