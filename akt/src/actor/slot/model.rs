//! loom's models of a slot: every interleaving of its ends, its alarm and its refusal.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p akt --lib --release loom_`

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::{Asker, Ender, Seen, Share, for_hook, for_task};
use crate::actor::error::AskError;
use crate::actor::reply::{Awaited, Begin, Progress};
use crate::time::Instant;

/// Counts its wakes, and itself.
struct Task(AtomicUsize);

impl Task {
    fn new() -> (Arc<Self>, Waker) {
        let task = Arc::new(Self(AtomicUsize::new(0)));
        (task.clone(), task.into())
    }

    fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

const SOON: Instant = Instant::from_nanos(10);
const LATER: Instant = Instant::from_nanos(20);

fn ask(waker: &Waker) -> (Asker<Arc<()>>, Ender<Arc<()>>, Share) {
    for_task(Instant::ZERO, LATER, LATER, waker.clone(), None)
}

/// Polls once.
fn look(asker: &mut Asker<Arc<()>>, waker: &Waker) -> Option<Seen> {
    match asker.poll(&Context::from_waker(waker)) {
        Poll::Ready(seen) => Some(seen),
        Poll::Pending => None,
    }
}

#[test]
fn loom_an_answer_wakes_and_is_read_once() {
    loom::model(|| {
        let (task, waker) = Task::new();
        let answer = Arc::new(());
        let (mut asker, ender, alarm) = ask(&waker);
        let sent = answer.clone();
        let handler = thread::spawn(move || {
            assert_eq!(ender.begin(SOON), Begin::Go);
            assert!(ender.settle(Ok(sent)));
        });

        let early = look(&mut asker, &waker).is_some();
        handler.join().unwrap();

        assert!(early || task.wakes() == 1);
        assert!(matches!(look(&mut asker, &waker), Some(Seen::Outcome)));
        assert!(matches!(asker.leave(Some(alarm)), Some(Awaited::Outcome(Ok(_)))));
        assert_eq!(Arc::strong_count(&answer), 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1);
    });
}

#[test]
fn loom_an_asker_that_leaves_at_the_same_time_leaks_nothing() {
    loom::model(|| {
        let (task, waker) = Task::new();
        let answer = Arc::new(());
        let (asker, ender, alarm) = ask(&waker);
        let sent = answer.clone();
        let handler = thread::spawn(move || {
            let began = ender.begin(SOON);
            assert!(matches!(began, Begin::Go | Begin::Cancelled));
            ender.settle(Ok(sent))
        });

        asker.give_up();
        let read = asker.leave(Some(alarm));
        let settled = handler.join().unwrap();

        assert_eq!(settled, matches!(read, Some(Awaited::Outcome(Ok(_)))));
        drop(read);
        assert_eq!(Arc::strong_count(&answer), 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1);
    });
}

#[test]
fn loom_a_message_that_is_put_aside_is_handled_or_skipped() {
    loom::model(|| {
        let (task, waker) = Task::new();
        let answer = Arc::new(());
        let (asker, ender, alarm) = ask(&waker);
        let sent = answer.clone();
        let handler = thread::spawn(move || {
            ender.begin(SOON);
            ender.travel(Progress::Stashed);
            ender.begin(SOON) == Begin::Go && ender.settle(Ok(sent))
        });

        asker.give_up();
        let read = asker.leave(Some(alarm));
        let settled = handler.join().unwrap();

        assert_eq!(settled, matches!(read, Some(Awaited::Outcome(Ok(_)))));
        drop(read);
        assert_eq!(Arc::strong_count(&answer), 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1);
    });
}

#[test]
fn loom_an_asker_that_moves_to_another_task_is_woken_there() {
    loom::model(|| {
        let (first, first_waker) = Task::new();
        let (second, second_waker) = Task::new();
        let (mut asker, ender, alarm) = ask(&first_waker);
        let handler = thread::spawn(move || ender.settle(Ok(Arc::new(()))));

        let early = look(&mut asker, &second_waker).is_some();
        handler.join().unwrap();

        assert!(early || second.wakes() == 1);
        assert!(matches!(look(&mut asker, &second_waker), Some(Seen::Outcome)));
        assert!(asker.leave(Some(alarm)).is_some());
        drop((first_waker, second_waker));
        assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 1));
    });
}

#[test]
fn loom_an_alarm_and_an_answer_end_an_ask_once() {
    loom::model(|| {
        let (task, waker) = Task::new();
        let answer = Arc::new(());
        let (mut asker, ender, alarm) = ask(&waker);
        let sent = answer.clone();
        let handler = thread::spawn(move || ender.begin(SOON) == Begin::Go && ender.settle(Ok(sent)));
        let agent = thread::spawn(move || {
            alarm.pending().fire(LATER);
            drop(alarm);
        });

        agent.join().unwrap();
        let seen = look(&mut asker, &waker);
        let outcome = matches!(seen, Some(Seen::Outcome));
        assert!(seen.is_some());
        let read = asker.leave(None);
        assert_eq!(read.is_some(), outcome);
        drop(read);

        handler.join().unwrap();
        assert_eq!(task.wakes(), 1);
        assert_eq!(Arc::strong_count(&answer), 1);
        drop(waker);
        assert_eq!(Arc::strong_count(&task), 1);
    });
}

#[test]
fn loom_a_refusal_beside_an_answer_ends_an_ask_once() {
    loom::model(|| {
        let (task, waker) = Task::new();
        let answer = Arc::new(());
        let (mut asker, ender, alarm) = ask(&waker);
        let (sent, refuser) = (answer.clone(), ender.share());
        let handler = thread::spawn(move || ender.settle(Ok(sent)));
        let cell = thread::spawn(move || refuser.pending().fail(AskError::Full));

        assert!(handler.join().unwrap() && cell.join().unwrap());

        assert_eq!(task.wakes(), 1);
        assert!(matches!(look(&mut asker, &waker), Some(Seen::Outcome)));
        assert!(asker.leave(Some(alarm)).is_some());
        assert_eq!(Arc::strong_count(&answer), 1);
    });
}

#[test]
fn loom_a_handler_that_waits_for_the_end_of_its_ask_is_woken() {
    loom::model(|| {
        let (task, waker) = Task::new();
        let (asker, ender, alarm) = ask(Waker::noop());
        let handler = thread::spawn(move || {
            let ready = ender.share().pending().poll_cancelled(&Context::from_waker(&waker)).is_ready();
            (ready, ender)
        });

        asker.give_up();
        asker.leave(Some(alarm));
        let (ready, ender) = handler.join().unwrap();

        assert!(ready || task.wakes() == 1);
        drop(ender);
        assert_eq!(Arc::strong_count(&task), 1);
    });
}

#[test]
fn loom_an_ask_of_the_wire_is_answered_once() {
    loom::model(|| {
        let answers = Arc::new(AtomicUsize::new(0));
        let count = answers.clone();
        let ender: Ender<()> = for_hook(LATER, None, move |_| {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let alarm = ender.share();
        let agent = thread::spawn(move || alarm.pending().fire(LATER));

        assert!(ender.settle(Ok(())));
        agent.join().unwrap();

        assert_eq!(answers.load(Ordering::SeqCst), 1);
        assert_eq!(Arc::strong_count(&answers), 1);
    });
}

#[test]
fn loom_a_remote_timeout_is_told_with_its_place() {
    loom::model(|| {
        let (_, waker) = Task::new();
        let (mut asker, ender, alarm) = ask(&waker);
        let peer = thread::spawn(move || ender.due(Progress::HandlingThere(Duration::from_secs(1))));

        let _ = look(&mut asker, &waker);
        peer.join().unwrap();

        assert!(matches!(look(&mut asker, &waker), Some(Seen::Outcome)));
        let Some(Awaited::Due(progress)) = asker.leave(Some(alarm)) else { panic!("no outcome") };
        assert_eq!(progress.handling(), Some(Duration::from_secs(1)));
    });
}
