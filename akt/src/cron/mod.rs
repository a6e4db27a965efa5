//! Cron expressions: ticks at times of the day, in a time zone.

mod expression;
mod zoned;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use chrono_tz::Tz;
use thiserror::Error;

use self::expression::Mistake;
use self::zoned::Zoned;
use crate::actor::{Actor, ActorRef, Calendar, Ctx, Message, Post, Rhythm, Timer};
use crate::runtime::{from_wall, to_wall};
use crate::system::{ScheduleError, Scheduler};
use crate::time::Wall;

/// A cron expression and its time zone, which is UTC unless it says otherwise.
///
/// Six fields, `second minute hour day-of-month month day-of-week`, or five without the second:
///
/// - a number, a range `9-17`, a list `1,15`, all of them `*`, every so many `*/10`, `5/10`, `9-17/2`;
/// - names, `JAN`–`DEC` and `SUN`–`SAT`; 7 is Sunday, too;
/// - `L` is the last day of the month, `FRIL` or `5L` its last Friday, `MON#2` or `1#2` its second Monday; `?` is
///   `*` in fields of days;
/// - where both fields of days say something, one of them has to hold.
///
/// Instead of fields: `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@hourly`.
///
/// # When the clocks are changed
///
/// An expression that names hours names times of the day, and each comes once a day. One that the clocks are put
/// forward over comes at the moment of the change, together with the others there; one that they show twice
/// comes the first time. An expression whose hour is `*` or `*/n` follows the clocks: what they leave out does not
/// come, what they show twice comes twice.
///
/// # When a clock is set
///
/// The time is that of [`Runtime::wall_clock`](crate::Runtime::wall_clock), which is looked at once a minute at
/// least. Several ticks that it was set forward over come as one, when that is noticed. Set back by less than a
/// minute, nothing comes twice; set back by more, what is ahead of it again comes again.
///
/// ```
/// # fn main() -> Result<(), akt::CronError> {
/// let cron = akt::Cron::new("0 30 2 * * MON-FRI")?.zone("Europe/Berlin")?;
///
/// assert_eq!(cron.to_string(), "0 30 2 * * MON-FRI (Europe/Berlin)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Cron(Arc<Inner>);

struct Inner {
    expression: String,
    zoned: Zoned,
}

impl Cron {
    /// Reads an expression, in UTC.
    ///
    /// # Errors
    ///
    /// [`CronError`], which says which field is wrong and what is expected there.
    pub fn new(expression: &str) -> Result<Self, CronError> {
        expression::check(expression)?;
        Self::of(expression, Tz::UTC)
    }

    /// The same expression in the time zone `name` of the tz database, as `Europe/Berlin`.
    ///
    /// # Errors
    ///
    /// [`CronError::Zone`], if there is none of this name.
    pub fn zone(&self, name: &str) -> Result<Self, CronError> {
        let zone = Tz::from_str(name).map_err(|_| CronError::Zone(name.to_owned()))?;
        Self::of(&self.0.expression, zone)
    }

    /// The first moment after `after`, if there is one.
    #[must_use]
    pub fn next(&self, after: SystemTime) -> Option<SystemTime> {
        self.0.zoned.next(to_wall(after)).map(from_wall)
    }

    /// Of an expression that was checked.
    fn of(expression: &str, zone: Tz) -> Result<Self, CronError> {
        let zoned = Zoned::new(expression, zone).map_err(|error| CronError::Refused(error.to_string()))?;
        Ok(Self(Arc::new(Inner { expression: expression.to_owned(), zoned })))
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(expression: &str) -> Result<Self, CronError> {
        Self::new(expression)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.expression(), Calendar::zone(self))
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({self})")
    }
}

impl Calendar for Cron {
    fn next(&self, after: Wall) -> Option<Wall> {
        self.0.zoned.next(after)
    }

    fn expression(&self) -> &str {
        &self.0.expression
    }

    fn zone(&self) -> &str {
        self.0.zoned.zone().name()
    }
}

/// Why something is no [`Cron`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CronError {
    /// It has neither five nor six fields.
    #[error("expected six fields, or five without seconds, found {0}")]
    Fields(usize),
    /// A field is wrong.
    #[error("field {field}: {problem}")]
    Field {
        /// Which, counted from 1.
        field: usize,
        /// What is expected there.
        problem: String,
    },
    /// It begins with `@` and is none of those that do.
    #[error("unknown expression `{0}`")]
    Nickname(String),
    /// There is no such date.
    #[error("no such date: none of the months has so many days")]
    Never,
    /// There is no time zone of this name.
    #[error("unknown time zone `{0}`")]
    Zone(String),
    /// It was found to be right, and could not be used all the same.
    #[error("{0}")]
    Refused(String),
}

impl From<Mistake> for CronError {
    fn from(mistake: Mistake) -> Self {
        match mistake {
            Mistake::Fields(found) => Self::Fields(found),
            Mistake::Field(field, problem) => Self::Field { field, problem },
            Mistake::Nickname(name) => Self::Nickname(name),
            Mistake::Never => Self::Never,
        }
    }
}

impl Scheduler {
    /// Sends a post of `make` to `target` whenever `cron` says. Needs the feature `cron`.
    ///
    /// As [`every`](Self::every) otherwise.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`]: the name is not one, or taken, or nothing can come of the schedule.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # struct Store;
    /// # #[akt::actor]
    /// # impl Store {
    /// #     #[handler]
    /// #     fn compact(&mut self) {}
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let system = ActorSystem::builder("shop").start().await?;
    /// # let store = system.spawn("store", || Store).await?;
    /// let nightly = akt::Cron::new("0 0 3 * * *")?.zone("Europe/Berlin")?;
    /// system.scheduler().cron("compaction", &nightly, &store, |store| store.compact().post())?;
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn cron<R: ActorRef, M: Message>(
        &self,
        name: &str,
        cron: &Cron,
        target: &R,
        make: impl FnMut(&R) -> Post<M> + Send + 'static,
    ) -> Result<(), ScheduleError> {
        let runtime = self.system().runtime();
        let rhythm = Rhythm::on(Box::new(cron.clone()), runtime.now(), runtime.wall());
        self.again(name, rhythm, target, make)
    }
}

impl<A: Actor> Ctx<A> {
    /// Sends a post of `make` whenever `cron` says. Needs the feature `cron`.
    ///
    /// As [`every`](Self::every) otherwise; `#[cron("0 0 3 * * *")]` on a handler sets such a timer for each value.
    pub fn cron<M: Message>(
        &mut self,
        cron: &Cron,
        make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
    ) -> Timer {
        self.on_dates(Box::new(cron.clone()), make)
    }
}

/// Sets the timer of a `#[cron(..)]` handler.
///
/// A zone that there is not is an error of rustc, which names those that look like it:
///
/// ```compile_fail,E0599
/// # use akt::prelude::*;
/// # struct Store;
/// #[akt::actor]
/// impl Store {
///     #[cron("0 0 3 * * *", zone = "Europe/Berln")]
///     fn compact(&mut self) {}
/// }
/// ```
///
/// # Panics
///
/// If the macro has let through what is no expression.
#[doc(hidden)]
pub fn cron<A: Actor, M: Message>(
    cx: &mut Ctx<A>,
    expression: &'static str,
    zone: Tz,
    make: impl FnMut(&A::Ref) -> Post<M> + Send + 'static,
) -> Timer {
    let cron = Cron::of(expression, zone).expect("the macro has checked the expression");
    cx.cron(&cron, make)
}

/// What `#[cron(..)]` expands to with the feature `cron`.
#[doc(hidden)]
#[macro_export]
macro_rules! __cron_timer {
    ($cx:ident, $expression:literal, $zone:ident, $make:expr) => {
        $crate::__private::cron($cx, $expression, $crate::__private::Tz::$zone, $make)
    };
}

#[cfg(test)]
mod tests;
