//! The clock of a simulated node: it may go faster or slower than the world's.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::time::Instant;

const MILLION: u64 = 1_000_000;

/// What a node takes the time that passes in the world for.
#[derive(Default)]
pub(super) struct Clock {
    rate: Mutex<Rate>,
    changed: Notify,
}

/// From a moment on, so many microseconds pass here in a second of the world.
#[derive(Clone, Copy)]
struct Rate {
    world: u64,
    here: u64,
    micros: u64,
}

impl Default for Rate {
    fn default() -> Self {
        Self { world: 0, here: 0, micros: MILLION }
    }
}

impl Clock {
    /// The time here when so much has passed in the world.
    pub(super) fn at(&self, world: Duration) -> Instant {
        Instant::from_nanos(self.rate.lock().here_at(nanos(world)))
    }

    /// How much has passed in the world when it is `here`, rounded up.
    pub(super) fn world_at(&self, here: Instant) -> Duration {
        Duration::from_nanos(self.rate.lock().world_at(here.as_nanos()))
    }

    /// Goes at another rate from now on.
    pub(super) fn drift(&self, world: Duration, parts_per_million: i32) {
        let mut rate = self.rate.lock();
        let (world, here) = (nanos(world), rate.here_at(nanos(world)));
        let micros = MILLION.saturating_add_signed(parts_per_million.into());
        *rate = Rate { world, here, micros };
        drop(rate);
        self.changed.notify_waiters();
    }

    /// Ready when the rate has changed since the call.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }
}

impl Rate {
    fn here_at(&self, world: u64) -> u64 {
        let passed = scaled(world.saturating_sub(self.world), self.micros, MILLION, false);
        self.here.saturating_add(passed)
    }

    fn world_at(&self, here: u64) -> u64 {
        let passed = scaled(here.saturating_sub(self.here), MILLION, self.micros, true);
        self.world.saturating_add(passed)
    }
}

fn scaled(nanos: u64, by: u64, of: u64, up: bool) -> u64 {
    let product = u128::from(nanos) * u128::from(by);
    let of = u128::from(of);
    let scaled = if up { product.div_ceil(of) } else { product / of };
    u64::try_from(scaled).unwrap_or(u64::MAX)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn time_never_goes_back_and_a_moment_has_come_when_the_world_says_so(
            drifts in prop::collection::vec((0_u64..1 << 50, -999_999_i32..2_000_000), 0..8),
            wanted in 0_u64..1 << 52,
        ) {
            let clock = Clock::default();
            let (mut world, mut last) = (0, Instant::ZERO);
            for (passed, drift) in drifts {
                world += passed;
                let before = clock.at(Duration::from_nanos(world));
                clock.drift(Duration::from_nanos(world), drift);
                prop_assert_eq!(clock.at(Duration::from_nanos(world)), before);
                prop_assert!(before >= last);
                last = before;
            }

            let wanted = last + Duration::from_nanos(wanted);
            let due = clock.world_at(wanted);

            // In a world that takes longer than its nanoseconds can be counted, it never comes.
            prop_assert!(clock.at(due) >= wanted || due == Duration::from_nanos(u64::MAX));
            let before = due.saturating_sub(Duration::from_nanos(1));
            prop_assert!(due == Duration::from_nanos(world) || clock.at(before) < wanted);
        }
    }
}
