//! Five nodes talk while the network and the nodes fail: nothing vanishes without a word, and order holds.
//!
//! `AKT_SEEDS=300` makes it longer.

use std::sync::Arc;
use std::time::Duration;

use akt::testkit::cluster::{Chaos, ClusterKit, Simulation};
use akt::{AskError, Delivery};

use crate::contracts::chat::v1 as chat;
use crate::room::{Books, with_room};

const NODES: usize = 5;

/// Says a line to each room every second, and writes down what becomes of it.
async fn talk(kit: ClusterKit, node: usize) {
    let books = kit.shared::<Books>();
    let author = u32::try_from(node).unwrap();
    for number in 0..20 {
        kit.advance(Duration::from_millis(500 + kit.random() % 1_000)).await;
        for there in 0..NODES {
            if kit.is_up(node) {
                say(&kit, &books, (author, number), (node, there)).await;
            }
        }
    }
}

async fn say(
    kit: &ClusterKit,
    books: &Arc<Books>,
    (author, number): (u32, u32),
    (node, there): (usize, usize),
) {
    let room: chat::RoomRef = kit.actor(node, there, "/user/room");
    let line = (author, u32::try_from(there).unwrap(), number);
    books.fates.lock().accepted(line);
    let said = room.say(chat::Line { author, number }).timeout(Duration::from_secs(5)).await;
    let mut fates = books.fates.lock();
    match said {
        Ok(_) => {}
        Err(AskError::Unreachable { delivered: Delivery::No, .. }) => fates.returned(line),
        Err(_) => fates.maybe(line),
    }
}

#[test]
fn five_nodes_talk_while_everything_fails() {
    let chaos = Chaos::new()
        .cuts(3)
        .one_way_cuts(2)
        .isolations(1)
        .severs(2)
        .pauses(2)
        .kills(2)
        .within(Duration::from_secs(20));
    let simulation = Simulation::new("chat").nodes(NODES).seeds(0..60).start(with_room);
    let simulated = simulation.run(move |kit: ClusterKit| {
        let chaos = chaos.clone();
        async move {
            kit.set_latency(Duration::from_millis(1)..Duration::from_millis(30));
            let storm = kit.unleash(&chaos);
            let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|node| talk(kit.clone(), node));
            tokio::join!(a, b, c, d, e);
            storm.over().await;
            kit.advance(Duration::from_secs(30)).await;
            let books = kit.shared::<Books>();
            books.fates.lock().check().unwrap();
            for (pair, lines) in &*books.heard.lock() {
                assert!(lines.is_sorted_by(|one, next| one < next), "{pair:?}: {lines:?}");
            }
            let room: chat::RoomRef = kit.actor(0, 1, "/user/room");
            room.count(()).await.expect("healed for thirty seconds, every ask succeeds");
        }
    });
    println!("{:?}", simulated.unwrap_or_else(|failure| panic!("{failure}")));
}
