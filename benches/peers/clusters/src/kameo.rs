//! kameo's remote actors over libp2p: TCP with noise and yamux, one request for each message.

use std::time::Duration;

use ::kameo::actor::{ActorRef, RemoteActorRef};
use ::kameo::prelude::*;
use ::kameo::remote;
use bytes::Bytes;
use libp2p::futures::StreamExt as _;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, Swarm, SwarmBuilder, noise, tcp, yamux};
use remoting::Remoting;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

#[derive(Actor, RemoteActor)]
pub struct Adder(u64);

#[derive(Serialize, Deserialize)]
struct Load {
    number: u64,
    #[serde(with = "serde_bytes")]
    padding: Vec<u8>,
}

#[remote_message]
impl Message<Load> for Adder {
    type Reply = u64;

    async fn handle(&mut self, load: Load, _: &mut Context<Self, u64>) -> u64 {
        self.0 += load.number;
        self.0
    }
}

/// The sink of the other node.
#[derive(Clone)]
pub struct Kameo(RemoteActorRef<Adder>);

impl Remoting for Kameo {
    const NAME: &'static str = "kameo_remote";
    type Server = ActorRef<Adder>;

    async fn serve() -> (ActorRef<Adder>, String) {
        let address = drive(None).await;
        let sink = Adder::spawn(Adder(0));
        sink.register("sink").await.expect("the name is free");
        (sink, address)
    }

    async fn connect(address: &str) -> Self {
        drive(Some(address.parse().expect("it is an address"))).await;
        loop {
            if let Ok(Some(sink)) = RemoteActorRef::lookup("sink").await {
                return Self(sink);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        self.0.ask(&Load { number, padding: padding.to_vec() }).await.expect("the sink answers")
    }

    async fn tell(&self, number: u64, padding: &Bytes) {
        let load = Load { number, padding: padding.to_vec() };
        // `send` loses whatever is above the most streams at a time.
        self.0.tell(&load).send_ack().await.expect("the sink lives");
    }
}

/// Starts a swarm, which dials `peer`; gives the address at which it listens.
async fn drive(peer: Option<Multiaddr>) -> String {
    let mut swarm = swarm();
    swarm.behaviour().try_init_global().expect("there is one swarm in a process");
    swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().expect("it is one")).expect("there is a port");
    if let Some(mut peer) = peer {
        // Who is only dialed is not asked for names.
        let address = peer.clone();
        let Some(Protocol::P2p(id)) = peer.pop() else { panic!("{address} names no peer") };
        swarm.add_peer_address(id, peer);
        swarm.dial(address).expect("it can be dialed");
    }
    let ((listens, address), me) = (oneshot::channel(), *swarm.local_peer_id());
    let mut listens = Some(listens);
    tokio::spawn(async move {
        loop {
            if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await
                && let Some(listens) = listens.take()
            {
                // Whoever started the swarm waits.
                let _ = listens.send(address);
            }
        }
    });
    format!("{}/p2p/{me}", address.await.expect("the swarm listens"))
}

/// As many as `ask_1024` needs.
fn streams() -> yamux::Config {
    let mut config = yamux::Config::default();
    config.set_max_num_streams(4_096);
    config
}

fn swarm() -> Swarm<remote::Behaviour> {
    SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, streams)
        .expect("the keys are good")
        .with_behaviour(|key| {
            let messages = remote::messaging::Config::default().with_max_concurrent_streams(4_096);
            remote::Behaviour::new(key.public().to_peer_id(), messages)
        })
        .expect("it needs nothing")
        .with_swarm_config(|config| config.with_idle_connection_timeout(Duration::from_secs(60)))
        .build()
}
