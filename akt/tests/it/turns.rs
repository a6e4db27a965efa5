//! Reentrant handlers: they have turns, between which their actor does other things.

use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, StopReason, Turn, TurnCtx};

use crate::support::{Door, Log, TooBig, door, settle, system, take, until};

#[derive(akt::Behavior, Default)]
enum Phase {
    #[default]
    Open,
    Shut,
}

#[derive(Default)]
struct Shop {
    log: Log,
    cents: i64,
    phase: Phase,
    friend: Option<FriendRef>,
}

impl Shop {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }
}

#[akt::actor(
    behavior = phase,
    stash = 4,
    passivate = "1m",
    supervise(on(TooBig) = resume, on(panic) = restart, else = stop)
)]
impl Shop {
    /// Sells for what its till has when the door opens.
    #[handler(reentrant)]
    async fn sell(this: Turn<Self>, name: &'static str, door: Door) -> i64 {
        this.with(|me| me.note(format!("{name} begins")));
        door.await.ok();
        this.with(|me| {
            me.note(format!("{name} ends"));
            me.cents
        })
    }

    #[handler(reentrant, max = 2)]
    async fn two(this: Turn<Self>, name: &'static str, door: Door) {
        this.with(|me| me.note(format!("{name} begins")));
        door.await.ok();
    }

    #[handler(reentrant)]
    async fn alone(this: Turn<Self>, name: &'static str, door: Door) -> i64 {
        this.exclusive(door).await.ok();
        this.with(|me| {
            me.note(format!("{name} was alone"));
            me.cents
        })
    }

    #[handler]
    fn pay(&mut self, cents: i64) -> i64 {
        self.note(format!("pay {cents}"));
        self.cents += cents;
        self.cents
    }

    #[handler]
    async fn look(&self) -> i64 {
        self.cents
    }

    #[handler]
    fn befriend(&mut self, friend: FriendRef) {
        self.friend = Some(friend);
    }

    /// Asks a friend to pay here.
    #[handler(reentrant)]
    async fn ask_a_friend(this: Turn<Self>, door: Door) -> String {
        let friend = this.with(|me| me.friend.clone().expect("a friend"));
        door.await.ok();
        friend.pay_back().await.unwrap()
    }

    #[handler(reentrant)]
    async fn ask_a_friend_alone(this: Turn<Self>) -> String {
        let friend = this.with(|me| me.friend.clone().expect("a friend"));
        this.exclusive(friend.pay_back()).await.unwrap()
    }

    /// While others may look, but nothing else.
    #[handler]
    async fn ask_a_friend_to_turn(&self) -> String {
        self.friend.as_ref().expect("a friend").turn_back().await.unwrap()
    }

    #[handler(reentrant)]
    async fn quick(this: Turn<Self>) -> i64 {
        this.with(|me| me.cents)
    }

    #[handler(reentrant)]
    async fn break_down(this: Turn<Self>, door: Door) {
        door.await.ok();
        this.with(|_| panic!("broken"));
    }

    #[handler(reentrant)]
    async fn refuse(this: Turn<Self>, cx: &TurnCtx<Self>) -> i64 {
        cx.fail(TooBig);
        this.with(|me| me.cents)
    }

    #[handler(reentrant)]
    async fn close(this: Turn<Self>, door: Door, cx: &TurnCtx<Self>) {
        cx.stop();
        door.await.ok();
        this.with(|me| me.note("closing"));
    }

    #[handler(reentrant)]
    async fn shut(this: Turn<Self>, door: Door) {
        door.await.ok();
        this.with(|me| me.phase = Phase::Shut);
    }

    #[handler(when = Phase::Open, stash_when = Phase::Shut)]
    fn buy(&mut self) {
        self.note("buy");
    }

    #[on(enter = Phase::Shut)]
    fn entered(&mut self) {
        self.note("shut");
    }

    #[handler(reentrant)]
    async fn misuse(this: Turn<Self>) -> (String, String) {
        let caught = |f: &dyn Fn() -> i64| {
            let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).unwrap_err();
            *panic.downcast::<String>().unwrap()
        };
        let inside = caught(&|| this.with(|_| this.with(|me| me.cents)));
        let elsewhere = std::thread::spawn(move || this.with(|me| me.cents)).join().unwrap_err();
        (inside, *elsewhere.downcast::<String>().unwrap())
    }

    /// Every way to go on later.
    #[handler(reentrant)]
    async fn arrange(_this: Turn<Self>, cx: &TurnCtx<Self>) {
        cx.pipe(async { Ok::<_, TooBig>(1) }, |me, cents| me.pay(cents.unwrap()).post());
        cx.then(async { Ok::<_, TooBig>(2) }, |me, cents, cx| {
            me.cents += cents.unwrap();
            me.note(format!("then in {}", cx.path()));
        });
        cx.after(Duration::from_secs(3), cx.me().pay(4)).detach();
    }

    #[every("10s")]
    #[handler(reentrant)]
    async fn tick(this: Turn<Self>) {
        this.with(|me| me.note("tick"));
    }

    #[on(stop)]
    fn stopped(&mut self) {
        self.note("stopped");
    }
}

fn told(outcome: Result<i64, AskError>) -> String {
    match outcome {
        Err(AskError::Cycle { path }) => path.to_string(),
        outcome => outcome.map_or_else(|error| error.to_string(), |cents| cents.to_string()),
    }
}

/// Pays a shop that waits for it.
struct Friend {
    shop: ShopRef,
}

#[akt::actor]
impl Friend {
    #[handler]
    async fn pay_back(&mut self) -> String {
        told(self.shop.pay(100).await)
    }

    #[handler]
    async fn turn_back(&mut self) -> String {
        told(self.shop.quick().await)
    }
}

async fn shop(system: &ActorSystem) -> (ShopRef, Log) {
    let log = Log::default();
    let kept = log.clone();
    let make = move || Shop { log: kept.clone(), ..Shop::default() };
    let shop = system.spawn("shop", make).await.unwrap();
    let asked = shop.clone();
    let friend = system.spawn("friend", move || Friend { shop: asked.clone() }).await.unwrap();
    shop.befriend(friend).await.unwrap();
    (shop, log)
}

#[akt::test]
async fn turns_begin_in_order_and_others_run_between_them() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let ((open_a, a), (open_b, b)) = (door(), door());

    let (a, pay, b) = (shop.sell("a", a).start(), shop.pay(5).start(), shop.sell("b", b).start());
    settle().await;
    assert_eq!(take(&log), ["a begins", "pay 5", "b begins"]);
    open_b.send(()).unwrap();
    assert_eq!((pay.await.unwrap(), b.await.unwrap()), (5, 5));
    assert_eq!(shop.pay(1).await.unwrap(), 6);
    assert_eq!(shop.look().await.unwrap(), 6);
    open_a.send(()).unwrap();

    assert_eq!(a.await.unwrap(), 6, "it sees what others did meanwhile");
    assert_eq!(take(&log), ["b ends", "pay 1", "a ends"]);
    system.shutdown().await;
}

#[akt::test]
async fn no_more_handlers_have_turns_than_max_says_and_what_is_behind_them_waits() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let (mut doors, ways): (Vec<_>, Vec<_>) = (0..3).map(|_| door()).unzip();

    let names = ["a", "b", "c"].into_iter();
    let calls: Vec<_> = names.zip(ways).map(|(name, way)| shop.two(name, way).start()).collect();
    let pay = shop.pay(1).start();
    settle().await;
    assert_eq!(take(&log), ["a begins", "b begins"]);
    doors.remove(1).send(()).unwrap();
    settle().await;

    assert_eq!(take(&log), ["c begins", "pay 1"]);
    drop(doors);
    assert_eq!(pay.await.unwrap(), 1);
    for call in calls {
        call.await.unwrap();
    }
    system.shutdown().await;
}

#[akt::test]
async fn a_turn_that_is_exclusive_keeps_messages_and_other_turns_out() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let ((open_sell, sell), (open, way)) = (door(), door());

    let sell = shop.sell("a", sell).start();
    let alone = shop.alone("b", way).start();
    let pay = shop.pay(7).start();
    settle().await;
    open_sell.send(()).unwrap();
    settle().await;
    assert_eq!(take(&log), ["a begins"]);
    open.send(()).unwrap();

    assert_eq!((alone.await.unwrap(), sell.await.unwrap(), pay.await.unwrap()), (0, 0, 7));
    assert_eq!(take(&log), ["b was alone", "a ends", "pay 7"]);
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_that_comes_back_to_a_turn_is_handled_before_what_is_queued() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let ((open, way), (_keep, first), (_hold, second), (_shut, third)) = (door(), door(), door(), door());

    let ask = shop.ask_a_friend(way).start();
    // The third waits for one of two, and everything else behind it.
    let full = [("a", first), ("b", second), ("c", third)].map(|(name, way)| shop.two(name, way).start());
    let behind = shop.pay(1).start();
    settle().await;
    open.send(()).unwrap();

    assert_eq!(ask.await.unwrap(), "100");
    assert_eq!(take(&log), ["a begins", "b begins", "pay 100"]);
    drop((_keep, _hold, _shut));
    assert_eq!(behind.await.unwrap(), 101);
    for call in full {
        call.await.unwrap();
    }
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_that_comes_back_to_what_cannot_let_it_in_is_a_cycle_at_once() {
    let system = system().await;
    let (shop, _) = shop(&system).await;

    for outcome in [shop.ask_a_friend_alone().await.unwrap(), shop.ask_a_friend_to_turn().await.unwrap()] {
        assert_eq!(outcome, "/user/shop -> /user/friend -> /user/shop");
    }
    assert_eq!(shop.pay(1).await.unwrap(), 1, "nothing waits");
    system.shutdown().await;
}

#[akt::test]
async fn a_restart_takes_turns_along_with_the_value_that_they_were_of() {
    let system = system().await;
    let (shop, _) = shop(&system).await;
    let mut events = system.events();
    let ((_open, asked), (_shut, told), (open, broken)) = (door(), door(), door());

    let sell = shop.sell("asked", asked).start();
    shop.sell("told", told).tell().unwrap();
    let broken = shop.break_down(broken).start();
    let queued = shop.pay(3).start();
    settle().await;
    open.send(()).unwrap();

    let error = broken.await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(info) if info.text == "broken"), "{error}");
    let error = sell.await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(info) if info.message == "break_down"), "{error}");
    let letter = until(&mut events, |event| matches!(event, Event::DeadLetter(_))).await;
    let Event::DeadLetter(letter) = letter else { unreachable!("waited for") };
    assert_eq!((letter.message, letter.reason), ("sell", DeadLetterReason::Panicked));
    assert_eq!(queued.await.unwrap(), 3);
    assert_eq!(shop.pay(1).await.unwrap(), 1, "a new value");
    system.shutdown().await;
}

#[akt::test]
async fn a_fault_that_is_resumed_leaves_other_turns_alone() {
    let system = system().await;
    let (shop, _) = shop(&system).await;
    let (open, way) = door();
    shop.pay(9).await.unwrap();
    let sell = shop.sell("a", way).start();
    settle().await;

    let error = shop.refuse().await.unwrap_err();
    assert!(matches!(&error, AskError::Fault(info) if info.text == "too big"), "{error}");

    open.send(()).unwrap();
    assert_eq!(sell.await.unwrap(), 9);
    system.shutdown().await;
}

#[akt::test]
async fn a_stop_refuses_what_is_queued_and_lets_turns_end() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let ((open, way), (open_last, last)) = (door(), door());

    let sell = shop.sell("a", way).start();
    let close = shop.close(last).start();
    settle().await;
    let late = shop.pay(1).await.unwrap_err();
    assert!(matches!(late, AskError::Stopped { delivered: Delivery::No, .. }), "{late}");
    open.send(()).unwrap();
    assert_eq!(sell.await.unwrap(), 0);
    open_last.send(()).unwrap();
    close.await.unwrap();

    assert_eq!(shop.actor().stopped().await, StopReason::Requested);
    assert_eq!(take(&log), ["a begins", "a ends", "closing", "stopped"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_kill_drops_turns_also_while_a_stop_waits_for_them() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let mut events = system.events();
    let ((_open, asked), (_shut, told), (_hold, alone)) = (door(), door(), door());
    let sell = shop.sell("a", asked).start();
    shop.sell("b", told).tell().unwrap();
    let alone = shop.alone("c", alone).start();
    settle().await;

    shop.actor().stop();
    settle().await;
    shop.actor().kill();

    for outcome in [sell.await, alone.await] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, AskError::Stopped { delivered: Delivery::Maybe, .. }), "{error}");
    }
    let letter = until(&mut events, |event| matches!(event, Event::DeadLetter(_))).await;
    let Event::DeadLetter(letter) = letter else { unreachable!("waited for") };
    assert_eq!((letter.message, letter.reason), ("sell", DeadLetterReason::Killed));
    shop.actor().stopped().await;
    assert!(!take(&log).iter().any(|line| line.ends_with("ends")));
    system.shutdown().await;
}

#[akt::test]
async fn a_turn_changes_the_behaviour_as_a_handler_does() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let (open, way) = door();
    shop.shut(way).tell().unwrap();
    shop.buy().await.unwrap();
    open.send(()).unwrap();
    settle().await;

    let stashed = shop.buy().timeout(Duration::from_secs(1)).await.unwrap_err();

    assert!(matches!(&stashed, AskError::Timeout(info) if info.stage == akt::Stage::Stashed), "{stashed}");
    assert_eq!(take(&log), ["buy", "shut"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_turn_is_of_use_in_its_handler_only_and_says_so() {
    let system = system().await;
    let (shop, _) = shop(&system).await;

    let (inside, elsewhere) = shop.misuse().await.unwrap();

    assert_eq!(
        inside,
        "`Turn::with` inside `Turn::with`, in `misuse`: the state is lent once at a time; do both in one closure"
    );
    assert_eq!(
        elsewhere,
        "`Turn::with` of `misuse` outside of its turn: use it in the handler itself, and send a message from elsewhere"
    );
    system.shutdown().await;
}

#[akt::test]
async fn what_a_turn_arranges_comes_to_its_actor() {
    let system = system().await;
    let (shop, log) = shop(&system).await;

    shop.arrange().await.unwrap();
    settle().await;
    assert_eq!(shop.look().await.unwrap(), 3);
    tokio::time::sleep(Duration::from_secs(4)).await;

    assert_eq!(shop.look().await.unwrap(), 7);
    assert_eq!(take(&log).len(), 3);
    system.shutdown().await;
}

#[akt::test]
async fn an_actor_with_turns_under_way_is_not_passivated() {
    let system = system().await;
    let (shop, log) = shop(&system).await;
    let (open, way) = door();
    let sell = shop.sell("a", way).timeout(Duration::from_secs(600)).start();

    tokio::time::sleep(Duration::from_secs(65)).await;
    assert!(shop.actor().is_alive());
    assert_eq!(take(&log).iter().filter(|line| *line == "tick").count(), 6);
    open.send(()).unwrap();

    assert_eq!(sell.await.unwrap(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_reentrant_handler_can_be_called_without_a_system() {
    let (open, way) = door();
    open.send(()).unwrap();

    assert_eq!(Shop::sell(Turn::of(Shop { cents: 4, ..Shop::default() }), "a", way).await, 4);
}
