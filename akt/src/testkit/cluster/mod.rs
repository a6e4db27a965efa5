//! Several nodes in one process, and simulations of them.

mod chaos;
mod failure;
mod hush;
mod kit;
mod shorten;
mod simulation;
mod trial;

pub use self::chaos::Chaos;
pub use self::failure::Failure;
pub use self::kit::{ClusterKit, NodeStart, Storm};
#[doc(hidden)]
pub use self::simulation::simulate;
pub use self::simulation::{Simulated, Simulation};
pub use self::trial::TestResult;
