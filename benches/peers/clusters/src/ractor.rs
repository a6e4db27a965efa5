//! ractor_cluster over TCP without TLS: the sink is found in a process group.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

use bytes::Bytes;
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, call, pg};
use ractor_cluster::{NodeServer, NodeServerMessage, RactorClusterMessage, client_connect};
use remoting::Remoting;

const GROUP: &str = "sink";

#[derive(RactorClusterMessage)]
pub enum Load {
    #[rpc]
    Add(u64, Vec<u8>, RpcReplyPort<u64>),
    Take(u64, Vec<u8>),
}

struct Adder;

impl Actor for Adder {
    type Msg = Load;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, me: ActorRef<Load>, (): ()) -> Result<u64, ActorProcessingErr> {
        pg::join(GROUP.to_owned(), vec![me.get_cell()]);
        Ok(0)
    }

    async fn handle(&self, _: ActorRef<Load>, load: Load, sum: &mut u64) -> Result<(), ActorProcessingErr> {
        match load {
            Load::Add(number, _, reply) => {
                *sum += number;
                // The asker waits.
                let _ = reply.send(*sum);
            }
            Load::Take(number, _) => *sum += number,
        }
        Ok(())
    }
}

/// The sink of the other node.
#[derive(Clone)]
pub struct Ractor(ActorRef<Load>);

impl Remoting for Ractor {
    const NAME: &'static str = "ractor_cluster";
    type Server = ActorRef<Load>;

    async fn serve() -> (ActorRef<Load>, String) {
        let (_node, port) = node("server").await;
        let (sink, _) = Actor::spawn(None, Adder, ()).await.expect("the sink starts");
        (sink, format!("127.0.0.1:{port}"))
    }

    async fn connect(address: &str) -> Self {
        let (node, _) = node("client").await;
        client_connect(&node, address).await.expect("the server listens");
        loop {
            if let Some(sink) = pg::get_members(&GROUP.to_owned()).pop() {
                return Self(sink.into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        call!(self.0, Load::Add, number, padding.to_vec()).expect("the sink answers")
    }

    async fn tell(&self, number: u64, padding: &Bytes) {
        self.0.cast(Load::Take(number, padding.to_vec())).expect("the sink lives");
    }
}

async fn node(name: &str) -> (ActorRef<NodeServerMessage>, u16) {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    let port = free.expect("there is a port").port();
    let (cookie, host) = ("cookie".to_owned(), "localhost".to_owned());
    let node = NodeServer::new(port, cookie, name.to_owned(), host, None, None)
        .with_listen_addr(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let (node, _) = Actor::spawn(None, node, ()).await.expect("the node starts");
    (node, port)
}
