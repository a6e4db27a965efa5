//! What a system measures, for others to read: names, the text of Prometheus, an endpoint that serves it.

#[cfg(feature = "prometheus")]
mod endpoint;
#[cfg_attr(not(feature = "prometheus"), allow(dead_code, reason = "the names of Prometheus, without its page"))]
mod family;
#[cfg(feature = "prometheus")]
mod text;

#[cfg(feature = "prometheus")]
pub use self::endpoint::Prometheus;
