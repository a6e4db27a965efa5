//! One system as its peers see it: what it says of itself, whom it knows, and its door.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::association::Input;
use super::exposure::Exposure;
use super::kind::Kinds;
use super::peer::Peer;
use super::pool::Pool;
use super::refusals::{Line, Refusal, Refusals};
use super::{Limits, Remote, greeting};
use crate::actor::Meta;
use crate::holder::Class;
use crate::id::NodeId;
use crate::path::NodeAddress;
use crate::runtime::{Fate, Runtime};
use crate::system::{ActorSystem, Event, Extension, PeerMeter, PeerSource};
use crate::time::Instant;
use crate::transport::{Attempt, BindError, Endpoint, Found, TlsError};
use crate::wire::{CodecError, Here, Identity, Protocols, decode_meta, encode_meta};

/// How long a shutdown waits until its goodbyes have arrived.
const GOODBYE: Duration = Duration::from_secs(2);

/// So often the files of certificates are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Fewer peers than this are never swept.
const FEW: usize = 64;

/// The remote half of a system.
pub(super) struct Node {
    pub(super) system: ActorSystem,
    pub(super) identity: Identity,
    pub(super) limits: Limits,
    /// What clients may reach.
    pub(super) exposure: Exposure,
    /// The nodes of a client.
    pool: OnceLock<Arc<Pool>>,
    pub(super) endpoint: Arc<dyn Endpoint>,
    /// Connections that carry messages now.
    pub(super) live: watch::Sender<usize>,
    numbers: AtomicU64,
    peers: Mutex<Peers>,
    refusals: Mutex<Refusals>,
    refused: Notify,
    handshakes: AtomicUsize,
    /// What other nodes may spawn here.
    pub(super) kinds: Kinds,
    /// Operations of other nodes that are under way.
    pub(super) operations: AtomicUsize,
}

#[derive(Default)]
struct Peers {
    known: BTreeMap<PeerKey, Arc<Peer>>,
    sweep_at: usize,
}

/// A peer's address, and the other name of this node by which the peer dialed, if it was one: connections by
/// two names are two associations.
pub(super) type PeerKey = (NodeAddress, Option<NodeAddress>);

impl Node {
    /// Begins to listen.
    pub(super) async fn start(
        system: ActorSystem,
        remote: &Remote,
        class: Class,
    ) -> Result<Arc<Self>, BindError> {
        if let Some(path) = remote.exposure.mistake() {
            return Err(BindError::Expose { path: path.into() });
        }
        let runtime = system.runtime().clone();
        let endpoint = remote.transport().bind(&runtime).await?;
        let incarnation = runtime.random();
        let (host, port) = match class {
            Class::Node => advertised(endpoint.local(), remote.advertise.as_deref())?,
            // A name among the peers of a node, by which nobody is dialed.
            Class::Client => (format!("$client-{incarnation:016x}").into(), endpoint.local().1),
        };
        let address = NodeAddress { system: system.name().into(), host, port };
        let identity = Identity {
            node: NodeId::of(&address.to_string()),
            incarnation,
            address,
            protocols: Protocols::OURS,
            max_message: remote.limits.max_message,
            lanes: remote.limits.lanes,
            class,
            features: 0,
            contracts: BTreeMap::new(),
        };
        match class {
            Class::Node => tracing::info!(address = %identity.address, "listening"),
            Class::Client => tracing::info!(name = %identity.address, "calling"),
        }
        let node = Arc::new(Self {
            system,
            identity,
            limits: remote.limits,
            exposure: remote.exposure.clone(),
            pool: OnceLock::new(),
            endpoint,
            live: watch::Sender::new(0),
            numbers: AtomicU64::new(1),
            peers: Mutex::default(),
            refusals: Mutex::new(Refusals::new(remote.limits.fold)),
            refused: Notify::new(),
            handshakes: AtomicUsize::new(0),
            kinds: remote.kinds.clone(),
            operations: AtomicUsize::new(0),
        });
        let peers: Weak<dyn PeerMeter> = Arc::<Self>::downgrade(&node);
        node.system.part::<PeerSource>().set(peers);
        runtime.spawn("remote door", node.clone().keep_door());
        let killed = Arc::downgrade(&node);
        runtime.on_fate(Arc::new(move |fate| {
            if let (Fate::Gone, Some(node)) = (fate, killed.upgrade()) {
                node.abandon();
            }
        }));
        Ok(node)
    }

    /// In a simulation this node was killed: what was asked by its references ends, though nobody is left who would wait.
    fn abandon(&self) {
        for peer in self.known_peers() {
            peer.feed(Input::Closed);
            peer.fail_queued("the node of the reference was killed");
        }
    }

    pub(super) fn runtime(&self) -> &Runtime {
        self.system.runtime()
    }

    /// What this node says of itself now.
    pub(super) fn introduction(&self) -> Identity {
        Identity { contracts: self.system.contracts(), ..self.identity.clone() }
    }

    /// A number that this node has not used: for a dial, or for a connection.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The peer at `address`.
    pub(super) fn peer(self: &Arc<Self>, key: PeerKey) -> Arc<Peer> {
        let mut peers = self.peers.lock();
        if let Some(peer) = peers.known.get(&key) {
            return peer.clone();
        }
        if peers.known.len() >= peers.sweep_at {
            peers.known.retain(|_, peer| Arc::strong_count(peer) > 1 || peer.is_up());
            peers.sweep_at = FEW.max(2 * peers.known.len());
        }
        let peer = Arc::new(Peer::new(self.clone(), key.0.clone()));
        peers.known.insert(key, peer.clone());
        peer
    }

    pub(super) fn known_peers(&self) -> Vec<Arc<Peer>> {
        self.peers.lock().known.values().cloned().collect()
    }

    /// Keeps the connections to the nodes of a client from now on.
    pub(super) fn serve(&self, pool: Arc<Pool>) -> Arc<Pool> {
        self.pool.get_or_init(|| pool).clone()
    }

    /// The nodes, if this is a client.
    pub(super) fn pool(&self) -> Option<Arc<Pool>> {
        self.pool.get().cloned()
    }

    // ---- what messages carry besides -------------------------------------------------------

    fn here(&self) -> Here<'_> {
        Here { address: &self.identity.address, incarnation: self.identity.incarnation }
    }

    pub(super) fn encode_meta(&self, meta: &Meta, now: Instant) -> Bytes {
        encode_meta(meta, self.here(), now)
    }

    pub(super) fn decode_meta(&self, bytes: Bytes) -> Result<Option<Arc<Meta>>, CodecError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        decode_meta(bytes, self.here(), self.runtime().now())
    }

    // ---- the door --------------------------------------------------------------------------

    /// Lets peers in until the endpoint is closed.
    async fn keep_door(self: Arc<Self>) {
        let mut look = Instant::ZERO;
        loop {
            let fold = self.refusals.lock().deadline();
            let is_to_look = self.endpoint.keychain().is_some() || self.identity.class == Class::Client;
            let next_look = is_to_look.then_some(look);
            tokio::select! { biased;
                attempt = self.endpoint.accept() => match attempt {
                    Some(attempt) => self.admit(attempt),
                    None => return self.say_folded(Instant::FAR),
                },
                () = self.refused.notified() => {}
                () = self.runtime().sleep_until(next_look) => {
                    self.look_at_certificates();
                    self.pool.get().into_iter().for_each(|pool| pool.keep());
                    look = self.runtime().now() + LOOK;
                }
                () = self.runtime().sleep_until(fold) => self.say_folded(self.runtime().now()),
            }
        }
    }

    fn look_at_certificates(&self) {
        let Some(found) = self.endpoint.keychain().and_then(|keychain| keychain.look()) else { return };
        match found {
            Found::Replaced(valid_until) => self.say_replaced(valid_until),
            Found::Refused(error) => {
                let problem = Causes(&error).to_string();
                tracing::warn!(problem, "certificates in files refused: those in use stay");
                self.system.publish(|| Event::CertificatesRefused { problem: problem.into() });
            }
            Found::Expires(valid_until, certificate) => {
                tracing::warn!(%certificate, "the node's certificate has expired, or does within a day");
                self.system.publish(|| Event::CertificateExpires { valid_until });
            }
        }
    }

    /// Takes what the certificates' files hold, if that is something else.
    pub(super) fn reload_tls(&self) -> Result<bool, TlsError> {
        let replaced = self.endpoint.keychain().map_or(Ok(None), |keychain| keychain.reload())?;
        if let Some(valid_until) = replaced {
            self.say_replaced(valid_until);
        }
        Ok(replaced.is_some())
    }

    fn say_replaced(&self, valid_until: SystemTime) {
        tracing::info!("certificates replaced: new connections use them");
        self.system.publish(|| Event::CertificatesReplaced { valid_until });
    }

    fn admit(self: &Arc<Self>, attempt: Box<dyn Attempt>) {
        let greeted = self.handshakes.fetch_add(1, Ordering::AcqRel);
        let place = Place(self.clone());
        if greeted >= self.limits.handshakes {
            self.refuse(Refusal::Crowded, &attempt.from(), &"try again later");
            return attempt.refuse();
        }
        // When it gets crowded, state is spent only on peers whose address is no invention.
        if greeted >= self.limits.handshakes / 2 && !attempt.is_proven() {
            return attempt.demand_proof();
        }
        let node = self.clone();
        self.runtime().spawn("remote handshake", async move {
            greeting::receive(&node, attempt).await;
            drop(place);
        });
    }

    // ---- refusals --------------------------------------------------------------------------

    /// Counts a refusal, and logs it if it is the first of its kind for a while.
    pub(super) fn refuse(&self, refusal: Refusal, from: &str, detail: &dyn fmt::Display) {
        let line = self.refusals.lock().record(self.runtime().now(), refusal);
        match line {
            Some(_) => tracing::warn!(from, reason = %refusal, %detail, "peer refused"),
            None => self.refused.notify_one(),
        }
    }

    pub(super) fn refusals(&self, refusal: Refusal) -> u64 {
        self.refusals.lock().total(refusal)
    }

    /// Logs the numbers of what was folded until `now`.
    fn say_folded(&self, now: Instant) {
        let mut lines = Vec::new();
        self.refusals.lock().handle_timeout(now, &mut lines);
        for line in lines {
            if let Line::Folded(reason, count) = line {
                tracing::warn!(%reason, "and {count} more");
            }
        }
    }

    async fn leave(&self) {
        let peers = self.known_peers();
        for peer in &peers {
            peer.leave();
        }
        let mut live = self.live.subscribe();
        let late = tokio::select! { biased;
            _ = live.wait_for(|live| *live == 0) => false,
            () = self.runtime().sleep(GOODBYE) => true,
        };
        if late {
            tracing::warn!(peers = *live.borrow(), "peers did not take the goodbye in time");
        }
        self.endpoint.close().await;
        self.peers.lock().known.clear();
    }
}

/// By which host and port others reach a node that is bound to `local`.
fn advertised(local: (Arc<str>, u16), advertise: Option<&str>) -> Result<(Arc<str>, u16), BindError> {
    let (host, port) = local;
    let Some(advertise) = advertise else {
        let is_no_address = host.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified());
        let unspecified = || BindError::Unspecified { address: format!("{host}:{port}").into() };
        return if is_no_address { Err(unspecified()) } else { Ok((host, port)) };
    };
    if let Ok(ip) = advertise.parse::<IpAddr>() {
        return Ok((ip.to_string().into(), port));
    }
    let with_port = || format!("x@{advertise}").parse::<NodeAddress>();
    let parsed = with_port().or_else(|_| format!("x@{advertise}:{port}").parse());
    let address = parsed.map_err(|_| BindError::Advertise { advertised: advertise.into() })?;
    Ok((address.host, address.port))
}

impl Extension for Node {
    async fn stop(&self, _system: &ActorSystem) {
        self.leave().await;
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("address", &self.identity.address).finish_non_exhaustive()
    }
}

/// An error with its causes.
struct Causes<'a>(&'a dyn std::error::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        self.0.source().map_or(Ok(()), |cause| write!(f, ": {}", Causes(cause)))
    }
}

/// A place among those who shake hands.
struct Place(Arc<Node>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.handshakes.fetch_sub(1, Ordering::AcqRel);
    }
}
