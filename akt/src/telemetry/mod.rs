//! What a system measures, for others to read: names, the text of Prometheus, an endpoint that serves it.

mod endpoint;
mod family;
mod text;

pub use self::endpoint::Prometheus;
