//! An actor of each contract answers from another node.

mod big;
mod shapes;
mod streams;
mod words;

use std::path::Path;

use akt::{ActorRef, ActorSystem, Protocol, Remote, Tls};

/// An actor without state whose rpcs are functions of their requests.
#[macro_export]
macro_rules! serves {
    ($actor:ident: [$($contract:tt)*] $($rpc:ident ($request:ty) -> $response:ty = $answer:expr;)*) => {
        #[derive(Default)]
        struct $actor;

        #[akt::actor]
        impl $($contract)* for $actor {
            $(fn $rpc(&mut self, request: $request) -> $response {
                ($answer)(request)
            })*
        }
    };
}

/// Two nodes of one system, connected by QUIC.
struct Nodes {
    near: ActorSystem,
    far: ActorSystem,
}

impl Nodes {
    async fn start() -> Self {
        Self { near: node().await, far: node().await }
    }

    /// A reference on the near node to an actor of the far one.
    fn reach<R: ActorRef<Message: Protocol>>(&self, name: &str) -> R {
        let address = self.far.address().expect("it listens");
        self.near.actor_at(&format!("akt://{address}/user/{name}")).expect("the address is one")
    }

    async fn stop(self) {
        self.near.shutdown().await;
        self.far.shutdown().await;
    }
}

async fn node() -> ActorSystem {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ca");
    let remote = Remote::quic("127.0.0.1:0").tls(Tls::development_in(folder));
    ActorSystem::builder("contracts").remote(remote).start().await.expect("there is a free port")
}
