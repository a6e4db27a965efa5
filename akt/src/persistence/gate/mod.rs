//! Gates: a turn of a grain is one commit, and nothing of it is seen before.

mod outbox;
mod passage;
mod relay;
mod resume;
mod rows;
mod turn;
mod window;

pub(super) use self::resume::Resume;
pub use self::rows::Undelivered;
pub use self::turn::{
    Gated, OpenGate, close_gate, close_gates, fail_gate, open_gate, open_gates, within_gate,
};
