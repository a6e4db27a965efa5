//! How a probe comes to be in a system.

use std::sync::Arc;

use super::desk::Desk;
use super::witness::{Local, Reach, Wired, Witness};
use super::{Origin, PATIENCE, Probe};
use crate::actor::{ActorRef, Protocol};
use crate::system::ActorSystem;

impl<R> Probe<R>
where
    R: ActorRef,
    R::Message: Protocol,
{
    /// Starts one under a name of its own: the reference for those who call, the probe for the test.
    ///
    /// # Panics
    ///
    /// If the system has ended.
    #[expect(clippy::unused_async, reason = "it was one that waited")]
    pub async fn start(system: &ActorSystem) -> (R, Self) {
        Self::begin_wired(system)
    }

    /// What `CartProbe` is made of: one that messages from other nodes reach.
    #[doc(hidden)]
    #[must_use]
    pub fn begin_wired(system: &ActorSystem) -> (R, Self) {
        begin::<R, Wired>(system)
    }
}

impl<R: ActorRef> Probe<R> {
    /// One that is reached on its node.
    #[doc(hidden)]
    #[must_use]
    pub fn begin(system: &ActorSystem) -> (R, Self) {
        begin::<R, Local>(system)
    }
}

fn begin<R: ActorRef, W: Reach<R::Message>>(system: &ActorSystem) -> (R, Probe<R>) {
    let desk = Arc::new(Desk::default());
    let name = format!("probe-{:016x}", system.runtime().random());
    let witness = desk.clone();
    let spawn = system.spawn(name, move || Witness::<R, W>::new(witness.clone()));
    let reference: R = spawn.at_once().expect("a probe needs a system that has not ended");
    let probe = Probe { reference: reference.clone(), desk, patience: PATIENCE, origin: Origin::default() };
    (reference, probe)
}

impl<R: ActorRef> Drop for Probe<R> {
    fn drop(&mut self) {
        self.desk.close();
    }
}
