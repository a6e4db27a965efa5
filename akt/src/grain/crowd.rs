//! The stateless workers of one key: activations beside each other, of which each message goes to one.

use std::any::{Any, type_name};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;

use super::catalog::Kind;
use super::key::name_of;
use super::reference::GrainSink;
use super::traits::Grain;
use crate::actor::{
    Asker, CallPath, Control, Core, Incoming, OnTurn, Ref, Refusal, Refused, Sink, StopReason, Target,
    Ticket, Way,
};
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// One key of a stateless kind, as its senders see it.
///
/// A message goes to a worker that rests, else to a new one as long as there are fewer than may be, else to the one that has
/// the least to do. A worker is a line of activations like that of any grain; it keeps the crowd as long as it is there.
pub(super) struct Crowd<G: Grain> {
    me: Weak<Self>,
    kind: Arc<Kind<G>>,
    key: G::Key,
    most: usize,
    workers: Mutex<Vec<Worker<G>>>,
}

struct Worker<G: Grain> {
    sink: Weak<GrainSink<G>>,
    /// Messages that were assigned to it, and not given yet.
    coming: usize,
}

impl<G: Grain> Worker<G> {
    /// What it has to do; none if it is not there.
    fn load(&self) -> Option<usize> {
        let load = self.sink.upgrade().and_then(|sink| sink.load());
        match (load, self.coming) {
            (None, 0) => None,
            (load, coming) => Some(load.unwrap_or(1) + coming),
        }
    }
}

impl<G: Grain> Crowd<G> {
    pub(super) fn new(kind: Arc<Kind<G>>, key: G::Key, most: usize) -> Arc<Self> {
        let (most, workers) = (most.max(1), Mutex::default());
        Arc::new_cyclic(|me| Self { me: me.clone(), kind, key, most, workers })
    }

    pub(super) fn kind(&self) -> &Arc<Kind<G>> {
        &self.kind
    }

    pub(super) fn key(&self) -> &G::Key {
        &self.key
    }

    /// Whom a message goes to: none that waits for its answer.
    fn choose(&self, workers: &mut Vec<Worker<G>>, asker: &Asker) -> Result<usize, CallPath> {
        let loads: Vec<_> = workers.iter().map(Worker::load).collect();
        let place = |wanted| loads.iter().position(|load| *load == wanted);
        if let Some(place) = place(Some(0)).or_else(|| place(None)) {
            return Ok(place);
        }
        if workers.len() < self.most {
            workers.push(Worker { sink: Weak::new(), coming: 0 });
            return Ok(workers.len() - 1);
        }
        let (mut shortest, mut cycle) = (None, CallPath::default());
        for (place, load) in loads.into_iter().enumerate() {
            match workers[place].sink.upgrade().map(|sink| asker.way(&Ref::new(sink))) {
                Some(Way::Cycle(path)) => cycle = path,
                _ if shortest.is_some_and(|(least, _)| least <= load) => {}
                _ => shortest = Some((load, place)),
            }
        }
        shortest.map(|(_, place)| place).ok_or(cycle)
    }

    /// The worker that a message goes to; counted as coming.
    fn assign(&self, asker: &Asker) -> Result<(usize, Arc<GrainSink<G>>), CallPath> {
        let mut workers = self.workers.lock();
        let place = self.choose(&mut workers, asker)?;
        let worker = &mut workers[place];
        worker.coming += 1;
        let sink = worker.sink.upgrade().unwrap_or_else(|| {
            let crowd = self.me.upgrade().expect("who calls has it");
            let sink = GrainSink::worker(crowd, place);
            worker.sink = Arc::downgrade(&sink);
            sink
        });
        Ok((place, sink))
    }

    fn arrived(&self, place: usize) {
        self.workers.lock()[place].coming -= 1;
    }

    fn each(&self, work: impl Fn(&GrainSink<G>)) {
        let workers = self.workers.lock();
        let sinks: Vec<_> = workers.iter().filter_map(|worker| worker.sink.upgrade()).collect();
        drop(workers);
        sinks.iter().for_each(|sink| work(sink));
    }
}

impl<G: Grain> Sink<G::Msg> for Crowd<G> {
    fn push(&self, message: G::Msg, _reserved: bool) -> Result<(), Refused<G::Msg>> {
        let (place, worker) = match self.assign(&Asker::of::<G>(&message)) {
            Ok(assigned) => assigned,
            Err(path) => return Err(Refused { refusal: Refusal::cycle(path), message }),
        };
        let pushed = worker.push(message, false);
        self.arrived(place);
        pushed
    }

    fn waits_at(&self, message: G::Msg) -> (G::Msg, Option<Ref<G::Msg>>) {
        let Ok((place, worker)) = self.assign(&Asker::of::<G>(&message)) else { return (message, None) };
        self.arrived(place);
        (message, Some(Ref::new(worker)))
    }
}

/// There is no one activation behind it: what is about one, says so.
impl<G: Grain> Target for Crowd<G> {
    fn path(&self) -> ActorPath {
        let name = name_of(&self.key);
        ActorPath::of(self.kind.guardian.path().names().chain([&*name]))
    }

    fn system(&self) -> &ActorSystem {
        self.kind.guardian.system()
    }

    fn core(&self) -> Option<&Core> {
        None
    }

    /// Whoever waits, waits at a worker.
    fn poll_room(&self, _: &mut Option<Ticket>, _: &Context<'_>) -> Poll<Result<(), Refusal>> {
        Poll::Ready(Err(Refusal::Full))
    }

    fn abandon(&self, _: &Ticket) {}

    fn depth(&self) -> usize {
        let workers = self.workers.lock();
        let sinks: Vec<_> = workers.iter().filter_map(|worker| worker.sink.upgrade()).collect();
        drop(workers);
        sinks.iter().map(|sink| sink.depth()).sum()
    }

    fn refusal(&self) -> StopReason {
        self.kind.guardian.refusal()
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    fn control(&self, control: Control) {
        match control {
            Control::Stop(reason) => self.each(|worker| worker.control(Control::Stop(reason))),
            Control::Restart => self.each(|worker| worker.control(Control::Restart)),
            // The others are for one actor.
            _ => {}
        }
    }

    fn drain(&self) {
        self.each(Target::drain);
    }

    fn kill(&self) {
        self.each(Target::kill);
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<G::Msg>::new(self))
    }

    fn contract(self: Arc<Self>) -> Option<Box<dyn Any + Send>> {
        G::contract(&Ref::new(self))
    }

    fn served(&self) -> Option<&'static str> {
        G::CONTRACT
    }

    fn accepts(&self) -> &'static str {
        type_name::<G::Msg>()
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        G::receive(&Ref::new(self), incoming);
    }

    fn on_turn(&self, _: Option<&'static str>, work: OnTurn) -> Result<(), OnTurn> {
        Err(work)
    }
}

impl<G: Grain> Drop for Crowd<G> {
    fn drop(&mut self) {
        self.kind.forget_crowd(&self.key, &self.me);
    }
}
