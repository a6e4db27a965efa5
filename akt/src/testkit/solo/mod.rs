//! One actor, driven message by message: what each makes it do.

mod effect;
mod snapshot;

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;

pub use effect::Effect;

use self::snapshot::Snapshot;
use super::kit::TestKit;
use super::probe::{Note, noting};
use super::quiet::{self, Listening};
use crate::actor::{Actor, ActorRef, AskError, Call, LocalCell, Ref, Request, TellError};
use crate::system::ActorSystem;

/// One actor by itself, in a plain `#[test]`: one message at a time, and what it does with it.
///
/// It is no mock: the actor lives in a system of its own on paused time, on the test's thread, with the real context. After each
/// message everything runs until everyone waits, and what has changed is told as [`Effect`]s. Those to whom it sends are
/// probes, made by [`with`](Self::with): what it sends to others is seen in them only.
///
/// ```
/// use std::time::Duration;
///
/// use akt::prelude::*;
/// use akt::testkit::{Effect, Solo};
///
/// #[derive(Default)]
/// struct Door {
///     is_open: bool,
/// }
///
/// #[akt::actor]
/// impl Door {
///     #[handler]
///     fn open(&mut self, cx: &mut Ctx<Self>) -> bool {
///         cx.after(Duration::from_secs(5), cx.me().close()).detach();
///         !std::mem::replace(&mut self.is_open, true)
///     }
///
///     #[handler]
///     fn close(&mut self) {
///         self.is_open = false;
///     }
/// }
///
/// let mut door = Solo::new(Door::default());
///
/// let mut open = door.run(|door| door.open());
/// assert!(open.reply().unwrap());
/// assert_eq!(open.effects(), [Effect::Scheduled(Duration::from_secs(5))]);
///
/// door.advance(Duration::from_secs(5));
/// assert!(!door.state(|door| door.is_open));
/// ```
pub struct Solo<A: Actor> {
    runtime: tokio::runtime::Runtime,
    kit: TestKit,
    cell: Arc<LocalCell<A>>,
    reference: A::Ref,
    before: Snapshot,
    /// How many events were told.
    told: usize,
    started: Vec<Effect>,
}

impl<A: Actor> Solo<A> {
    /// Starts an actor whose value is `value`; a restart stops it, for the value cannot be made twice.
    ///
    /// # Panics
    ///
    /// Inside an async runtime: it brings its own.
    pub fn new(value: A) -> Self {
        Self::with(|_| (value, ())).0
    }

    /// Starts an actor that `make` makes, with the probes of those to whom it sends, or whatever else the test keeps.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// use akt::testkit::{Effect, Solo};
    /// # #[derive(Default)] struct Bank;
    /// # #[akt::actor] impl Bank { #[handler] fn charge(&mut self, cents: u64) -> bool { cents < 100 } }
    /// # struct Till { bank: BankRef }
    /// # #[akt::actor]
    /// # impl Till {
    /// #     #[handler]
    /// #     async fn pay(&mut self, cents: u64) -> Result<bool, Fault> { Ok(self.bank.charge(cents).await?) }
    /// # }
    ///
    /// let (mut till, mut probe) = Solo::with(|kit| {
    ///     let (bank, probe) = kit.probe::<BankRef>();
    ///     (Till { bank }, probe)
    /// });
    /// let mut pay = till.run(|till| till.pay(42));
    /// assert!(pay.reply().is_none());
    /// assert!(matches!(pay.effects(), [Effect::Sent { message: "charge", asked: true, .. }]));
    ///
    /// let (_, reply) = till.wait(probe.expect(BankRef::charge));
    /// reply.send(true);
    /// assert!(till.finish(pay).unwrap());
    /// ```
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub fn with<T>(make: impl FnOnce(&TestKit) -> (A, T)) -> (Self, T) {
        let runtime = quiet::runtime();
        let listening = Listening::begin();
        let ((kit, cell, kept), sent) = noting(|| {
            runtime.block_on(async {
                let kit = TestKit::alone(ActorSystem::builder("solo")).await;
                let (value, kept) = make(&kit);
                let spawn = kit.system().spawn_value(kit.name(A::NAME), value);
                let cell = spawn.begin().expect("a new system takes a new name");
                quiet::settle().await;
                (kit, cell, kept)
            })
        });
        drop(listening);
        let reference = A::Ref::from_ref(Ref::new(cell.clone()));
        let (before, told, started) = (Snapshot::default(), 0, Vec::new());
        let mut solo = Self { runtime, kit, cell, reference, before, told, started };
        solo.started = solo.changes(sent);
        (solo, kept)
    }

    /// What the actor did when it started.
    #[must_use]
    pub fn started(&self) -> &[Effect] {
        &self.started
    }

    /// Its reference.
    #[must_use]
    pub fn reference(&self) -> &A::Ref {
        &self.reference
    }

    /// The kit of its system.
    #[must_use]
    pub fn kit(&self) -> &TestKit {
        &self.kit
    }

    /// Asks the actor, and lets everything run until everyone waits. No time passes.
    ///
    /// The handler may not have ended then: [`Ran::reply`] is `None`, and [`finish`](Self::finish) goes on.
    pub fn run<Q>(&mut self, call: impl for<'a> FnOnce(&'a A::Ref) -> Call<'a, Q>) -> Ran<Q>
    where
        Q: Request<Message = A::Msg>,
    {
        let reference = self.reference.clone();
        let (asked, effects) = self.drive(async move {
            let mut ask = Box::pin(call(&reference).start());
            quiet::settle().await;
            match poll_fn(|cx| Poll::Ready(ask.as_mut().poll(cx))).await {
                Poll::Ready(reply) => Asked::Over(Some(reply)),
                Poll::Pending => Asked::Waits(ask),
            }
        });
        Ran { asked, effects }
    }

    /// Tells the actor, and lets everything run until everyone waits.
    ///
    /// # Errors
    ///
    /// [`TellError`] with the message, if it was not accepted.
    pub fn tell<Q>(
        &mut self,
        call: impl for<'a> FnOnce(&'a A::Ref) -> Call<'a, Q>,
    ) -> Result<Vec<Effect>, TellError<Q::Payload>>
    where
        Q: Request<Message = A::Msg>,
    {
        let reference = self.reference.clone();
        let (told, effects) = self.drive(async move {
            let told = call(&reference).tell();
            quiet::settle().await;
            told
        });
        told.map(|()| effects)
    }

    /// Waits for the reply of an ask that was not answered when [`run`](Self::run) returned; time passes, if nothing else happens.
    ///
    /// # Errors
    ///
    /// As the ask itself.
    pub fn finish<Q: Request>(&mut self, ran: Ran<Q>) -> Result<Q::Ok, AskError<Q::Err>> {
        match ran.asked {
            Asked::Over(reply) => reply.expect("the reply was taken before"),
            Asked::Waits(ask) => self.wait(ask),
        }
    }

    /// Waits for something: for what a probe expects.
    pub fn wait<F: Future>(&mut self, future: F) -> F::Output {
        let _listening = Listening::begin();
        self.runtime.block_on(future)
    }

    /// Lets `duration` pass, as [`TestKit::advance`]; what the actor did meanwhile.
    pub fn advance(&mut self, duration: Duration) -> Vec<Effect> {
        let kit = self.kit.clone();
        self.drive(async move { kit.advance(duration).await }).1
    }

    /// Lets everything run until everyone waits; what the actor did since it was looked at last.
    pub fn settle(&mut self) -> Vec<Effect> {
        self.drive(quiet::settle()).1
    }

    /// Looks at the actor's value, on its turn.
    ///
    /// # Panics
    ///
    /// If the actor is gone, or waits in a handler that lets nothing else run.
    pub fn state<T: Send + 'static>(&mut self, look: impl FnOnce(&A) -> T + Send + 'static) -> T {
        let seen = Arc::new(Mutex::new(None));
        let inside = seen.clone();
        self.cell.errand(None, move |actor, _| {
            *inside.lock() = Some(look(actor));
            None
        });
        self.wait(quiet::settle());
        let seen = seen.lock().take();
        let target = self.reference.as_ref().actor();
        seen.unwrap_or_else(|| match target.stop_reason() {
            Some(reason) => panic!("{} has no state any more: {reason}", target.path()),
            None => panic!("{} is in a handler, and its state is not to be seen", target.path()),
        })
    }

    fn drive<T>(&mut self, future: impl Future<Output = T>) -> (T, Vec<Effect>) {
        let (out, sent) = noting(|| self.wait(future));
        (out, self.changes(sent))
    }

    /// What is different from when it was looked at last.
    fn changes(&mut self, sent: Vec<Note>) -> Vec<Effect> {
        let now = self.kit.now();
        let before = std::mem::take(&mut self.before);
        self.before = self.look(&before);
        let events = self.kit.events();
        let news = events[self.told..].iter();
        self.told = events.len();
        let mut effects: Vec<_> = sent.into_iter().map(Effect::from).collect();
        let me = self.reference.as_ref().actor().path();
        effects.extend(news.filter_map(|event| Effect::of(event, &me)));
        effects.extend(self.before.since(&before, now));
        effects
    }
}

/// A message that an actor was asked, by [`Solo::run`].
pub struct Ran<Q: Request> {
    asked: Asked<Q>,
    effects: Vec<Effect>,
}

enum Asked<Q: Request> {
    /// The reply, until it is taken.
    Over(Option<Result<Q::Ok, AskError<Q::Err>>>),
    Waits(Pin<Box<Call<'static, Q>>>),
}

impl<Q: Request> Ran<Q> {
    /// What the actor did, in this order: what it sent to probes, whom it spawned and how actors ended, whom it watches, its
    /// timers, its stash, its behaviour.
    #[must_use]
    pub fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// The reply, if there is one: see [`result`](Self::result).
    pub fn reply(&mut self) -> Option<Q::Ok> {
        self.result()?.ok()
    }

    /// The reply, or why there is none; `None` while the handler has not answered, and when it was taken.
    pub fn result(&mut self) -> Option<Result<Q::Ok, AskError<Q::Err>>> {
        match &mut self.asked {
            Asked::Over(reply) => reply.take(),
            Asked::Waits(_) => None,
        }
    }
}

impl<Q: Request> fmt::Debug for Ran<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ran").field("effects", &self.effects).finish_non_exhaustive()
    }
}

impl<A: Actor> fmt::Debug for Solo<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Solo").field("actor", &A::NAME).finish_non_exhaustive()
    }
}
