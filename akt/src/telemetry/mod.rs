//! What a system measures, for others to read: names, a page for Prometheus, an export over OTLP.

#[cfg(feature = "otel")]
mod codec;
#[cfg(feature = "otel")]
mod collector;
#[cfg(feature = "prometheus")]
mod endpoint;
#[cfg(feature = "otel")]
mod export;
#[cfg_attr(
    not(feature = "prometheus"),
    allow(dead_code, reason = "the names of Prometheus, without its page")
)]
mod family;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "otel")]
mod spans;
#[cfg(feature = "prometheus")]
mod text;
#[cfg(feature = "otel")]
mod trace_context;

#[cfg(feature = "prometheus")]
pub use self::endpoint::Prometheus;
#[cfg(feature = "otel")]
pub use self::export::OtelExport;
#[cfg(feature = "otel")]
pub use self::otel::Otel;
#[cfg(feature = "otel")]
pub use self::trace_context::TraceContext;
