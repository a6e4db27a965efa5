//! What happened in the kit's system, and the dead letters among it.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use parking_lot::Mutex;

use super::{PATIENCE, TestKit};
use crate::system::{ActorSystem, DeadLetter, DeadLetterReason, Event, EventStream};

/// How many events a system may publish between two looks.
const ROOM: usize = 1 << 20;

/// Everything that was published so far.
pub(super) struct Seen(Mutex<State>);

struct State {
    stream: EventStream,
    events: Vec<Entry>,
    /// The test has looked at this many dead letters.
    dead_letters: usize,
}

struct Entry {
    event: Event,
    /// An expectation has had it.
    taken: bool,
}

impl Seen {
    pub(super) fn of(system: &ActorSystem) -> Self {
        let stream = system.events_with_capacity(ROOM);
        Self(Mutex::new(State { stream, events: Vec::new(), dead_letters: 0 }))
    }

    fn look<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.lock();
        while let Some(event) = state.stream.try_next() {
            state.events.push(Entry { event, taken: false });
        }
        f(&mut state)
    }

    /// Dead letters at which the test has not looked, without those whose sender had given up.
    pub(super) fn unseen_dead_letters(&self) -> Vec<DeadLetter> {
        let given_up = [DeadLetterReason::Cancelled, DeadLetterReason::Expired];
        self.look(|state| {
            let unseen = state.dead_letters().skip(state.dead_letters);
            unseen.filter(|letter| !given_up.contains(&letter.reason)).cloned().collect()
        })
    }

    /// The first event that `wanted` wants and that no other expectation has had.
    fn take(&self, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        self.look(|state| {
            let entry = state.events.iter_mut().find(|entry| !entry.taken && wanted(&entry.event))?;
            entry.taken = true;
            Some(entry.event.clone())
        })
    }

    fn left(&self) -> String {
        let left: Vec<_> = self.look(|state| {
            let left = state.events.iter().filter(|entry| !entry.taken);
            left.map(|entry| format!("\n- {:?}", entry.event)).collect()
        });
        if left.is_empty() { " nothing".to_owned() } else { left.concat() }
    }
}

impl State {
    fn dead_letters(&self) -> impl Iterator<Item = &DeadLetter> {
        self.events.iter().filter_map(|entry| match &entry.event {
            Event::DeadLetter(letter) => Some(letter),
            _ => None,
        })
    }
}

impl TestKit {
    /// Everything that was published so far, in order.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.0.seen.look(|state| state.events.iter().map(|entry| entry.event.clone()).collect())
    }

    /// An event that `wanted` wants: the first since the test began, wherever it stands, that no other expectation has had.
    /// It is waited for if there is none yet. Cancel-safe.
    ///
    /// # Panics
    ///
    /// If none comes within five seconds: it lists what came.
    #[track_caller]
    pub fn expect_event(&self, wanted: impl Fn(&Event) -> bool + Send) -> impl Future<Output = Event> + Send {
        self.await_event("an event that matches", wanted, Location::caller())
    }

    /// For so long no event comes that `unwanted` names, and none came before that no expectation has had.
    ///
    /// # Panics
    ///
    /// If one does.
    #[track_caller]
    pub fn expect_no_event(
        &self,
        unwanted: impl Fn(&Event) -> bool + Send,
        time: Duration,
    ) -> impl Future<Output = ()> + Send {
        let place = Location::caller();
        async move {
            if let Some(event) = self.find_event(unwanted, time).await {
                panic!("expected no such event for {time:?}, and there was {event:?} ({place})");
            }
        }
    }

    /// The dead letters so far, in order. The test has looked at them then: they are no leak.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<DeadLetter> {
        self.0.seen.look(|state| {
            let letters: Vec<_> = state.dead_letters().cloned().collect();
            state.dead_letters = letters.len();
            letters
        })
    }

    /// A message for the handler `name` becomes a dead letter, or did so before; each is expected once.
    ///
    /// # Panics
    ///
    /// If none does within five seconds: it lists what happened instead.
    #[track_caller]
    pub fn expect_dead_letter<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Future<Output = DeadLetter> + Send + use<'a> {
        let place = Location::caller();
        async move {
            let wanted = |event: &Event| matches!(event, Event::DeadLetter(letter) if letter.message == name);
            let event = self.await_event(&format!("a dead letter `{name}`"), wanted, place).await;
            let Event::DeadLetter(letter) = event else { unreachable!("it was looked at") };
            let _looked = self.dead_letters();
            letter
        }
    }

    pub(super) async fn await_event(
        &self,
        what: &str,
        wanted: impl Fn(&Event) -> bool + Send,
        place: &'static Location<'static>,
    ) -> Event {
        match self.find_event(wanted, PATIENCE).await {
            Some(event) => event,
            None => {
                panic!(
                    "expected {what} within {PATIENCE:?} ({place}); what else was published:{}",
                    self.0.seen.left()
                )
            }
        }
    }

    async fn find_event(&self, wanted: impl Fn(&Event) -> bool + Send, time: Duration) -> Option<Event> {
        let runtime = self.system().runtime();
        let until = runtime.now() + time;
        // Tells when to look again.
        let mut news = self.system().events();
        loop {
            if let Some(event) = self.0.seen.take(&wanted) {
                return Some(event);
            }
            tokio::select! { biased;
                Some(_) = news.next() => {}
                () = runtime.sleep_until(Some(until)) => return None,
            }
        }
    }
}
