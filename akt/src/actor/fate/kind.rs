//! What the clients of one run of the fate test meet.

use std::time::Duration;

use super::SubjectMsg;
use akt::Router;

/// An actor, or a router in front of some.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Actor,
    /// A router that sends each message to one routee.
    Router(u8),
    /// Routers that send clones to both of their routees.
    FanOut,
    ScatterGather,
    TailChopping,
    Pull,
}

impl Kind {
    pub(super) fn of(chance: u8) -> Self {
        match chance {
            0..5 => Self::Router(chance),
            5 | 6 => Self::FanOut,
            7 => Self::ScatterGather,
            8 => Self::TailChopping,
            9 | 10 => Self::Pull,
            _ => Self::Actor,
        }
    }

    pub(super) fn copies(self) -> bool {
        matches!(self, Self::FanOut | Self::ScatterGather | Self::TailChopping)
    }

    pub(super) fn router(self) -> Option<Router<SubjectMsg>> {
        let (within, interval) = (Duration::from_millis(8), Duration::from_millis(2));
        Some(match self {
            Self::Actor => return None,
            Self::Router(0) => Router::round_robin(2),
            Self::Router(1) => Router::least_loaded(2),
            Self::Router(2) => Router::random(2).without_replacement(),
            Self::Router(3) => Router::consistent_hash(2, |_: &SubjectMsg| 7),
            Self::Router(_) => Router::by(2, |_, routees| routees[0].queued % 3),
            Self::FanOut => Router::fan_out(2),
            Self::ScatterGather => Router::scatter_gather(2, within),
            Self::TailChopping => Router::tail_chopping(2, within, interval),
            Self::Pull => Router::pull(2),
        })
    }
}
