//! Grains: always there by kind and key, one activation at a time, and no message lost between two.
#![expect(clippy::disallowed_methods, reason = "what the tests spawn is the sender, beside akt")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, StopReason};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{advance, timeout};

use crate::support::{Log, settle, take, until};

const MINUTE: Duration = Duration::from_secs(60);

/// What the grains of a test do, and are told to do.
#[derive(Clone, Default)]
struct World {
    log: Log,
    broken: Arc<AtomicBool>,
    /// Activations, handlers and deactivations that wait, do so for these.
    opening: Arc<Mutex<Option<Arc<Notify>>>>,
    working: Arc<Notify>,
    closing: Arc<Mutex<Option<Arc<Notify>>>>,
}

impl World {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }

    async fn system(&self) -> ActorSystem {
        ActorSystem::builder("test").provide(self.clone()).start().await.unwrap()
    }

    /// Has what is put into `place` wait.
    fn hold(place: &Mutex<Option<Arc<Notify>>>) -> Arc<Notify> {
        place.lock().insert(Arc::default()).clone()
    }
}

struct Cart {
    world: World,
    items: Vec<u64>,
}

#[akt::grain(kind = "cart", key = String, passivate = "60s", mailbox = bounded(4))]
impl Cart {
    #[on(activate)]
    async fn open(key: &String, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        let world: World = cx.dep();
        world.note(format!("+{key}"));
        let gate = world.opening.lock().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        if world.broken.load(Ordering::SeqCst) {
            return Err(Fault::new("the store is down"));
        }
        if key == "fleeting" {
            cx.deactivate();
        }
        Ok(Self { world, items: Vec::new() })
    }

    #[on(deactivate)]
    async fn close(&mut self, cx: &mut Ctx<Self>) {
        let gate = self.world.closing.lock().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        self.world.note(format!("-{}", cx.key()));
    }

    #[handler]
    fn add(&mut self, item: u64) -> Vec<u64> {
        self.world.note(item.to_string());
        self.items.push(item);
        self.items.clone()
    }

    #[handler]
    async fn work(&mut self) {
        self.world.working.notified().await;
        self.world.note("worked");
    }

    #[handler]
    fn leave(&mut self, cx: &mut Ctx<Self>) {
        self.world.note("leave");
        cx.deactivate();
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    fn me(&mut self, cx: &mut Ctx<Self>) -> CartRef {
        cx.me()
    }

    #[handler]
    async fn ask_self(&mut self, cx: &mut Ctx<Self>) -> bool {
        matches!(cx.me().add(1).await, Err(AskError::Cycle { .. }))
    }

    #[handler]
    async fn reach(&mut self, other: String, back: String, cx: &mut Ctx<Self>) -> bool {
        let other = Self::grain(cx.system(), other);
        match back.is_empty() {
            true => matches!(other.add(1).await, Err(AskError::Cycle { .. })),
            false => other.reach(back, String::new()).await.unwrap(),
        }
    }

    #[handler]
    fn remind(&mut self, cx: &mut Ctx<Self>) {
        cx.every(Duration::from_secs(25), |me| me.add(25).post()).detach();
    }
}

#[akt::test]
async fn the_first_message_activates_a_grain_and_each_key_has_its_own() {
    let world = World::default();
    let system = world.system().await;
    let (one, other) = (Cart::grain(&system, "one"), Cart::grain(&system, "other".to_owned()));
    assert!(take(&world.log).is_empty(), "a reference activates nothing");

    assert_eq!(one.add(1).await.unwrap(), [1]);
    assert_eq!(other.add(2).await.unwrap(), [2]);
    assert_eq!(system.grain::<Cart>("one").add(3).await.unwrap(), [1, 3]);

    assert_eq!(take(&world.log), ["+one", "1", "+other", "2", "3"]);
    assert_eq!(one.actor().path().to_string(), "/user/$grains/cart/one");
    system.shutdown().await;
}

#[akt::test]
async fn messages_wait_in_order_for_one_activation() {
    let world = World::default();
    let system = world.system().await;
    let gate = World::hold(&world.opening);
    let cart = Cart::grain(&system, "a");

    cart.add(1).tell().unwrap();
    let ask = cart.add(2).start();
    Cart::grain(&system, "a").add(3).tell().unwrap();
    settle().await;
    assert_eq!(take(&world.log), ["+a"]);
    gate.notify_one();

    assert_eq!(ask.await.unwrap(), [1, 2]);
    assert_eq!(cart.add(4).await.unwrap(), [1, 2, 3, 4]);
    assert_eq!(take(&world.log), ["1", "2", "3", "4"]);
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_that_waits_for_an_activation_has_its_time_and_can_be_taken_back() {
    let world = World::default();
    let system = world.system().await;
    let gate = World::hold(&world.opening);
    let cart = Cart::grain(&system, "a");

    let late = cart.add(1).timeout(Duration::from_millis(10)).await.unwrap_err();
    drop(cart.add(2).start());
    gate.notify_one();

    assert_eq!(late.delivery(), Delivery::No);
    assert!(matches!(late, AskError::Timeout(_)), "{late}");
    assert_eq!(cart.add(3).await.unwrap(), [3]);
    system.shutdown().await;
}

#[akt::test]
async fn a_failed_activation_answers_with_its_cause_and_is_tried_again_after_a_pause() {
    let world = World::default();
    let system = world.system().await;
    world.broken.store(true, Ordering::SeqCst);
    let cart = Cart::grain(&system, "a");
    cart.add(1).tell().unwrap();

    let told = cart.add(2).await.unwrap_err();
    assert!(told.to_string().contains("the store is down"), "{told}");
    assert_eq!((told.delivery(), system.dead_letters_of(DeadLetterReason::Stopped)), (Delivery::No, 1));
    let again = cart.add(3).await.unwrap_err();
    assert!(matches!(again, AskError::Fault(_)), "{again}");
    let back = cart.add(4).tell().unwrap_err();
    assert!(matches!(&back, TellError::Rejected(_, why) if why.contains("the store is down")), "{back}");
    assert_eq!(take(&world.log), ["+a"], "nothing is tried in the pause");

    // The pause is remembered without a reference, and grows.
    drop(cart);
    advance(Duration::from_millis(101)).await;
    Cart::grain(&system, "a").add(5).await.unwrap_err();
    advance(Duration::from_millis(101)).await;
    Cart::grain(&system, "a").add(6).await.unwrap_err();
    assert_eq!(take(&world.log), ["+a"]);
    world.broken.store(false, Ordering::SeqCst);
    advance(Duration::from_millis(101)).await;

    assert_eq!(Cart::grain(&system, "a").add(7).await.unwrap(), [7]);
    system.shutdown().await;
}

#[akt::test]
async fn a_grain_that_is_to_end_before_its_first_message_does_not_activate() {
    let world = World::default();
    let system = world.system().await;

    let told = Cart::grain(&system, "fleeting").add(1).await.unwrap_err();

    assert!(told.to_string().contains("return an error instead"), "{told}");
    system.shutdown().await;
}

#[akt::test]
async fn an_idle_grain_is_deactivated_and_the_next_message_activates_it_anew() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    cart.add(1).await.unwrap();
    cart.remind().await.unwrap();

    assert_eq!(cart.actor().stopped().await, StopReason::Passivated);
    assert_eq!(take(&world.log), ["+a", "1", "25", "25", "-a"], "its own ticks do not keep it");
    assert!(cart.actor().is_alive());

    assert_eq!(cart.add(2).await.unwrap(), [2]);
    system.shutdown().await;
}

#[akt::test]
async fn what_an_activation_has_not_begun_goes_to_the_next_in_order() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    cart.add(1).await.unwrap();
    let gate = World::hold(&world.closing);
    take(&world.log);

    cart.leave().tell().unwrap();
    cart.add(2).tell().unwrap();
    let queued = cart.add(3).start();
    settle().await;
    cart.add(4).tell().unwrap();
    let later = cart.add(5).start();
    settle().await;
    assert_eq!(take(&world.log), ["leave"], "the next waits for the end of this one");
    *world.closing.lock() = None;
    gate.notify_one();

    assert_eq!(queued.await.unwrap(), [2, 3]);
    assert_eq!(later.await.unwrap(), [2, 3, 4, 5]);
    assert_eq!(take(&world.log), ["-a", "+a", "2", "3", "4", "5"]);
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_message_that_comes_while_an_idle_grain_ends_goes_to_the_next() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    cart.add(1).await.unwrap();
    let gate = World::hold(&world.closing);
    advance(MINUTE + Duration::from_millis(10)).await;
    settle().await;

    let ask = cart.add(2).start();
    settle().await;
    assert_eq!(take(&world.log), ["+a", "1"]);
    gate.notify_one();

    assert_eq!(ask.await.unwrap(), [2]);
    *world.closing.lock() = None;
    system.shutdown().await;
}

#[akt::test]
async fn a_fault_costs_one_message_and_the_next_activation_has_the_others() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    cart.add(1).await.unwrap();

    let broken = cart.boom().start();
    let behind = cart.add(2).start();

    let fault = broken.await.unwrap_err();
    assert_eq!(
        (fault.delivery(), fault.to_string().contains("no bread")),
        (Delivery::Maybe, true),
        "{fault}"
    );
    assert_eq!(behind.await.unwrap(), [2]);
    assert_eq!(take(&world.log), ["+a", "1", "-a", "+a", "2"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_killed_activation_loses_the_message_that_it_handled_and_no_other() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    let handled = cart.work().start();
    let behind = cart.add(2).start();
    settle().await;

    cart.actor().kill();

    assert!(matches!(handled.await, Err(AskError::Stopped { reason: StopReason::Killed, .. })));
    assert_eq!(behind.await.unwrap(), [2]);
    assert_eq!(take(&world.log), ["+a", "+a", "2"]);
    system.shutdown().await;
}

#[akt::test]
async fn a_full_grain_hands_back_and_who_waits_for_room_does_so_beyond_its_end() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    cart.work().tell().unwrap();
    settle().await;
    (1..=4).for_each(|item| cart.add(item).tell().unwrap_or_else(|_| assert_eq!(item, 4)));
    assert!(matches!(cart.add(9).tell(), Err(TellError::Full(_))));

    let sender = cart.clone();
    let sent = tokio::spawn(async move { sender.add(5).send().await });
    let asker = cart.clone();
    let asked = tokio::spawn(async move { asker.add(6).await });
    let asker = cart.clone();
    let late = tokio::spawn(async move { asker.add(7).timeout(Duration::from_secs(1)).await });
    settle().await;
    let gate = World::hold(&world.closing);
    cart.actor().stop();
    world.working.notify_one();
    settle().await;

    // The activation ends, and its successor is as full as it was.
    let late = late.await.unwrap().unwrap_err();
    assert!(matches!(&late, AskError::Timeout(info) if info.elapsed < Duration::from_secs(2)), "{late}");
    *world.closing.lock() = None;
    gate.notify_one();

    sent.await.unwrap().unwrap();
    assert_eq!(asked.await.unwrap().unwrap().last(), Some(&6));
    let handled: Vec<_> = take(&world.log).into_iter().filter_map(|line| line.parse::<u64>().ok()).collect();
    assert_eq!(handled, if handled.contains(&4) { vec![1, 2, 3, 4, 5, 6] } else { vec![1, 2, 3, 5, 6] });
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_grain_that_asks_itself_is_told_of_the_cycle() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");

    assert!(cart.ask_self().await.unwrap());
    assert!(cart.reach("b".into(), "a".into()).await.unwrap(), "a asks b, which asks a");
    system.shutdown().await;
}

#[akt::test]
async fn a_reference_that_a_handler_gives_away_outlives_its_activation() {
    let world = World::default();
    let system = world.system().await;
    let me = Cart::grain(&system, "a").me().await.unwrap();

    me.leave().await.unwrap();

    assert_eq!(me.add(1).await.unwrap(), [1]);
    system.shutdown().await;
}

#[akt::test]
async fn a_shutdown_deactivates_grains_and_refuses_what_comes_later() {
    let world = World::default();
    let system = world.system().await;
    let cart = Cart::grain(&system, "a");
    cart.add(1).await.unwrap();
    cart.work().tell().unwrap();
    settle().await;
    let queued = cart.add(2).start();
    let ending = tokio::spawn({
        let system = system.clone();
        async move { system.shutdown().await }
    });
    settle().await;
    world.working.notify_one();
    ending.await.unwrap();

    let stopped = |outcome| matches!(outcome, Err(AskError::Stopped { reason: StopReason::Shutdown, .. }));
    assert!(stopped(queued.await));
    assert!(stopped(cart.add(3).await));
    assert!(matches!(cart.add(4).tell(), Err(TellError::Stopped(_))));
    assert_eq!(take(&world.log), ["+a", "1", "worked", "-a"]);
    assert!(stopped(Cart::grain(&system, "b").add(5).await));
}

#[akt::test]
async fn an_activation_is_watched_and_stopped_through_the_reference() {
    let world = World::default();
    let system = world.system().await;
    let mut events = system.events();
    let cart = Cart::grain(&system, "a");
    assert_eq!(cart.actor().stopped().await, StopReason::Unknown, "there is no activation");
    assert_eq!(cart.actor().id(), None);
    cart.add(1).await.unwrap();
    let first = cart.actor().id();

    cart.actor().stop();
    assert_eq!(cart.actor().stopped().await, StopReason::Requested);
    until(&mut events, |event| matches!(event, Event::Stopped { actor, .. } if actor.name() == "a")).await;
    cart.add(2).await.unwrap();

    assert!(first.is_some() && cart.actor().id() != first);
    let none = timeout(Duration::from_secs(1), cart.actor().stopped()).await;
    assert!(none.is_err(), "the second is there");
    system.shutdown().await;
}
