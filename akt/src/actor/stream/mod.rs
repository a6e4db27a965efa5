//! Streams of items between actors, and between an actor and whoever opened or feeds the stream: bounded, in order.

mod channel;
mod credit;
mod error;
mod inlet;
mod opened;
mod opening;
mod pump;
mod sink;
mod streaming;
mod travel;
mod wire;

pub use self::error::SendError;
pub use self::opened::{Opened, answered, one_reader};
pub use self::opening::{AnsweredOnce, Opening, Opens};
pub use self::sink::StreamSink;
pub use self::streaming::{Input, Streaming, stream, tie};
pub use self::travel::{
    Ways, fallible, incoming_both, incoming_client, incoming_server, outgoing_both, outgoing_client,
    outgoing_server, plain,
};

pub(crate) use self::channel::Abort;
pub(crate) use self::error::End;
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::wire::{Ends, Line};
