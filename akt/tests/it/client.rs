//! A process that is no node: what it reaches, on which node, and what becomes of its messages when one is lost.

use std::time::Duration;

use akt::prelude::*;
use akt::{
    ActorAtError, AskError, Client, ClientError, DeadLetterReason, Network, OperationError, Refusal, Remote,
    StopReason, Tls,
};

use crate::authority::Authority;
use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, item, millis};

async fn node(remote: Remote) -> ActorSystem {
    let system = ActorSystem::builder("shop").remote(remote).start().await.unwrap();
    system.spawn("shelf", Shelf::default).await.unwrap();
    system.spawn("till", Shelf::default).await.unwrap();
    system
}

async fn client(network: &Network, nodes: &[&ActorSystem]) -> Client {
    let mut builder = Client::builder("shop").remote(Remote::memory(network));
    for node in nodes {
        let address = node.address().unwrap();
        builder = builder.node(format!("{}:{}", address.host, address.port));
    }
    builder.connect().await.unwrap()
}

fn shelf(client: &Client) -> depot::DepotRef {
    client.actor_at("/user/shelf").unwrap()
}

async fn added(on: &ActorSystem) -> Vec<u32> {
    let shelf: depot::DepotRef = on.actor_of("/user/shelf").await.unwrap();
    shelf.view(()).await.unwrap().added
}

/// Watches, and keeps what it is told.
#[derive(Default)]
struct Mourner(Vec<StopReason>);

#[akt::actor]
impl Mourner {
    #[handler]
    fn watch(&mut self, shelf: depot::DepotRef, cx: &mut Ctx<Self>) {
        cx.watch(&shelf.actor());
    }

    #[handler]
    fn heard(&mut self) -> Vec<StopReason> {
        self.0.clone()
    }

    #[on(terminated)]
    fn terminated(&mut self, terminated: Terminated) {
        self.0.push(terminated.reason);
    }
}

async fn heard(mourner: &MournerRef) -> Vec<StopReason> {
    loop {
        let heard = mourner.heard().await.unwrap();
        if !heard.is_empty() {
            return heard;
        }
        tokio::time::advance(Duration::from_millis(10)).await;
    }
}

#[akt::test]
async fn a_client_asks_tells_and_watches_with_the_references_of_nodes() {
    let network = Network::new();
    let node = node(Remote::memory(&network)).await;
    let client = client(&network, &[&node]).await;
    let mourner = client.system().spawn("mourner", Mourner::default).await.unwrap();

    let stock = shelf(&client).add(item(7)).await.unwrap();
    let refused = shelf(&client).add(item(700)).await.unwrap_err();
    shelf(&client).add(item(8)).tell().unwrap();
    mourner.watch(shelf(&client)).await.unwrap();
    let stocked = shelf(&client).view(()).await.unwrap();
    node.actor_of::<depot::DepotRef>("/user/shelf").await.unwrap().actor().stop();

    assert_eq!((stock.added, stocked.added), (vec![7], vec![7, 8]));
    assert!(matches!(refused, AskError::Handler(depot::Refused { .. })), "{refused:?}");
    assert_eq!(heard(&mourner).await, [StopReason::Requested]);
    client.close().await;
    node.shutdown().await;
}

#[akt::test]
async fn references_begin_at_each_node_in_turn_and_stay_there() {
    let network = Network::new();
    let nodes = [node(Remote::memory(&network)).await, node(Remote::memory(&network)).await];
    let client = client(&network, &[&nodes[0], &nodes[1]]).await;
    let shelves = [shelf(&client), shelf(&client), shelf(&client)];

    for number in 0..4 {
        for (place, shelf) in (0..).zip(&shelves) {
            shelf.clone().add(item(10 * place + number)).tell().unwrap();
        }
    }
    for shelf in &shelves {
        shelf.view(()).await.unwrap();
    }

    let (mut first, second) = (added(&nodes[0]).await, added(&nodes[1]).await);
    first.sort_unstable();
    assert_eq!(first, [0, 1, 2, 3, 20, 21, 22, 23]);
    assert_eq!(second, [10, 11, 12, 13], "in order, for it is one reference");
    let pinned: depot::DepotRef =
        client.actor_at(&format!("akt://{}/user/shelf", nodes[1].address().unwrap())).unwrap();
    assert_eq!(pinned.view(()).await.unwrap().added, second);
    client.close().await;
    for node in nodes {
        node.shutdown().await;
    }
}

#[akt::test]
async fn a_reference_goes_to_the_next_node_when_its_own_is_lost_and_nothing_is_sent_twice() {
    let network = Network::new();
    let nodes = [node(Remote::memory(&network)).await, node(Remote::memory(&network)).await];
    let client = client(&network, &[&nodes[0], &nodes[1]]).await;
    let shelf = shelf(&client);
    shelf.add(item(1)).await.unwrap();
    let under_way = shelf.wait(millis(60_000)).timeout(Duration::from_secs(60)).start();
    tokio::time::advance(Duration::from_millis(1)).await;
    shelf.view(()).timeout(Duration::from_millis(50)).await.unwrap_err();
    let ours = client.system().address().unwrap();

    network.cut(&ours, &nodes[0].address().unwrap());
    let AskError::Unreachable { delivered, .. } = under_way.await.unwrap_err() else {
        panic!("not unreachable")
    };
    shelf.add(item(2)).await.unwrap();
    shelf.add(item(3)).await.unwrap();

    assert_eq!(delivered, Delivery::Maybe);
    assert_eq!(added(&nodes[1]).await, [2, 3]);
    client.close().await;
    for node in nodes {
        node.shutdown().await;
    }
}

#[akt::test]
async fn a_node_that_comes_back_is_connected_again_and_gets_new_references() {
    let network = Network::new();
    let nodes = [node(Remote::memory(&network)).await, node(Remote::memory(&network)).await];
    let client = client(&network, &[&nodes[0], &nodes[1]]).await;
    let (ours, first) = (client.system().address().unwrap(), nodes[0].address().unwrap());
    let mut events = client.system().events();
    network.sever(&ours, &first);

    crate::support::until(&mut events, |event| matches!(event, akt::Event::PeerUp(node) if *node == first))
        .await;

    for number in 0..4 {
        shelf(&client).add(item(number)).await.unwrap();
    }
    assert_eq!((added(&nodes[0]).await.len(), added(&nodes[1]).await.len()), (2, 2));
    client.close().await;
    for node in nodes {
        node.shutdown().await;
    }
}

#[akt::test]
async fn what_is_not_exposed_is_refused_by_name_and_clients_end_nothing() {
    let network = Network::new();
    let node = node(Remote::memory(&network).expose("/user/till")).await;
    let client = client(&network, &[&node]).await;
    let mourner = client.system().spawn("mourner", Mourner::default).await.unwrap();
    let till: depot::DepotRef = client.actor_at("/user/till").unwrap();

    let asked = shelf(&client).view(()).await.unwrap_err();
    shelf(&client).add(item(1)).tell().unwrap();
    mourner.watch(shelf(&client)).await.unwrap();
    till.actor().stop();
    till.actor().kill();
    let guardian: depot::DepotRef = client.actor_at("/user").unwrap();
    let above = guardian.view(()).await.unwrap_err();
    let address = format!("akt://{}", node.address().unwrap());
    let operated = client.system().node(&address).unwrap().kinds().await.unwrap_err();

    let AskError::Rejected(why) = asked else { panic!("{asked:?}") };
    assert_eq!(why, "/user/shelf is not exposed to clients");
    assert!(matches!(above, AskError::Rejected(_)), "{above:?}");
    assert!(matches!(&operated, OperationError::Refused { why } if why.contains("clients")), "{operated:?}");
    till.view(()).await.unwrap();
    assert_eq!(node.dead_letters_of(DeadLetterReason::Rejected), 1);
    assert_eq!(heard(&mourner).await, [StopReason::Unknown]);
    // An ask, a tell, a stop, a kill, the guardian's ask, and the node's.
    assert_eq!(node.refusals(Refusal::Forbidden), 6);
    assert!(added(&node).await.is_empty());
    client.close().await;
    node.shutdown().await;
}

#[akt::test]
async fn mistakes_are_named() {
    let network = Network::new();
    let builder = || Client::builder("shop").remote(Remote::memory(&network));

    let none = builder().connect().await.unwrap_err();
    let odd = builder().node("nowhere").connect().await.unwrap_err();
    let nobody = builder().node("memory:77").node("memory:78").connect().await.unwrap_err();
    let exposed = ActorSystem::builder("shop")
        .remote(Remote::memory(&network).expose("/system"))
        .start()
        .await
        .unwrap_err();

    assert!(matches!(none, ClientError::NoNodes), "{none}");
    assert!(
        odd.to_string().contains("\"nowhere\" is no address of a node: expected a host and a port"),
        "{odd}"
    );
    let said = nobody.to_string();
    assert!(said.contains("shop@memory:77: nobody listens there; shop@memory:78: nobody"), "{said}");
    let exposed = std::error::Error::source(&exposed).unwrap().to_string();
    assert!(exposed.contains("\"/system\"") && exposed.contains("below `/user`"), "{exposed}");
    let node = node(Remote::memory(&network)).await;
    let client = client(&network, &[&node]).await;
    let other = client.actor_at::<depot::DepotRef>("akt://bank@memory:1/user/shelf").unwrap_err();
    assert!(matches!(other, ActorAtError::OtherSystem { .. }), "{other}");
    client.close().await;
    node.shutdown().await;
}

fn held_by(authority: &Authority, holder: &str) -> Tls {
    let uri = rcgen::SanType::URI(holder.try_into().unwrap());
    authority.tls(&authority.sign(holder, |params| params.subject_alt_names.push(uri)))
}

#[tokio::test]
async fn over_quic_and_tcp_a_certificate_of_class_client_is_enough_and_nobody_connects_to_a_client() {
    let one = Authority::new("one");
    for remote in [Remote::quic as fn(String) -> Remote, Remote::tcp] {
        let node = node(remote("127.0.0.1:0".into()).tls(held_by(&one, "akt://shop/node"))).await;
        let port = node.address().unwrap().port;
        let connect = |holder| {
            let builder = Client::builder("shop").node(format!("127.0.0.1:{port}"));
            builder.remote(remote("0.0.0.0:0".into())).tls(held_by(&one, holder)).connect()
        };

        let client = connect("akt://shop/client/till-3").await.unwrap();
        let stock = shelf(&client).add(item(1)).await.unwrap();
        let other = connect("akt://bank/client").await.unwrap_err().to_string();

        assert_eq!(stock.added, [1]);
        let said = "certificate of this node is for akt://bank/client, and it introduces itself as a client of \"shop\"";
        assert!(other.contains(said), "{other}");
        let ours = client.system().address().unwrap();
        let back: depot::DepotRef = node.actor_at(&format!("akt://{ours}/user/shelf")).unwrap();
        let unknown = back.view(()).await.unwrap_err();
        assert!(matches!(unknown, AskError::Stopped { reason: StopReason::Unknown, .. }), "{unknown:?}");
        client.close().await;
        let gone = back.view(()).await.unwrap_err();
        let AskError::Unreachable { source, .. } = gone else { panic!("{gone:?}") };
        assert!(source.to_string().contains("a client is reached over its own connection only"), "{source}");
        node.shutdown().await;
    }
}
