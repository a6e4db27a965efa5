//! akt: a distributed actor framework.

mod backoff;
mod id;
mod machine;
mod path;
mod runtime;
mod time;
#[cfg(feature = "remote")]
mod transport;
#[cfg(feature = "remote")]
mod wire;
