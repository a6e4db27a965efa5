//! What most programs use: `use akt::prelude::*;`

pub use crate::{
    ActorSystem, AskError, Call, Ctx, Delivery, Directive, Fault, Supervise, TellError, Terminated,
};
#[cfg(feature = "macros")]
pub use crate::{actor, handler, on};
