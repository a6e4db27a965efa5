//! Gates: a turn of a grain is one commit, and nothing of it is seen before.

mod codec;
mod outbox;
mod passage;
mod relay;
mod resume;
mod turn;
mod window;

pub use self::codec::Undelivered;
pub use self::turn::{
    Gated, OpenGate, close_gate, close_gates, fail_gate, open_gate, open_gates, within_gate,
};
