//! *Pure.* How many large messages are under way to a peer: so many bytes from the oldest on that it does not have.

use std::collections::VecDeque;

/// Bytes under way, less than the peer takes and this side keeps: the lane has room beside them.
const BYTES: usize = 4 << 20;

/// Messages under way, less than the streams that a peer takes.
const MESSAGES: usize = 32;

/// What is under way, the oldest first; what has arrived counts while something older has not.
#[derive(Debug, Default)]
pub(super) struct Window {
    under_way: VecDeque<(usize, bool)>,
    bytes: usize,
    /// The number of the first one under way.
    first: u64,
}

impl Window {
    /// Whether one of `bytes` may start; of those that are larger than all there is room for, one alone.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let fits = self.bytes + bytes <= BYTES && self.under_way.len() < MESSAGES;
        fits || self.under_way.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// One of `bytes` starts; gives its number, from 1.
    pub(super) fn start(&mut self, bytes: usize) -> u64 {
        self.under_way.push_back((bytes, false));
        self.bytes += bytes;
        self.first + self.under_way.len() as u64
    }

    /// The peer has the one of this number.
    pub(super) fn arrived(&mut self, number: u64) {
        let at = usize::try_from(number - self.first - 1).unwrap_or(usize::MAX);
        if let Some((_, arrived)) = self.under_way.get_mut(at) {
            *arrived = true;
        }
        while let Some((bytes, true)) = self.under_way.front() {
            self.bytes -= bytes;
            self.under_way.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_arrived_counts_until_all_before_it_has() {
        let mut window = Window::default();
        let numbers: Vec<_> = (0..4).map(|_| window.start(1 << 20)).collect();

        window.arrived(numbers[1]);
        assert!(!window.has_room(1));
        window.arrived(numbers[0]);

        assert!(window.has_room(2 << 20) && !window.has_room((2 << 20) + 1));
        assert_eq!((numbers, window.start(1)), (vec![1, 2, 3, 4], 5));
    }

    #[test]
    fn one_that_is_larger_than_the_window_goes_alone() {
        let mut window = Window::default();
        assert!(window.has_room(1 << 30));

        let number = window.start(1 << 30);

        assert!(!window.has_room(1));
        window.arrived(number);
        assert!(window.is_empty() && window.has_room(1));
    }
}
