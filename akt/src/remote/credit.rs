//! *Pure.* How much one node may send to one actor of another before its mailbox has taken it.

use std::collections::VecDeque;

use super::association::LinkId;

/// Messages, and the bytes of their bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) messages: u32,
    pub(super) bytes: u64,
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.messages = self.messages.saturating_add(other.messages);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    fn remove(&mut self, other: Self) {
        self.messages = self.messages.saturating_sub(other.messages);
        self.bytes = self.bytes.saturating_sub(other.bytes);
    }

    /// One message.
    pub(super) fn of(bytes: usize) -> Self {
        Self { messages: 1, bytes: bytes as u64 }
    }
}

/// The sender's half: what is under way to one actor on one connection.
///
/// A message may go as long as neither bound is reached, so that one that is larger than the window passes too.
#[derive(Debug, Default)]
pub(super) struct Window {
    link: LinkId,
    under_way: Amount,
    sent: Sent,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tell,
    Ask,
}

/// Messages that were given to a connection, the oldest first: so many of one kind, then so many of the other.
#[derive(Debug, Default)]
pub(super) struct Sent(VecDeque<(Kind, u32)>);

impl Sent {
    pub(super) fn add(&mut self, kind: Kind, count: u32) {
        match self.0.back_mut() {
            Some((last, of_it)) if *last == kind => *of_it += count,
            _ => self.0.push_back((kind, count)),
        }
    }

    /// The oldest so many have arrived: the peer takes in order what is for one actor.
    fn arrived(&mut self, mut count: u32) {
        while let Some((_, of_it)) = self.0.front_mut().filter(|_| count > 0) {
            let taken = count.min(*of_it);
            (*of_it, count) = (*of_it - taken, count - taken);
            if *of_it == 0 {
                self.0.pop_front();
            }
        }
    }

    fn tells(&self) -> u64 {
        self.0.iter().filter(|(kind, _)| *kind == Kind::Tell).map(|(_, count)| u64::from(*count)).sum()
    }
}

impl Window {
    /// Takes leave for one message on `link`; a new connection begins anew.
    pub(super) fn take(&mut self, link: LinkId, limit: Amount, bytes: usize) -> bool {
        self.begin(link);
        let open = self.under_way.messages < limit.messages && self.under_way.bytes < limit.bytes;
        if open {
            self.under_way.add(Amount::of(bytes));
        }
        open
    }

    /// Takes leave for several at once, if they are within the limit together.
    pub(super) fn take_all(&mut self, link: LinkId, limit: Amount, all: Amount) -> bool {
        self.begin(link);
        let mut under_way = self.under_way;
        under_way.add(all);
        let fits = under_way.messages <= limit.messages && under_way.bytes <= limit.bytes;
        if fits {
            self.under_way = under_way;
        }
        fits
    }

    fn begin(&mut self, link: LinkId) {
        if self.link != link {
            *self = Self { link, ..Self::default() };
        }
    }

    /// These were given to the connection, within the leave that was [taken](Self::take).
    pub(super) fn sent(&mut self, link: LinkId, sent: Sent) {
        if self.link == link {
            sent.0.into_iter().for_each(|(kind, count)| self.sent.add(kind, count));
        }
    }

    /// So much has found its place; nothing happens if that was on another connection.
    pub(super) fn placed(&mut self, link: LinkId, amount: Amount) {
        if self.link == link {
            self.sent.arrived(amount.messages);
            self.give_back(link, amount);
        }
    }

    /// Whether the peer has said of every tell that it has found its place.
    pub(super) fn is_confirmed(&self) -> bool {
        self.sent.tells() == 0
    }

    /// Tells that were given to this connection and of which the peer has not said that they found their place; asked
    /// once, at its end.
    pub(super) fn take_unconfirmed(&mut self, link: LinkId) -> u64 {
        if self.link == link { std::mem::take(&mut self.sent).tells() } else { 0 }
    }

    /// Leave for so much is not used; nothing happens if that was on another connection.
    pub(super) fn give_back(&mut self, link: LinkId, amount: Amount) {
        if self.link == link {
            self.under_way.remove(amount);
        }
    }
}

/// So many messages are worth a look at what is to be said.
const LOOK: u32 = 64;

/// The receiver's half: what has found its place, and was not said yet.
#[derive(Debug, Default)]
pub(super) struct Owed {
    amount: Amount,
    /// Messages since the last look.
    unseen: u32,
}

impl Owed {
    /// One message more; what is to be said now, if it is worth a frame. `eighths` of its window are the sender's
    /// [share](super::share::Share), which is asked for only now and then.
    ///
    /// Half a window is worth one: a sender that has to wait has a whole one under way. Of what is more than a smaller
    /// share, each look is.
    pub(super) fn add(
        &mut self,
        limit: Amount,
        bytes: usize,
        eighths: impl FnOnce() -> u32,
    ) -> Option<Amount> {
        self.amount.add(Amount::of(bytes));
        self.unseen += 1;
        let (half, look) = (limit.messages.div_ceil(2), LOOK.min(limit.messages.div_ceil(2)));
        let is_heavy = self.amount.bytes >= limit.bytes.div_ceil(2);
        if self.unseen < look && !is_heavy {
            return None;
        }
        self.unseen = 0;
        let kept = match eighths() {
            8.. if self.amount.messages < half && !is_heavy => return None,
            8.. => 0,
            eighths => limit.messages - (limit.messages * eighths / 8).max(look),
        };
        if self.amount.messages <= kept && !is_heavy { None } else { Some(self.say(kept)) }
    }

    /// Everything that was not said yet.
    pub(super) fn settle(&mut self) -> Option<Amount> {
        self.is_owing().then(|| self.say(0))
    }

    /// Whether something was not said yet.
    pub(super) fn is_owing(&self) -> bool {
        self.amount.messages > 0
    }

    /// All but so many messages; of bytes everything.
    fn say(&mut self, kept: u32) -> Amount {
        let kept = kept.min(self.amount.messages);
        let amount = Amount { messages: self.amount.messages - kept, bytes: self.amount.bytes };
        self.amount = Amount { messages: kept, bytes: 0 };
        amount
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    const LIMIT: Amount = Amount { messages: 8, bytes: 1_000 };

    #[test]
    fn a_message_larger_than_the_window_passes_alone() {
        let mut window = Window::default();

        assert!(window.take(1, LIMIT, 5_000));
        assert!(!window.take(1, LIMIT, 0));
        window.give_back(1, Amount::of(5_000));
        assert!(window.take(1, LIMIT, 0));
    }

    #[test]
    fn a_new_connection_begins_with_a_whole_window_and_late_credit_of_the_old_one_is_ignored() {
        let mut window = Window::default();
        while window.take(1, LIMIT, 1) {}

        let taken = (0..20).take_while(|_| window.take(2, LIMIT, 1)).count();
        window.give_back(1, Amount::of(1));

        assert_eq!(taken, 8);
        assert!(!window.take(2, LIMIT, 1));
    }

    #[test]
    fn several_go_at_once_if_they_are_within_the_limit_together() {
        let mut window = Window::default();
        let all = |messages, bytes| Amount { messages, bytes };

        assert!(!window.take_all(1, LIMIT, all(9, 9)) && !window.take_all(1, LIMIT, all(1, 1_001)));
        assert!(window.take_all(1, LIMIT, all(5, 500)));
        assert!(!window.take_all(1, LIMIT, all(4, 4)) && !window.take_all(1, LIMIT, all(1, 501)));
        assert!(window.take_all(1, LIMIT, all(3, 500)));

        assert!(!window.take(1, LIMIT, 0));
        window.give_back(1, all(8, 1_000));
        assert!(window.take_all(1, LIMIT, all(8, 1_000)));
    }

    #[test]
    fn what_is_not_said_to_have_arrived_is_counted_once_tells_only_and_of_its_connection() {
        let mut window = Window::default();
        let send = |window: &mut Window, kinds: &[(Kind, u32)]| {
            let mut sent = Sent::default();
            for (kind, count) in kinds {
                (0..*count).for_each(|_| assert!(window.take(1, LIMIT, 1)));
                sent.add(*kind, *count);
            }
            window.sent(1, sent);
        };
        send(&mut window, &[(Kind::Tell, 2), (Kind::Ask, 1)]);
        send(&mut window, &[(Kind::Ask, 1), (Kind::Tell, 3)]);

        window.placed(1, Amount { messages: 3, bytes: 3 });
        window.placed(2, Amount { messages: 3, bytes: 3 });

        assert_eq!((window.is_confirmed(), window.take_unconfirmed(2)), (false, 0));
        assert_eq!((window.take_unconfirmed(1), window.take_unconfirmed(1)), (3, 0));
        assert!(window.is_confirmed());
    }

    #[test]
    fn a_sender_with_an_eighth_of_its_window_is_told_in_small_steps_and_of_the_rest_when_it_has_everything_again()
     {
        let (limit, mut owed) = (Amount { messages: 1_024, bytes: 1 << 20 }, Owed::default());
        let mut add = |count: u32, eighths: u32| -> Vec<(u32, u32)> {
            (1..=count).filter_map(|n| Some((n, owed.add(limit, 1, || eighths)?.messages))).collect()
        };

        assert_eq!(add(1_024, 1), [(960, 64), (1_024, 64)]);
        assert_eq!(add(128, 8), [(64, 960)]);
        assert_eq!(add(1_024, 8), [(448, 512), (960, 512)]);
    }

    #[test]
    fn of_heavy_messages_bytes_are_said_as_ever_and_as_few_are_under_way() {
        let (limit, mut owed) = (Amount { messages: 1_024, bytes: 1 << 20 }, Owed::default());

        let said: Vec<_> = (0..1_024).filter_map(|_| owed.add(limit, 1_024, || 1)).collect();

        assert_eq!(said.iter().map(|amount| amount.messages).sum::<u32>(), 128);
        assert!(said.iter().map(|amount| amount.bytes).sum::<u64>() >= (1 << 20) - (64 << 10));
    }

    proptest! {
        /// Whatever the sizes and the order of events, no more is under way than a window and a message, and a
        /// receiver that takes everything lets everything through.
        #[test]
        fn nothing_is_stuck_and_nothing_exceeds_the_window(
            sizes in prop::collection::vec(0_usize..3_000, 1..60),
            turns in prop::collection::vec((0_u8..3, 1_u32..9), 0..200),
            last in 1_u32..9,
        ) {
            let (mut window, mut owed) = (Window::default(), Owed::default());
            let (mut unsent, mut arrived) = (VecDeque::from(sizes), VecDeque::new());
            let mut credits = VecDeque::new();
            let send = |window: &mut Window, unsent: &mut VecDeque<usize>, arrived: &mut VecDeque<usize>| {
                if let Some(bytes) = unsent.front().copied() && window.take(1, LIMIT, bytes) {
                    arrived.extend(unsent.pop_front());
                }
            };
            for (turn, eighths) in turns {
                match turn {
                    0 => send(&mut window, &mut unsent, &mut arrived),
                    1 => credits.extend(arrived.pop_front().and_then(|bytes| owed.add(LIMIT, bytes, || eighths))),
                    _ => if let Some(amount) = credits.pop_front() { window.give_back(1, amount) },
                }
                prop_assert!(arrived.len() <= 8 && arrived.iter().sum::<usize>() < 1_000 + 3_000);
            }
            for _ in 0..1_000 {
                send(&mut window, &mut unsent, &mut arrived);
                credits.extend(arrived.pop_front().and_then(|bytes| owed.add(LIMIT, bytes, || last)));
                if let Some(amount) = credits.pop_front() { window.give_back(1, amount) }
            }
            prop_assert!(unsent.is_empty() && arrived.is_empty(), "{} are stuck", unsent.len());
        }
    }
}
