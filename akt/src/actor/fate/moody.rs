//! The second actor of the fate test: handles, stashes or refuses, as its mood is.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::ledger::Ledger;
use super::{Client, Refused, pause};
use crate::actor::{Admit, BehaviorStack, Ctx, Directive, Forward, Mailbox, Message, Supervise};
use crate::runtime::Runtime;
use crate::system::ActorSystem;
use akt::{guard, handler, on};

#[derive(akt::Behavior, Clone, Copy, Debug, PartialEq)]
enum Mood {
    Shut,
    Open,
    Cross,
}

impl Mood {
    fn of(number: u8) -> Self {
        [Self::Shut, Self::Open, Self::Cross][usize::from(number % 3)]
    }
}

/// Changes its mind, and writes down what it did.
struct Moody {
    ledger: Ledger,
    runtime: Runtime,
    mood: BehaviorStack<Mood>,
}

#[akt::actor(behavior = mood, stash = 3)]
impl Moody {
    #[handler(when = Mood::Open, stash_when = Mood::Shut)]
    fn plain(&mut self, id: usize) -> usize {
        self.ledger.started(id);
        self.ledger.completed(id);
        id
    }

    #[handler(when = Mood::Open | Mood::Cross, stash_when = Mood::Shut)]
    async fn slowly(&mut self, id: usize, for_ms: u64) -> usize {
        self.ledger.started(id);
        pause(&self.runtime, for_ms).await;
        self.ledger.completed(id);
        id
    }

    /// Changes the mood in the midst of a replay, or fails there.
    #[handler(when = Mood::Open, stash_when = Mood::Cross, reject_when = Mood::Shut)]
    fn fickle(&mut self, id: usize, for_ms: u64) -> usize {
        self.ledger.started(id);
        assert!(for_ms != 0, "fate: fickle");
        self.mood.set(Mood::of(u8::try_from(for_ms).unwrap_or_default()));
        self.ledger.completed(id);
        id
    }

    #[handler]
    fn change(&mut self, id: usize, to: u8) {
        self.ledger.started(id);
        match to {
            0..3 => self.mood.set(Mood::of(to)),
            3..6 => self.mood.push(Mood::of(to)),
            _ => drop(self.mood.pop()),
        }
        self.ledger.completed(id);
    }

    /// Is as if it had come later, unless the mood is good.
    #[handler]
    async fn aside(&mut self, id: usize, for_ms: u64, cx: &mut Ctx<Self>) -> Forward<Result<usize, Refused>> {
        if *self.mood.top() != Mood::Open {
            return cx.stash(cx.me().aside(id, for_ms));
        }
        self.ledger.started(id);
        pause(&self.runtime, for_ms).await;
        if for_ms == 3 {
            cx.fail(std::fmt::Error);
            return Forward::answer(Ok(id));
        }
        self.ledger.completed(id);
        Forward::answer(if for_ms == 4 { Err(Refused) } else { Ok(id) })
    }

    #[handler]
    fn bring(&mut self, id: usize, for_ms: u64, cx: &mut Ctx<Self>) -> usize {
        self.ledger.started(id);
        self.ledger.completed(id);
        match for_ms {
            0 => cx.unstash_all(),
            5 => cx.stop(),
            _ => drop(cx.unstash()),
        }
        id
    }

    #[guard]
    fn admit(&self, message: &MoodyMsg) -> Admit {
        match self.mood.depth() == 2 && message.name() != "change" {
            true => Admit::Reject("not at depth 2"),
            false => Admit::Pass,
        }
    }

    #[on(enter = Mood::Cross)]
    async fn cross(&mut self, cx: &mut Ctx<Self>) {
        pause(&self.runtime, 2).await;
        if self.mood.depth() > 3 {
            self.mood.reset();
            cx.fail(std::fmt::Error);
        }
    }
}

impl Client {
    /// Sends something to the moody actor, or ends it.
    pub(super) async fn upset(&mut self) {
        let Some(moody) = self.moody().await else { return };
        let for_ms = self.rng.u64(..6);
        match self.rng.u8(..32) {
            0 => moody.actor().stop(),
            1 => moody.actor().kill(),
            2 => moody.actor().stop_after_drain(),
            3..12 => self.send("plain", |id| moody.plain(id)).await,
            12..16 => self.send("slowly", |id| moody.slowly(id, for_ms)).await,
            16..20 => self.send("fickle", |id| moody.fickle(id, for_ms)).await,
            20..25 => {
                let to = self.rng.u8(..8);
                self.send("change", |id| moody.change(id, to)).await;
            }
            25..30 => self.send("aside", |id| moody.aside(id, for_ms)).await,
            _ => self.send("bring", |id| moody.bring(id, for_ms)).await,
        }
    }

    async fn moody(&mut self) -> Option<MoodyRef> {
        if let Ok(moody) = self.system.actor_of::<MoodyRef>("moody").await {
            return Some(moody);
        }
        let (ledger, runtime) = (self.ledger.clone(), self.system.runtime().clone());
        let first = Mood::of(self.rng.u8(..3));
        let factory = move || Moody {
            ledger: ledger.clone(),
            runtime: runtime.clone(),
            mood: BehaviorStack::new(first),
        };
        let directives = [Directive::Restart, Directive::Restart, Directive::Resume, Directive::Stop];
        let directive = *self.rng.choice(&directives).expect("there are four");
        let mailbox = Mailbox::bounded(self.rng.usize(2..8));
        let policy = Supervise::one_for_one().otherwise(directive);
        self.system.spawn("moody", factory).supervise(policy).mailbox(mailbox).await.ok()
    }
}

// ---- order -------------------------------------------------------------------------------------

/// Writes down what it handles, in its order.
struct Clerk {
    handled: Arc<Mutex<Vec<u32>>>,
    mood: Mood,
}

#[akt::actor(behavior = mood, stash = 1_000)]
impl Clerk {
    #[handler(when = Mood::Open, stash_when = Mood::Shut | Mood::Cross)]
    fn open(&mut self, number: u32) {
        self.handled.lock().push(number);
    }

    #[handler(when = Mood::Cross, stash_when = Mood::Shut | Mood::Open)]
    fn cross(&mut self, number: u32) {
        self.handled.lock().push(number);
    }

    #[handler(stash_when = Mood::Shut)]
    fn change(&mut self, number: u32, to: u8) {
        self.handled.lock().push(number);
        self.mood = Mood::of(to);
    }

    #[handler]
    fn unlock(&mut self, number: u32) {
        self.handled.lock().push(number);
        self.mood = Mood::Open;
    }
}

#[derive(Clone, Copy, Debug)]
enum Letter {
    Open,
    Cross,
    Change(u8),
    Unlock,
}

/// What a clerk does, said as plainly as possible.
fn expected(letters: &[Letter]) -> Vec<u32> {
    let (mut mood, mut handled, mut stash) = (Mood::Shut, Vec::new(), BTreeMap::new());
    let mut queue: BTreeMap<u32, Letter> = (0..).zip(letters.iter().copied()).collect();
    while let Some((number, letter)) = queue.pop_first() {
        let next = match (letter, mood) {
            (Letter::Unlock, _) => Mood::Open,
            (Letter::Change(to), Mood::Open | Mood::Cross) => Mood::of(to),
            (Letter::Open, Mood::Open) | (Letter::Cross, Mood::Cross) => mood,
            _ => {
                stash.insert(number, letter);
                continue;
            }
        };
        handled.push(number);
        if next != mood {
            queue.append(&mut stash);
        }
        mood = next;
    }
    handled
}

#[test]
fn what_is_stashed_comes_back_in_order_before_what_is_queued() {
    for seed in 0..500 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let letters: Vec<_> = (0..40)
            .map(|_| match rng.u8(..8) {
                0..3 => Letter::Open,
                3..6 => Letter::Cross,
                6 => Letter::Change(rng.u8(..3)),
                _ => Letter::Unlock,
            })
            .collect();

        let handled = crate::sim::run(seed, |runtime| work_off(runtime, letters.clone()));

        assert_eq!(handled, expected(&letters), "seed {seed}: {letters:?}");
    }
}

async fn work_off(runtime: Runtime, letters: Vec<Letter>) -> Vec<u32> {
    let system = ActorSystem::builder("clerk").runtime(runtime).start().await.expect("the system starts");
    let handled = Arc::<Mutex<Vec<u32>>>::default();
    let written = handled.clone();
    let factory = move || Clerk { handled: written.clone(), mood: Mood::Shut };
    let clerk = system.spawn("clerk", factory).await.expect("the name is free");
    for (number, letter) in (0..).zip(letters) {
        let sent = match letter {
            Letter::Open => clerk.open(number).tell().is_ok(),
            Letter::Cross => clerk.cross(number).tell().is_ok(),
            Letter::Change(to) => clerk.change(number, to).tell().is_ok(),
            Letter::Unlock => clerk.unlock(number).tell().is_ok(),
        };
        assert!(sent, "the mailbox has room");
    }
    clerk.actor().stop_after_drain();
    clerk.actor().stopped().await;
    system.shutdown().await;
    std::mem::take(&mut handled.lock())
}
