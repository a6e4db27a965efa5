//! *Pure.* Asks in flight on one connection: a slot and its generation make the correlation id.

/// Where a correlation says the lane of its ask.
const LANE: u32 = 28;

/// The correlation of an ask that goes by `lane`.
pub(super) fn with_lane(correlation: u64, lane: u32) -> u64 {
    correlation | u64::from(lane) << LANE
}

/// The lane that an ask went by.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is the lane and the index")]
pub(super) fn lane_of(correlation: u64) -> u32 {
    (correlation as u32) >> LANE
}

/// What waits for an answer, by correlation.
#[derive(Debug)]
pub(super) struct Requests<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    state: State<T>,
}

#[derive(Debug)]
enum State<T> {
    Free,
    /// Named, so that it can be cancelled, but not in flight yet.
    Reserved,
    InFlight(T),
}

impl<T> Default for Requests<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Requests<T> {
    /// Names an ask before it is sent.
    pub(super) fn reserve(&mut self) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, state: State::Free });
            let index = u32::try_from(self.slots.len() - 1).ok();
            index.filter(|index| index >> LANE == 0).expect("fewer than 2^28 asks in flight")
        });
        let slot = &mut self.slots[index as usize];
        slot.state = State::Reserved;
        u64::from(slot.generation) << 32 | u64::from(index)
    }

    /// Puts a reserved ask in flight.
    ///
    /// # Errors
    ///
    /// Hands it back if it was cancelled meanwhile.
    pub(super) fn fill(&mut self, correlation: u64, request: T) -> Result<(), T> {
        match self.slot(correlation) {
            Some(slot) => {
                slot.state = State::InFlight(request);
                Ok(())
            }
            None => Err(request),
        }
    }

    /// Takes an ask out: it was answered, or its asker gave up. `None` for one that is not in flight (any more).
    pub(super) fn take(&mut self, correlation: u64) -> Option<T> {
        let slot = self.slot(correlation)?;
        slot.generation = slot.generation.wrapping_add(1);
        let state = std::mem::replace(&mut slot.state, State::Free);
        self.free.push(index_of(correlation));
        match state {
            State::InFlight(request) => Some(request),
            State::Free | State::Reserved => None,
        }
    }

    /// Whether an ask was not answered yet, nor given up.
    pub(super) fn is_in_flight(&mut self, correlation: u64) -> bool {
        self.slot(correlation).is_some_and(|slot| matches!(slot.state, State::InFlight(_)))
    }

    /// Takes everything out.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let slots = std::mem::take(&mut self.slots);
        self.free.clear();
        slots
            .into_iter()
            .filter_map(|slot| if let State::InFlight(it) = slot.state { Some(it) } else { None })
            .collect()
    }

    fn slot(&mut self, correlation: u64) -> Option<&mut Slot<T>> {
        let generation = correlation >> 32;
        self.slots
            .get_mut(index_of(correlation) as usize)
            .filter(|slot| u64::from(slot.generation) == generation && !matches!(slot.state, State::Free))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the index")]
fn index_of(correlation: u64) -> u32 {
    (correlation as u32) & !(u32::MAX << LANE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_answer_does_not_reach_the_next_ask_of_the_same_slot() {
        let mut requests = Requests::default();
        let first = requests.reserve();
        requests.fill(first, "first").unwrap();
        assert_eq!(requests.take(first), Some("first"));

        let second = requests.reserve();
        requests.fill(second, "second").unwrap();

        assert_eq!(first as u32, second as u32, "the slot is used again");
        assert_eq!(requests.take(first), None);
        assert_eq!(requests.take(second), Some("second"));
    }

    #[test]
    fn an_ask_that_was_cancelled_before_it_was_sent_comes_back() {
        let mut requests = Requests::default();
        let correlation = requests.reserve();

        assert_eq!(requests.take(correlation), None);

        assert_eq!(requests.fill(correlation, "ask"), Err("ask"));
        assert!(requests.drain().is_empty());
    }

    #[test]
    fn a_correlation_says_its_lane_and_finds_its_slot() {
        let mut requests = Requests::default();
        let first = requests.reserve();
        requests.fill(first, "first").unwrap();
        let correlation = with_lane(first, 15);

        assert_eq!((lane_of(first), lane_of(correlation)), (0, 15));
        assert_eq!(requests.take(correlation), Some("first"));
    }

    #[test]
    fn an_answer_to_nothing_is_ignored() {
        let mut requests = Requests::<()>::default();

        assert_eq!(requests.take(0), None);
        assert_eq!(requests.take(u64::MAX), None);
    }
}
