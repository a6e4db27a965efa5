//! The nodes of one run, in the hands of its test.

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::chaos::{Chaos, Fault, Kind, name};
use crate::actor::{ActorRef, Protocol};
use crate::path::NodeAddress;
use crate::remote::Remote;
use crate::runtime::{Runtime, TaskGroup};
use crate::system::{ActorSystem, SystemBuilder};
use crate::testkit::flow::{Flow, Recorder};
use crate::time::Instant;
use crate::transport::{Faults, Network};

/// Why a node did not start.
pub(super) type StartError = Box<dyn std::error::Error + Send + Sync>;

/// Starts a node, and starts it again after a kill.
pub(super) type Start = dyn Fn(NodeStart) -> Starting + Send + Sync;

pub(super) type Starting = Pin<Box<dyn Future<Output = Result<ActorSystem, StartError>> + Send>>;

const SIMULATED: &str = "the nodes of a kit are simulated";

/// A node has so long to shut down at the end of a run.
const PATIENCE: Duration = Duration::from_secs(300);

/// The nodes of one run of a [`Simulation`](super::Simulation): they run, and the test does to them what it likes.
///
/// Nodes are numbered from 0; logs and charts call them a, b, c and so on. They are systems as any other, joined by a
/// [`Network`] in memory which encodes and decodes every message. Time is virtual: it moves when everyone waits, so that an
/// hour costs what happens in it.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct ClusterKit(Arc<Inner>);

/// A node that is to start, at the begin or after a kill.
#[derive(Debug)]
pub struct NodeStart {
    /// What its system is built with: it has its place in the simulation already.
    pub builder: SystemBuilder,
    /// Its number.
    pub node: usize,
    /// The run that it belongs to.
    pub kit: ClusterKit,
}

struct Inner {
    seed: u64,
    /// Of the test itself, which no fault concerns.
    runtime: Runtime,
    network: Network,
    recorder: Recorder,
    start: Arc<Start>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nodes: Vec<Node>,
    /// All that was drawn, those left out too.
    faults: Vec<Fault>,
    /// If not all faults are let happen: the numbers of those that are.
    only: Option<BTreeSet<usize>>,
    /// Why a node did not start again.
    failed: Option<String>,
    shared: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

struct Node {
    runtime: Runtime,
    /// None while it is down.
    system: Option<ActorSystem>,
    address: NodeAddress,
    /// Whoever starts it again holds this.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Tells who starts it that it is killed meanwhile.
    killed: Arc<Notify>,
}

impl ClusterKit {
    pub(super) fn new(seed: u64, runtime: Runtime, start: Arc<Start>, only: Option<BTreeSet<usize>>) -> Self {
        let network = Network::seeded(runtime.random());
        let recorder = Recorder::new(&runtime);
        recorder.network(&network);
        let state = Mutex::new(State { only, ..State::default() });
        Self(Arc::new(Inner { seed, runtime, network, recorder, start, state }))
    }

    /// The seed of this run.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// A random number, from the seed.
    pub fn random(&self) -> u64 {
        self.0.runtime.random()
    }

    /// The one `T` of this run, made when it is first asked for: where actors write down what the test looks at.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut state = self.0.state.lock();
        let shared = state.shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default());
        shared.clone().downcast().unwrap_or_default()
    }

    /// How many nodes there are, those that are down too.
    pub fn nodes(&self) -> usize {
        self.0.state.lock().nodes.len()
    }

    /// The system of `node`.
    ///
    /// # Panics
    ///
    /// If it is down, or there is no such node.
    #[track_caller]
    pub fn system(&self, node: usize) -> ActorSystem {
        let system = self.seat(node, |node| node.system.clone());
        system.unwrap_or_else(|| panic!("node {} is down: it was killed", name(node)))
    }

    /// Whether `node` runs, or stands still, and was not killed.
    #[track_caller]
    pub fn is_up(&self, node: usize) -> bool {
        self.seat(node, |node| node.system.is_some())
    }

    /// Where other nodes reach `node`; the same after a restart.
    #[track_caller]
    pub fn address(&self, node: usize) -> NodeAddress {
        self.seat(node, |node| node.address.clone())
    }

    /// How `node` reaches the actor at `path` on node `there`: `kit.actor::<DepotRef>(0, 1, "/user/depot")`.
    ///
    /// # Panics
    ///
    /// If `node` is down, or `path` is none.
    #[track_caller]
    pub fn actor<R: ActorRef>(&self, node: usize, there: usize, path: &str) -> R
    where
        R::Message: Protocol,
    {
        self.contract::<R::Message>();
        let path = format!("akt://{}{path}", self.address(there));
        match self.system(node).actor_at(&path) {
            Ok(reference) => reference,
            Err(error) => panic!("{path} names no actor that {} could reach: {error}", name(node)),
        }
    }

    /// The network between the nodes, for what this kit has no method for.
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// Delays what is written from now on, by a time within `latency` in each direction.
    pub fn set_latency(&self, latency: Range<Duration>) {
        self.0.network.set_latency(latency);
    }

    /// Has packets between all nodes lost, said twice or out of order, as often as `faults` says.
    pub fn set_faults(&self, faults: Faults) {
        self.0.network.set_faults(faults);
    }

    /// Cuts the way between two nodes: nothing passes, and nobody is told.
    #[track_caller]
    pub fn cut(&self, node: usize, peer: usize) {
        self.0.network.cut(&self.address(node), &self.address(peer));
    }

    /// Cuts the way from one node to another; what the other writes passes.
    #[track_caller]
    pub fn cut_one_way(&self, from: usize, to: usize) {
        self.0.network.cut_one_way(&self.address(from), &self.address(to));
    }

    /// Opens the way between two nodes, in both directions.
    #[track_caller]
    pub fn heal(&self, node: usize, peer: usize) {
        self.0.network.heal(&self.address(node), &self.address(peer));
    }

    /// Cuts `node` from all others.
    #[track_caller]
    pub fn isolate(&self, node: usize) {
        self.0.network.isolate(&self.address(node));
    }

    /// Ends [`isolate`](Self::isolate).
    #[track_caller]
    pub fn rejoin(&self, node: usize) {
        self.0.network.rejoin(&self.address(node));
    }

    /// Breaks the connections of two nodes: both are told, and may connect again.
    #[track_caller]
    pub fn sever(&self, node: usize, peer: usize) {
        self.0.network.sever(&self.address(node), &self.address(peer));
    }

    /// Lets `node` stand still, as a process under SIGSTOP or a machine that is suspended: its clock goes on, and nothing else.
    #[track_caller]
    pub fn pause(&self, node: usize) {
        self.seat(node, |node| node.runtime.pause().expect(SIMULATED));
    }

    /// Lets `node` go on after [`pause`](Self::pause).
    #[track_caller]
    pub fn resume(&self, node: usize) {
        self.seat(node, |node| node.runtime.resume().expect(SIMULATED));
    }

    /// Ends `node` without a word, as a loss of power does; its actors do not stop, they are gone. One that is starting again is
    /// down, too. Nothing if it is down.
    #[track_caller]
    pub fn kill(&self, node: usize) {
        self.seat(node, |node| node.killed.notify_waiters());
        let (system, runtime) = self.seat(node, |node| (node.system.take(), node.runtime.clone()));
        if let Some(system) = system {
            // Destructors run here, and may ask this kit.
            runtime.kill().expect(SIMULATED);
            drop(system);
        }
    }

    /// Starts `node` again after a kill: a new system at the old address, as at the begin. Nothing if it is up.
    ///
    /// If the test and its chaos do so at once, it starts once, and both wait for it. It is up then, unless it was killed while it
    /// started. A restart that is dropped before it is done leaves the node down.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub async fn restart(&self, node: usize) {
        if let Err(error) = self.try_restart(node).await {
            panic!("node {} does not start again: {error}", name(node));
        }
    }

    async fn try_restart(&self, node: usize) -> Result<(), StartError> {
        let (turn, killed) = self.seat(node, |node| (node.turn.clone(), node.killed.clone()));
        let _turn = turn.lock().await;
        if self.is_up(node) {
            return Ok(());
        }
        let birth = Birth(Some(self.0.runtime.for_another_node()));
        let system = tokio::select! { biased;
            started = self.start(node, &birth, Some(self.address(node))) => started?,
            () = killed.notified() => return Ok(()),
        };
        self.seat(node, |seat| {
            seat.runtime = birth.done();
            seat.system = Some(system);
        });
        Ok(())
    }

    /// Starts a node more; its number.
    pub(super) async fn join(&self) -> Result<usize, StartError> {
        let node = self.nodes();
        let birth = Birth(Some(self.0.runtime.for_another_node()));
        let system = self.start(node, &birth, None).await?;
        let address = system.address().ok_or("the system was not started by the builder that was given")?;
        let (turn, killed) = Default::default();
        let joined = Node { runtime: birth.done(), system: Some(system), address, turn, killed };
        self.0.state.lock().nodes.push(joined);
        Ok(node)
    }

    async fn start(
        &self,
        node: usize,
        birth: &Birth,
        address: Option<NodeAddress>,
    ) -> Result<ActorSystem, StartError> {
        let remote = match address {
            Some(address) => Remote::memory_at(&self.0.network, &address),
            None => Remote::memory(&self.0.network),
        };
        let builder = ActorSystem::builder("sim").remote(remote).runtime(birth.runtime());
        let system = (self.0.start)(NodeStart { kit: self.clone(), node, builder }).await?;
        self.0.recorder.node(name(node), &system);
        Ok(system)
    }

    /// Lets the clock of `node` go faster than the others' by `parts_per_million`, or slower.
    #[track_caller]
    pub fn set_drift(&self, node: usize, parts_per_million: i32) {
        self.seat(node, |node| node.runtime.set_drift(parts_per_million).expect(SIMULATED));
    }

    /// Sets the wall clock of `node`, which goes on from there.
    #[track_caller]
    pub fn set_wall_clock(&self, node: usize, time: std::time::SystemTime) {
        self.seat(node, |node| node.runtime.set_wall_clock(time));
    }

    /// Draws faults from the seed and lets them happen, from now on.
    ///
    /// Nodes that are killed start again. Where a test fails, it is run again with fewer and fewer of them, until each is
    /// needed.
    pub fn unleash(&self, chaos: &Chaos) -> Storm {
        let mut state = self.0.state.lock();
        let first = state.faults.len();
        // The faults that came before do not change these.
        let seed = self.0.seed ^ u64::try_from(first).unwrap_or_default().rotate_right(16);
        let drawn = chaos.draw(seed, state.nodes.len());
        state.faults.extend(drawn);
        let numbered: Vec<_> = state.faults.iter().copied().enumerate().skip(first).collect();
        let only = state.only.clone();
        drop(state);
        let storm = Storm(TaskGroup::default());
        for (number, fault) in numbered {
            if only.as_ref().is_none_or(|only| only.contains(&number)) {
                let (kit, member) = (self.clone(), storm.0.clone());
                self.0.runtime.spawn("fault", member.join(async move { kit.suffer(fault).await }));
            }
        }
        storm
    }

    async fn suffer(&self, fault: Fault) {
        let Fault { kind, node, peer, after, lasting } = fault;
        self.0.runtime.sleep(after).await;
        match kind {
            Kind::Cut => self.cut(node, peer),
            Kind::CutOneWay => self.cut_one_way(node, peer),
            Kind::Isolate => self.isolate(node),
            Kind::Sever => return self.sever(node, peer),
            Kind::Pause => self.pause(node),
            Kind::Kill => self.kill(node),
        }
        self.0.runtime.sleep(lasting).await;
        match kind {
            Kind::Cut | Kind::CutOneWay | Kind::Sever => self.heal(node, peer),
            Kind::Isolate => self.rejoin(node),
            Kind::Pause => self.resume(node),
            Kind::Kill => {
                if let Err(error) = self.try_restart(node).await {
                    let text = format!("node {} does not start again: {error}", name(node));
                    self.0.state.lock().failed.get_or_insert(text);
                }
            }
        }
    }

    /// The time of the world, since the run began.
    pub fn now(&self) -> Instant {
        self.0.runtime.now()
    }

    /// Lets `duration` pass, with all that becomes due in it.
    pub async fn advance(&self, duration: Duration) {
        self.0.runtime.sleep(duration).await;
    }

    /// Writes a word of the test into the log, at `node`.
    pub fn note(&self, node: usize, text: impl Into<String>) {
        self.0.note(node, text);
    }

    /// Calls the rpcs of a contract by their names in the log: `kit.contract::<shop::CartMsg>()`.
    pub fn contract<P: Protocol>(&self) {
        self.0.recorder.contract::<P>();
    }

    /// What has happened so far.
    pub fn flow(&self) -> Flow {
        self.0.recorder.flow()
    }

    #[track_caller]
    fn seat<T>(&self, node: usize, look: impl FnOnce(&mut Node) -> T) -> T {
        let mut state = self.0.state.lock();
        let nodes = state.nodes.len();
        match state.nodes.get_mut(node) {
            Some(node) => look(node),
            None => {
                drop(state);
                panic!("there are {nodes} nodes, numbered from 0, and none is {node}");
            }
        }
    }

    pub(super) fn faults(&self) -> Vec<Fault> {
        self.0.state.lock().faults.clone()
    }

    /// Ends every node that is up; why the run is not good, if it is not.
    pub(super) async fn finish(&self) -> Result<(), String> {
        if let Some(failed) = self.0.state.lock().failed.take() {
            return Err(failed);
        }
        for node in 0..self.nodes() {
            self.rejoin(node);
            self.seat(node, |node| node.runtime.resume().expect(SIMULATED));
            (0..node).for_each(|peer| self.heal(node, peer));
        }
        for node in 0..self.nodes() {
            let (system, runtime) = self.seat(node, |node| (node.system.take(), node.runtime.clone()));
            let Some(system) = system else { continue };
            tokio::select! { biased;
                () = system.shutdown() => {}
                () = self.0.runtime.sleep(PATIENCE) => {
                    return Err(format!("node {} does not end within {PATIENCE:?}", name(node)));
                }
            }
            match runtime.tasks().live() {
                0 => {}
                left => return Err(format!("{left} tasks of node {} are left after its end", name(node))),
            }
        }
        Ok(())
    }
}

/// The runtime of a node that starts: what it runs is gone if the start is given up.
struct Birth(Option<Runtime>);

impl Birth {
    fn runtime(&self) -> Runtime {
        self.0.clone().expect("it is there until it is done")
    }

    fn done(mut self) -> Runtime {
        self.0.take().expect("it is done once")
    }
}

impl Drop for Birth {
    fn drop(&mut self) {
        if let Some(runtime) = &self.0 {
            runtime.kill().expect(SIMULATED);
        }
    }
}

impl Inner {
    fn note(&self, node: usize, text: impl Into<String>) {
        self.recorder.note(&name(node), text);
    }
}

impl fmt::Debug for ClusterKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterKit")
            .field("seed", &self.0.seed)
            .field("nodes", &self.nodes())
            .finish_non_exhaustive()
    }
}

/// Faults that were [unleashed](ClusterKit::unleash).
#[must_use = "wait until it is `over()`, or the test may end before it"]
pub struct Storm(TaskGroup);

impl Storm {
    /// Waits until the last one has passed: what was cut is healed, and what was killed runs again. Cancel-safe.
    pub async fn over(self) {
        self.0.down_to(0).await;
    }
}

impl fmt::Debug for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storm").field("left", &self.0.live()).finish()
    }
}
