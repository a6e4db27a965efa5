//! A process that is no node: it calls the nodes of a system, and nobody connects to it.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::association::Standing;
use super::balanced::Balanced;
use super::node::Node;
use super::pool::Pool;
use super::resolve::MAX_PATH;
use super::{Remote, Tls};
use crate::actor::{ActorRef, Protocol, Ref};
use crate::holder::Class;
use crate::path::{ActorPath, NodeAddress, PathError};
use crate::system::{ActorAtError, ActorSystem, StartError};

/// How often the nodes are looked at while a client connects.
const GLANCE: Duration = Duration::from_millis(5);

/// A caller of the nodes of a system that is no node itself. Cheap to clone.
///
/// It is connected to each of the nodes that it was told of, and connects again when a connection is lost. Its
/// references are those of the contracts, as nodes use them. Nodes let it ask, tell, stream to and watch only what
/// they expose to clients, see [`Remote::expose`], and end nothing for it.
///
/// ```no_run
/// # async fn call<CartRef>() -> Result<(), Box<dyn std::error::Error>>
/// # where CartRef: akt::ActorRef, CartRef::Message: akt::Protocol {
/// use akt::{Client, Tls};
///
/// let client = Client::builder("shop")
///     .node("10.0.0.1:7400")
///     .node("10.0.0.2:7400")
///     .tls(Tls::files("tls/ca.pem", "tls/client.pem", "tls/client.key"))
///     .connect()
///     .await?;
/// let cart: CartRef = client.actor_at("/user/cart")?;
/// # let _ = cart;
/// client.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    system: ActorSystem,
}

impl Client {
    /// Describes a client of the nodes of `system`.
    pub fn builder(system: impl Into<String>) -> ClientBuilder {
        ClientBuilder { system: system.into(), nodes: Vec::new(), remote: None, tls: None, ask_timeout: None }
    }

    /// A reference to the actor at a path, such as `/user/cart`, on one of the nodes; or, at an address, such as
    /// `akt://shop@10.0.0.1:7400/user/cart`, on that node.
    ///
    /// Each reference that this gives begins at the next node that is up, in turn, and its clones with it. It stays
    /// there while that node is up, so that messages keep their order, and goes to the next one when the connection is
    /// lost. What was under way then is not sent again: an ask ends with
    /// [`AskError::Unreachable`](crate::AskError::Unreachable), which says whether it may have been handled.
    ///
    /// # Errors
    ///
    /// [`ActorAtError`]: not a path or an address, or an address of another system.
    pub fn actor_at<R>(&self, at: &str) -> Result<R, ActorAtError>
    where
        R: ActorRef,
        R::Message: Protocol,
    {
        if !at.starts_with('/') {
            return self.system.actor_at(at);
        }
        let path = ActorPath::parse(at)?;
        if at.len() > MAX_PATH {
            return Err(ActorAtError::PathTooLong { bytes: at.len() });
        }
        let node = self.system.extension::<Node>().ok_or(ActorAtError::NoRemote)?;
        let pool = node.pool().ok_or(ActorAtError::NoRemote)?;
        self.system.know_contract(R::Message::NAME, R::Message::DIGEST);
        Ok(R::from_ref(Ref::new(Arc::new(Balanced::<R::Message>::new(&pool, &path)))))
    }

    /// The system inside: its events, metrics, refusals and certificates, and what actors the client has of its own.
    #[must_use]
    pub fn system(&self) -> &ActorSystem {
        &self.system
    }

    /// Says goodbye to the nodes and ends the client, as [`ActorSystem::shutdown`] does.
    pub async fn close(&self) {
        self.system.shutdown().await;
    }
}

/// What a client is made with. Made by [`Client::builder`].
#[derive(Debug)]
#[must_use = "nothing is connected until `.connect().await`"]
pub struct ClientBuilder {
    system: String,
    nodes: Vec<String>,
    remote: Option<Remote>,
    tls: Option<Tls>,
    ask_timeout: Option<Duration>,
}

impl ClientBuilder {
    /// Adds a node, by host and port; it takes one at least.
    pub fn node(mut self, address: impl Into<String>) -> Self {
        self.nodes.push(address.into());
        self
    }

    /// Sets the certificates; else they are those of the development CA.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets how it connects, if not with QUIC: the address of `remote` is that of the client's own socket, to which
    /// nobody can connect, such as `0.0.0.0:0`.
    pub fn remote(mut self, remote: Remote) -> Self {
        self.remote = Some(remote);
        self
    }

    /// Sets how long an ask waits unless it says otherwise. 5 s.
    pub fn ask_timeout(mut self, timeout: Duration) -> Self {
        self.ask_timeout = Some(timeout);
        self
    }

    /// Connects to all nodes, and waits until each is connected or has failed. Those that failed are tried again from
    /// then on.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: no node was given, an address is not one, none of them can be reached, or the client did not
    /// start; nothing is left running then.
    pub async fn connect(self) -> Result<Client, ClientError> {
        let Self { system: name, nodes, remote, tls, ask_timeout } = self;
        let parse = |node: &String| match format!("{name}@{node}").parse::<NodeAddress>() {
            Ok(address) => Ok(address),
            Err(source) => Err(ClientError::Address { address: node[..].into(), source }),
        };
        let addresses = nodes.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let is_v6 = |address: &NodeAddress| address.host.contains(':');
        let any = if addresses.iter().any(is_v6) { "[::]:0" } else { "0.0.0.0:0" };
        let mut remote = remote.unwrap_or_else(|| Remote::quic(any));
        if let Some(tls) = tls {
            remote = remote.tls(tls);
        }
        if addresses.is_empty() {
            return Err(ClientError::NoNodes);
        }
        let mut builder = ActorSystem::builder(name);
        if let Some(timeout) = ask_timeout {
            builder = builder.ask_timeout(timeout);
        }
        let system = builder.remote_as(remote.dials_only(), Class::Client).start().await?;
        let client = Client { system };
        let connected = client.meet(addresses).await;
        if connected.is_err() {
            client.close().await;
        }
        connected.map(|()| client)
    }
}

impl Client {
    async fn meet(&self, addresses: Vec<NodeAddress>) -> Result<(), ClientError> {
        let node = self.system.extension::<Node>().expect("a client starts with its remote half");
        let peers = addresses.into_iter().map(|address| node.peer((address, None))).collect();
        let pool = node.serve(Pool::new(peers));
        pool.keep();
        let is_decided = |standing: Standing| matches!(standing, Standing::Up(_) | Standing::Refused { .. });
        while !pool.nodes.iter().all(|node| is_decided(node.standing())) {
            self.system.runtime().sleep(GLANCE).await;
        }
        if pool.nodes.iter().any(|node| node.is_up()) {
            return Ok(());
        }
        let problems = pool.nodes.iter().filter_map(|node| match node.standing() {
            Standing::Refused { problem } => Some(format!("{}: {problem}", node.address)),
            Standing::Up(_) | Standing::Connecting | Standing::Idle => None,
        });
        Err(ClientError::Unreachable { problems: problems.collect::<Vec<_>>().join("; ").into() })
    }
}

/// Why there is no client.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// It was told of no node.
    #[error("a client is told of one node at least: say `.node(\"10.0.0.1:7400\")`")]
    NoNodes,
    /// An address of a node is not one.
    #[error("{address:?} is no address of a node: expected a host and a port such as `10.0.0.1:7400`")]
    Address {
        /// The address as given.
        address: Box<str>,
        /// What is wrong with it.
        source: PathError,
    },
    /// None of the nodes can be reached.
    #[error("no node can be reached: {problems}")]
    Unreachable {
        /// What became of the dial of each.
        problems: Box<str>,
    },
    /// The client did not start.
    #[error("client did not start")]
    Start(#[from] StartError),
}
