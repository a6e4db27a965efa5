//! The clock on the wall: the machine's, or one that a test or a simulation has set.

use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use crate::time::{Instant, Wall};

/// What time it is outside, for what happens at three in the morning.
pub(super) struct WallClock(Mutex<Source>);

#[derive(Clone, Copy)]
enum Source {
    /// Read at each look: it may have been set meanwhile.
    Machine,
    /// Showed `wall` at `since`, and has gone on with the runtime's own clock.
    Set { since: Instant, wall: SystemTime },
}

impl WallClock {
    pub(super) fn machine() -> Self {
        Self(Mutex::new(Source::Machine))
    }

    pub(super) fn starting_at(wall: SystemTime) -> Self {
        Self(Mutex::new(Source::Set { since: Instant::ZERO, wall }))
    }

    /// Another clock that shows the same at `now`, the start of which is another runtime's.
    pub(super) fn beside(&self, now: Instant) -> Self {
        let source = *self.0.lock();
        match source {
            Source::Machine => Self::machine(),
            Source::Set { .. } => Self::starting_at(self.read(now)),
        }
    }

    pub(super) fn set(&self, now: Instant, wall: SystemTime) {
        *self.0.lock() = Source::Set { since: now, wall };
    }

    /// Goes with the runtime's own clock from now on.
    pub(super) fn leave_the_machine(&self, now: Instant) {
        if matches!(*self.0.lock(), Source::Machine) {
            self.set(now, of_the_machine());
        }
    }

    pub(super) fn read(&self, now: Instant) -> SystemTime {
        let source = *self.0.lock();
        match source {
            Source::Machine => of_the_machine(),
            Source::Set { since, wall } => wall.checked_add(now.since(since)).unwrap_or(wall),
        }
    }
}

/// The machine's clock, moved by as much as tokio's is ahead of or behind the machine's: a test that pauses
/// its clock and advances it moves the wall clock, too. Where nobody does, the two are one.
#[expect(clippy::disallowed_methods, reason = "the runtime is the one owner of the clocks")]
fn of_the_machine() -> SystemTime {
    let ours = tokio::time::Instant::now().into_std();
    let (theirs, wall) = (std::time::Instant::now(), SystemTime::now());
    match ours.checked_duration_since(theirs) {
        Some(ahead) => wall.checked_add(ahead),
        None => wall.checked_sub(theirs.duration_since(ours)),
    }
    .unwrap_or(wall)
}

/// A clock that shows a time before 1970 is one that nobody has set.
pub(crate) fn to_wall(time: SystemTime) -> Wall {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Wall::from_nanos(0) + since
}

pub(crate) fn from_wall(wall: Wall) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(wall.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Runtime;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(secs: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
    }

    #[akt::test]
    async fn the_wall_clock_goes_with_a_paused_clock() {
        let runtime = Runtime::current().unwrap();
        let before = runtime.wall_clock();

        tokio::time::advance(MINUTE * 60).await;

        let passed = runtime.wall_clock().duration_since(before).unwrap();
        assert!(passed >= MINUTE * 59 && passed <= MINUTE * 61, "{passed:?}");
    }

    #[akt::test]
    async fn a_wall_clock_that_was_set_goes_on_from_there() {
        let runtime = Runtime::current().unwrap();
        runtime.set_wall_clock(at(1_000));
        tokio::time::advance(MINUTE).await;
        assert_eq!(runtime.wall_clock(), at(1_060));

        let other = runtime.for_another_node();
        assert_eq!(other.wall_clock(), at(1_060), "nodes of a simulation have one time outside");

        runtime.set_wall_clock(at(10));
        tokio::time::advance(MINUTE).await;
        assert_eq!((runtime.wall_clock(), other.wall_clock()), (at(70), at(1_120)));
    }

    #[test]
    fn times_become_moments_and_come_back() {
        assert_eq!(from_wall(to_wall(at(5))), at(5));
        assert_eq!(to_wall(SystemTime::UNIX_EPOCH - MINUTE), Wall::from_nanos(0));
    }
}
