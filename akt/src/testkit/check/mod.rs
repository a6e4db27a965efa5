//! What must hold of a history, checked: values that are told what happened, and know no runtime.

mod activations;
mod conservation;
mod effects;
mod linearizability;
mod order;
mod register;
mod search;
mod violation;

pub use self::activations::Activations;
pub use self::conservation::{Conservation, Sum};
pub use self::effects::Effects;
pub use self::linearizability::{KeyValue, Linearizability, OpId, Sequential};
pub use self::order::PairOrder;
pub use self::register::{Register, RegisterOp, RegisterReply};
pub use self::violation::Violation;
