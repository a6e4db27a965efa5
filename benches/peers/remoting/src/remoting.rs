//! What a program has to show to be measured.

use std::future::Future;

use bytes::Bytes;

/// A sink in one process that another process sends to.
///
/// The sink adds up the numbers that it is sent, in whatever order, and answers with its total.
pub trait Remoting: Clone + Sized + Send + Sync + 'static {
    /// The name in tables.
    const NAME: &'static str;
    /// Whether it sends without waiting for an answer.
    const TELLS: bool = true;

    /// What keeps the sink alive.
    type Server: Send;

    /// Serves a sink on loopback; gives what [`connect`](Self::connect) needs, in one line.
    fn serve() -> impl Future<Output = (Self::Server, String)> + Send;

    /// Connects to the sink at `address`.
    fn connect(address: &str) -> impl Future<Output = Self> + Send;

    /// Sends `number` with the padding, and waits for the total.
    fn ask(&self, number: u64, padding: &Bytes) -> impl Future<Output = u64> + Send;

    /// Sends `number` with the padding, and waits for room only.
    fn tell(&self, number: u64, padding: &Bytes) -> impl Future<Output = ()> + Send {
        let _ = (number, padding);
        async { unimplemented!("{} does not tell", Self::NAME) }
    }

    /// A second sink of the same server, by the same connection.
    fn beside(&self) -> impl Future<Output = Self> + Send {
        async { unimplemented!("{} has one sink", Self::NAME) }
    }
}

/// The number at the beginning of a message of programs without a codec of their own.
pub fn number_of(message: &[u8]) -> u64 {
    u64::from_le_bytes(message[..8].try_into().expect("a message has a number"))
}
