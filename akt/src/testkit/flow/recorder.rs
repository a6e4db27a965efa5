//! Takes down what happens between nodes of one process, and in them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;

use super::label::label;
use super::{Flow, What};
use crate::actor::Protocol;
use crate::runtime::{Fate, Runtime};
use crate::system::{ActorSystem, Event};
use crate::transport::{Network, Sight};

/// Writes a [`Flow`] while nodes run: what goes over a network in memory, and which actors come and go.
///
/// It draws nothing by chance, starts no task and takes no time: a run is the same with it and without. Under
/// [`sim::run`](crate::sim::run) the same seed gives the same text, byte for byte.
///
/// What goes over the network is what nodes write to it at once: often one message, sometimes several. One that is on its way
/// when its connection ends is lost.
///
/// ```
/// use akt::testkit::flow::{Flow, Recorder};
/// use akt::{ActorSystem, Network, Remote};
///
/// fn run(seed: u64) -> Flow {
///     akt::sim::run(seed, |runtime| async move {
///         let network = Network::seeded(seed);
///         let recorder = Recorder::new(&runtime);
///         recorder.network(&network);
///         let node = ActorSystem::builder("shop").remote(Remote::memory(&network));
///         let node = node.runtime(runtime.for_another_node()).start().await.expect("a free port");
///         recorder.node("a", &node);
///         recorder.note("a", "nothing happens");
///         node.shutdown().await;
///         recorder.flow()
///     })
/// }
///
/// let log = run(7).to_string();
/// assert!(log.starts_with("akt-flow 1\n0.000000000 a up\n0.000000000 a note \"nothing happens\"\n"), "{log}");
/// assert_eq!(log, run(7).to_string());
/// ```
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    runtime: Runtime,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    flow: Flow,
    names: BTreeMap<u16, String>,
    rpcs: BTreeMap<u32, &'static str>,
}

impl Recorder {
    /// A recorder that goes by the clock of `runtime`.
    pub fn new(runtime: &Runtime) -> Self {
        Self(Arc::new(Inner { runtime: runtime.clone(), state: Mutex::default() }))
    }

    /// Takes down what goes over `network` from now on, and its faults. A network has one recorder, the last.
    pub fn network(&self, network: &Network) {
        let inner = self.0.clone();
        network.look_on(Arc::new(move |sight| inner.sees(sight)));
    }

    /// Takes down which actors of `system` come and go, and its dead letters; `name` stands for the node from now on.
    ///
    /// Nodes that have no name are called by their port. A system has one recorder, the first.
    pub fn node(&self, name: impl Into<String>, system: &ActorSystem) {
        let name = name.into();
        if let Some(address) = system.address() {
            self.0.state.lock().names.insert(address.port, name.clone());
        }
        self.0.push(&name, What::Up);
        let (inner, runtime) = (self.0.clone(), system.runtime().clone());
        system.look_on(Box::new(move |event| {
            // What is left of a node that was killed is no part of the run.
            if !runtime.is_dead() {
                inner.hears(&name, event);
            }
        }));
    }

    /// Calls the rpcs of a contract by their names: `recorder.contract::<shop::CartMsg>()`.
    pub fn contract<P: Protocol>(&self) {
        self.0.state.lock().rpcs.extend(P::RPCS.iter().map(|rpc| (rpc.id, rpc.name)));
    }

    /// Takes down what the test says of `node`, or what it expects. That it is killed or paused need not be said.
    pub fn push(&self, node: &str, what: What) {
        self.0.push(node, what);
    }

    /// Takes down words of the test.
    pub fn note(&self, node: &str, text: impl Into<String>) {
        self.0.push(node, What::Note { text: text.into() });
    }

    /// What has happened so far.
    pub fn flow(&self) -> Flow {
        self.0.state.lock().flow.clone()
    }
}

impl Inner {
    fn push(&self, node: &str, what: What) {
        let at = self.runtime.now();
        self.state.lock().flow.push(at, node, what);
    }

    fn sees(&self, sight: &Sight<'_>) {
        let at = self.runtime.now();
        let state = &mut *self.state.lock();
        let name = |port: &u16| state.names.get(port).cloned().unwrap_or_else(|| port.to_string());
        let (node, what) = match sight {
            Sight::Written { write, from, to, bytes } => {
                let label = label(bytes, &state.rpcs);
                (name(from), What::Sent { message: *write, to: name(to), label })
            }
            Sight::Read { write, from, to } => {
                (name(to), What::Delivered { message: *write, from: name(from) })
            }
            Sight::Lost { write, from, to } => (name(from), What::Lost { message: *write, to: name(to) }),
            Sight::Cut(one, other) => (name(one), What::Cut { peer: name(other) }),
            Sight::CutOneWay { from, to } => (name(from), What::CutTo { peer: name(to) }),
            Sight::Healed(one, other) => (name(one), What::Healed { peer: name(other) }),
            Sight::HealedOneWay { from, to } => (name(from), What::HealedTo { peer: name(to) }),
            Sight::Isolated(node) => (name(node), What::Isolated),
            Sight::Rejoined(node) => (name(node), What::Rejoined),
            Sight::Fated(node, fate) => {
                let what = match fate {
                    Fate::Paused => What::Paused,
                    Fate::Resumed => What::Resumed,
                    Fate::Killed => What::Down { reason: "killed".into() },
                    Fate::Gone => return,
                };
                (name(node), what)
            }
            Sight::Severed(one, other) => (name(one), What::Severed { peer: name(other) }),
        };
        state.flow.push(at, node, what);
    }

    fn hears(&self, node: &str, event: &Event) {
        let what = match event {
            Event::Started { actor, .. } => What::Spawned { actor: actor.to_string() },
            Event::Restarted { actor, .. } => What::Restarted { actor: actor.to_string() },
            Event::Stopped { actor, reason, .. } => {
                What::Stopped { actor: actor.to_string(), reason: reason.to_string() }
            }
            Event::DeadLetter(letter) => {
                let label = format!("{}: {}", letter.message, letter.reason);
                What::DeadLetter { actor: letter.target.to_string(), label }
            }
            _ => return,
        };
        self.push(node, what);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.0.state.lock().flow.entries().len();
        f.debug_struct("Recorder").field("entries", &entries).finish_non_exhaustive()
    }
}
