//! *Pure.* How many items of a stream may be under way: what its reader has granted, what its producer has left.

use std::num::NonZeroU32;

/// The most items that a reader lets be under way, and that a producer believes it.
pub(super) const MOST: u32 = 4_096;

/// The reader's account: what it has granted always has a place in its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    size: u32,
    /// Granted, and not come yet.
    awaited: u32,
    /// Taken since the last grant.
    taken: u32,
}

impl Window {
    /// A window of `size` items, at least one and at most [`MOST`]; nothing is granted yet.
    pub(super) fn new(size: usize) -> Self {
        let size = u32::try_from(size).unwrap_or(MOST).clamp(1, MOST);
        Self { size, awaited: 0, taken: size }
    }

    /// The first grant: the whole window.
    pub(super) fn open(&mut self) -> Option<NonZeroU32> {
        self.grant()
    }

    /// An item came; false if it was not granted.
    pub(super) fn received(&mut self) -> bool {
        let granted = self.awaited > 0;
        self.awaited -= u32::from(granted);
        granted
    }

    /// An item was taken out of the buffer; grants when half of the window was.
    pub(super) fn took(&mut self) -> Option<NonZeroU32> {
        self.taken += 1;
        if self.taken < self.size.div_ceil(2) { None } else { self.grant() }
    }

    fn grant(&mut self) -> Option<NonZeroU32> {
        let granted = std::mem::take(&mut self.taken);
        self.awaited += granted;
        NonZeroU32::new(granted)
    }
}

/// The producer's account: how many items it may send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Credit(u32);

impl Credit {
    /// Takes in a grant; what is beyond [`MOST`] is not believed. How much it was.
    pub(super) fn add(&mut self, granted: u32) -> u32 {
        let added = granted.min(MOST - self.0);
        self.0 += added;
        added
    }

    /// Whether one more item may be sent.
    pub(super) fn is_there(self) -> bool {
        self.0 > 0
    }

    /// An item is sent. Only after [`is_there`](Self::is_there).
    pub(super) fn spend(&mut self) {
        self.0 -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    /// A producer and a reader, with what is under way between them in both directions.
    struct Model {
        window: Window,
        credit: Credit,
        grants: VecDeque<NonZeroU32>,
        items: VecDeque<u32>,
        buffer: VecDeque<u32>,
        sent: u32,
        taken: Vec<u32>,
    }

    impl Model {
        fn new(size: usize) -> Self {
            let mut window = Window::new(size);
            let grants = window.open().into_iter().collect();
            let (items, buffer) = Default::default();
            Self { window, credit: Credit::default(), grants, items, buffer, sent: 0, taken: Vec::new() }
        }

        /// One thing happens, if it can.
        fn step(&mut self, which: u8) -> bool {
            match which % 4 {
                0 => self.grants.pop_front().map(|grant| self.credit.add(grant.get())).is_some(),
                1 if self.credit.is_there() => {
                    self.credit.spend();
                    self.items.push_back(self.sent);
                    self.sent += 1;
                    true
                }
                2 => self.items.pop_front().is_some_and(|item| {
                    assert!(self.window.received(), "an item that was within its credit is granted");
                    self.buffer.push_back(item);
                    true
                }),
                3 => self.buffer.pop_front().is_some_and(|item| {
                    self.taken.push(item);
                    self.grants.extend(self.window.took());
                    true
                }),
                _ => false,
            }
        }
    }

    proptest! {
        #[test]
        fn no_more_than_the_window_is_ever_under_way_and_it_never_comes_to_rest(
            size in 1_usize..70,
            steps in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let mut model = Model::new(size);

            for step in steps {
                model.step(step);

                prop_assert!(model.items.len() + model.buffer.len() <= size);
                prop_assert!((0..4).any(|which| {
                    let Model { window, credit, grants, items, buffer, sent, taken } = &model;
                    let (grants, items, buffer) = (grants.clone(), items.clone(), buffer.clone());
                    let (window, credit, sent, taken) = (*window, *credit, *sent, taken.clone());
                    Model { window, credit, grants, items, buffer, sent, taken }.step(which)
                }), "nothing can happen any more");
            }
            let expected: Vec<_> = (0..).take(model.taken.len()).collect();
            prop_assert_eq!(model.taken, expected);
        }

        #[test]
        fn what_was_not_granted_is_seen_and_no_grant_is_too_much(
            size in any::<usize>(),
            grants in prop::collection::vec(any::<u32>(), 0..20),
        ) {
            let mut window = Window::new(size);
            let granted = window.open().map_or(0, NonZeroU32::get);
            for _ in 0..granted {
                prop_assert!(window.received());
            }
            prop_assert!(!window.received());

            let mut credit = Credit::default();
            let believed: u32 = grants.into_iter().map(|grant| credit.add(grant)).sum();
            prop_assert!(believed <= MOST && credit.0 == believed);
        }
    }
}
