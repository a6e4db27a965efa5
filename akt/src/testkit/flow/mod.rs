//! What happened between the nodes of a run: a log of text, and a chart of it.

mod chart;
mod entry;
#[cfg(feature = "remote")]
mod label;
mod log;
#[cfg(feature = "remote")]
mod recorder;
mod text;

pub use self::chart::Chart;
pub use self::entry::{Entry, What};
pub use self::log::Flow;
#[cfg(feature = "remote")]
pub use self::recorder::Recorder;
pub use self::text::FlowError;
