//! What a reference to a grain points to: hands each message to the activation that is there, or makes one.

use std::any::{Any, type_name};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};

use super::activation::{Next, Succession, Taker};
use super::catalog::Kind;
use super::crowd::Crowd;
use super::key::{name_of, text_of, worker_name};
use super::locator::Location;
use super::traits::Grain;
use crate::actor::{
    Control, Core, Face, FaultInfo, Incoming, Lent, LocalCell, Message, OnTurn, Passivate, Ref, Refusal,
    Refused, Sink, StopReason, Target, Ticket, begin, conceive, part,
};
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::runtime::Fire;
use crate::system::{ActorSystem, Evictor};
use crate::time::Instant;

/// One key of one kind, as its senders see it, and its activations.
pub(super) struct GrainSink<G: Grain> {
    me: Weak<Self>,
    kind: Arc<Kind<G>>,
    key: G::Key,
    /// If it is one of several workers: of whom, and which.
    crowd: Option<(Arc<Crowd<G>>, usize)>,
    line: Mutex<Line<G>>,
}

type Line<G> = Succession<Tenant<G>, Box<FaultInfo>>;

/// One activation, and what is known of those who wait for room in it.
struct Tenant<G: Grain>(Arc<Rooms<G>>);

struct Rooms<G: Grain> {
    cell: Arc<LocalCell<G>>,
    /// Absent as long as nobody has ever waited: most activations.
    waits: OnceLock<Box<Waits>>,
}

#[derive(Default)]
struct Waits {
    /// Places in the line for its room.
    tickets: Mutex<Vec<Ticket>>,
    /// Room that it gave, and that no push has used yet.
    granted: AtomicUsize,
}

impl<G: Grain> Clone for Tenant<G> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<G: Grain> PartialEq for Tenant<G> {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl<G: Grain> Tenant<G> {
    fn new(cell: Arc<LocalCell<G>>) -> Self {
        Self(Arc::new(Rooms { cell, waits: OnceLock::new() }))
    }

    fn cell(&self) -> &Arc<LocalCell<G>> {
        &self.0.cell
    }

    fn id(&self) -> ActorId {
        self.cell().core.id
    }

    fn waits(&self) -> &Waits {
        self.0.waits.get_or_init(Box::default)
    }

    /// Uses up room that was given to whoever waited for it.
    fn use_grant(&self) -> bool {
        let Some(Waits { granted, .. }) = self.0.waits.get().map(|waits| &**waits) else { return false };
        granted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |granted| granted.checked_sub(1)).is_ok()
    }

    fn has(&self, ticket: &Ticket) -> bool {
        self.0.waits.get().is_some_and(|waits| waits.tickets.lock().iter().any(|known| known.is(ticket)))
    }

    fn forget(&self, ticket: &Ticket) {
        if let Some(waits) = self.0.waits.get() {
            waits.tickets.lock().retain(|known| !known.is(ticket));
        }
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        // A place in the line of an activation that has closed is worth nothing here.
        ticket.take_if(|ticket| !self.has(ticket));
        let before = ticket.clone();
        let polled = self.cell().poll_room(ticket, cx);
        match (&polled, before) {
            (Poll::Ready(room), before) => {
                before.iter().for_each(|before| self.forget(before));
                self.waits().granted.fetch_add(usize::from(room.is_ok()), Ordering::Relaxed);
            }
            (Poll::Pending, None) => self.waits().tickets.lock().extend(ticket.clone()),
            (Poll::Pending, Some(_)) => {}
        }
        polled
    }
}

impl<G: Grain> GrainSink<G> {
    pub(super) fn new(kind: Arc<Kind<G>>, key: G::Key) -> Arc<Self> {
        Self::with(kind, key, None)
    }

    pub(super) fn worker(crowd: Arc<Crowd<G>>, place: usize) -> Arc<Self> {
        Self::with(crowd.kind().clone(), crowd.key().clone(), Some((crowd, place)))
    }

    fn with(kind: Arc<Kind<G>>, key: G::Key, crowd: Option<(Arc<Crowd<G>>, usize)>) -> Arc<Self> {
        let line = Mutex::new(Succession::new());
        Arc::new_cyclic(|me| Self { me: me.clone(), kind, key, crowd, line })
    }

    /// What its activations are called. Not kept: an idle one has it too.
    fn name(&self) -> Box<str> {
        match &self.crowd {
            Some((_, place)) => worker_name(&self.key, *place),
            None => name_of(&self.key),
        }
    }

    /// How much there is to do for its activation; none if there is none.
    pub(super) fn load(&self) -> Option<usize> {
        let line = self.line.lock();
        match (line.taking(), line.living()) {
            (Some(tenant), _) => Some(tenant.cell().load()),
            // One that ends: the next would wait for it.
            (None, living) => living.map(|_| 1),
        }
    }

    fn me(&self) -> Arc<Self> {
        self.me.upgrade().expect("who calls has it")
    }

    fn living(&self) -> Option<Arc<LocalCell<G>>> {
        self.line.lock().living().map(|tenant| tenant.cell().clone())
    }

    /// The activation that takes messages, made if need be.
    fn taker(&self) -> Result<Tenant<G>, Refusal> {
        if let Some(problem) = &self.kind.problem {
            return Err(Refusal::Rejected(problem.to_string().into()));
        }
        let line = self.line.lock();
        match line.taker(|| self.system().runtime().now()) {
            Taker::Activation(tenant) => Ok(tenant),
            Taker::Failing(why) => Err(Refusal::Fault(why)),
            Taker::Ended => Err(Refusal::Stopped),
            Taker::Nobody => self.activate(line),
        }
    }

    fn activate(&self, mut line: MutexGuard<'_, Line<G>>) -> Result<Tenant<G>, Refusal> {
        let tenant = self.conceive()?;
        if !self.system().switches().has_single_flight() {
            *line = Succession::new();
        }
        let begins = line.take(tenant.clone());
        drop(line);
        if begins {
            self.begin(&tenant);
        }
        Ok(tenant)
    }

    /// An activation that accepts messages.
    fn conceive(&self) -> Result<Tenant<G>, Refusal> {
        let guardian = &self.kind.guardian;
        if !guardian.core().is_some_and(Core::is_alive) {
            return Err(Refusal::Stopped);
        }
        let mut name = self.name();
        if !self.system().switches().has_single_flight() {
            // A parent has no two children of one name.
            name = format!("{name}~{:x}", self.system().runtime().random()).into();
        }
        match self.kind.locator.locate(G::KIND, &name) {
            Location::Here => conceive(guardian, &name).map(Tenant::new).map_err(Refusal::Fault),
        }
    }

    /// Not under the lock: it may end at once.
    fn begin(&self, tenant: &Tenant<G>) {
        let Err(error) = begin(tenant.cell(), self.me()) else { return };
        tracing::debug!(grain = %self.path(), %error, "a grain was not activated");
        self.line.lock().end();
        self.succeed(tenant.id(), None);
        self.refuse(tenant, None);
    }

    /// The activation of this id, which lives, is gone; `why` it did not activate, if it did not.
    fn succeed(&self, id: ActorId, why: Option<&FaultInfo>) {
        let runtime = self.system().runtime();
        let mut line = self.line.lock();
        let Some(gone) = line.living().filter(|living| living.id() == id).cloned() else { return };
        let failed = why.is_some();
        let next = line.over(&gone, why.cloned().map(Box::new), runtime.now(), runtime.chance());
        let remembered = line.remembered().filter(|_| failed);
        drop(line);
        if let Some(until) = remembered {
            self.system().timers().arm(until, self.me());
        }
        match next {
            Next::Rest => {}
            Next::Begin(tenant) => self.begin(&tenant),
            Next::Refuse(tenant) => self.refuse(&tenant, why),
        }
    }

    /// Refuses what `tenant` has taken, which will never begin; `why`, if that is not the end of its system.
    fn refuse(&self, tenant: &Tenant<G>, why: Option<&FaultInfo>) {
        let core = &tenant.cell().core;
        for message in tenant.cell().call_off() {
            match why {
                Some(why) => core.refuse_with(message.name(), part(message), why),
                None => core.refuse(message.name(), part(message), self.refusal()),
            }
        }
    }
}

impl<G: Grain> Face<G> for GrainSink<G> {
    fn reference(&self) -> Ref<G::Msg> {
        Ref::new(self.me())
    }

    fn key(&self) -> &(dyn Any + Send + Sync) {
        &self.key
    }

    fn id(&self) -> String {
        format!("{}/{}", G::KIND, text_of(&self.key))
    }

    fn passivate(&self, said: Option<Passivate>) -> Option<Passivate> {
        self.kind.idleness.passivate(said)
    }

    fn evictors(&self) -> Option<Arc<[Evictor]>> {
        self.kind.idleness.evictors.clone()
    }

    fn began(&self) {
        self.line.lock().began();
    }

    fn inherit(&self, id: ActorId, close: &mut dyn FnMut() -> Vec<G::Msg>) -> Vec<G::Msg> {
        // Whoever is refused from now on waits at this lock, and comes after what is left.
        let mut line = self.line.lock();
        let left = close();
        let Some(closed) = line.living().filter(|living| living.id() == id).cloned() else { return left };
        line.close(&closed);
        if left.is_empty() {
            return left;
        }
        let next = match line.taker(|| self.system().runtime().now()) {
            Taker::Activation(tenant) => tenant,
            Taker::Nobody => match self.conceive() {
                Ok(tenant) => tenant,
                Err(_) => return left,
            },
            Taker::Failing(_) | Taker::Ended => return left,
        };
        line.take(next.clone());
        next.cell().take_over(left);
        Vec::new()
    }

    fn over(&self, id: ActorId, failure: Option<Box<FaultInfo>>) {
        self.succeed(id, failure.as_deref());
    }

    fn abandon(&self) {
        self.line.lock().end();
    }
}

impl<G: Grain> GrainSink<G> {
    /// Puts `message` into the mailbox that is there, if it takes it: the way of most.
    #[inline]
    fn put(&self, message: G::Msg, reserved: bool) -> Result<(), G::Msg> {
        let line = self.line.lock();
        let Some(tenant) = line.taking() else { return Err(message) };
        let reserved = reserved && tenant.use_grant();
        let roused = tenant.cell().put(message, reserved).map_err(|(_, message)| message)?;
        if roused.is_nobody() {
            return Ok(());
        }
        let cell = tenant.cell().clone();
        drop(line);
        cell.wake_roused(roused);
        Ok(())
    }
}

impl<G: Grain> Sink<G::Msg> for GrainSink<G> {
    fn push(&self, message: G::Msg, reserved: bool) -> Result<(), Refused<G::Msg>> {
        let Err(mut message) = self.put(message, reserved) else { return Ok(()) };
        loop {
            let tenant = match self.taker() {
                Ok(tenant) => tenant,
                Err(refusal) => return Err(Refused { refusal, message }),
            };
            let reserved = reserved && tenant.use_grant();
            match tenant.cell().push(message, reserved) {
                Err(Refused { refusal: Refusal::Stopped, message: back }) => {
                    self.line.lock().close(&tenant);
                    message = back;
                }
                done => return done,
            }
        }
    }

    /// The one that waits for the asker is the one that lives. If it is ending, the next would wait for it in a circle.
    fn come_back(&self, message: G::Msg) -> Result<(), Refused<G::Msg>> {
        match self.living() {
            Some(cell) => cell.come_back(message),
            None => self.push(message, false),
        }
    }

    fn attend(&self, message: G::Msg, now: Instant, lent: Lent) {
        let Lent::Tenant(cell) = lent else { unreachable!("a tenant was lent") };
        let cell = cell.downcast::<LocalCell<G>>().expect("it was lent by this grain");
        Sink::<G::Msg>::attend(&*cell, message, now, Lent::Itself);
    }
}

impl<G: Grain> Target for GrainSink<G> {
    fn path(&self) -> ActorPath {
        ActorPath::of(self.kind.guardian.path().names().chain([&*self.name()]))
    }

    fn system(&self) -> &ActorSystem {
        self.kind.guardian.system()
    }

    fn core(&self) -> Option<&Core> {
        None
    }

    fn tenant(&self) -> Option<Arc<dyn Target>> {
        self.living().map(|cell| cell as Arc<dyn Target>)
    }

    fn lend(&self, cx: &mut Context<'_>) -> Option<Lent> {
        let line = self.line.lock();
        let cell = line.taking()?.cell();
        cell.lend(cx).map(|_| Lent::Tenant(cell.clone()))
    }

    fn poll_room(&self, ticket: &mut Option<Ticket>, cx: &Context<'_>) -> Poll<Result<(), Refusal>> {
        loop {
            let tenant = match self.taker() {
                Ok(tenant) => tenant,
                Err(refusal) => return Poll::Ready(Err(refusal)),
            };
            let polled = tenant.poll_room(ticket, cx);
            if !matches!(polled, Poll::Ready(Err(Refusal::Stopped))) {
                return polled;
            }
            *ticket = None;
            self.line.lock().close(&tenant);
        }
    }

    fn abandon(&self, ticket: &Ticket) {
        let taking = self.line.lock().taking().cloned();
        if let Some(tenant) = taking.filter(|tenant| tenant.has(ticket)) {
            tenant.forget(ticket);
            tenant.cell().abandon(ticket);
        }
    }

    fn unreserve(&self) {
        let taking = self.line.lock().taking().cloned();
        if let Some(tenant) = taking.filter(Tenant::use_grant) {
            tenant.cell().unreserve();
        }
    }

    fn depth(&self) -> usize {
        self.line.lock().taking().map_or(0, |tenant| tenant.cell().depth())
    }

    fn doing(&self) -> Option<&'static str> {
        self.living()?.doing()
    }

    fn refusal(&self) -> StopReason {
        self.kind.guardian.refusal()
    }

    fn grace(&self) -> Duration {
        Duration::ZERO
    }

    fn control(&self, control: Control) {
        if let Some(cell) = self.living() {
            cell.control(control);
        }
    }

    fn drain(&self) {
        if let Some(cell) = self.living() {
            cell.drain();
        }
    }

    fn kill(&self) {
        if let Some(cell) = self.living() {
            cell.kill();
        }
    }

    fn typed(self: Arc<Self>) -> Box<dyn Any + Send> {
        Box::new(Ref::<G::Msg>::new(self))
    }

    fn contract(self: Arc<Self>) -> Option<Box<dyn Any + Send>> {
        G::contract(&Ref::new(self))
    }

    fn activate(&self) {
        // Whoever sends to it is told why not.
        let _ = self.taker();
    }

    fn grain(&self) -> Option<(&'static str, String)> {
        Some((G::KIND, text_of(&self.key)))
    }

    fn accepts(&self) -> &'static str {
        type_name::<G::Msg>()
    }

    fn receive(self: Arc<Self>, incoming: Incoming) {
        G::receive(&Ref::new(self), incoming);
    }

    fn on_turn(&self, message: Option<&'static str>, work: OnTurn) -> Result<(), OnTurn> {
        match self.living() {
            Some(cell) => cell.on_turn(message, work),
            None => Err(work),
        }
    }
}

/// The clock keeps it as long as failures are remembered.
impl<G: Grain> Fire for GrainSink<G> {
    fn fire(&self, _now: Instant) {}
}

impl<G: Grain> Drop for GrainSink<G> {
    fn drop(&mut self) {
        if self.crowd.is_none() {
            self.kind.forget(&self.key, &self.me);
        }
    }
}
