//! Describes a system before it starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::dependency::{self, MissingDependency, Registered};
use super::eviction::Evict;
use super::extension::Starting;
use super::{ActorSystem, Config, ContextPropagator};
use crate::path::{PathError, check_name};
use crate::runtime::{NoRuntime, Runtime, Ticks};

/// What a system is started with. Made by [`ActorSystem::builder`].
#[must_use = "nothing runs until `.start().await`"]
pub struct SystemBuilder {
    name: String,
    pub(super) config: Config,
    pub(super) registered: Vec<Registered>,
    runtime: Option<Runtime>,
    preparations: Vec<Preparation>,
    pub(super) extensions: Vec<Starting>,
}

/// What is done with a system before anything runs in it.
type Preparation = Box<dyn FnOnce(&ActorSystem) -> Result<(), StartError> + Send>;

impl SystemBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            config: Config::default(),
            registered: Vec::new(),
            runtime: None,
            preparations: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// Sets how long an ask waits unless it says otherwise. 5 s.
    pub fn ask_timeout(mut self, timeout: Duration) -> Self {
        self.config.ask_timeout = timeout;
        self
    }

    /// Sets how long a shutdown waits for handlers that run before it kills them. 30 s.
    pub fn shutdown_grace(mut self, grace: Duration) -> Self {
        self.config.shutdown_grace = grace;
        self
    }

    /// Carries a context of another library along with messages. Several work in the order of these calls.
    pub fn propagator(mut self, propagator: impl ContextPropagator) -> Self {
        self.config.propagators.add(Arc::new(propagator));
        self
    }

    /// Keeps the number of live actors within a limit: above it, some of them are evicted. See [`Evict`].
    pub fn evict(mut self, evict: Evict) -> Self {
        self.config.evict = Some(evict);
        self
    }

    /// Starts even under `panic = "abort"`, where a panic in one actor ends the process.
    pub fn allow_abort(mut self) -> Self {
        self.config.allow_abort = true;
        self
    }

    /// Runs on `runtime` rather than on the tokio runtime that starts it.
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Adds what is done with the system before its extensions start.
    pub(crate) fn prepare(
        mut self,
        work: impl FnOnce(&ActorSystem) -> Result<(), StartError> + Send + 'static,
    ) -> Self {
        self.preparations.push(Box::new(work));
        self
    }

    /// Sets how exact timers and deadlines are.
    pub(crate) fn ticks(mut self, ticks: Ticks) -> Self {
        self.config.ticks = ticks;
        self
    }

    #[cfg(test)]
    pub(crate) fn break_promise(mut self, promise: super::switches::Promise) -> Self {
        self.config.switches.broken = Some(promise);
        self
    }

    /// Starts the system.
    ///
    /// # Errors
    ///
    /// [`StartError`]: a name that is not one, no tokio runtime here, `panic = "abort"`, a dependency that
    /// nothing provides, or an extension that did not start; nothing is left running then.
    pub async fn start(self) -> Result<ActorSystem, StartError> {
        check_name(&self.name)?;
        if cfg!(panic = "abort") && !self.config.allow_abort {
            return Err(StartError::PanicAbort);
        }
        dependency::check(&self.config, &self.registered)?;
        let runtime = match self.runtime {
            Some(runtime) => runtime,
            None => Runtime::current()?,
        };
        let system = ActorSystem::new(&self.name, runtime, self.config);
        for prepare in self.preparations {
            if let Err(error) = prepare(&system) {
                system.shutdown().await;
                return Err(error);
            }
        }
        system.start_extensions(self.extensions).await?;
        tracing::info!(system = self.name, "system started");
        Ok(system)
    }
}

impl fmt::Debug for SystemBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a system did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The system's name is not valid.
    #[error(transparent)]
    Name(#[from] PathError),
    /// There is no tokio runtime.
    #[error(transparent)]
    NoRuntime(#[from] NoRuntime),
    /// A panic would end the process.
    #[error(
        "this build has `panic = \"abort\"`, so a panic in one actor would end the process; \
         remove it from the profile, or say `.allow_abort()` on the builder"
    )]
    PanicAbort,
    /// Registered actors need what nothing provides: each kind, and what it lacks.
    #[error("{}", MissingText(.0))]
    MissingDependencies(Vec<(&'static str, MissingDependency)>),
    /// An extension, or a part of the system such as remoting or its grains, did not start.
    #[error("{part} did not start")]
    Part {
        /// Its name.
        part: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

struct MissingText<'a>(&'a [(&'static str, MissingDependency)]);

impl fmt::Display for MissingText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, missing) in self.0 {
            write!(f, "{missing}, which `{kind}` needs; ")?;
        }
        f.write_str("say `.provide(..)` on the builder")
    }
}
