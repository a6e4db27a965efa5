//! What happens in a system, for whoever wants to know: bounded per subscriber, losses counted.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use parking_lot::Mutex;

use super::dead_letters::DeadLetter;
use super::metrics::EventMetrics;
use super::watchdog::Blocked;
use crate::actor::{FaultInfo, StopReason};
use crate::path::{ActorPath, NodeAddress};

/// Something that happened in a system.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// An actor is there: its `#[on(start)]` has ended.
    Started {
        /// Its path.
        actor: ActorPath,
        /// Its kind.
        kind: &'static str,
    },
    /// An actor has a new value after a fault.
    Restarted {
        /// Its path.
        actor: ActorPath,
        /// Its kind.
        kind: &'static str,
    },
    /// An actor is gone.
    Stopped {
        /// Its path.
        actor: ActorPath,
        /// Its kind.
        kind: &'static str,
        /// Why.
        reason: StopReason,
    },
    /// An actor leaves because there are more than may be: `Stopped` follows.
    Evicted {
        /// Its path.
        actor: ActorPath,
        /// Its kind.
        kind: &'static str,
    },
    /// An actor failed; says where, and what was done about it.
    Fault(FaultInfo),
    /// A handler returned an error to a tell, where nobody gets it.
    HandlerFailed {
        /// The actor.
        actor: ActorPath,
        /// The handler.
        message: &'static str,
    },
    /// A message was neither handled nor returned.
    DeadLetter(DeadLetter),
    /// A handler blocks its thread: it runs, and has come to no await for longer than the watchdog's limit.
    Blocked(Blocked),
    /// A reminder is due that this program cannot send: it stays as it is until one runs that can.
    ReminderParked {
        /// The grain, by kind and key: `cart/user-1`.
        grain: Arc<str>,
        /// The name of the reminder.
        name: Arc<str>,
        /// Why it cannot.
        problem: Box<str>,
    },
    /// A connection to another node is up.
    PeerUp(NodeAddress),
    /// A connection to another node is gone.
    PeerDown {
        /// The node.
        peer: NodeAddress,
        /// What the connection said.
        problem: Box<str>,
    },
    /// Tells that were sent on a connection that is gone, and of which the peer had not said that they found their place:
    /// they may have been handled. Asks are told of by their errors.
    MaybeDelivered {
        /// The node.
        peer: NodeAddress,
        /// How many.
        tells: u64,
        /// For whom, and how many: up to 64 actors, those first for which there are most.
        targets: Box<[(ActorPath, u64)]>,
    },
    /// A node that connected knows another shape of a contract than this one. Both sides are told, once per
    /// connection; messages pass, and an rpc that one of them lacks is `Unimplemented`.
    ContractSkew {
        /// The node.
        peer: NodeAddress,
        /// The full name of the contract.
        contract: Box<str>,
        /// The digest of its shape here, [`Protocol::DIGEST`](crate::Protocol::DIGEST).
        ours: u64,
        /// The digest of its shape there.
        theirs: u64,
    },
    /// New connections show and trust what the certificates' files hold now.
    CertificatesReplaced {
        /// Until when the new certificate is valid.
        valid_until: SystemTime,
    },
    /// The certificates' files hold what cannot be used: what was in use stays.
    CertificatesRefused {
        /// What is wrong with them.
        problem: Box<str>,
    },
    /// The certificate of this node has expired, or does within a day.
    CertificateExpires {
        /// Until when it is valid.
        valid_until: SystemTime,
    },
    /// The subscriber was too slow: this many events are missing here.
    Lagged(u64),
}

/// The events of a system from the moment of subscription on, in order.
///
/// Holds so many; what does not fit is not kept but counted, and told as [`Event::Lagged`].
#[derive(Debug)]
pub struct EventStream {
    events: flume::Receiver<Event>,
    lag: Arc<AtomicU64>,
}

impl EventStream {
    /// The next event; `None` when the system has been shut down and everything was read. Cancel-safe.
    pub async fn next(&mut self) -> Option<Event> {
        match self.try_next() {
            None => self.events.recv_async().await.ok(),
            event => event,
        }
    }

    /// The next event, if there is one now.
    pub fn try_next(&mut self) -> Option<Event> {
        if self.events.is_empty() {
            let missed = self.lag.swap(0, Ordering::AcqRel);
            if missed > 0 {
                return Some(Event::Lagged(missed));
            }
        }
        self.events.try_recv().ok()
    }
}

/// The subscribers of a system.
pub(crate) struct Events {
    listening: AtomicUsize,
    missed: AtomicU64,
    /// Absent when the system has been shut down.
    subscribers: Mutex<Option<Vec<Subscriber>>>,
    onlooker: OnceLock<Onlooker>,
}

/// Called in the middle of what happens: takes it down and does nothing else.
pub(crate) type Onlooker = Box<dyn Fn(&Event) + Send + Sync>;

#[derive(Debug)]
struct Subscriber {
    events: flume::Sender<Event>,
    lag: Arc<AtomicU64>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            listening: AtomicUsize::new(0),
            missed: AtomicU64::new(0),
            subscribers: Mutex::new(Some(Vec::new())),
            onlooker: OnceLock::new(),
        }
    }
}

impl Events {
    pub(crate) fn subscribe(&self, capacity: usize) -> EventStream {
        let (sender, events) = flume::bounded(capacity.max(1));
        let lag = Arc::new(AtomicU64::new(0));
        if let Some(subscribers) = &mut *self.subscribers.lock() {
            subscribers.push(Subscriber { events: sender, lag: lag.clone() });
            self.listening.store(subscribers.len(), Ordering::Release);
        }
        EventStream { events, lag }
    }

    /// Has `onlooker` see every event at once, until the end; there is one at most.
    pub(crate) fn look_on(&self, onlooker: Onlooker) {
        // The first one stays.
        let _ = self.onlooker.set(onlooker);
    }

    /// Makes the event only if somebody listens.
    pub(crate) fn publish(&self, event: impl FnOnce() -> Event) {
        let onlooker = self.onlooker.get();
        if self.listening.load(Ordering::Acquire) == 0 && onlooker.is_none() {
            return;
        }
        let event = event();
        if let Some(onlooker) = onlooker {
            onlooker(&event);
        }
        let mut subscribers = self.subscribers.lock();
        let Some(subscribers) = &mut *subscribers else { return };
        subscribers.retain(|subscriber| match subscriber.events.try_send(event.clone()) {
            Ok(()) => true,
            Err(flume::TrySendError::Full(_)) => {
                subscriber.lag.fetch_add(1, Ordering::AcqRel);
                self.missed.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(flume::TrySendError::Disconnected(_)) => false,
        });
        self.listening.store(subscribers.len(), Ordering::Release);
    }

    pub(super) fn metrics(&self) -> EventMetrics {
        let subscribers = self.subscribers.lock();
        let held = subscribers.iter().flatten().filter(|subscriber| !subscriber.events.is_disconnected());
        let backlogs: Vec<_> = held.map(|subscriber| subscriber.events.len() as u64).collect();
        EventMetrics {
            subscribers: backlogs.len() as u64,
            backlog: backlogs.into_iter().max().unwrap_or(0),
            missed: self.missed.load(Ordering::Relaxed),
        }
    }

    /// Ends every stream once it is read, and those that are yet to come at once.
    pub(crate) fn close(&self) {
        *self.subscribers.lock() = None;
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { listening, missed, .. } = self;
        f.debug_struct("Events").field("listening", listening).field("missed", missed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_subscriber_is_told_how_much_it_missed() {
        let events = Events::default();
        let mut slow = events.subscribe(2);
        for n in 0..5 {
            events.publish(|| Event::Lagged(n));
        }

        let seen: Vec<_> = std::iter::from_fn(|| slow.try_next()).map(|event| format!("{event:?}")).collect();

        assert_eq!(seen, ["Lagged(0)", "Lagged(1)", "Lagged(3)"]);
    }

    #[test]
    fn a_dropped_subscriber_costs_nothing_more() {
        let events = Events::default();
        drop(events.subscribe(1));
        events.publish(|| Event::Lagged(0));

        events.publish(|| panic!("nobody listens"));
    }

    #[test]
    fn a_stream_that_is_made_after_the_end_has_ended() {
        let events = Events::default();
        events.close();

        let late = events.subscribe(1);

        assert!(late.events.is_disconnected());
    }
}
