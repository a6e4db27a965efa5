//! A relay of UDP: packets to its address go to a node, by a socket for each sender, and the answers back.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::way::{Direction, Way, until};

/// Larger than any packet.
const PACKET: usize = 64 << 10;

/// Packets under way in one direction; what comes then is lost.
const UNDER_WAY: usize = 4_096;

/// Relays between `front` and the node at `node`, which is the end `to` of the way; ends when it is dropped.
pub(crate) async fn relay(front: UdpSocket, node: SocketAddr, way: Way, to: Direction) {
    let front = Arc::new(front);
    let mut senders = HashMap::<SocketAddr, Line>::new();
    let mut tasks = JoinSet::new();
    let mut packet = vec![0; PACKET];
    loop {
        let Ok((length, from)) = front.recv_from(&mut packet).await else { continue };
        if let Entry::Vacant(place) = senders.entry(from) {
            let back = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).await.unwrap());
            back.connect(node).await.unwrap();
            let answers = Line::new(&mut tasks, (front.clone(), Some(from)), &way, 1 - to);
            place.insert(Line::new(&mut tasks, (back.clone(), None), &way, to));
            tasks.spawn(read_answers(back, answers));
        }
        senders[&from].pass(&packet[..length]);
    }
}

/// What the node sends back to one sender.
async fn read_answers(back: Arc<UdpSocket>, answers: Line) {
    let mut packet = vec![0; PACKET];
    loop {
        // Fails when nobody listens at the node any more: it may come back.
        if let Ok(length) = back.recv(&mut packet).await {
            answers.pass(&packet[..length]);
        }
    }
}

/// Packets under way in one direction: in order, but for those that others overtake.
struct Line {
    way: Way,
    to: Direction,
    packets: mpsc::Sender<(Instant, Vec<u8>, Duration)>,
}

impl Line {
    /// Leads to `peer`, or to where `socket` is connected.
    fn new(
        tasks: &mut JoinSet<()>,
        (socket, peer): (Arc<UdpSocket>, Option<SocketAddr>),
        way: &Way,
        to: Direction,
    ) -> Self {
        let (packets, mut queue) = mpsc::channel::<(Instant, Vec<u8>, Duration)>(UNDER_WAY);
        tasks.spawn(async move {
            let mut overtaken = JoinSet::new();
            while let Some((due, packet, late)) = queue.recv().await {
                let send = send(socket.clone(), peer, packet, due + late);
                if late.is_zero() {
                    send.await;
                } else {
                    overtaken.spawn(send);
                }
                while overtaken.try_join_next().is_some() {}
            }
        });
        Self { way: way.clone(), to, packets }
    }

    fn pass(&self, packet: &[u8]) {
        for late in self.way.fates(self.to, packet.len()) {
            // What is too much is lost, as on any network.
            let _ = self.packets.try_send((self.way.due(), packet.to_vec(), late));
        }
    }
}

async fn send(socket: Arc<UdpSocket>, peer: Option<SocketAddr>, packet: Vec<u8>, due: Instant) {
    until(due).await;
    // What cannot be sent is lost.
    let _ = match peer {
        Some(peer) => socket.send_to(&packet, peer).await,
        None => socket.send(&packet).await,
    };
}
