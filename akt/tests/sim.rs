//! Simulations of several nodes: what they cost, what they find, and that they replay.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "what was run is shown")]

#[path = "sim/chat.rs"]
mod chat;
mod contracts {
    //! What akt-build makes of `tests/proto/chat/v1/chat.proto`.
    include!("proto/chat.generated");
}
#[path = "sim/finds.rs"]
mod finds;
#[path = "sim/nodes.rs"]
mod nodes;
#[path = "sim/room.rs"]
mod room;
