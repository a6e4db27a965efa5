//! A peer that shakes hands and then says anything: the node keeps little, and serves its other peers.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{Network, Protocol as _, Remote};
use bytes::{BufMut as _, Bytes, BytesMut};
use fastrand::Rng;

use super::credit::Amount;
use crate::contracts::depot::v1 as depot;
use crate::fuzz::{self, Allowed, Script, counted, garbage};
use crate::holder::Class;
use crate::id::NodeId;
use crate::path::NodeAddress;
use crate::runtime::Runtime;
use crate::transport::{Connection, Endpoint, MemoryTransport, Transport as _};
use crate::wire::{
    Answered, Apart, Course, Envelope, Flow, Hello, Identity, Notice, Protocols, Side, Signal, put_answer,
    put_apart, put_ask, put_cancel, put_flow, put_goodbye, put_hello, put_notice, put_room, put_tell,
};

/// A depot that takes its time.
struct Slow;

#[akt::actor(mailbox = bounded(4))]
impl depot::Depot for Slow {
    fn add(&mut self, _: depot::Item) -> Result<depot::Stock, depot::Refused> {
        Ok(depot::Stock::default())
    }
    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: vec![7] }
    }
    async fn wait(&mut self, _: depot::Delay) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        blob
    }
    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }
    fn crash(&mut self, _: depot::Delay) {
        panic!("asked for");
    }
}

/// What may wait of one peer, in the node under test.
const INBOUND: usize = 256 << 10;

/// Two nodes, and what one hostile peer may make them keep.
const ALLOWED: Allowed = Allowed { largest: 1 << 20, peak: 12 << 20 };

#[test]
fn a_peer_that_says_anything_costs_little_and_delays_nobody() {
    fuzz::feed(
        "hostile peer",
        ALLOWED,
        |rng| garbage(rng, 900),
        |bytes, cuts| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
            counted(|| runtime.expect("a runtime").block_on(attack(Script::of(bytes), cuts)));
        },
    );
}

async fn attack(script: Script<'_>, rng: Rng) {
    let network = Network::new();
    let far = node(&network).await;
    far.spawn("slow", || Slow).await.expect("a free name");
    let near = node(&network).await;
    far.spawn("quick", || Slow).await.expect("a free name");
    let address = far.address().expect("a node");
    let quick: depot::DepotRef = near.actor_at(&format!("akt://{address}/user/quick")).expect("an address");
    let before = quick.view(()).await.expect("an answer");

    let peer = Hostile::greet(&network, address).await;
    peer.attack(script, rng).await;

    let after = quick.view(()).timeout(Duration::from_secs(1)).await;
    assert_eq!(after.expect("an answer"), before);
    near.shutdown().await;
    far.shutdown().await;
}

async fn node(network: &Network) -> ActorSystem {
    let mut remote = Remote::memory(network).max_message(64 << 10);
    remote.limits.inbound = INBOUND;
    remote.limits.window = Amount { messages: 16, bytes: 64 << 10 };
    ActorSystem::builder("shop").remote(remote).start().await.expect("a node")
}

/// Its end of a connection whose handshake was right.
struct Hostile {
    connection: Connection,
    _endpoint: Arc<dyn Endpoint>,
}

impl Hostile {
    async fn greet(network: &Network, dialed: NodeAddress) -> Self {
        let runtime = Runtime::current().expect("a runtime");
        let transport = MemoryTransport { network: network.clone(), at: None };
        let endpoint = transport.bind(&runtime).await.expect("an endpoint");
        let (host, port) = endpoint.local();
        let address = NodeAddress { system: "shop".into(), host, port };
        let from = Identity {
            node: NodeId::of(&address.to_string()),
            incarnation: 666,
            address,
            protocols: Protocols::OURS,
            max_message: 64 << 10,
            lanes: 1,
            class: Class::Node,
            features: 0,
            contracts: Default::default(),
        };
        let mut connection = endpoint.connect(&dialed.host, dialed.port).await.expect("a connection");
        let mut bytes = BytesMut::new();
        put_hello(&mut bytes, &Hello { from, dialed, dial: 1, seen: None });
        connection.writer.write(bytes.freeze()).await.expect("it is read");
        connection.reader.read(&mut BytesMut::new()).await.expect("a welcome");
        Self { connection, _endpoint: endpoint }
    }

    /// Speaks until the script or the node ends it; it reads only now and then.
    async fn attack(mut self, mut script: Script<'_>, mut rng: Rng) {
        while let Some(step) = script.next() {
            let mut bytes = BytesMut::new();
            match step % 16 {
                0 => return self.rest().await,
                1 => drop(within(self.connection.reader.read(&mut BytesMut::new())).await),
                2 => tokio::time::sleep(Duration::from_millis(rng.u64(..300))).await,
                3 => bytes.put_slice(&garbage(&mut rng, 40)),
                4 | 5 => self.send_apart(&mut script, &mut rng).await,
                _ => {
                    // The same again and again: what is small must not add up.
                    let mut one = BytesMut::new();
                    put_any(&mut one, &mut script, &mut rng);
                    let times = if one.len() < 4_096 { rng.usize(1..60) } else { 1 };
                    (0..times).for_each(|_| bytes.put_slice(&one));
                }
            }
            if let Some(Err(_)) = within(self.connection.writer.write(bytes.freeze())).await {
                return;
            }
        }
        self.rest().await;
    }

    /// Stays connected, and does nothing.
    async fn rest(&self) {
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    async fn send_apart(&self, script: &mut Script<'_>, rng: &mut Rng) {
        let Some(Ok(mut writer)) = within(self.connection.control.open()).await else { return };
        let mut bytes = BytesMut::new();
        put_apart(&mut bytes, Apart::Message { number: script.number() });
        let (target, rpc) = (target(script), rpc(script));
        let envelope =
            Envelope { target, rpc, body: vec![7; rng.usize(..60_000)].into(), meta: Bytes::new() };
        whole(&mut bytes, |bytes| put_tell(bytes, envelope));
        let _ = within(writer.write(bytes.freeze())).await;
        if script.flag() {
            let _ = within(writer.finish()).await;
        }
    }
}

/// A node that does not read, or does not take, is not waited for.
async fn within<T>(what: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(5), what).await.ok()
}

fn put_any(bytes: &mut BytesMut, script: &mut Script<'_>, rng: &mut Rng) {
    let (correlation, target) = (script.number(), target(script));
    let asker = if script.flag() { Side::Us } else { Side::Them };
    let course = Course { correlation, asker };
    let body: Bytes = match script.next().unwrap_or_default() % 3 {
        0 => Bytes::new(),
        1 => garbage(rng, 60).into(),
        _ => vec![0x0a; rng.usize(..16_000)].into(),
    };
    let envelope = |target, body| Envelope { target, rpc: 0, body, meta: Bytes::new() };
    match script.next().unwrap_or_default() % 15 {
        0 | 1 => {
            let told = Envelope { rpc: rpc(script), ..envelope(target, body) };
            whole(bytes, |bytes| put_tell(bytes, told));
        }
        2..5 => {
            let remaining = Duration::from_micros(script.number());
            let asked = Envelope { rpc: rpc(script), ..envelope(target, body) };
            whole(bytes, |bytes| put_ask(bytes, asked, correlation, remaining));
        }
        5 => whole(bytes, |bytes| put_answer(bytes, correlation, Answered::Reply(body))),
        6 => put_cancel(bytes, correlation),
        7 => whole(bytes, |bytes| put_flow(bytes, course, Flow::Item(body))),
        8 => whole(bytes, |bytes| put_flow(bytes, course, Flow::Credit(rng.u32(..)))),
        9 => put_room(bytes, target, rng.u32(..), script.number()),
        10 => put_notice(bytes, Notice::Watch { watch: script.number(), target, actor: script.number() }),
        11 => {
            let signal = [Signal::Stop, Signal::Drain, Signal::Kill, Signal::Restart][rng.usize(..4)];
            put_notice(bytes, Notice::Signal { target: "/user/slow".into(), signal });
        }
        12 => {
            let correlation = script.flag().then_some(correlation);
            put_apart(bytes, Apart::Barrier { number: script.number(), target, correlation });
        }
        13 => put_apart(bytes, Apart::Item { number: script.number(), course }),
        _ if script.next() == Some(7) => put_goodbye(bytes, "bye", script.number()),
        _ => put_notice(bytes, Notice::Unwatch { watch: script.number() }),
    }
}

/// Puts a message, and its body behind it.
fn whole(bytes: &mut BytesMut, put: impl FnOnce(&mut BytesMut) -> Bytes) {
    let body = put(bytes);
    bytes.extend_from_slice(&body);
}

fn target(script: &mut Script<'_>) -> Bytes {
    match script.next().unwrap_or_default() % 8 {
        0 => Bytes::new(),
        1 => "/user".into(),
        2 => format!("/user/{}", script.number()).into(),
        3 => "/user/x".repeat(200).into(),
        4 => "no path".into(),
        _ => "/user/slow".into(),
    }
}

fn rpc(script: &mut Script<'_>) -> u32 {
    let rpcs = depot::DepotMsg::RPCS;
    let rpc = usize::from(script.next().unwrap_or_default());
    rpcs.get(rpc % (rpcs.len() + 1)).map_or(7, |rpc| rpc.id)
}
