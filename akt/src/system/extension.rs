//! Extensions: what a system has besides actors, started before them and stopped after them.

use std::any::{Any, type_name};
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;

use super::{ActorSystem, StartError, SystemBuilder};
use crate::actor::{Fault, guard_drop, guarded};

/// Something that belongs to a system as a whole, found by its type: a pool, a cache, an exporter.
///
/// It is started before [`SystemBuilder::start`] returns, and stopped after the last actor is gone.
///
/// ```
/// use akt::prelude::*;
/// use akt::Extension;
///
/// struct Exchange { rate: u64 }
///
/// impl Extension for Exchange {
///     async fn start(&self, _system: &ActorSystem) -> Result<(), Fault> {
///         if self.rate == 0 { Err(Fault::new("a rate is not zero")) } else { Ok(()) }
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), akt::StartError> {
/// let system = ActorSystem::builder("shop").extension(Exchange { rate: 7 }).start().await?;
/// assert_eq!(system.extension::<Exchange>().map(|exchange| exchange.rate), Some(7));
/// # system.shutdown().await;
/// # Ok(())
/// # }
/// ```
pub trait Extension: Send + Sync + 'static {
    /// Starts it. Those given to the builder before it have started; there are no actors but theirs.
    fn start(&self, _system: &ActorSystem) -> impl Future<Output = Result<(), Fault>> + Send {
        ready(Ok(()))
    }

    /// Stops it, after every actor is gone and before those that were started before it. The shutdown waits
    /// for it, and calls it again if it was itself dropped half-way. Not called for one that did not start.
    fn stop(&self, _system: &ActorSystem) -> impl Future<Output = ()> + Send {
        ready(())
    }
}

/// An extension that runs, its type forgotten.
pub(super) trait Running: Any + Send + Sync {
    fn end<'a>(&'a self, system: &'a ActorSystem) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

impl<E: Extension> Running for E {
    fn end<'a>(&'a self, system: &'a ActorSystem) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            if let Err(panic) = guarded(self.stop(system)).await {
                let (text, place) = (panic.text, panic.place);
                tracing::error!(
                    extension = type_name::<E>(),
                    text,
                    place,
                    "an extension panicked at its stop"
                );
            }
        })
    }
}

/// How a builder's extension starts once the system is there.
pub(super) type Starting = Box<dyn FnOnce(ActorSystem) -> Started + Send>;
type Started = Pin<Box<dyn Future<Output = Result<Arc<dyn Running>, StartError>> + Send>>;

impl SystemBuilder {
    /// Adds an extension; they start in the order of these calls, and stop in the reverse order.
    ///
    /// One that fails or panics at its start is a [`StartError::Part`] with its name, and what had started is
    /// stopped. So is a second extension of one type.
    pub fn extension<E: Extension>(self, extension: E) -> Self {
        self.part(async move |system| {
            let failed =
                |fault: Fault| StartError::Part { part: type_name::<E>(), source: fault.into_inner() };
            if system.extension::<E>().is_some() {
                return Err(failed(Fault::new("there is an extension of this type already")));
            }
            let fault = match guarded(extension.start(&system)).await {
                Ok(Ok(())) => return Ok(Arc::new(extension)),
                Ok(Err(fault)) => fault,
                Err(panic) => Fault::new(panic.text),
            };
            let _ = guard_drop(extension);
            Err(failed(fault))
        })
    }

    /// Adds an extension that is made of the running system.
    pub(crate) fn part<E, F>(mut self, start: impl FnOnce(ActorSystem) -> F + Send + 'static) -> Self
    where
        E: Extension,
        F: Future<Output = Result<Arc<E>, StartError>> + Send + 'static,
    {
        self.extensions.push(Box::new(move |system| {
            Box::pin(async move {
                let started: Arc<dyn Running> = start(system).await?;
                Ok(started)
            })
        }));
        self
    }
}

impl ActorSystem {
    /// The extension of type `E`, if it was given to the builder; none once it is stopped.
    #[must_use]
    pub fn extension<E: Extension>(&self) -> Option<Arc<E>> {
        let running = self.0.extensions.lock();
        running.iter().find_map(|one| Arc::downcast(one.clone() as Arc<dyn Any + Send + Sync>).ok())
    }

    /// Starts one after the other; at a failure, nothing is left running.
    pub(super) async fn start_extensions(&self, extensions: Vec<Starting>) -> Result<(), StartError> {
        for start in extensions {
            match start(self.clone()).await {
                Ok(running) => self.0.extensions.lock().push(running),
                Err(error) => {
                    self.shutdown().await;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Stops them, the last first; who calls while another does waits for it.
    pub(super) async fn stop_extensions(&self) {
        let last = || self.0.extensions.lock().last().cloned();
        let stop = async {
            while let Some(extension) = last() {
                extension.end(self).await;
                let over = self.0.extensions.lock().pop();
                let _ = guard_drop((extension, over));
            }
        };
        self.0.extensions_stopped.get_or_init(|| stop).await;
    }
}
