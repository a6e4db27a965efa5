//! Two nodes of one system in this process, connected by QUIC.

use std::path::Path;

use akt::{ActorRef, ActorSystem, Protocol, Remote, Tls};

/// Nodes that know each other's certificate authority.
pub(crate) struct Nodes {
    pub(crate) near: ActorSystem,
    pub(crate) far: ActorSystem,
}

impl Nodes {
    pub(crate) async fn start(system: &str) -> Self {
        Self { near: node(system).await, far: node(system).await }
    }

    /// A reference on the near node to an actor of the far one.
    pub(crate) fn reach<R: ActorRef<Message: Protocol>>(&self, name: &str) -> R {
        let address = self.far.address().expect("it listens");
        self.near.actor_at(&format!("akt://{address}/user/{name}")).expect("the address is one")
    }

    pub(crate) async fn stop(self) {
        self.near.shutdown().await;
        self.far.shutdown().await;
    }
}

/// A node that listens on this machine.
pub(crate) async fn node(system: &str) -> ActorSystem {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("akt-build-ca");
    let remote = Remote::quic("127.0.0.1:0").tls(Tls::development_in(folder));
    ActorSystem::builder(system).remote(remote).start().await.expect("there is a free port")
}
