//! The scheduler: posts that come later or again and again, by name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use thiserror::Error;

use super::ActorSystem;
use super::schedule::{Content, Ended, Life, Schedule};
use crate::actor::{ActorRef, AnyRef, Letter, Message, Post, Rhythm};
use crate::path::{ActorPath, PathError, check_name};

/// Sends posts at their time: once, every so often or by a cron expression. Made by [`ActorSystem::scheduler`].
///
/// A schedule has a name, by which it is paused, resumed and cancelled, and ends with the actor that it sends
/// to, unless it was made by an [`outliving`](Self::outliving) scheduler; restarts do not end it. Shutdown ends
/// all schedules. They are not stored: those of a process end with it.
///
/// - Ticks are [`Post`]s: a full mailbox does not refuse them, and they overtake what is queued. Where there is
///   no mailbox of its own, in a router or on another node, a tick that finds no room is a dead letter.
/// - While a tick waits for its target's turn, others of its schedule are left out.
/// - A tick is up to two milliseconds late.
///
/// ```
/// # use akt::prelude::*;
/// # use std::time::Duration;
/// # struct Cache;
/// # #[akt::actor]
/// # impl Cache {
/// #     #[handler]
/// #     fn evict(&mut self, keep: usize) {}
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let system = ActorSystem::builder("shop").start().await?;
/// let cache = system.spawn("cache", || Cache).await?;
/// let scheduler = system.scheduler();
///
/// scheduler.once("warm-up", Duration::from_secs(5), cache.evict(0))?;
/// scheduler.every("evict", Duration::from_secs(10), &cache, |cache| cache.evict(100).post())?;
///
/// scheduler.pause("evict")?;
/// for schedule in scheduler.list() {
///     println!("{} sends to {} at {:?}", schedule.name, schedule.target, schedule.next);
/// }
/// scheduler.resume("evict")?;
/// scheduler.cancel("warm-up")?;
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Scheduler {
    system: ActorSystem,
    life: Life,
}

impl ActorSystem {
    /// Sends posts later, or again and again, by name.
    #[must_use]
    pub fn scheduler(&self) -> Scheduler {
        Scheduler { system: self.clone(), life: Life::OfTarget }
    }
}

impl Scheduler {
    /// The same scheduler; what it schedules from here on does not end with its target.
    ///
    /// A tick whose target is gone is a dead letter then, until the schedule is cancelled. `make` of
    /// [`every`](Self::every) runs on the target's turn, so it does not run any more.
    #[must_use]
    pub fn outliving(&self) -> Self {
        Self { system: self.system.clone(), life: Life::Own }
    }

    /// Sends `post` after `after`, and forgets its name.
    ///
    /// When its target is gone before, or the system ends, the post is a dead letter; when it is cancelled,
    /// it is dropped.
    ///
    /// # Errors
    ///
    /// [`NotScheduled`], with the post.
    pub fn once<M: Message>(
        &self,
        name: &str,
        after: Duration,
        post: impl Into<Post<M>>,
    ) -> Result<(), NotScheduled<M>> {
        let post = post.into();
        let target = Letter::target(&post);
        if let Err(error) = self.check(name, &target) {
            return Err(NotScheduled { error, post });
        }
        let rhythm = Rhythm::once(self.system.runtime().now(), after);
        let mut given = Some(post);
        let begun = self
            .begin(name, target, rhythm, || Content::Once(Box::new(given.take().expect("asked for once"))));
        match (begun, given) {
            (Err(error), Some(post)) => Err(NotScheduled { error, post }),
            _ => Ok(()),
        }
    }

    /// Sends a post of `make` to `target` every `interval`, the first after one of them.
    ///
    /// `make` runs on the turn of `target`: messages need not be `Clone`. If it panics, the tick is left out and
    /// the panic logged. Ticks keep to multiples of `interval`, which is at least a millisecond.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`]: the name is not one, or taken, or nothing can come of the schedule.
    pub fn every<R: ActorRef, M: Message>(
        &self,
        name: &str,
        interval: Duration,
        target: &R,
        make: impl FnMut(&R) -> Post<M> + Send + 'static,
    ) -> Result<(), ScheduleError> {
        let rhythm = Rhythm::every(self.system.runtime().now(), interval, Duration::ZERO);
        self.again(name, rhythm, target, make)
    }

    /// Sends a post of `make` to `target` at each tick of `rhythm`.
    pub(crate) fn again<R: ActorRef, M: Message>(
        &self,
        name: &str,
        rhythm: Rhythm,
        target: &R,
        mut make: impl FnMut(&R) -> Post<M> + Send + 'static,
    ) -> Result<(), ScheduleError> {
        let actor = target.as_ref().actor();
        self.check(name, &actor)?;
        let target = target.clone();
        let send = move || make(&target).deliver();
        self.begin(name, actor, rhythm, || Content::Again(Box::new(send)))
    }

    /// Sends nothing until [`resume`](Self::resume). What waits for its target's turn is taken back.
    ///
    /// What comes due meanwhile is left out; only a post that is sent once is sent at the resume.
    ///
    /// # Errors
    ///
    /// [`UnknownSchedule`], if there is none of this name.
    pub fn pause(&self, name: &str) -> Result<(), UnknownSchedule> {
        self.find(name).map(|schedule| schedule.pause())
    }

    /// Goes on with a schedule that was paused, in the rhythm that it had; nothing happens if it was not.
    ///
    /// # Errors
    ///
    /// [`UnknownSchedule`], if there is none of this name.
    pub fn resume(&self, name: &str) -> Result<(), UnknownSchedule> {
        self.find(name).map(|schedule| schedule.resume())
    }

    /// Ends a schedule; its name is free. What waits for its target's turn is taken back.
    ///
    /// # Errors
    ///
    /// [`UnknownSchedule`], if there is none of this name: it may have ended by itself.
    pub fn cancel(&self, name: &str) -> Result<(), UnknownSchedule> {
        self.find(name).map(|schedule| schedule.end(Ended::Cancelled))
    }

    /// What is scheduled now, in the order of the names.
    #[must_use]
    pub fn list(&self) -> Vec<Scheduled> {
        self.system.schedules().all().iter().map(|schedule| schedule.describe()).collect()
    }

    pub(crate) fn system(&self) -> &ActorSystem {
        &self.system
    }

    fn find(&self, name: &str) -> Result<Arc<Schedule>, UnknownSchedule> {
        let found = self.system.schedules().0.lock().by_name.get(name).cloned();
        found.ok_or_else(|| UnknownSchedule(name.into()))
    }

    fn check(&self, name: &str, target: &AnyRef) -> Result<(), ScheduleError> {
        check_name(name)?;
        if self.system.is_stopping() {
            return Err(ScheduleError::Stopping);
        }
        if self.life == Life::OfTarget && !target.is_alive() {
            return Err(ScheduleError::TargetStopped(target.path()));
        }
        Ok(())
    }

    fn begin(
        &self,
        name: &str,
        target: AnyRef,
        rhythm: Rhythm,
        content: impl FnOnce() -> Content,
    ) -> Result<(), ScheduleError> {
        let schedule = {
            let mut registry = self.system.schedules().0.lock();
            if registry.closed {
                return Err(ScheduleError::Stopping);
            }
            if registry.by_name.contains_key(name) {
                return Err(ScheduleError::NameTaken(name.into()));
            }
            let schedule = Schedule::new(&self.system, name, self.life, target, (rhythm, content()));
            registry.by_name.insert(name.into(), schedule.clone());
            schedule
        };
        schedule.begin();
        Ok(())
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").field("system", &self.system).finish_non_exhaustive()
    }
}

/// One schedule, as it was when [`Scheduler::list`] was called.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scheduled {
    /// Its name.
    pub name: String,
    /// How often it sends.
    pub kind: ScheduleKind,
    /// The actor that it sends to.
    pub target: ActorPath,
    /// When it sends next; `None` while it is paused.
    pub next: Option<SystemTime>,
    /// Whether it is paused.
    pub paused: bool,
}

/// How often a schedule sends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScheduleKind {
    /// Once.
    Once,
    /// Again and again, so long after one another.
    Every(Duration),
    /// By a cron expression.
    Cron {
        /// The expression.
        expression: String,
        /// The time zone in which it is meant.
        zone: String,
    },
}

/// Why something was not scheduled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// The name is not valid: what holds for names of actors holds here.
    #[error(transparent)]
    Name(#[from] PathError),
    /// There is a schedule of this name.
    #[error("there is a schedule named `{0}` already")]
    NameTaken(String),
    /// The actor that it would send to has stopped.
    #[error("{0} has stopped, and its schedules with it")]
    TargetStopped(ActorPath),
    /// The system is stopping.
    #[error("the system is stopping")]
    Stopping,
}

/// There is no schedule of this name: it never was, or it has ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no schedule named `{0}`")]
pub struct UnknownSchedule(pub String);

/// A post that was not scheduled, and why.
#[derive(Debug, Error)]
#[error("not scheduled")]
#[non_exhaustive]
pub struct NotScheduled<M: Message> {
    /// Why.
    #[source]
    pub error: ScheduleError,
    /// The post.
    pub post: Post<M>,
}

/// The schedules of one system.
#[derive(Default)]
pub(super) struct Schedules(Mutex<Registry>);

#[derive(Default)]
struct Registry {
    by_name: BTreeMap<Box<str>, Arc<Schedule>>,
    /// The system is stopping: none may come.
    closed: bool,
}

impl Schedules {
    pub(super) fn forget(&self, schedule: &Schedule) {
        let mut registry = self.0.lock();
        let same = |known: &Arc<Schedule>| std::ptr::eq(Arc::as_ptr(known), schedule);
        let gone = match registry.by_name.get(&schedule.name) {
            Some(known) if same(known) => registry.by_name.remove(&schedule.name),
            _ => None,
        };
        drop(registry);
        drop(gone);
    }

    /// Ends all of them, for good.
    pub(super) fn close(&self) {
        self.0.lock().closed = true;
        self.all().iter().for_each(|schedule| schedule.end(Ended::WithSystem));
    }

    fn all(&self) -> Vec<Arc<Schedule>> {
        self.0.lock().by_name.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::runtime::Fire;

    #[akt::test]
    async fn an_alarm_that_is_not_waited_for_neither_ticks_nor_sets_another() {
        let system = ActorSystem::builder("test").start().await.unwrap();
        let ticks = Arc::new(AtomicU64::new(0));
        let counted = ticks.clone();
        let count = move |(), _: &mut _| {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        let counter = system.spawn_fn("counter", count).await.unwrap();
        let scheduler = system.scheduler();
        scheduler.every("tick", Duration::from_millis(100), &counter, |it| it.ask(()).post()).unwrap();
        let schedule = scheduler.find("tick").unwrap();

        for _ in 0..3 {
            system.runtime().sleep(Duration::from_millis(130)).await;
            schedule.pause();
            schedule.fire(system.runtime().now());
            schedule.resume();
            schedule.fire(system.runtime().now());
        }
        system.runtime().sleep(Duration::from_millis(620)).await;

        assert_eq!(ticks.load(Ordering::Relaxed), 10);
        system.shutdown().await;
    }
}
