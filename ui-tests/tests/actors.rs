//! Actors as the macros make them, run; and written so that pedantic lints look at the expansion.
#![deny(clippy::pedantic, clippy::nursery, unused_qualifications)]

#[path = "../support/shop.rs"]
mod shop;

use std::collections::HashMap;
use std::hash::Hash;
use std::num::TryFromIntError;
use std::time::Duration;

use akt::prelude::*;
use akt::{Actor, Admit, Mailbox, Message, Request};
use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

/// Counts, and remembers what happened to it.
#[derive(Default)]
pub(crate) struct Counter {
    value: i64,
    log: Vec<&'static str>,
}

#[akt::actor(mailbox = bounded(16))]
impl Counter {
    const LIMIT: usize = 3;

    /// Adds `by`, returns the new value.
    #[handler]
    pub(crate) fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler]
    fn reset(&mut self) {
        self.value = 0;
    }

    #[handler]
    fn replace(&mut self, _values: [u8; Self::LIMIT], text: String) -> usize {
        text.len()
    }

    #[handler(timeout = "2s")]
    async fn narrow(&mut self, cx: &mut Ctx<Self>, by: i64) -> Result<u8, TryFromIntError> {
        let _ = cx.me().add(by).tell();
        tokio::task::yield_now().await;
        u8::try_from(self.value + by)
    }

    #[handler]
    fn log(&mut self) -> Vec<&'static str> {
        self.log.clone()
    }

    #[on(start)]
    async fn started(&mut self) -> Result<(), Fault> {
        self.log.push("started");
        tokio::task::yield_now().await;
        Ok(())
    }

    #[on(terminated)]
    fn gone(&mut self, _: Terminated) {
        self.log.push("gone");
    }

    #[handler]
    fn watch(&mut self, cx: &mut Ctx<Self>, other: CounterRef) {
        cx.watch(&other.actor());
    }
}

struct Cache<K, V> {
    entries: HashMap<K, V>,
}

#[akt::actor(mailbox = unbounded)]
impl<K, V> Cache<K, V>
where
    K: Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    #[handler]
    fn put(&mut self, key: K, value: V) -> Option<V> {
        self.entries.insert(key, value)
    }

    #[handler]
    async fn get(&mut self, key: K) -> Result<V, K> {
        tokio::task::yield_now().await;
        self.entries.get(&key).cloned().ok_or(key)
    }
}

#[derive(Default)]
struct MyCart {
    items: Vec<String>,
    stopped: Option<CounterRef>,
}

#[akt::actor(mailbox = bounded(4))]
impl shop::Cart for MyCart {
    fn add(&mut self, AddItem { sku }: AddItem) -> Result<CartView, CartError> {
        if sku.is_empty() {
            return Err(CartError);
        }
        self.items.push(sku);
        Ok(CartView)
    }

    async fn clear(&mut self, _: ClearCart) {
        tokio::task::yield_now().await;
        self.items.clear();
    }

    fn checkout(&mut self, cx: &mut Ctx<Self>, _: Checkout) -> Receipt {
        cx.stop();
        Receipt
    }

    #[on(stop)]
    fn stopped(&mut self) -> Result<(), Fault> {
        let Some(counter) = &self.stopped else { return Ok(()) };
        counter.add(i64::try_from(self.items.len())?).tell().ok();
        Ok(())
    }
}

#[derive(akt::Behavior)]
enum Phase {
    Closed { since: u32 },
    Open,
    Locked,
}

struct Door {
    phase: Phase,
    guests: Vec<String>,
}

#[akt::actor(behavior = phase, unhandled = deny, stash = 4)]
impl Door {
    #[handler(when = Phase::Closed { .. }, reject_when = Phase::Open | Phase::Locked)]
    fn open(&mut self) {
        self.phase = Phase::Open;
    }

    #[handler(when = Phase::Open, stash_when = Phase::Closed { since: 0 }, reject_when = _)]
    async fn enter(&mut self, guest: String) -> usize {
        tokio::task::yield_now().await;
        self.guests.push(guest);
        self.guests.len()
    }

    #[handler(reject_when = Phase::Locked)]
    fn lock(&mut self) {
        self.phase = Phase::Locked;
    }

    #[guard]
    fn admit(&self, message: &DoorMsg) -> Admit {
        match message.payload::<__DoorEnter>() {
            Some(enter) if self.guests.contains(&enter.guest) => Admit::Reject("is in already"),
            _ => Admit::Pass,
        }
    }

    #[on(enter = Phase::Open)]
    fn opened(&mut self) {
        self.guests.push("the host".to_owned());
    }

    #[on(enter = Phase::Closed { .. })]
    async fn closed(&mut self, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        match &self.phase {
            Phase::Closed { since: 9.. } => cx.stop(),
            _ => self.guests.clear(),
        }
        Ok(())
    }
}

#[test]
fn handlers_answer_in_their_types() {
    run(|system| async move {
        let counter = system.spawn("counter", Counter::default).await.expect("a free name");

        counter.add(2).tell().expect("room");

        assert_eq!(counter.add(3).await.expect("an answer"), 5);
        assert_eq!(counter.replace([0; 3], "four".to_owned()).await.expect("an answer"), 4);
        assert_eq!(counter.narrow(1).await.expect("an answer"), 6);
        assert!(matches!(counter.narrow(1_000).await, Err(AskError::Handler(_))));
        assert_eq!(counter.ask(__CounterAdd { by: 0 }).await.expect("an answer"), 1_006);
        counter.reset().await.expect("an answer");
        assert_eq!(counter.add(0).await.expect("an answer"), 0);
    });
}

#[test]
fn hooks_run() {
    run(|system| async move {
        let counter = system.spawn("counter", Counter::default).await.expect("a free name");
        let other = system.spawn("other", Counter::default).await.expect("a free name");
        counter.watch(other.clone()).await.expect("an answer");

        other.actor().stop();
        other.actor().stopped().await;
        tokio::task::yield_now().await;

        assert_eq!(counter.log().await.expect("an answer"), ["started", "gone"]);
    });
}

#[test]
fn generic_actors_run() {
    run(|system| async move {
        let cache = system.spawn("cache", || Cache { entries: HashMap::new() }).await.expect("a free name");

        assert_eq!(cache.put("a", 1).await.expect("an answer"), None);
        assert_eq!(cache.put("a", 2).await.expect("an answer"), Some(1));
        assert_eq!(cache.clone().get("a").await.expect("an answer"), 2);
        assert!(matches!(cache.get("b").await, Err(AskError::Handler("b"))));
    });
}

#[test]
fn contract_actors_run() {
    run(|system| async move {
        let counter = system.spawn("counter", Counter::default).await.expect("a free name");
        let stopped = counter.clone();
        let cart = move || MyCart { stopped: Some(stopped.clone()), ..MyCart::default() };
        let cart = system.spawn("cart", cart).await.expect("a free name");

        assert!(cart.add(AddItem { sku: "x".to_owned() }).await.is_ok());
        let refused = cart.add(AddItem { sku: String::new() }).await;
        assert!(matches!(refused, Err(AskError::Handler(CartError))));
        cart.clear(ClearCart { reason: String::new() }).await.expect("an answer");
        cart.add(AddItem { sku: "y".to_owned() }).tell().expect("room");
        cart.checkout(Checkout).await.expect("an answer");
        cart.actor().stopped().await;

        assert_eq!(counter.add(0).await.expect("an answer"), 1);
    });
}

#[test]
fn states_decide_what_is_handled() {
    run(|system| async move {
        let door = || Door { phase: Phase::Closed { since: 0 }, guests: Vec::new() };
        let door = system.spawn("door", door).await.expect("a free name");

        let early = door.enter("Ada".to_owned()).start();
        door.open().await.expect("an answer");

        assert_eq!(early.await.expect("an answer"), 2);
        let again = door.enter("Ada".to_owned()).await;
        assert!(matches!(again, Err(AskError::Rejected(why)) if why == "is in already"));
        door.lock().await.expect("an answer");
        assert!(matches!(door.enter("Bob".to_owned()).await, Err(AskError::Rejected(_))));
    });
}

#[test]
fn attributes_become_constants_and_options() {
    assert_eq!(__CounterNarrow::TIMEOUT, Some(Duration::from_secs(2)));
    assert_eq!(__CounterAdd::TIMEOUT, None);
    assert_eq!(__CounterLog::NAME, "log");
    assert_eq!(Counter::NAME, "Counter");
    assert_eq!(<MyCart as Actor>::NAME, "MyCart");
    let _: akt::ActorOptions = Counter::options().mailbox(Mailbox::Unbounded);
}

#[test]
fn a_handler_stays_a_method() {
    let mut counter = Counter::default();

    assert_eq!(counter.add(2), 2);
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(ActorSystem) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let system = ActorSystem::builder("test").start().await.expect("a system");
        test(system.clone()).await;
        system.shutdown().await;
    });
}
