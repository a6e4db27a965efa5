//! What is current on this thread: the handler that runs, its deadline, and what came with its message.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::meta::{Frame, Headers, Meta, Receiver, Way};
use super::reference::Target;
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
}

impl Handling {
    /// Work beside an actor, that carries on what came with the message that began it.
    pub(crate) fn beside(meta: Option<Arc<Meta>>) -> Self {
        Self { actor: None, receiver: Receiver::Exclusive, deadline: Instant::FAR, meta }
    }
}

thread_local! {
    /// Whether there is a [`CURRENT`]: most threads, most of the time, have none.
    static ACTIVE: Cell<bool> = const { Cell::new(false) };
    static CURRENT: RefCell<Option<Handling>> = const { RefCell::new(None) };
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
    Within { _outer: Outer::replace(Some(handling)), _attached: attached }
}

/// While it lives, something is current.
pub(crate) struct Within {
    _outer: Outer,
    _attached: Option<Attached>,
}

/// Runs `f` as part of nothing, whatever the caller is part of.
#[inline]
pub(crate) fn apart<T>(f: impl FnOnce() -> T) -> T {
    if !ACTIVE.get() {
        return f();
    }
    let _outer = Outer::replace(None);
    f()
}

/// What was current before, and will be again when this is dropped.
struct Outer(Option<Handling>);

impl Outer {
    fn replace(handling: Option<Handling>) -> Self {
        ACTIVE.set(handling.is_some());
        Self(CURRENT.replace(handling))
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        ACTIVE.set(self.0.is_some());
        let inner = CURRENT.replace(self.0.take());
        drop(inner);
    }
}

/// Looks at what is current, if there is something.
#[inline]
fn look<T>(f: impl FnOnce(&Handling) -> Option<T>) -> Option<T> {
    if !ACTIVE.get() {
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

/// Runs `f` as part of the current handler, which lets nothing else run meanwhile.
pub(crate) fn exclusively<T>(f: impl FnOnce() -> T) -> T {
    let exclusive =
        |handling: &Handling| Some(Handling { receiver: Receiver::Exclusive, ..handling.clone() });
    let _outer = look(exclusive).map(|handling| Outer::replace(Some(handling)));
    f()
}

/// How an ask by the current handler finds `target`, whose handler is `shared` if it takes `&self`.
#[inline]
pub(crate) fn way(target: &dyn Target, shared: bool) -> Way {
    look(|handling| Some(frame(handling)?.way(target, shared))).unwrap_or(Way::Free)
}

fn frame(handling: &Handling) -> Option<Frame> {
    let actor = handling.actor.clone()?;
    Some(Frame { actor, receiver: handling.receiver, meta: handling.meta.clone() })
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
    !ACTIVE.get() && !PROPAGATES.load(Ordering::Relaxed)
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
    carries.then(|| Arc::new(Meta { headers, asker, expires: None }))
}

fn collect(system: &ActorSystem, own: Option<&Headers>) -> Headers {
    let mut all = headers();
    system.propagators().inject(&mut all);
    if let Some(own) = own {
        all.extend(own);
    }
    all
}
