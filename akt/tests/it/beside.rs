//! Handlers beside each other, where it hurts: woken without end, lent, put aside, drained, pulled.
#![allow(clippy::disallowed_methods, reason = "the tasks of a test are its own")]

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use akt::prelude::*;
use akt::{Mailbox, Passivate, Router, Turn, TurnCtx};
use tokio::sync::oneshot;

use crate::support::{Door, Log, door, settle, system, take};

type Flag = Arc<AtomicBool>;

/// How often something that never waits is tried before it counts as endless.
const ENDLESS: u32 = 50_000;

#[derive(akt::Behavior, Default)]
enum Phase {
    #[default]
    Open,
    Shut,
}

#[derive(Default)]
struct Inn {
    log: Log,
    phase: Phase,
    guest: Option<GuestRef>,
}

impl Inn {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }
}

#[akt::actor(behavior = phase, stash = 8, supervise(on(panic) = restart, else = stop))]
impl Inn {
    #[handler(reentrant)]
    async fn spin(this: Turn<Self>, flag: Flag) -> u32 {
        let spins = spin(flag).await;
        this.with(|me| me.note("spun"));
        spins
    }

    #[handler(reentrant)]
    async fn spin_alone(this: Turn<Self>) {
        this.exclusive(spin(Flag::default())).await;
        this.with(|me| me.note("spun alone"));
    }

    #[handler(reentrant)]
    async fn again(_this: Turn<Self>, left: u32, flag: Flag, tell: oneshot::Sender<u32>, cx: &TurnCtx<Self>) {
        if left == 0 || flag.load(Ordering::SeqCst) {
            tell.send(left).unwrap();
        } else {
            cx.me().again(left - 1, flag, tell).tell().unwrap();
        }
    }

    #[handler]
    async fn again_shared(&self, left: u32, flag: Flag, tell: oneshot::Sender<u32>, cx: &Ctx<Self>) {
        if left == 0 || flag.load(Ordering::SeqCst) {
            tell.send(left).unwrap();
        } else {
            cx.me().again_shared(left - 1, flag, tell).tell().unwrap();
        }
    }

    /// Two that are exclusive in one another; the outer one ends with the door.
    #[handler(reentrant)]
    async fn nested(this: Turn<Self>, door: Door) {
        let outer = async {
            this.exclusive(std::future::ready(())).await;
            door.await.ok();
        };
        this.exclusive(outer).await;
        this.with(|me| me.note("nested"));
    }

    #[handler]
    fn note_it(&mut self, what: &'static str) {
        self.note(what);
    }

    #[handler]
    fn change(&mut self, open: bool) {
        self.phase = if open { Phase::Open } else { Phase::Shut };
    }

    /// Puts itself aside once, whatever the behaviour says.
    #[handler(reentrant)]
    async fn later(this: Turn<Self>, what: &'static str, again: bool, cx: &TurnCtx<Self>) -> Forward<u32> {
        this.with(|me| me.note(what));
        if again {
            return cx.stash(cx.me().later(what, false));
        }
        Forward::answer(7)
    }

    #[handler]
    async fn later_shared(&self, what: &'static str, again: bool, cx: &Ctx<Self>) -> Forward<u32> {
        self.note(what);
        if again {
            return cx.stash(cx.me().later_shared(what, false));
        }
        Forward::answer(8)
    }

    #[handler]
    fn unstash(&mut self, cx: &mut Ctx<Self>) {
        cx.unstash_all();
    }

    #[handler(reentrant)]
    async fn shut(this: Turn<Self>, door: Door) {
        door.await.ok();
        this.with(|me| me.phase = Phase::Shut);
    }

    #[handler(reentrant, max = 1, when = Phase::Open, stash_when = Phase::Shut)]
    async fn single(this: Turn<Self>, what: &'static str, door: Door) {
        this.with(|me| me.note(what));
        door.await.ok();
    }

    #[handler]
    fn invite(&mut self, guest: GuestRef) {
        self.guest = Some(guest);
    }

    #[handler(reentrant)]
    async fn ask_the_guest(this: Turn<Self>, door: Door) -> bool {
        door.await.ok();
        let guest = this.with(|me| me.guest.clone().unwrap());
        guest.note_back().await.unwrap()
    }

    /// Comes back here by way of the guest.
    #[handler(reentrant, max = 1)]
    async fn relay(this: Turn<Self>, on: bool) -> u32 {
        if !on {
            return 1;
        }
        let guest = this.with(|me| me.guest.clone().unwrap());
        guest.relay_back().await.unwrap()
    }
}

struct Guest(InnRef);

#[akt::actor]
impl Guest {
    /// Whether the inn took a note.
    #[handler]
    async fn note_back(&mut self) -> bool {
        self.0.note_it("back").await.is_ok()
    }

    #[handler]
    async fn relay_back(&mut self) -> u32 {
        self.0.relay(false).await.unwrap_or(0)
    }
}

/// Wakes itself until the flag is up; says how often.
async fn spin(flag: Flag) -> u32 {
    let mut times = 0;
    poll_fn(|cx| {
        if times == ENDLESS || flag.load(Ordering::SeqCst) {
            return Poll::Ready(times);
        }
        times += 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

async fn inn(system: &ActorSystem) -> (InnRef, Log) {
    let log = Log::default();
    let kept = log.clone();
    let make = move || Inn { log: kept.clone(), ..Inn::default() };
    let inn = system.spawn("inn", make).await.unwrap();
    let asked = inn.clone();
    let guest = system.spawn("guest", move || Guest(asked.clone())).await.unwrap();
    inn.invite(guest).await.unwrap();
    (inn, log)
}

/// A task that raises a flag at its second turn.
fn flag() -> Flag {
    let flag = Flag::default();
    let raised = flag.clone();
    tokio::spawn(async move {
        tokio::task::yield_now().await;
        raised.store(true, Ordering::SeqCst);
    });
    flag
}

async fn pass(time: Duration) {
    tokio::time::timeout(time, std::future::pending::<()>()).await.unwrap_err();
}

#[akt::test]
async fn a_turn_that_is_exclusive_and_wakes_itself_keeps_messages_out() {
    let system = system().await;
    let (inn, log) = inn(&system).await;

    let calls = (inn.spin_alone().start(), inn.note_it("noted").start());

    calls.0.await.unwrap();
    calls.1.await.unwrap();
    assert_eq!(take(&log), ["spun alone", "noted"]);
    system.shutdown().await;
}

#[akt::test]
async fn an_exclusive_in_another_lets_nothing_in_before_the_outer_is_ready() {
    let system = system().await;
    let (inn, log) = inn(&system).await;
    let (open, way) = door();

    let calls = (inn.nested(way).start(), inn.note_it("noted").start());
    settle().await;
    assert_eq!(take(&log), [""; 0]);
    open.send(()).unwrap();

    calls.0.await.unwrap();
    calls.1.await.unwrap();
    assert_eq!(take(&log), ["nested", "noted"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_turn_that_wakes_itself_leaves_messages_and_other_tasks_their_turn() {
    let system = system().await;
    let (inn, log) = inn(&system).await;

    let spins = inn.spin(flag()).start();
    inn.note_it("noted").tell().unwrap();

    assert!(spins.await.unwrap() < ENDLESS, "the other task had no turn");
    assert_eq!(take(&log), ["noted", "spun"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_turn_that_a_stop_waits_for_leaves_other_tasks_their_turn() {
    let system = system().await;
    let (inn, _) = inn(&system).await;
    let flag = Flag::default();
    let spins = inn.spin(flag.clone()).start();
    tokio::task::yield_now().await;

    inn.actor().stop();
    tokio::spawn(async move { flag.store(true, Ordering::SeqCst) });

    assert!(spins.await.unwrap() < ENDLESS, "the other task had no turn");
    system.shutdown().await;
}

#[akt::test]
async fn handlers_that_send_themselves_the_next_leave_other_tasks_their_turn() {
    let system = system().await;
    let (inn, _) = inn(&system).await;

    let (tell, turns) = oneshot::channel();
    inn.again(ENDLESS, flag(), tell).tell().unwrap();
    assert!(turns.await.unwrap() > 0, "turns left other tasks none");
    let (tell, shared) = oneshot::channel();
    inn.again_shared(ENDLESS, flag(), tell).tell().unwrap();

    assert!(shared.await.unwrap() > 0, "`&self` handlers left other tasks no turn");
    system.shutdown().await;
}

#[akt::test]
async fn what_a_handler_beside_others_puts_aside_comes_back() {
    let system = system().await;
    let (inn, log) = inn(&system).await;

    let (turn, shared) = (inn.later("turn", true).start(), inn.later_shared("shared", true).start());
    settle().await;
    inn.unstash().await.unwrap();

    assert_eq!((turn.await.unwrap(), shared.await.unwrap()), (7, 8));
    assert_eq!(take(&log), ["turn", "shared", "turn", "shared"]);
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn what_waits_for_its_turn_and_is_put_aside_again_keeps_its_place() {
    let system = system().await;
    let (inn, log) = inn(&system).await;
    let (doors, ways): (Vec<_>, Vec<_>) = (0..4).map(|_| door()).unzip();
    inn.change(false).await.unwrap();
    let calls: Vec<_> =
        ["a", "b", "c", "d"].into_iter().zip(ways).map(|(name, way)| inn.single(name, way).start()).collect();
    settle().await;

    let (shut, way) = door();
    let shuts = inn.shut(way).start();

    // The first begins, the second waits for its end, the others are still put aside.
    inn.change(true).await.unwrap();
    settle().await;
    shut.send(()).unwrap();
    shuts.await.unwrap();
    assert_eq!(take(&log), ["a"]);
    drop(doors);
    inn.change(true).await.unwrap();

    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(take(&log), ["b", "c", "d"]);
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_that_comes_back_to_a_resting_actor_counts_against_no_limit() {
    let system = system().await;
    let (inn, _) = inn(&system).await;

    assert_eq!(inn.relay(true).start().await.unwrap(), 1);
    system.shutdown().await;
}

#[akt::test]
async fn a_drain_lets_turns_be_asked_back_until_they_have_ended() {
    let system = system().await;
    let (inn, log) = inn(&system).await;
    let (open, way) = door();

    let asks = inn.ask_the_guest(way).start();
    inn.actor().stop_after_drain();
    let late = inn.note_it("late").start();
    settle().await;
    open.send(()).unwrap();

    assert!(asks.await.unwrap(), "it was queued before the drain");
    assert!(matches!(late.await, Err(AskError::Stopped { .. })));
    assert_eq!(take(&log), ["back"]);
    system.shutdown().await;
}

#[akt::test]
async fn the_idle_time_counts_from_the_end_of_a_turn() {
    let system = system().await;
    let log = Log::default();
    let make = move || Inn { log: log.clone(), ..Inn::default() };
    let idle = Passivate::after(Duration::from_secs(10));
    let inn = system.spawn("inn", make).passivate(idle).await.unwrap();
    let (open, way) = door();
    let single = inn.single("a", way).timeout(Duration::from_secs(60)).start();

    pass(Duration::from_secs(9)).await;
    open.send(()).unwrap();
    single.await.unwrap();
    pass(Duration::from_secs(8)).await;

    assert!(inn.actor().is_alive());
    pass(Duration::from_secs(3)).await;
    assert!(!inn.actor().is_alive());
    system.shutdown().await;
}

#[akt::test]
async fn a_routee_whose_turns_are_taken_leaves_the_queue_of_its_pull_pool_to_others() {
    let system = system().await;
    let log = Log::default();
    let kept = log.clone();
    let make = move || Inn { log: kept.clone(), ..Inn::default() };
    let pool = system.spawn_router("pool", Router::pull(2), make).await.unwrap();
    let (doors, ways): (Vec<_>, Vec<_>) = (0..2).map(|_| door()).unzip();
    let calls = ["a", "b"].into_iter().zip(ways).map(|(name, way)| pool.single(name, way).start());
    let calls: Vec<_> = calls.collect();
    settle().await;

    assert_eq!(take(&log), ["a", "b"]);
    drop((doors, calls));
    system.shutdown().await;
}

/// Fails when somebody is where he must not be.
#[derive(Default)]
struct Busy {
    alone: AtomicBool,
    shared: AtomicU64,
    sum: u64,
}

#[akt::actor(concurrency = 8)]
impl Busy {
    #[handler]
    async fn add(&mut self, by: u64) {
        assert!(!self.alone.swap(true, Ordering::SeqCst) && self.shared.load(Ordering::SeqCst) == 0);
        tokio::task::yield_now().await;
        self.sum += by;
        self.alone.store(false, Ordering::SeqCst);
    }

    #[handler]
    async fn look(&self) -> u64 {
        let before = self.sum;
        assert!(self.shared.fetch_add(1, Ordering::SeqCst) < 8 && !self.alone.load(Ordering::SeqCst));
        tokio::task::yield_now().await;
        self.shared.fetch_sub(1, Ordering::SeqCst);
        assert_eq!(before, self.sum);
        before
    }

    #[handler(reentrant, max = 4)]
    async fn add_by_turns(this: Turn<Self>, by: u64, me: BusyRef) {
        this.with(|me| assert_eq!(me.shared.load(Ordering::SeqCst), 0));
        tokio::spawn(async { tokio::task::yield_now().await }).await.unwrap();
        me.add(by - 1).await.unwrap();
        let alone = this.with(|me| me.sum);
        this.exclusive(tokio::task::yield_now()).await;
        this.with(|me| {
            assert!(me.sum == alone && me.shared.load(Ordering::SeqCst) == 0);
            me.sum += 1;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_kinds_of_handlers_keep_out_of_each_others_way_on_four_threads() {
    const EACH: u64 = 300;
    let system = system().await;
    let busy = system.spawn("busy", Busy::default).mailbox(Mailbox::bounded(4)).await.unwrap();

    let senders = (0..4).map(|_| {
        let busy = busy.clone();
        tokio::spawn(async move {
            for round in 0..EACH {
                match round % 3 {
                    0 => busy.add(1).await.unwrap(),
                    1 => busy.add_by_turns(2, busy.clone()).await.unwrap(),
                    _ => {
                        let asked = (busy.look().start(), busy.add_by_turns(1, busy.clone()).start());
                        asked.0.await.unwrap();
                        asked.1.await.unwrap();
                    }
                }
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }

    assert_eq!(busy.look().await.unwrap(), 4 * EACH / 3 * (1 + 2 + 1));
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}
