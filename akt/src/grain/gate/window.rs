//! *Pure.* Which of the numbered messages of one sender were handled.

/// How far behind the highest number one may still be told apart from those that were handled.
const WIDTH: u64 = 1_024;

/// The numbers that were handled. All that are [`WIDTH`] or more behind the highest count as handled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    highest: u64,
    /// A bit for each of the last numbers, by the number's remainder.
    bits: [u64; (WIDTH / 64) as usize],
}

impl Window {
    pub(super) fn has(&self, number: u64) -> bool {
        match self.highest.checked_sub(number) {
            None => false,
            Some(behind) if behind >= WIDTH => true,
            Some(_) => {
                let (word, bit) = place(number);
                self.bits[word] & bit != 0
            }
        }
    }

    pub(super) fn add(&mut self, number: u64) {
        // Those in between were not handled.
        for passed in (self.highest + 1..number).rev().take(WIDTH as usize) {
            let (word, bit) = place(passed);
            self.bits[word] &= !bit;
        }
        if number > self.highest {
            self.highest = number;
        } else if self.highest - number >= WIDTH {
            return;
        }
        let (word, bit) = place(number);
        self.bits[word] |= bit;
    }

    pub(super) fn to_parts(&self) -> (u64, Vec<u64>) {
        (self.highest, self.bits.to_vec())
    }

    /// None if there are too few or too many bits.
    pub(super) fn of_parts(highest: u64, bits: Vec<u64>) -> Option<Self> {
        Some(Self { highest, bits: bits.try_into().ok()? })
    }
}

const fn place(number: u64) -> (usize, u64) {
    let at = number % WIDTH;
    ((at / 64) as usize, 1 << (at % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a set that forgets nothing.
        #[test]
        fn it_knows_what_was_handled_as_far_back_as_it_says(
            steps in prop::collection::vec(prop_oneof![0..5_u64, 0..3_000_u64], 0..60),
            backs in prop::collection::vec(0..1_500_u64, 0..60),
        ) {
            let (mut window, mut handled, mut highest) = (Window::default(), BTreeSet::new(), 0);
            for (step, back) in steps.into_iter().zip(backs) {
                for number in [highest + step, (highest + step).saturating_sub(back)] {
                    if number > 0 && !window.has(number) {
                        prop_assert!(!handled.contains(&number), "{number} is forgotten, the highest is {highest}");
                        window.add(number);
                        handled.insert(number);
                        highest = highest.max(number);
                    }
                }
                let (from, bits) = window.to_parts();
                prop_assert_eq!(Window::of_parts(from, bits), Some(window.clone()));
                for number in 1..=highest + 2 {
                    let old = number + WIDTH <= highest;
                    prop_assert_eq!(window.has(number), old || handled.contains(&number), "{}", number);
                }
            }
        }
    }
}
