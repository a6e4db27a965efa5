//! What a user says of reminders: set one, list them, forget one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use thiserror::Error;

use super::agent::Agent;
use super::codec::{Content, decode, encode};
use super::plan::{Missed, Schedule};
use super::shard::shard_of;
use crate::actor::{
    ActorRef, Ctx, Lasting, Letter, OfReminder, Post, Protocol, Reminder, TurnCtx, hold, reminded_by,
};
use crate::grain::{Grain, Roster};
use crate::path::{ActorPath, PathError, check_name};
use crate::persistence::{ReminderRow, StoreError};
use crate::runtime::{from_wall, to_wall};
use crate::system::{ActorSystem, ScheduleKind};
use crate::time::Wall;

/// The reminders of one grain: [`ActorSystem::reminders`]. Cheap to clone.
#[derive(Clone)]
pub struct Reminders {
    system: ActorSystem,
    grain: Result<Owner, ActorPath>,
}

/// Whose they are.
#[derive(Clone)]
struct Owner {
    kind: &'static str,
    /// The kind and the key: `cart/user-1`.
    id: Box<str>,
}

impl Owner {
    fn of((kind, key): (&'static str, String)) -> Self {
        Self { kind, id: format!("{kind}/{key}").into() }
    }
}

impl ActorSystem {
    /// The reminders of `grain`, from outside: in its handlers there are [`Ctx::remind`], [`Ctx::reminders`] and
    /// [`Ctx::forget`].
    pub fn reminders(&self, grain: &impl ActorRef) -> Reminders {
        let actor = grain.as_ref().actor();
        let grain = actor.target().grain().map(Owner::of).ok_or_else(|| actor.path());
        Reminders { system: self.clone(), grain }
    }
}

impl Reminders {
    /// A reminder of this grain that sends `post` to it; [`Remind`] says when. One of the same name is replaced.
    pub fn remind<M: Protocol>(&self, name: &str, post: impl Into<Post<M>>) -> Remind {
        let post = post.into();
        Remind { system: self.system.clone(), message: self.message(name, post) }
    }

    fn message<M: Protocol>(&self, name: &str, post: Post<M>) -> Result<Message, RemindError> {
        let owner = self.owner()?;
        check_name(name)?;
        let target = Letter::target(&post);
        if target.target().grain().map(Owner::of).is_none_or(|target| target.id != owner.id) {
            return Err(RemindError::Elsewhere { target: target.path(), grain: owner.id.clone() });
        }
        match self.system.part::<Roster>().of_kind(owner.kind) {
            Some(known) if known.contract == Some(M::NAME) => {}
            _ => return Err(RemindError::Unregistered { kind: owner.kind }),
        }
        let outgoing = post.into_message().encode();
        let (rpc, body) = (outgoing.rpc, outgoing.body);
        Ok(Message { id: owner.id.clone(), name: name.into(), contract: M::NAME, rpc, body })
    }

    /// All that there are, by name in order.
    ///
    /// # Errors
    ///
    /// [`RemindError`], if the store does not answer, or there is none.
    pub async fn list(&self) -> Result<Vec<Remembered>, RemindError> {
        let (agent, owner) = (self.agent()?, self.owner()?);
        let all = agent.list(&owner.id).await?;
        Ok(all.into_iter().filter_map(|kept| remembered(kept.row)).collect())
    }

    /// Deletes the reminder of this name; false if there was none.
    ///
    /// When this is ready with `Ok`, its message is not begun any more. Cancel-safe: it is forgotten all the same, or not.
    ///
    /// # Errors
    ///
    /// [`RemindError`], if the store does not answer, or there is none: it may come still.
    pub async fn forget(&self, name: &str) -> Result<bool, RemindError> {
        let (agent, owner) = (self.agent()?, self.owner()?);
        if let Some(hold) = hold() {
            let (id, name) = (owner.id.clone(), name.into());
            let was = agent.list(&id).await?.iter().any(|kept| kept.row.name == name);
            hold.last(Lasting::Reminder(OfReminder { id, name, due: None, bytes: Bytes::new() }));
            return Ok(was);
        }
        Ok(agent.forget(&owner.id, name).await?)
    }

    fn owner(&self) -> Result<&Owner, RemindError> {
        self.grain.as_ref().map_err(|path| RemindError::NotAGrain(path.clone()))
    }

    fn agent(&self) -> Result<Arc<Agent>, RemindError> {
        self.system.extension::<Agent>().ok_or(RemindError::NoStore)
    }
}

impl fmt::Debug for Reminders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.grain {
            Ok(owner) => write!(f, "Reminders(of {})", owner.id),
            Err(path) => write!(f, "Reminders(of {path}, which is no grain)"),
        }
    }
}

impl<G: Grain> Ctx<G> {
    /// A reminder that sends `post` to this grain; [`Remind`] says when. One of the same name is replaced.
    ///
    /// It is kept in the [`reminder_store`](crate::SystemBuilder::reminder_store): it outlives the activation, which it wakes
    /// again, and the process. `post` is a call of the contract that the grain serves: `cx.me().renew(..)`. See
    /// [`Ctx::reminder`] for what its handler knows.
    pub fn remind<M: Protocol>(&self, name: &str, post: impl Into<Post<M>>) -> Remind {
        self.system().reminders(&self.me()).remind(name, post)
    }

    /// The reminders of this grain, by name in order. See [`Reminders::list`].
    ///
    /// # Errors
    ///
    /// [`RemindError`], if the store does not answer, or there is none.
    pub async fn reminders(&self) -> Result<Vec<Remembered>, RemindError> {
        self.system().reminders(&self.me()).list().await
    }

    /// Deletes the reminder of this name; false if there was none. See [`Reminders::forget`].
    ///
    /// # Errors
    ///
    /// [`RemindError`], if the store does not answer, or there is none: it may come still.
    pub async fn forget(&self, name: &str) -> Result<bool, RemindError> {
        self.system().reminders(&self.me()).forget(name).await
    }

    /// The reminder that the current message comes from, if it comes from one.
    ///
    /// A reminder comes **at least once**: it comes again when its handler faulted, was not done within five minutes, or its
    /// node was lost before the store knew. Its name and time are the same then.
    #[must_use]
    pub fn reminder(&self) -> Option<Reminder> {
        reminded_by()
    }
}

impl<G: Grain> TurnCtx<G> {
    /// As [`Ctx::remind`].
    pub fn remind<M: Protocol>(&self, name: &str, post: impl Into<Post<M>>) -> Remind {
        self.system().reminders(&self.me()).remind(name, post)
    }

    /// As [`Ctx::forget`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn forget(&self, name: &str) -> Result<bool, RemindError> {
        self.system().reminders(&self.me()).forget(name).await
    }

    /// As [`Ctx::reminder`].
    #[must_use]
    pub fn reminder(&self) -> Option<Reminder> {
        reminded_by()
    }
}

/// A reminder whose time is not said yet: [`after`](Self::after), [`at`](Self::at), [`every`](Self::every) or, with the
/// feature `cron`, `cron`.
#[must_use = "say when it comes: `.after(..)`, `.at(..)`, `.every(..)` or `.cron(..)`"]
pub struct Remind {
    system: ActorSystem,
    message: Result<Message, RemindError>,
}

/// What is sent, and under which name.
struct Message {
    id: Box<str>,
    name: Box<str>,
    contract: &'static str,
    rpc: u32,
    body: Bytes,
}

impl Remind {
    /// Once, after `after`.
    pub fn after(self, after: Duration) -> Reminding {
        let due = to_wall(self.now()) + after;
        self.set(Some(due), Schedule::Once)
    }

    /// Once, at `time`; now, if that has passed.
    pub fn at(self, time: SystemTime) -> Reminding {
        self.set(Some(to_wall(time)), Schedule::Once)
    }

    /// Every `period`, which is a millisecond at least, the first time after one of them.
    ///
    /// It keeps to multiples of `period`, by the clock on the wall. While one is not handled, those that come due are missed.
    pub fn every(self, period: Duration) -> Reminding {
        let period = Duration::from_millis(
            u64::try_from(period.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1),
        );
        let due = to_wall(self.now()) + period;
        self.set(Some(due), Schedule::Every(period))
    }

    pub(super) fn now(&self) -> SystemTime {
        self.system.runtime().wall_clock()
    }

    pub(super) fn set(self, first: Option<Wall>, schedule: Schedule) -> Reminding {
        Reminding { remind: self, first, schedule, missed: Missed::default() }
    }
}

impl fmt::Debug for Remind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Ok(message) => write!(f, "Remind({} of {})", message.name, message.id),
            Err(error) => write!(f, "Remind({error})"),
        }
    }
}

/// A reminder that is set when this is awaited.
///
/// When it is ready with `Ok`, the reminder is kept, and the one before under its name is not begun any more.
/// Cancel-safe: it is set all the same, or not.
///
/// # Errors
///
/// [`RemindError`]: the store did not take it, or something is wrong with it.
#[must_use = "nothing is kept until it is awaited"]
pub struct Reminding {
    remind: Remind,
    first: Option<Wall>,
    schedule: Schedule,
    missed: Missed,
}

impl Reminding {
    /// What becomes of the times at which it could not come. [`Missed::Once`].
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    async fn keep(self) -> Result<(), RemindError> {
        let Self { remind: Remind { system, message }, first, schedule, missed } = self;
        let Message { id, name, contract, rpc, body } = message?;
        let agent = system.extension::<Agent>().ok_or(RemindError::NoStore)?;
        // Stores keep milliseconds, and it is not to be early.
        let millis = first.ok_or(RemindError::Never)?.as_nanos().div_ceil(1_000_000);
        let due = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let content = Content { contract: contract.into(), rpc, body, schedule, missed };
        let bytes = encode(&content);
        if let Some(hold) = hold() {
            hold.last(Lasting::Reminder(OfReminder { id, name, due: Some(millis), bytes }));
            return Ok(());
        }
        let shard = shard_of(&id);
        let row = ReminderRow { id, name, shard, due, bytes };
        Ok(agent.keep(row, content).await?)
    }
}

impl IntoFuture for Reminding {
    type Output = Result<(), RemindError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.keep())
    }
}

impl fmt::Debug for Reminding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reminding")
            .field("remind", &self.remind)
            .field("first", &self.first.map(from_wall))
            .finish_non_exhaustive()
    }
}

/// A reminder that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remembered {
    /// Its name.
    pub name: Box<str>,
    /// How often it comes.
    pub kind: ScheduleKind,
    /// When it comes next, or would have come.
    pub next: SystemTime,
    /// What becomes of the times at which it could not come.
    pub missed: Missed,
}

/// None if it is one of a newer program.
fn remembered(row: ReminderRow) -> Option<Remembered> {
    let Content { schedule, missed, .. } = decode(row.bytes)
        .inspect_err(|problem| {
            tracing::warn!(id = &*row.id, name = &*row.name, problem, "a reminder cannot be read");
        })
        .ok()?;
    let kind = match schedule {
        Schedule::Once => ScheduleKind::Once,
        Schedule::Every(period) => ScheduleKind::Every(period),
        Schedule::On(calendar) => ScheduleKind::Cron {
            expression: calendar.expression().to_owned(),
            zone: calendar.zone().to_owned(),
        },
    };
    Some(Remembered { name: row.name, kind, next: row.due, missed })
}

/// Why a reminder was not set, listed or forgotten.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RemindError {
    /// The system has no reminder store, or has ended.
    #[error("the system has no reminder store; say `.reminder_store(..)` on its builder")]
    NoStore,
    /// The store did not do it, or nobody knows.
    #[error("the reminder store did not do it")]
    Store(#[from] StoreError),
    /// The name is not valid: what holds for names of actors holds here.
    #[error(transparent)]
    Name(#[from] PathError),
    /// Only grains have reminders: they are there whenever one comes.
    #[error("{0} is no grain; an actor that is spawned has `cx.after` and `cx.every`")]
    NotAGrain(ActorPath),
    /// The message is for another than the grain whose reminder it is.
    #[error(
        "the message is for {target}, and the reminder is of `{grain}`; set it by `system.reminders(..)` of the other"
    )]
    Elsewhere {
        /// For whom it is.
        target: ActorPath,
        /// The grain, by kind and key.
        grain: Box<str>,
    },
    /// After a restart, nothing would find the type of this kind.
    #[error(
        "grains of kind `{kind}` are not registered; say `.grain::<..>()` of their type on the system's builder"
    )]
    Unregistered {
        /// The kind.
        kind: &'static str,
    },
    /// The cron expression has no time to come.
    #[error("it would never come")]
    Never,
}
