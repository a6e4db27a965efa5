//! A node as others see it: what can be asked of it and of its actors.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::asking::{NodeMsg, Operate};
use super::kind::in_words;
use super::node::Node;
use super::operation::{ActorReport, Done, Operation, OperationError, Seed, SpawnableKind};
use super::operator;
use super::outbound::RemoteSink;
use crate::actor::{
    ActorRef, AnyRef, AskError, Call, Delivery, Protocol, Ref, Stage, StopReason, TimeoutInfo,
};
use crate::message::{self, Travels};
use crate::path::{ActorPath, NodeAddress, PathError};
use crate::system::{ActorAtError, ActorSystem};

/// A node: another one, or this one. Made by [`ActorSystem::node`].
///
/// Nothing is sent until something is asked. Each operation ends within the time of an ask, unless
/// [`timeout`](Self::timeout) says otherwise, and with a typed [`OperationError`]. A name without `/` stands for one under
/// `/user`, as in [`ActorSystem::actor_of`].
///
/// # Cancellation
///
/// Dropping an operation's future sends nothing more; what was sent may be done all the same.
///
/// ```no_run
/// # use akt::prelude::*;
/// # async fn see(system: &ActorSystem) -> Result<(), Box<dyn std::error::Error>> {
/// let node = system.node("akt://shop@10.0.0.2:7400")?;
///
/// let cart = node.inspect("cart-42").await?;
/// println!("{} serves {:?}, {} messages wait", cart.path, cart.contract, cart.queued);
/// node.stop("cart-42").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct NodeRef {
    system: ActorSystem,
    /// None: this node.
    there: Option<There>,
    timeout: Option<Duration>,
}

#[derive(Clone)]
struct There {
    address: NodeAddress,
    reference: Ref<NodeMsg>,
}

impl ActorSystem {
    /// The node at `address`, such as `akt://shop@host:7400`; this node too.
    ///
    /// # Errors
    ///
    /// [`ActorAtError`]: not an address, one of another system, or a system without [`Remote`](crate::Remote).
    pub fn node(&self, address: &str) -> Result<NodeRef, ActorAtError> {
        let address: NodeAddress = address.strip_prefix("akt://").unwrap_or(address).parse()?;
        let node = self.extension::<Node>().ok_or(ActorAtError::NoRemote)?;
        let ours = &node.identity.address;
        if address.system != ours.system {
            let (ours, theirs) = (ours.system[..].into(), address.system[..].into());
            return Err(ActorAtError::OtherSystem { ours, theirs });
        }
        if address == *ours {
            return Ok(self.this_node());
        }
        // The root of all paths: an ask without a target is one of the node itself.
        let peer = node.peer((address.clone(), None));
        let route = peer.route_to(self.root(), Bytes::new());
        let sink = RemoteSink::<NodeMsg>::new(peer, route);
        let there = Some(There { address, reference: Ref::new(Arc::new(sink)) });
        Ok(NodeRef { system: self.clone(), there, timeout: None })
    }

    /// This node, with what can be asked of another; also of a system without [`Remote`](crate::Remote).
    #[must_use]
    pub fn this_node(&self) -> NodeRef {
        NodeRef { system: self.clone(), there: None, timeout: None }
    }

    /// The node that `actor` is on.
    ///
    /// # Errors
    ///
    /// As [`node`](Self::node).
    pub fn node_of(&self, actor: &AnyRef) -> Result<NodeRef, ActorAtError> {
        match actor.target().node() {
            Some(address) => self.node(&address.to_string()),
            None => Ok(self.this_node()),
        }
    }

    fn root(&self) -> ActorPath {
        self.user().path()
    }
}

impl NodeRef {
    /// Its address; `None` for this node without [`Remote`](crate::Remote).
    #[must_use]
    pub fn address(&self) -> Option<NodeAddress> {
        self.there.as_ref().map(|there| there.address.clone()).or_else(|| self.system.address())
    }

    /// The same node, whose operations may each take so long.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// What the node says of the actor at `path`: its kind, its contract, its state, how much it has to do.
    ///
    /// # Errors
    ///
    /// [`OperationError`]; `NotFound` if there is none.
    pub async fn inspect(&self, path: &str) -> Result<ActorReport, OperationError> {
        match self.operate(Operation::Inspect(absolute(path)?)).await? {
            Done::Report(report) => Ok(report),
            other => Err(unasked(&other)),
        }
    }

    /// A reference to the actor at `path`, after a look whether it is there and serves that contract.
    ///
    /// # Errors
    ///
    /// [`OperationError`]; `NotFound`, or `Contract` with both contracts.
    pub async fn actor_of<R>(&self, path: &str) -> Result<R, OperationError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        let report = self.inspect(path).await?;
        let expected = <R::Message as Protocol>::NAME;
        if report.contract.as_deref() != Some(expected) {
            let found = in_words(report.contract.as_deref());
            return Err(OperationError::Contract { expected: expected.into(), found });
        }
        self.refer(&report.path)
    }

    /// The names of the children of the actor at `path`, in the order in which they were spawned.
    ///
    /// # Errors
    ///
    /// [`OperationError`]; `NotFound` if there is no such actor.
    pub async fn children(&self, path: &str) -> Result<Vec<Box<str>>, OperationError> {
        match self.operate(Operation::Children(absolute(path)?)).await? {
            Done::Children(names) => Ok(names),
            other => Err(unasked(&other)),
        }
    }

    /// Stops the actor at `path`, as [`AnyRef::stop`] does, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// [`OperationError`]; `NotFound`, or `Refused` if it belongs to akt.
    pub async fn stop(&self, path: &str) -> Result<StopReason, OperationError> {
        match self.operate(Operation::Stop(absolute(path)?)).await? {
            Done::Stopped(reason) => Ok(reason),
            other => Err(unasked(&other)),
        }
    }

    /// Asks the actor at `path` to restart, as [`AnyRef::restart`] does; ready when its node has asked it to.
    ///
    /// # Errors
    ///
    /// As [`stop`](Self::stop).
    pub async fn restart(&self, path: &str) -> Result<(), OperationError> {
        match self.operate(Operation::Restart(absolute(path)?)).await? {
            Done::Restarted => Ok(()),
            other => Err(unasked(&other)),
        }
    }

    /// The kinds that may be spawned there: see [`Remote::allow_spawn`](crate::Remote::allow_spawn).
    ///
    /// # Errors
    ///
    /// [`OperationError`]
    pub async fn kinds(&self) -> Result<Vec<SpawnableKind>, OperationError> {
        match self.operate(Operation::Kinds).await? {
            Done::Kinds(kinds) => Ok(kinds),
            other => Err(unasked(&other)),
        }
    }

    /// Spawns an actor of `kind` under a name that the node finds, and waits for its `#[on(start)]`.
    ///
    /// `args` is the kind's own message of arguments, `()` if it has none; what else it needs, its node provides. The
    /// kind must be allowed there: see [`Remote::allow_spawn`](crate::Remote::allow_spawn).
    ///
    /// # Errors
    ///
    /// [`OperationError`]; `NotAllowed`, `Contract`, `Arguments`, `MissingDependency` before anything was started, or
    /// `NotStarted`.
    pub async fn spawn<R>(&self, kind: &str, args: &impl Travels) -> Result<R, OperationError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        self.seed(kind, None, message::encode(args)).await
    }

    /// As [`spawn`](Self::spawn), at `/user/{name}`.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn), and `AlreadyExists`.
    pub async fn spawn_named<R>(
        &self,
        kind: &str,
        name: &str,
        args: &impl Travels,
    ) -> Result<R, OperationError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        absolute(&format!("/user/{name}"))?;
        self.seed(kind, Some(name.into()), message::encode(args)).await
    }

    async fn seed<R>(&self, kind: &str, name: Option<Box<str>>, arguments: Bytes) -> Result<R, OperationError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        let contract = <R::Message as Protocol>::NAME.into();
        let seed = Seed { kind: kind.into(), name, arguments, contract };
        match self.operate(Operation::Spawn(seed)).await? {
            Done::Spawned(path) => self.refer(&path),
            other => Err(unasked(&other)),
        }
    }

    fn refer<R>(&self, path: &ActorPath) -> Result<R, OperationError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        let refused = |why: String| OperationError::Refused { why: why.into() };
        match &self.there {
            Some(there) => {
                let address = format!("akt://{}{path}", there.address);
                self.system.actor_at(&address).map_err(|error| refused(error.to_string()))
            }
            None => {
                let found = self.system.actor_of(path.as_str()).into_inner();
                found.map_err(|error| refused(error.to_string()))
            }
        }
    }

    async fn operate(&self, operation: Operation) -> Result<Done, OperationError> {
        let timeout = self.timeout.unwrap_or_else(|| self.system.ask_timeout());
        if let Some(there) = &self.there {
            let call = Call::<Operate>::new(&there.reference, operation).timeout(timeout);
            return call.await.map_err(OperationError::of_ask);
        }
        let node = self.system.extension::<Node>();
        let runtime = self.system.runtime();
        let since = runtime.now();
        tokio::select! { biased;
            done = operator::perform(&self.system, node.as_ref().map(|node| &node.kinds), operation) => done,
            () = runtime.sleep(timeout) => {
                let (elapsed, delivered) = (runtime.now().since(since), Delivery::Maybe);
                let (target, message, stage) = (self.system.root(), "operation".into(), Stage::Handling { elapsed });
                Err(OperationError::Timeout(Box::new(TimeoutInfo { target, message, elapsed, stage, delivered })))
            }
        }
    }
}

fn absolute(path: &str) -> Result<ActorPath, PathError> {
    if path.starts_with('/') { ActorPath::parse(path) } else { ActorPath::parse(&format!("/user/{path}")) }
}

/// A newer node may answer what this one did not ask.
fn unasked(done: &Done) -> OperationError {
    OperationError::of_ask(AskError::Rejected(format!("the node answered something else: {done:?}").into()))
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) => write!(f, "NodeRef({address})"),
            None => f.write_str("NodeRef(this)"),
        }
    }
}
