//! Delivers what a gated grain has committed, in order for each target, until it was handled.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::codec::{FORGOTTEN, Parcel, REMINDER};
use super::outbox::{Outbox, Place};
use super::passage::deliver;
use crate::actor::{ACTIVATE, AskError, OfReminder, ReminderKeeper, StopReason, Target};
use crate::backoff::Backoff;
use crate::grain::keeper::Keeper;
use crate::grain::roster::Roster;
use crate::persistence::{StoreError, Write};
use crate::system::ActorSystem;

/// The waits between tries.
const AGAIN: Backoff = Backoff { min: Duration::from_millis(50), max: Duration::from_secs(10), jitter: 0.2 };

/// How often a message is tried that its target fails at, or refuses.
const TRIES: u32 = 10;

/// After so long, whoever has not handled a message may have forgotten which it has handled.
pub(super) const TOO_LATE: Duration = Duration::from_secs(6 * 24 * 3600);

/// What a gated grain writes by, and has under way; it outlives the activation until all is delivered.
pub(super) struct Relay {
    pub(super) system: ActorSystem,
    pub(super) id: Arc<str>,
    /// One commit after the other.
    pub(super) keeper: tokio::sync::Mutex<Keeper>,
    outbox: Mutex<Outbox>,
}

impl Relay {
    pub(super) fn new(system: ActorSystem, keeper: Keeper) -> Arc<Self> {
        let (id, keeper) = (keeper.id().clone(), tokio::sync::Mutex::new(keeper));
        Arc::new(Self { system, id, keeper, outbox: Mutex::default() })
    }

    /// Delivers what was committed.
    pub(super) fn send(self: &Arc<Self>, parcels: impl IntoIterator<Item = (u64, Parcel)>) {
        let places = self.outbox.lock().add(parcels);
        for place in places {
            self.system.runtime().spawn("deliveries", self.clone().serve(place));
        }
    }

    /// Writes `write`, and with it what has become of deliveries.
    pub(super) async fn commit(&self, mut write: Write) -> Result<(), StoreError> {
        let mut keeper = self.keeper.lock().await;
        let news = self.outbox.lock().take();
        write.remove.extend(news.remove.iter().cloned());
        write.put.extend(news.put.iter().cloned());
        let done = keeper.commit(write).await;
        if done.is_err() {
            self.outbox.lock().back(news);
        }
        done
    }

    /// Delivers to `place` until there is nothing more.
    async fn serve(self: Arc<Self>, place: Arc<Place>) {
        let mut failures = 0;
        loop {
            let next = self.outbox.lock().next(&place);
            let Some((number, parcel)) = next else { return self.settle().await };
            if self.is_too_late(&parcel) {
                // Tried once more, it might be handled twice.
                let error = AskError::Rejected("it is older than six days".into());
                self.park(&place, number, &parcel, &error);
                continue;
            }
            let Err(error) = self.attempt(&place, number, &parcel).await else {
                self.outbox.lock().delivered(&place);
                failures = 0;
                continue;
            };
            failures += 1;
            if is_over(&error) {
                return;
            }
            if self.is_given_up(&parcel, &error, failures) {
                self.park(&place, number, &parcel, &error);
                failures = 0;
                continue;
            }
            if failures == TRIES {
                tracing::warn!(sender = %self.id, number, message = parcel.name, %error, "a delivery is still tried");
            }
            if !self.pause(failures).await {
                return;
            }
        }
    }

    async fn attempt(&self, place: &Place, number: u64, parcel: &Parcel) -> Result<(), AskError> {
        if place.kind == REMINDER {
            return self.remind(place, parcel).await;
        }
        deliver(self.target(place)?, &self.id, number, parcel).await
    }

    async fn remind(&self, place: &Place, parcel: &Parcel) -> Result<(), AskError> {
        let due = Some(parcel.due).filter(|due| *due != FORGOTTEN);
        let (id, name, bytes) = (place.key.as_str().into(), parcel.name.as_str().into(), parcel.body.clone());
        let keeper = self.system.part::<ReminderKeeper>();
        let Some(keeper) = keeper.0.get().and_then(Weak::upgrade) else {
            return Err(AskError::Rejected("the system has no reminder store".into()));
        };
        let done = keeper.carry_out(OfReminder { id, name, due, bytes }).await;
        done.map_err(|problem| AskError::Rejected(problem.into()))
    }

    fn target(&self, Place { kind, key }: &Place) -> Result<Arc<dyn Target>, AskError> {
        let unknown = |why: String| AskError::Rejected(why.into());
        let Some(known) = self.system.part::<Roster>().of_kind(kind) else {
            return Err(unknown(format!(
                "grain kind `{kind}` is not known to this system: say `.grain::<..>()` on its builder"
            )));
        };
        let grain = (known.find)(&self.system, key);
        let grain =
            grain.ok_or_else(|| unknown(format!("`{key}` is the text of no key of grain kind `{kind}`")));
        grain.map(|grain| grain.target().clone())
    }

    fn is_given_up(&self, parcel: &Parcel, error: &AskError, failures: u32) -> bool {
        let poison = match error {
            // Without its store it is not activated; that is nothing about the message.
            AskError::Fault(fault) => &*fault.message != ACTIVATE,
            AskError::Codec(_) | AskError::Unimplemented { .. } => true,
            AskError::Rejected(_) => self.system.part::<Roster>().of_kind(&parcel.kind).is_some(),
            _ => false,
        };
        poison && failures >= TRIES
    }

    fn is_too_late(&self, parcel: &Parcel) -> bool {
        Duration::from_millis(self.now().saturating_sub(parcel.at)) > TOO_LATE
    }

    fn park(&self, place: &Place, number: u64, parcel: &Parcel, error: &AskError) {
        let Place { kind, key } = place;
        tracing::error!(
            sender = %self.id,
            number,
            target = format!("{kind}/{key}"),
            message = parcel.name,
            %error,
            "a message could not be delivered and is not tried any more; it stays among the rows of its sender"
        );
        self.outbox.lock().park(place, error.to_string());
    }

    /// Milliseconds from 1970.
    pub(super) fn now(&self) -> u64 {
        self.system.runtime().wall().as_nanos() / 1_000_000
    }

    /// Whether there is a next try.
    async fn pause(&self, failures: u32) -> bool {
        let runtime = self.system.runtime();
        let mut left = AGAIN.wait(failures - 1, runtime.chance());
        // A shutdown waits for this task.
        while !left.is_zero() && !self.system.is_stopping() {
            let part = left.min(AGAIN.min);
            runtime.sleep(part).await;
            left -= part;
        }
        !self.system.is_stopping()
    }

    /// Deletes what was delivered, unless somebody has.
    async fn settle(&self) {
        let mut failures = 0;
        while self.outbox.lock().has_news() {
            match self.commit(Write::default()).await {
                // Another activation has taken over, and has what is to be delivered.
                Ok(()) | Err(StoreError::StaleFence { .. }) => return,
                Err(error) => {
                    tracing::warn!(sender = %self.id, %error, "what was delivered is not deleted yet");
                }
            }
            failures += 1;
            if !self.pause(failures).await {
                return;
            }
        }
    }
}

/// The system ends: what is not delivered is when its sender is activated again.
const fn is_over(error: &AskError) -> bool {
    matches!(error, AskError::Stopped { reason: StopReason::Shutdown, .. })
}
