//! A network inside the process: nodes exchange encoded bytes, over ways that delay, lose, and are cut.

mod endpoint;
mod faults;
mod link;
mod pipe;
mod side;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

pub(crate) use self::endpoint::MemoryTransport;
pub use self::faults::Faults;

use self::endpoint::Listener;
use self::faults::{Transit, Ways};
use self::link::Link;
use super::error::BindError;
use crate::path::NodeAddress;
use crate::runtime::Fate;

/// The host of every node in a network of this process.
const HOST: &str = "memory";

/// A network inside this process; nodes that were given clones of it reach each other.
///
/// Messages are encoded as on a real network, and what goes wrong on one can be made to: latency, [`Faults`] of packets,
/// ways that are cut, nodes that are [paused or killed](crate::Runtime::pause). Chance comes from the seed alone.
///
/// Each end of a connection gives signs of life. One that hears nothing for three seconds has lost its connection; it says
/// nothing from then on, so that the other end, if it can still hear, notices as much later. If it can also be heard, it
/// is told that its connection is no more, as by a node that has taken the address of one that was killed.
#[derive(Clone)]
pub struct Network(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Who dials may be reached now.
    changed: Notify,
}

struct State {
    ways: Ways,
    next_port: u16,
    listeners: BTreeMap<u16, Arc<Listener>>,
    /// Where a node was killed.
    dead: BTreeSet<u16>,
    links: Vec<Weak<Link>>,
    onlooker: Option<Onlooker>,
    /// How many writes there were.
    writes: u64,
}

/// Called in the middle of what happens: takes it down and does nothing else.
pub(crate) type Onlooker = Arc<dyn Fn(&Sight<'_>) + Send + Sync>;

/// What an onlooker sees: nodes by their ports, and writes by number.
#[derive(Debug)]
pub(crate) enum Sight<'a> {
    Written { write: u64, from: u16, to: u16, bytes: &'a [u8] },
    Read { write: u64, from: u16, to: u16 },
    Lost { write: u64, from: u16, to: u16 },
    Cut(u16, u16),
    CutOneWay { from: u16, to: u16 },
    Healed(u16, u16),
    HealedOneWay { from: u16, to: u16 },
    Severed(u16, u16),
    Isolated(u16),
    Rejoined(u16),
    Fated(u16, Fate),
}

impl Network {
    /// A network without latency.
    #[must_use]
    pub fn new() -> Self {
        Self::seeded(0)
    }

    /// A network that draws its latencies and faults from `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let state = State {
            ways: Ways::new(seed),
            next_port: 1,
            listeners: BTreeMap::new(),
            dead: BTreeSet::new(),
            links: Vec::new(),
            onlooker: None,
            writes: 0,
        };
        Self(Arc::new(Shared { state: Mutex::new(state), changed: Notify::new() }))
    }

    /// Delays what is written from now on by a random time within `latency`, in each direction and between all nodes; each
    /// stream keeps its order.
    pub fn set_latency(&self, latency: Range<Duration>) {
        self.change(|ways| ways.set_latency(None, latency));
    }

    /// As [`set_latency`](Self::set_latency), for what `from` writes to `to`; until it is set for all again.
    pub fn set_latency_between(&self, from: &NodeAddress, to: &NodeAddress, latency: Range<Duration>) {
        self.change(|ways| ways.set_latency(Some((from.port, to.port)), latency));
    }

    /// Has packets lost, come twice, or late from now on, in each direction and between all nodes.
    ///
    /// # Panics
    ///
    /// If one of the faults is no probability from 0 to 1.
    pub fn set_faults(&self, faults: Faults) {
        self.change(|ways| ways.set_faults(None, faults));
    }

    /// As [`set_faults`](Self::set_faults), for packets from `from` to `to`; until it is set for all again.
    ///
    /// # Panics
    ///
    /// If one of the faults is no probability from 0 to 1.
    pub fn set_faults_between(&self, from: &NodeAddress, to: &NodeAddress, faults: Faults) {
        self.change(|ways| ways.set_faults(Some((from.port, to.port)), faults));
    }

    /// Cuts the way between two nodes: nothing passes, what is under way neither, and no side is told. Both lose their
    /// connections when they have been silent for three seconds. Who dials waits.
    pub fn cut(&self, a: &NodeAddress, b: &NodeAddress) {
        self.show(&Sight::Cut(a.port, b.port));
        self.change(|ways| ways.cuts.extend([(a.port, b.port), (b.port, a.port)]));
    }

    /// Cuts the way from one node to another: nothing that `from` writes arrives, while what `to` writes does.
    ///
    /// `to` hears nothing, and loses its connections after three seconds. Until then `from` hears it and notices nothing but
    /// that no answers come; three seconds after that, it has lost them, too. Neither can dial the other.
    pub fn cut_one_way(&self, from: &NodeAddress, to: &NodeAddress) {
        let (from, to) = (from.port, to.port);
        self.show(&Sight::CutOneWay { from, to });
        self.change(|ways| _ = ways.cuts.insert((from, to)));
    }

    /// Heals cuts, both ways; what was under way on connections that were not lost yet is sent again.
    pub fn heal(&self, a: &NodeAddress, b: &NodeAddress) {
        self.show(&Sight::Healed(a.port, b.port));
        self.change(|ways| ways.cuts.retain(|(from, to)| pair(*from, *to) != pair(a.port, b.port)));
    }

    /// Heals the way from one node to another; the other way stays as it is.
    pub fn heal_one_way(&self, from: &NodeAddress, to: &NodeAddress) {
        let (from, to) = (from.port, to.port);
        self.show(&Sight::HealedOneWay { from, to });
        self.change(|ways| _ = ways.cuts.remove(&(from, to)));
    }

    /// Cuts the ways between a node and all others, those that come later as well.
    pub fn isolate(&self, node: &NodeAddress) {
        self.show(&Sight::Isolated(node.port));
        self.change(|ways| _ = ways.isolated.insert(node.port));
    }

    /// Ends the isolation of a node; ways that were cut by themselves stay so.
    pub fn rejoin(&self, node: &NodeAddress) {
        self.show(&Sight::Rejoined(node.port));
        self.change(|ways| _ = ways.isolated.remove(&node.port));
    }

    /// Breaks the connections between two nodes at once; both sides are told, and may connect again.
    pub fn sever(&self, a: &NodeAddress, b: &NodeAddress) {
        self.show(&Sight::Severed(a.port, b.port));
        let ends = pair(a.port, b.port);
        self.links()
            .iter()
            .filter(|link| pair(link.ports[0], link.ports[1]) == ends)
            .for_each(|link| link.sever());
    }

    fn change(&self, change: impl FnOnce(&mut Ways)) {
        change(&mut self.0.state.lock().ways);
        self.look_again();
    }

    fn look_again(&self) {
        self.links().iter().for_each(|link| link.look_again());
        self.0.changed.notify_waiters();
    }

    fn links(&self) -> Vec<Arc<Link>> {
        let mut state = self.0.state.lock();
        state.links.retain(|link| link.strong_count() > 0);
        state.links.iter().filter_map(Weak::upgrade).collect()
    }

    // ---- who is where ----------------------------------------------------------------------

    fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    fn upgrade(weak: &Weak<Shared>) -> Option<Self> {
        weak.upgrade().map(Self)
    }

    /// Has `listener` listen at `port`, or at one where nobody has before.
    fn listen(&self, port: Option<u16>, listener: &Arc<Listener>) -> Result<u16, BindError> {
        let mut state = self.0.state.lock();
        let port = match port {
            Some(port) => port,
            None => state.free_port()?,
        };
        if state.listeners.contains_key(&port) {
            return Err(taken(port));
        }
        state.next_port = state.next_port.max(port.saturating_add(1));
        state.dead.remove(&port);
        state.listeners.insert(port, listener.clone());
        drop(state);
        self.look_again();
        Ok(port)
    }

    /// The connections of `listener`, which listens no more, with its ends of them.
    fn leave(&self, port: u16, listener: &Arc<Listener>) -> Vec<(Arc<Link>, usize)> {
        self.0.state.lock().remove(port, listener);
        let links = self.links();
        let ends = links.iter().flat_map(|link| [0, 1].map(|end| (link.clone(), end)));
        ends.filter(|(link, end)| link.ports[*end] == port).collect()
    }

    /// The node of `listener` was paused, resumed or killed.
    fn befalls(&self, port: u16, listener: &Arc<Listener>, fate: Fate) {
        let mut state = self.0.state.lock();
        if !state.is_at(port, listener) {
            return;
        }
        if fate == Fate::Killed {
            state.remove(port, listener);
            state.dead.insert(port);
        }
        drop(state);
        self.show(&Sight::Fated(port, fate));
        self.look_again();
    }

    /// Who listens at `to`, when the ways there and back are open and its node runs; `None` if it is a port where nobody is.
    /// Where a node was killed, nobody answers.
    async fn until_reached(&self, from: u16, to: u16) -> Option<Arc<Listener>> {
        loop {
            let mut changed = std::pin::pin!(self.0.changed.notified());
            changed.as_mut().enable();
            if let Some(found) = self.0.state.lock().reach(from, to) {
                return found;
            }
            changed.await;
        }
    }

    fn add(&self, link: &Arc<Link>) {
        self.0.state.lock().links.push(Arc::downgrade(link));
    }

    // ---- what passes -----------------------------------------------------------------------

    fn is_open(&self, from: u16, to: u16) -> bool {
        self.0.state.lock().ways.is_open(from, to)
    }

    fn listens(&self, port: u16) -> bool {
        self.0.state.lock().listeners.contains_key(&port)
    }

    fn send(&self, from: u16, to: u16, bytes: usize) -> Transit {
        self.0.state.lock().ways.send(from, to, bytes)
    }

    fn number_write(&self) -> u64 {
        let mut state = self.0.state.lock();
        state.writes += 1;
        state.writes
    }

    /// Has `onlooker` see everything from now on; there is one at most.
    pub(crate) fn look_on(&self, onlooker: Onlooker) {
        self.0.state.lock().onlooker = Some(onlooker);
    }

    fn show(&self, sight: &Sight<'_>) {
        let onlooker = self.0.state.lock().onlooker.clone();
        if let Some(onlooker) = onlooker {
            onlooker(sight);
        }
    }
}

impl State {
    fn free_port(&self) -> Result<u16, BindError> {
        let port = self.next_port;
        if port == u16::MAX { Err(taken(port)) } else { Ok(port) }
    }

    fn is_at(&self, port: u16, listener: &Arc<Listener>) -> bool {
        self.listeners.get(&port).is_some_and(|there| Arc::ptr_eq(there, listener))
    }

    fn remove(&mut self, port: u16, listener: &Arc<Listener>) {
        if self.is_at(port, listener) {
            self.listeners.remove(&port);
        }
    }

    /// `None` as long as there is no answer.
    fn reach(&self, from: u16, to: u16) -> Option<Option<Arc<Listener>>> {
        let is_open = self.ways.is_open(from, to) && self.ways.is_open(to, from);
        if !is_open || self.dead.contains(&to) {
            return None;
        }
        match self.listeners.get(&to) {
            Some(listener) if !listener.node.is_running() => None,
            listener => Some(listener.cloned()),
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = self.0.state.lock().listeners.len();
        f.debug_struct("Network").field("nodes", &nodes).finish_non_exhaustive()
    }
}

fn pair(a: u16, b: u16) -> (u16, u16) {
    (a.min(b), a.max(b))
}

fn taken(port: u16) -> BindError {
    BindError::Taken { address: format!("{HOST}:{port}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::Runtime;
    use crate::time::Instant;
    use crate::transport::{Connection, Lost, Reader, Transport};
    use bytes::{Bytes, BytesMut};

    async fn connected(network: &Network) -> (Connection, Connection, [NodeAddress; 2]) {
        let transport = MemoryTransport { network: network.clone(), at: None };
        let runtime = Runtime::current().unwrap();
        let (a, b) = (transport.bind(&runtime).await.unwrap(), transport.bind(&runtime).await.unwrap());
        let (host, port) = b.local();
        let near = a.connect(&host, port).await.unwrap();
        let far = b.accept().await.unwrap().establish().await.unwrap();
        let addresses = [&a, &b].map(|endpoint| {
            let (host, port) = endpoint.local();
            NodeAddress { system: "t".into(), host, port }
        });
        // Their listeners live as long as the network.
        std::mem::forget((a, b));
        (near, far, addresses)
    }

    async fn read(reader: &mut Box<dyn Reader>) -> Result<Bytes, Lost> {
        let mut buffer = BytesMut::new();
        reader.read(&mut buffer).await.map(|_| buffer.freeze())
    }

    #[akt::test]
    async fn bytes_arrive_in_order_after_the_latency() {
        let network = Network::seeded(3);
        let (mut near, mut far, _) = connected(&network).await;
        network.set_latency(Duration::from_millis(5)..Duration::from_millis(50));
        let clock = Runtime::current().unwrap();

        for byte in 0..20_u8 {
            near.writer.write(Bytes::from(vec![byte])).await.unwrap();
        }
        let mut got = Vec::new();
        while got.len() < 20 {
            got.extend(read(&mut far.reader).await.unwrap());
        }

        assert_eq!(got, (0..20).collect::<Vec<u8>>());
        assert!(clock.now() > Instant::ZERO + Duration::from_millis(5));
    }

    #[akt::test]
    async fn a_cut_is_silent_until_the_idle_timeout_and_a_heal_before_it_loses_nothing() {
        let network = Network::new();
        let (mut near, mut far, [a, b]) = connected(&network).await;

        network.cut(&a, &b);
        near.writer.write(Bytes::from_static(b"late")).await.unwrap();
        let early = tokio::time::timeout(Duration::from_secs(1), read(&mut far.reader)).await;
        network.heal(&a, &b);

        assert!(early.is_err());
        assert_eq!(read(&mut far.reader).await.unwrap(), "late");

        network.cut(&a, &b);
        assert_eq!(read(&mut far.reader).await, Err(Lost::Silent));
        assert_eq!(near.writer.write(Bytes::from_static(b"x")).await, Err(Lost::Silent));
    }

    async fn says_nothing(connection: &mut Connection, time: Duration) -> bool {
        tokio::time::timeout(time, read(&mut connection.reader)).await.is_err()
    }

    async fn passed<T>(clock: &Runtime, future: impl Future<Output = T>) -> (u64, T) {
        let before = clock.now();
        let done = future.await;
        (clock.now().since(before).as_secs(), done)
    }

    const SECOND: Duration = Duration::from_secs(1);
    const MILLISECOND: Duration = Duration::from_millis(1);

    #[akt::test]
    async fn a_way_that_is_cut_in_one_direction_lets_the_other_pass_until_its_writer_has_heard_nothing_for_long()
     {
        let network = Network::new();
        let (mut near, mut far, [a, b]) = connected(&network).await;
        let clock = Runtime::current().unwrap();

        network.cut_one_way(&a, &b);
        near.writer.write(Bytes::from_static(b"there")).await.unwrap();
        far.writer.write(Bytes::from_static(b"back")).await.unwrap();

        assert_eq!(read(&mut near.reader).await.unwrap(), "back");
        assert_eq!(passed(&clock, read(&mut far.reader)).await, (3, Err(Lost::Silent)));
        near.writer.write(Bytes::from_static(b"it does not know")).await.unwrap();
        assert_eq!(passed(&clock, read(&mut near.reader)).await, (3, Err(Lost::Silent)));
    }

    #[akt::test]
    async fn who_is_heard_again_too_late_is_told_so() {
        let network = Network::new();
        let (mut near, mut far, [a, b]) = connected(&network).await;
        let clock = Runtime::current().unwrap();

        network.cut_one_way(&a, &b);
        assert_eq!(read(&mut far.reader).await, Err(Lost::Silent));
        clock.sleep(SECOND).await;
        network.heal_one_way(&a, &b);

        assert_eq!(passed(&clock, read(&mut near.reader)).await, (0, Err(Lost::Reset)));
    }

    #[akt::test]
    async fn a_node_that_rejoins_in_time_gets_everything_late() {
        let network = Network::seeded(9);
        let (mut near, mut far, [_, b]) = connected(&network).await;
        network.set_latency(10 * MILLISECOND..20 * MILLISECOND);

        near.writer.write(Bytes::from_static(b"sent ")).await.unwrap();
        network.isolate(&b);
        near.writer.write(Bytes::from_static(b"late")).await.unwrap();
        assert!(says_nothing(&mut far, SECOND).await);
        network.rejoin(&b);

        assert!(says_nothing(&mut far, 9 * MILLISECOND).await, "it takes its time again");
        assert_eq!(read(&mut far.reader).await.unwrap(), "sent ");
        assert_eq!(read(&mut far.reader).await.unwrap(), "late");
    }

    #[akt::test]
    async fn a_close_is_not_told_through_a_cut() {
        let network = Network::new();
        let (near, mut far, [a, b]) = connected(&network).await;
        let clock = Runtime::current().unwrap();

        network.cut_one_way(&a, &b);
        drop(near);
        assert!(says_nothing(&mut far, 2 * SECOND).await);
        network.heal(&a, &b);

        let (_, lost) = passed(&clock, read(&mut far.reader)).await;
        assert!(matches!(lost, Err(Lost::Closed { code: super::super::Close::Done, .. })), "{lost:?}");
    }

    #[akt::test]
    async fn streams_overtake_each_other_where_packets_are_lost_and_each_keeps_its_order() {
        let network = Network::seeded(4);
        let (mut near, mut far, _) = connected(&network).await;
        network.set_latency(Duration::from_millis(5)..Duration::from_millis(5));
        network.set_faults(Faults { loss: 0.2, ..Faults::default() });
        let mut other = near.control.open().await.unwrap();
        let mut far_other = far.control.accept().await.unwrap();
        let clock = Runtime::current().unwrap();
        let arrivals = async |reader: &mut Box<dyn Reader>| {
            let mut times = Vec::new();
            for byte in 0..50_u8 {
                assert_eq!(read(reader).await.unwrap(), vec![byte]);
                times.push(clock.now());
            }
            times
        };
        let write = async {
            for byte in 0..50_u8 {
                near.writer.write(Bytes::from(vec![byte])).await.unwrap();
                other.write(Bytes::from(vec![byte])).await.unwrap();
                clock.sleep(10 * MILLISECOND).await;
            }
        };
        let ((), lane, stream) = tokio::join!(write, arrivals(&mut far.reader), arrivals(&mut far_other));

        let overtaken = |one: &[Instant], other: &[Instant]| (1..50).any(|n| one[n - 1] > other[n]);
        assert!(overtaken(&lane, &stream) && overtaken(&stream, &lane), "{lane:?} {stream:?}");
    }

    #[akt::test]
    async fn where_all_is_lost_for_long_the_connection_is() {
        let network = Network::seeded(1);
        let (mut near, mut far, [a, b]) = connected(&network).await;
        let clock = Runtime::current().unwrap();
        network.set_faults_between(&a, &b, Faults { loss: 0.99, ..Faults::default() });

        let (secs, lost) = passed(&clock, async {
            loop {
                near.writer.write(Bytes::from_static(b"x")).await.ok();
                if let Err(lost) = read(&mut far.reader).await {
                    return lost;
                }
            }
        })
        .await;

        assert_eq!(lost, Lost::Silent);
        assert!(secs >= 3, "{secs}");
    }
}
