//! Parts of a system that features add: started with it, stopped with it.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;

use super::{ActorSystem, StartError};

/// A part that a feature adds, such as remoting.
pub(crate) trait Subsystem: Any + Send + Sync {
    /// Says goodbye and ends its tasks; called once, after all actors are gone.
    fn stop(&self) -> Stopping<'_>;
}

/// The end of a subsystem.
pub(crate) type Stopping<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// A subsystem that has been started.
pub(crate) type Started = Result<Arc<dyn Subsystem>, StartError>;

/// How a builder's part starts once the system is there.
pub(crate) type Part = Box<dyn FnOnce(ActorSystem) -> Pin<Box<dyn Future<Output = Started> + Send>> + Send>;
