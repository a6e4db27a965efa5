//! A node's place in a network in memory: it listens at a port, dials, and is taken off when its node is killed.

use std::fmt;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use tokio::sync::{Notify, mpsc};

use super::link::Link;
use super::side::Side;
use super::{HOST, Network};
use crate::runtime::Runtime;
use crate::transport::error::{BindError, Close, ConnectError, Lost};
use crate::transport::{Attempt, Connection, Endpoint, Transport};

/// Attempts to connect that may wait to be looked at.
const BACKLOG: usize = 64;

/// A transport in a network of this process, to be bound.
#[derive(Clone, Debug)]
pub(crate) struct MemoryTransport {
    pub(crate) network: Network,
    /// Where to listen; without it, where nobody has before.
    pub(crate) at: Option<(Arc<str>, u16)>,
}

#[async_trait]
impl Transport for MemoryTransport {
    async fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError> {
        if let Some((host, port)) = self.at.as_ref().filter(|(host, _)| **host != *HOST) {
            return Err(BindError::NotInMemory { address: format!("{host}:{port}").into() });
        }
        let (sender, attempts) = mpsc::channel(BACKLOG);
        let listener = Arc::new(Listener { attempts: sender, node: runtime.clone() });
        let port = self.network.listen(self.at.as_ref().map(|(_, port)| *port), &listener)?;
        let (network, weak) = (self.network.downgrade(), Arc::downgrade(&listener));
        runtime.on_fate(Arc::new(move |fate| {
            if let (Some(network), Some(listener)) = (Network::upgrade(&network), Weak::upgrade(&weak)) {
                network.befalls(port, &listener, fate);
            }
        }));
        let (attempts, closed) = (tokio::sync::Mutex::new(attempts), Notify::new());
        Ok(Arc::new(MemoryEndpoint { network: self.network.clone(), port, listener, attempts, closed }))
    }
}

/// Who listens at a port.
pub(super) struct Listener {
    attempts: mpsc::Sender<Knock>,
    pub(super) node: Runtime,
}

struct MemoryEndpoint {
    network: Network,
    port: u16,
    listener: Arc<Listener>,
    /// Locked by the one task that accepts.
    attempts: tokio::sync::Mutex<mpsc::Receiver<Knock>>,
    closed: Notify,
}

impl fmt::Debug for MemoryEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryEndpoint").field("port", &self.port).finish_non_exhaustive()
    }
}

#[async_trait]
impl Endpoint for MemoryEndpoint {
    fn local(&self) -> (Arc<str>, u16) {
        (HOST.into(), self.port)
    }

    async fn accept(&self) -> Option<Box<dyn Attempt>> {
        let mut attempts = self.attempts.lock().await;
        tokio::select! { biased;
            () = self.closed.notified() => None,
            knock = attempts.recv() => Some(Box::new(MemoryAttempt(knock?)) as Box<dyn Attempt>),
        }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Connection, ConnectError> {
        if host != HOST {
            let source = std::io::Error::other("a network of this process has the one host `memory`");
            return Err(ConnectError::Resolve { host: host.into(), source });
        }
        let node = &self.listener.node;
        let clock = node.of_the_world();
        // The caller allows a time, and drops this.
        self.network.until_reached(self.port, port).await;
        clock.sleep(self.network.send(self.port, port, 1).arrives).await;
        let listener = self.network.until_reached(self.port, port).await.ok_or(ConnectError::Refused)?;
        let link = Link::new([self.port, port], [node, &listener.node], &self.network);
        let [near, far] = [0, 1].map(|end| Side { link: link.clone(), end });
        self.network.add(&link);
        listener.attempts.try_send(Knock(far)).map_err(|_| ConnectError::Refused)?;
        Ok(near.connection())
    }

    async fn close(&self) {
        if self.listener.node.is_dead() {
            return;
        }
        for (link, end) in self.network.leave(self.port, &self.listener) {
            link.close(end, Close::Done, "node stopped");
        }
        self.closed.notify_one();
    }
}

/// The far side of a new link, on its way to the node that listens.
struct Knock(Side);

struct MemoryAttempt(Knock);

#[async_trait]
impl Attempt for MemoryAttempt {
    fn from(&self) -> String {
        self.0.0.peer()
    }

    fn is_proven(&self) -> bool {
        true
    }

    fn demand_proof(self: Box<Self>) {
        self.refuse();
    }

    fn refuse(self: Box<Self>) {
        self.0.0.close(Close::Refused, "turned away");
    }

    async fn establish(self: Box<Self>) -> Result<Connection, Lost> {
        Ok(self.0.0.connection())
    }
}
