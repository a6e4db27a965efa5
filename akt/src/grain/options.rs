//! What is set for all grains of a system, or for all of a kind, where it is started.

use std::sync::Arc;

use crate::actor::Passivate;
use crate::system::{ActorSystem, Evict, Evictor};

/// When grains are deactivated that nobody uses. Given to [`SystemBuilder::grains`](crate::SystemBuilder::grains) for all
/// grains of a system, to [`SystemBuilder::grain_with`](crate::SystemBuilder::grain_with) for those of one kind.
///
/// Neither time nor number ends an activation that is in use: that handles a message or has one queued, waits for work that
/// it piped, feeds a stream, has children, or said [`Ctx::keep_alive`](crate::Ctx::keep_alive).
///
/// ```
/// # use akt::prelude::*;
/// # use akt::{Evict, GrainOptions, Passivate};
/// # use std::time::Duration;
/// # #[derive(Default)] struct Device;
/// # #[akt::grain(kind = "device", key = u64)] impl Device { #[handler] fn report(&mut self) {} }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::StartError> {
/// let quarter = GrainOptions::new().passivate(Passivate::after(Duration::from_secs(900)));
/// let devices = GrainOptions::new().evict(Evict::least_recently_used(100_000).percent(1));
/// let system = ActorSystem::builder("home").grains(quarter).grain_with::<Device>(devices).start().await?;
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "options do nothing unless a builder is given them"]
pub struct GrainOptions {
    pub(super) passivate: Option<Passivate>,
    evict: Option<Evict>,
}

impl GrainOptions {
    /// Nothing is set.
    pub const fn new() -> Self {
        Self { passivate: None, evict: None }
    }

    /// Sets when an idle activation ends. For a kind, it wins over its attribute; for all grains, it is for those of whom
    /// nothing else is said.
    pub const fn passivate(mut self, passivate: Passivate) -> Self {
        self.passivate = Some(passivate);
        self
    }

    /// Sets how many activations there may be, and which of the idle ones end when there are more. Limits of a kind, of all
    /// grains and of [all actors](crate::SystemBuilder::evict) hold beside each other.
    pub const fn evict(mut self, evict: Evict) -> Self {
        self.evict = Some(evict);
        self
    }

    pub(super) fn evictor(self, system: &ActorSystem) -> Option<Evictor> {
        self.evict.map(|evict| Evictor::of(evict, system))
    }
}

/// When the activations of one kind end by themselves.
#[derive(Default)]
pub(super) struct Idleness {
    /// What the builder said of the kind, over its attribute.
    pub(super) kind: Option<Passivate>,
    /// What the builder said of all grains, where nothing else is said.
    pub(super) all: Option<Passivate>,
    pub(super) evictors: Option<Arc<[Evictor]>>,
}

impl Idleness {
    pub(super) fn passivate(&self, said: Option<Passivate>) -> Option<Passivate> {
        self.kind.or(said).or(self.all)
    }
}
