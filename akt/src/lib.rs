//! akt: a distributed actor framework.

mod backoff;
mod id;
mod machine;
mod path;
#[cfg(feature = "remote")]
mod remote;
mod runtime;
mod time;
#[cfg(feature = "remote")]
mod transport;
#[cfg(feature = "remote")]
mod wire;
