//! *Pure.* What was refused at the door: counted by reason, logged once, repeats folded into a number.

use std::fmt;
use std::time::Duration;

use crate::time::Instant;

/// Why a peer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Its certificate is of no CA that this node trusts, or unfit, or it found ours so.
    Certificate,
    /// Its certificate has expired, or ours has.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// Its certificate is for another host than the one that was dialed, or ours is.
    Host,
    /// It showed no certificate.
    NoCertificate,
    /// Its certificate is for another system, or does not allow what the peer wants to be.
    Holder,
    /// It speaks without TLS.
    Plaintext,
    /// It speaks HTTP.
    Http,
    /// It speaks another protocol than akt over the same transport.
    Protocol,
    /// It broke the rules of the transport before it was known.
    Transport,
    /// Its first frame was no handshake, or one of something else than akt.
    Handshake,
    /// No protocol version is common to both.
    Version,
    /// It belongs to another system, or looks for another one.
    System,
    /// It did not finish its handshake in time.
    Timeout,
    /// Too many others were shaking hands.
    Crowded,
    /// It sent a frame larger than allowed.
    FrameTooLong,
    /// It sent a frame that could not be decoded.
    Undecodable,
    /// It watched more actors than a peer may.
    Watches,
    /// It did not read what this node sent for too long.
    Stalled,
    /// A client wanted what clients may not.
    Forbidden,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 20] = [
        Self::Certificate,
        Self::Expired,
        Self::NotYetValid,
        Self::Host,
        Self::NoCertificate,
        Self::Holder,
        Self::Plaintext,
        Self::Http,
        Self::Protocol,
        Self::Transport,
        Self::Handshake,
        Self::Version,
        Self::System,
        Self::Timeout,
        Self::Crowded,
        Self::FrameTooLong,
        Self::Undecodable,
        Self::Watches,
        Self::Stalled,
        Self::Forbidden,
    ];

    fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate refused",
            Self::Expired => "certificate expired",
            Self::NotYetValid => "certificate not valid yet",
            Self::Host => "certificate of another host",
            Self::NoCertificate => "no certificate",
            Self::Holder => "certificate of another holder",
            Self::Plaintext => "no TLS",
            Self::Http => "HTTP",
            Self::Protocol => "another protocol",
            Self::Transport => "transport failed",
            Self::Handshake => "not a handshake",
            Self::Version => "no common protocol version",
            Self::System => "another system",
            Self::Timeout => "handshake not finished in time",
            Self::Crowded => "too many handshakes at once",
            Self::FrameTooLong => "frame too long",
            Self::Undecodable => "undecodable frame",
            Self::Watches => "too many watches",
            Self::Stalled => "peer does not read",
            Self::Forbidden => "not for clients",
        })
    }
}

/// A line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The first refusal of its kind for a while.
    First(Refusal),
    /// So many more since that line.
    Folded(Refusal, u64),
}

/// Counts refusals, and decides which are worth a line.
#[derive(Debug)]
pub(super) struct Refusals {
    window: Duration,
    kinds: [Kind; Refusal::ALL.len()],
}

#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    total: u64,
    folded: u64,
    /// While a line of this kind is fresh: when that ends.
    until: Option<Instant>,
}

impl Refusals {
    /// Repeats within `window` are folded.
    pub(super) fn new(window: Duration) -> Self {
        Self { window, kinds: [Kind::default(); Refusal::ALL.len()] }
    }

    pub(super) fn total(&self, refusal: Refusal) -> u64 {
        self.kinds[refusal.index()].total
    }

    /// Counts one refusal; gives the line to log, if there is to be one.
    pub(super) fn record(&mut self, now: Instant, refusal: Refusal) -> Option<Line> {
        let kind = &mut self.kinds[refusal.index()];
        kind.total += 1;
        if kind.until.is_some_and(|until| now < until) {
            kind.folded += 1;
            return None;
        }
        kind.until = Some(now + self.window);
        Some(Line::First(refusal))
    }

    /// When [`Self::handle_timeout`] has something to say.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.kinds.iter().filter(|kind| kind.folded > 0).filter_map(|kind| kind.until).min()
    }

    /// The numbers of what was folded in windows that have ended.
    pub(super) fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Line>) {
        for refusal in Refusal::ALL {
            let kind = &mut self.kinds[refusal.index()];
            if kind.folded > 0 && kind.until.is_some_and(|until| now >= until) {
                out.push(Line::Folded(refusal, std::mem::take(&mut kind.folded)));
                kind.until = Some(now + self.window);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_is_a_line_and_the_next_ones_are_a_number() {
        let at = |secs| Instant::ZERO + Duration::from_secs(secs);
        let mut refusals = Refusals::new(Duration::from_secs(10));
        let mut out = Vec::new();

        assert_eq!(refusals.record(at(0), Refusal::System), Some(Line::First(Refusal::System)));
        for _ in 0..512 {
            assert_eq!(refusals.record(at(1), Refusal::System), None);
        }
        assert_eq!(refusals.record(at(1), Refusal::Timeout), Some(Line::First(Refusal::Timeout)));

        assert_eq!(refusals.deadline(), Some(at(10)));
        refusals.handle_timeout(at(10), &mut out);
        assert_eq!(out, [Line::Folded(Refusal::System, 512)]);
        assert_eq!((refusals.total(Refusal::System), refusals.deadline()), (513, None));
    }
}
