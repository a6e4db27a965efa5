//! A network inside the process: nodes exchange encoded bytes, with latency, cuts and lost connections.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::{Notify, mpsc};

use super::error::{BindError, Close, ConnectError, Lost};
use super::link::{Link, Phase, Side};
use super::{Attempt, Connection, Endpoint, Transport};
use crate::path::NodeAddress;
use crate::runtime::Runtime;

/// The host of every node in a network of this process.
pub(super) const HOST: &str = "memory";
/// Attempts to connect that may wait to be looked at.
const BACKLOG: usize = 64;

/// A network inside this process; nodes that were given clones of it reach each other.
///
/// Messages are encoded as on a real network. Chance comes from the seed alone.
#[derive(Clone)]
pub struct Network(Arc<Mutex<State>>);

struct State {
    rng: fastrand::Rng,
    latency: Range<Duration>,
    next_port: u16,
    listeners: BTreeMap<u16, mpsc::Sender<Knock>>,
    cuts: BTreeSet<(u16, u16)>,
    links: Vec<Weak<Link>>,
    onlooker: Option<Onlooker>,
    /// How many writes there were.
    writes: u64,
}

/// Called in the middle of what happens: takes it down and does nothing else.
pub(crate) type Onlooker = Arc<dyn Fn(Sight<'_>) + Send + Sync>;

/// What an onlooker sees: nodes by their ports, and writes by number.
#[derive(Debug)]
pub(crate) enum Sight<'a> {
    Written { write: u64, from: u16, to: u16, bytes: &'a [u8] },
    Read { write: u64, from: u16, to: u16 },
    Lost { write: u64, from: u16, to: u16 },
    Cut(u16, u16),
    Healed(u16, u16),
    Severed(u16, u16),
}

impl Network {
    /// A network without latency.
    #[must_use]
    pub fn new() -> Self {
        Self::seeded(0)
    }

    /// A network that draws its latencies from `seed`.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            rng: fastrand::Rng::with_seed(seed),
            latency: Duration::ZERO..Duration::ZERO,
            next_port: 1,
            listeners: BTreeMap::new(),
            cuts: BTreeSet::new(),
            links: Vec::new(),
            onlooker: None,
            writes: 0,
        })))
    }

    /// Delays what is written from now on by a random time within `latency`, in each direction; order is kept.
    pub fn set_latency(&self, latency: Range<Duration>) {
        self.0.lock().latency = latency;
    }

    /// Cuts the way between two nodes: nothing passes, and neither side is told. Connections are lost when
    /// they have been silent for three seconds.
    pub fn cut(&self, a: &NodeAddress, b: &NodeAddress) {
        self.0.lock().cuts.insert(pair(a.port, b.port));
        self.show(Sight::Cut(a.port, b.port));
        self.tell_links(a, b, Link::cut);
    }

    /// Heals a cut; what was under way on connections that were not lost yet arrives.
    pub fn heal(&self, a: &NodeAddress, b: &NodeAddress) {
        self.0.lock().cuts.remove(&pair(a.port, b.port));
        self.show(Sight::Healed(a.port, b.port));
        self.tell_links(a, b, |link| link.enter(&Phase::Open));
    }

    /// Breaks the connections between two nodes at once; both sides are told, and may connect again.
    pub fn sever(&self, a: &NodeAddress, b: &NodeAddress) {
        self.show(Sight::Severed(a.port, b.port));
        self.tell_links(a, b, |link| link.enter(&Phase::Lost(Lost::Reset)));
    }

    fn tell_links(&self, a: &NodeAddress, b: &NodeAddress, tell: impl Fn(&Link)) {
        let mut state = self.0.lock();
        state.links.retain(|link| link.strong_count() > 0);
        let links: Vec<_> = state.links.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        links.iter().filter(|link| link.ends == pair(a.port, b.port)).for_each(|link| tell(link));
    }

    /// Has `onlooker` see everything from now on; there is one at most.
    pub(crate) fn look_on(&self, onlooker: Onlooker) {
        self.0.lock().onlooker = Some(onlooker);
    }

    pub(super) fn show(&self, sight: Sight<'_>) {
        let onlooker = self.0.lock().onlooker.clone();
        if let Some(onlooker) = onlooker {
            onlooker(sight);
        }
    }

    pub(super) fn number_write(&self) -> u64 {
        let mut state = self.0.lock();
        state.writes += 1;
        state.writes
    }

    pub(super) fn draw_latency(&self) -> Duration {
        let mut state = self.0.lock();
        let spread = state.latency.end.saturating_sub(state.latency.start);
        let chance = state.rng.f64();
        state.latency.start + spread.mul_f64(chance)
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.0.lock();
        f.debug_struct("Network").field("nodes", &state.listeners.len()).finish_non_exhaustive()
    }
}

fn pair(a: u16, b: u16) -> (u16, u16) {
    (a.min(b), a.max(b))
}

/// A transport in a network of this process, to be bound.
#[derive(Clone, Debug)]
pub(crate) struct MemoryTransport {
    pub(crate) network: Network,
}

#[async_trait]
impl Transport for MemoryTransport {
    async fn bind(&self, runtime: &Runtime) -> Result<Arc<dyn Endpoint>, BindError> {
        let (sender, attempts) = mpsc::channel(BACKLOG);
        let mut state = self.network.0.lock();
        let port = state.next_port;
        let taken = || BindError::Taken { address: format!("{HOST}:{port}").into() };
        state.next_port = port.checked_add(1).ok_or_else(taken)?;
        state.listeners.insert(port, sender);
        drop(state);
        let attempts = tokio::sync::Mutex::new(attempts);
        let network = self.network.clone();
        Ok(Arc::new(MemoryEndpoint {
            network,
            port,
            attempts,
            closed: Notify::new(),
            runtime: runtime.clone(),
        }))
    }
}

struct MemoryEndpoint {
    network: Network,
    port: u16,
    /// Locked by the one task that accepts.
    attempts: tokio::sync::Mutex<mpsc::Receiver<Knock>>,
    closed: Notify,
    runtime: Runtime,
}

impl fmt::Debug for MemoryEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryEndpoint").field("port", &self.port).finish_non_exhaustive()
    }
}

#[async_trait]
impl Endpoint for MemoryEndpoint {
    fn local(&self) -> (Arc<str>, u16) {
        (HOST.into(), self.port)
    }

    async fn accept(&self) -> Option<Box<dyn Attempt>> {
        let mut attempts = self.attempts.lock().await;
        tokio::select! { biased;
            () = self.closed.notified() => None,
            knock = attempts.recv() => Some(Box::new(MemoryAttempt(knock?)) as Box<dyn Attempt>),
        }
    }

    async fn connect(&self, host: &str, port: u16) -> Result<Connection, ConnectError> {
        if host != HOST {
            let source = std::io::Error::other("a network of this process has the one host `memory`");
            return Err(ConnectError::Resolve { host: host.into(), source });
        }
        let ends = pair(self.port, port);
        if self.network.0.lock().cuts.contains(&ends) {
            // The caller allows a time, and drops this.
            std::future::pending::<()>().await;
        }
        self.runtime.sleep(self.network.draw_latency()).await;
        let listener = self.network.0.lock().listeners.get(&port).cloned();
        let listener = listener.ok_or(ConnectError::Refused)?;
        let link = Link::new(ends, &self.network, &self.runtime);
        let near = Side { link: link.clone(), end: self.port };
        let far = Side { link: link.clone(), end: port };
        self.network.0.lock().links.push(Arc::downgrade(&link));
        listener.try_send(Knock(far)).map_err(|_| ConnectError::Refused)?;
        Ok(near.connection())
    }

    async fn close(&self) {
        let mut state = self.network.0.lock();
        state.listeners.remove(&self.port);
        let links: Vec<_> = state.links.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        for link in links.iter().filter(|link| link.ends.0 == self.port || link.ends.1 == self.port) {
            let lost = Lost::Closed { code: Close::Done, text: "node stopped".into() };
            link.enter(&Phase::Closed { by: self.port, lost });
        }
        self.closed.notify_one();
    }
}

/// The far side of a new link, on its way to the node that listens.
struct Knock(Side);

struct MemoryAttempt(Knock);

#[async_trait]
impl Attempt for MemoryAttempt {
    fn from(&self) -> String {
        self.0.0.peer()
    }

    fn is_proven(&self) -> bool {
        true
    }

    fn demand_proof(self: Box<Self>) {
        self.refuse();
    }

    fn refuse(self: Box<Self>) {
        let lost = Lost::Closed { code: Close::Refused, text: "turned away".into() };
        self.0.0.link.enter(&Phase::Lost(lost));
    }

    async fn establish(self: Box<Self>) -> Result<Connection, Lost> {
        Ok(self.0.0.connection())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Reader;
    use super::*;
    use crate::time::Instant;
    use bytes::{Bytes, BytesMut};

    async fn connected(network: &Network) -> (Connection, Connection, [NodeAddress; 2]) {
        let transport = MemoryTransport { network: network.clone() };
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

    #[tokio::test(start_paused = true)]
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

    #[tokio::test(start_paused = true)]
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
}
