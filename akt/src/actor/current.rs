//! What is current on this thread: whose code runs, the handler, its deadline, and what came with its message.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::hold::Hold;
use super::mailbox::Lane;
use super::meta::{Frame, Headers, Meta, Receiver, Way, Who};
use super::reference::Target;
use super::reminder::Reminder;
use crate::system::{ActorSystem, Attached};
use crate::time::Instant;

/// A handler, hook or piece of work that runs.
#[derive(Clone)]
pub(crate) struct Handling {
    /// The actor that waits meanwhile; absent in work beside an actor.
    pub(crate) actor: Option<Arc<dyn Target>>,
    pub(crate) receiver: Receiver,
    /// When its asker gives up.
    pub(crate) deadline: Instant,
    pub(crate) meta: Option<Arc<Meta>>,
    /// What it sends is held back here.
    pub(crate) hold: Option<Arc<Hold>>,
}

impl Handling {
    /// Work beside an actor, that carries on what came with the message that began it.
    pub(crate) fn beside(meta: Option<Arc<Meta>>) -> Self {
        Self { actor: None, receiver: Receiver::Exclusive, deadline: Instant::FAR, meta, hold: None }
    }
}

thread_local! {
    /// Where the lane of the actor is whose code runs, 0 if none does; with [`PART`], if it is part of [`CURRENT`]:
    /// most code, most of the time, is part of nothing.
    static RUNS: Cell<usize> = const { Cell::new(0) };
    static CURRENT: RefCell<Option<Handling>> = const { RefCell::new(None) };
}

/// A bit that no lane has in its address.
const PART: usize = 1;

/// Where the lane of the actor is whose code runs; 0 if none does.
pub(super) fn actor() -> usize {
    RUNS.get() & !PART
}

/// The code of the actor with this lane runs from now on, in its own task or in an asker's turn, and is not part of
/// what the caller is part of.
#[inline]
pub(super) fn act(lane: &Lane) -> Acting {
    Acting(RUNS.replace(std::ptr::from_ref(lane).addr()))
}

/// An actor's code runs until this is dropped; then that of whoever it was before.
pub(super) struct Acting(usize);

impl Drop for Acting {
    #[inline]
    fn drop(&mut self) {
        RUNS.set(self.0);
    }
}

/// Spares a tell the way to its system. Only a hint: it changes nothing but time.
static PROPAGATES: AtomicBool = AtomicBool::new(false);

/// Runs `f` as part of `handling`.
pub(crate) fn within<T>(system: &ActorSystem, handling: Handling, f: impl FnOnce() -> T) -> T {
    let _within = enter(system, handling);
    f()
}

/// Runs `future` as part of `handling`, whatever polls it.
pub(crate) async fn throughout<F: Future>(system: ActorSystem, handling: Handling, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| within(&system, handling.clone(), || future.as_mut().poll(cx))).await
}

/// Makes `handling` current until the result is dropped, on the same thread.
pub(crate) fn enter(system: &ActorSystem, handling: Handling) -> Within {
    let attached = handling.meta.as_ref().map(|meta| system.propagators().attach(&meta.headers));
    Within { _outer: Outer::replace(handling), _attached: attached }
}

/// While it lives, something is current.
pub(crate) struct Within {
    _outer: Outer,
    _attached: Option<Attached>,
}

/// What was current before, and will be again when this is dropped.
struct Outer {
    runs: usize,
    handling: Option<Handling>,
}

impl Outer {
    fn replace(handling: Handling) -> Self {
        let runs = RUNS.get();
        RUNS.set(runs | PART);
        Self { runs, handling: CURRENT.replace(Some(handling)) }
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        RUNS.set(self.runs);
        let inner = CURRENT.replace(self.handling.take());
        drop(inner);
    }
}

/// Looks at what is current, if there is something.
#[inline]
fn look<T>(f: impl FnOnce(&Handling) -> Option<T>) -> Option<T> {
    if !is_part() {
        return None;
    }
    CURRENT.with_borrow(|current| f(current.as_ref()?))
}

/// When the asker of the current handler gives up.
pub(crate) fn deadline() -> Instant {
    look(|handling| Some(handling.deadline)).unwrap_or(Instant::FAR)
}

/// The headers of the current message.
pub(crate) fn headers() -> Headers {
    look(|handling| Some(handling.meta.as_ref()?.headers.clone())).unwrap_or_default()
}

/// The reminder that the current message comes from.
pub(crate) fn reminded_by() -> Option<Reminder> {
    look(|handling| handling.meta.as_ref()?.reminder.clone())
}

/// Runs `f` as part of the current handler, which lets nothing else run meanwhile.
pub(crate) fn exclusively<T>(f: impl FnOnce() -> T) -> T {
    let exclusive =
        |handling: &Handling| Some(Handling { receiver: Receiver::Exclusive, ..handling.clone() });
    let _outer = look(exclusive).map(Outer::replace);
    f()
}

/// Runs `f` as part of the current handler, and holds back what it sends.
pub(super) fn holding<T>(hold: &Arc<Hold>, f: impl FnOnce() -> T) -> T {
    let _outer =
        look(|handling| Some(Handling { hold: Some(hold.clone()), ..handling.clone() })).map(Outer::replace);
    f()
}

/// Where what is sent now is held back, if it is.
#[inline]
pub(crate) fn hold() -> Option<Arc<Hold>> {
    look(|handling| handling.hold.clone())
}

/// How an ask by the current handler finds `target`, whose handler is `shared` if it takes `&self`.
#[inline]
pub(crate) fn way(target: &dyn Target, shared: bool) -> Way {
    if is_part() { find_way(target, shared) } else { Way::Free }
}

fn find_way(target: &dyn Target, shared: bool) -> Way {
    look(|handling| Some(frame(handling)?.way(target, shared))).unwrap_or(Way::Free)
}

fn frame(handling: &Handling) -> Option<Frame> {
    let actor = handling.actor.clone()?;
    Some(Frame { who: Who::Here(actor), receiver: handling.receiver, meta: handling.meta.clone() })
}

/// What a tell carries that is sent now, with headers of its own.
pub(crate) fn for_tell(system: &ActorSystem, own: Option<&Headers>) -> Option<Arc<Meta>> {
    Meta::of(collect(system, own))
}

/// As [`for_tell`], without headers of its own or of a propagator: a clone of what was sent already.
pub(crate) fn inherited() -> Option<Arc<Meta>> {
    Meta::of(headers())
}

/// Whether a message that is sent now, without headers of its own, certainly carries nothing.
#[inline]
pub(crate) fn is_plain() -> bool {
    !is_part() && !PROPAGATES.load(Ordering::Relaxed)
}

#[inline]
fn is_part() -> bool {
    RUNS.get() & PART != 0
}

/// Some system of this process has propagators.
pub(crate) fn expect_propagators() {
    PROPAGATES.store(true, Ordering::Relaxed);
}

/// What an ask carries that is sent now, with headers of its own, and awaited.
pub(crate) fn for_ask(system: &ActorSystem, own: Option<&Headers>) -> Option<Arc<Meta>> {
    let asker = look(frame);
    let headers = collect(system, own);
    let carries = asker.is_some() || !headers.is_empty();
    carries.then(|| Arc::new(Meta { headers, asker, ..Meta::default() }))
}

fn collect(system: &ActorSystem, own: Option<&Headers>) -> Headers {
    let mut all = headers().passed_on();
    system.propagators().inject(&mut all);
    if let Some(own) = own {
        all.extend(own);
    }
    all
}
