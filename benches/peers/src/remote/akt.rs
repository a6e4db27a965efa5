//! akt, as its guide writes contracts: over QUIC and over TCP.

use ::akt::Remote;
use ::akt::prelude::*;
use bytes::Bytes;
use remoting::Remoting;

use crate::sink::v1::{Load, Sink, SinkRef, Total};

struct Adder(u64);

#[akt::actor]
impl Sink for Adder {
    fn add(&mut self, load: Load) -> Total {
        self.0 += load.number;
        Total { total: self.0 }
    }

    fn take(&mut self, load: Load) {
        self.0 += load.number;
    }
}

/// A node, and an actor on the other one.
#[derive(Clone)]
struct Node {
    system: ActorSystem,
    address: String,
    sink: SinkRef,
}

impl Node {
    async fn serve(remote: Remote) -> (ActorSystem, String) {
        let system = ActorSystem::builder("bench").remote(remote).start().await.expect("the system starts");
        for name in ["sink", "beside"] {
            system.spawn(name, || Adder(0)).await.expect("the sink starts");
        }
        let address = format!("akt://{}", system.address().expect("a system with remoting has an address"));
        (system, address)
    }

    async fn connect(remote: Remote, address: &str) -> Self {
        let system = ActorSystem::builder("bench").remote(remote).start().await.expect("the system starts");
        let sink = system.actor_at(&format!("{address}/user/sink")).expect("the address is one");
        Self { system, address: address.to_owned(), sink }
    }

    fn beside(&self) -> Self {
        let sink =
            self.system.actor_at(&format!("{}/user/beside", self.address)).expect("the address is one");
        Self { sink, ..self.clone() }
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        let load = Load { number, padding: padding.clone() };
        self.sink.add(load).await.expect("the sink answers").total
    }

    async fn tell(&self, number: u64, padding: &Bytes) {
        let load = Load { number, padding: padding.clone() };
        self.sink.take(load).send().await.expect("the sink lives");
    }
}

macro_rules! remoting {
    ($program:ident, $name:literal, $remote:expr, $docs:literal) => {
        #[doc = $docs]
        #[derive(Clone)]
        pub struct $program(Node);

        impl Remoting for $program {
            const NAME: &'static str = $name;
            type Server = ActorSystem;

            async fn serve() -> (ActorSystem, String) {
                Node::serve($remote).await
            }

            async fn connect(address: &str) -> Self {
                Self(Node::connect($remote, address).await)
            }

            async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
                self.0.ask(number, padding).await
            }

            async fn tell(&self, number: u64, padding: &Bytes) {
                self.0.tell(number, padding).await;
            }

            async fn beside(&self) -> Self {
                Self(self.0.beside())
            }
        }
    };
}

remoting!(Quic, "akt", Remote::quic("127.0.0.1:0"), "akt over QUIC.");
remoting!(Tcp, "akt_tcp", Remote::tcp("127.0.0.1:0"), "akt over TCP with TLS.");
