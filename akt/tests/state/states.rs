//! States of grains: loaded before the activation, saved when a handler says so, written by the newest activation only.

use std::time::Duration;

use akt::bytes::Bytes;
use akt::persistence::{Change, Fence, Kept, MemoryStateStore, Saved, StateStore, StoreError, Stored, Write};
use akt::prelude::*;
use akt::testkit::Faulty;
use akt::{Runtime, StopReason, SystemBuilder};

/// What a cart keeps: text, so that a test can read it in the store.
#[derive(Clone, Debug, Default, PartialEq)]
struct Items(Vec<String>);

impl Stored for Items {
    fn to_bytes(&self) -> Bytes {
        Bytes::from(self.0.join(","))
    }

    fn from_bytes(bytes: Bytes) -> Result<Self, Fault> {
        let text = String::from_utf8(bytes.into())?;
        Ok(Self(text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()))
    }
}

/// The items of schema 1 were separated by spaces.
fn older(schema: u32, bytes: Bytes) -> Result<Items, Fault> {
    assert_eq!(schema, 1);
    let text = String::from_utf8(bytes.into())?;
    Ok(Items(text.split(' ').map(str::to_owned).collect()))
}

#[derive(Default)]
struct Cart {
    items: Items,
}

#[akt::grain(kind = "cart", key = String, state = items: Items, schema = 2, upcast = older, passivate = "1m")]
impl Cart {
    #[handler]
    async fn add(&mut self, item: String, cx: &mut Ctx<Self>) -> Result<(), StoreError> {
        self.items.0.push(item);
        cx.save(&self.items).await
    }

    #[handler]
    fn put(&mut self, item: String, cx: &mut Ctx<Self>) {
        self.items.0.push(item);
        cx.save_later();
    }

    #[handler]
    async fn add_in_haste(&mut self, item: String, cx: &mut Ctx<Self>) {
        self.items.0.push(item);
        cx.save_later();
        let runtime = cx.system().runtime().clone();
        tokio::select! {
            biased;
            _ = cx.save(&self.items) => unreachable!("the store is slow"),
            () = runtime.sleep(Duration::from_millis(1)) => {}
        }
    }

    #[handler]
    fn list(&self) -> Vec<String> {
        self.items.0.clone()
    }

    #[handler]
    fn number(&self, cx: &Ctx<Self>) -> Fence {
        cx.fence()
    }

    #[handler(reentrant)]
    async fn add_later(this: Turn<Self>, item: String, cx: &TurnCtx<Self>) -> Result<(), StoreError> {
        let items = this.with(|cart| {
            cart.items.0.push(item);
            cart.items.clone()
        });
        cx.save(&items).await
    }

    #[handler]
    fn spoil(&mut self) {
        self.items.0.push("spoilt".to_owned());
        panic!("half-way");
    }
}

/// A grain that looks at its state as it is made.
struct Greeted {
    state: Items,
    seen: usize,
}

#[akt::grain(kind = "greeted", key = u64, state = Items)]
impl Greeted {
    #[on(activate)]
    fn wake(key: &u64, mut state: Items) -> Self {
        let seen = state.0.len();
        state.0.push(format!("visit of {key}"));
        Self { state, seen }
    }

    #[on(deactivate)]
    fn end(&mut self, cx: &mut Ctx<Self>) {
        let reason = cx.stop_reason().unwrap();
        self.state.0.push(reason.to_string());
        cx.save_later();
    }

    #[handler]
    fn seen(&self) -> usize {
        self.seen
    }

    #[handler]
    fn leave(&mut self, cx: &mut Ctx<Self>) {
        cx.deactivate();
    }
}

fn shop(store: &(impl StateStore + Clone)) -> SystemBuilder {
    ActorSystem::builder("shop").state_store(store.clone())
}

async fn text(store: &MemoryStateStore, id: &str) -> Option<String> {
    let state = store.load(id).await.unwrap().state?;
    Some(String::from_utf8(state.bytes.into()).unwrap())
}

#[akt::test]
async fn what_was_saved_is_there_at_the_next_activation_and_in_the_next_system() {
    let store = MemoryStateStore::new();
    let system = shop(&store).start().await.unwrap();
    let cart = Cart::grain(&system, "user/1");

    cart.add("tea".into()).await.unwrap();
    cart.actor().stop();
    cart.actor().stopped().await;
    cart.add("milk".into()).await.unwrap();
    system.shutdown().await;

    assert_eq!(text(&store, "cart/user%2F1").await.as_deref(), Some("tea,milk"));
    let system = shop(&store).start().await.unwrap();
    assert_eq!(Cart::grain(&system, "user/1").list().await.unwrap(), ["tea", "milk"]);
    assert!(Cart::grain(&system, "user/2").list().await.unwrap().is_empty());
    system.shutdown().await;
}

#[akt::test]
async fn a_long_key_is_kept_under_all_of_it() {
    let store = MemoryStateStore::new();
    let system = shop(&store).start().await.unwrap();
    let key = "x".repeat(600);

    Cart::grain(&system, key.as_str()).add("tea".into()).await.unwrap();

    assert_eq!(text(&store, &format!("cart/{key}")).await.as_deref(), Some("tea"));
    system.shutdown().await;
}

#[akt::test]
async fn the_hook_is_given_the_state_and_what_it_ends_with_is_saved() {
    let store = MemoryStateStore::new();
    let system = shop(&store).start().await.unwrap();
    let greeted = Greeted::grain(&system, 7);

    assert_eq!(greeted.seen().await.unwrap(), 0);
    greeted.leave().await.unwrap();
    greeted.actor().stopped().await;
    assert_eq!(greeted.seen().await.unwrap(), 2);
    system.shutdown().await;

    let all = "visit of 7,it was told to stop,visit of 7,its system was shut down";
    assert_eq!(text(&store, "greeted/7").await.as_deref(), Some(all));
}

#[akt::test]
async fn what_is_to_be_saved_later_is_saved_once_within_a_second_or_at_the_end() {
    let store = MemoryStateStore::new();
    let system = shop(&store).start().await.unwrap();
    let runtime = system.runtime().clone();
    let cart = Cart::grain(&system, "a");

    for item in ["tea", "milk", "salt"] {
        cart.put(item.into()).await.unwrap();
    }
    assert_eq!(text(&store, "cart/a").await, None);
    runtime.sleep(Duration::from_secs(10)).await;
    let Kept { version, .. } = store.load("cart/a").await.unwrap();
    assert_eq!((version, text(&store, "cart/a").await.as_deref()), (1, Some("tea,milk,salt")));

    cart.put("rice".into()).await.unwrap();
    cart.actor().stop();
    cart.actor().stopped().await;
    assert_eq!(text(&store, "cart/a").await.as_deref(), Some("tea,milk,salt,rice"));
    system.shutdown().await;
}

#[akt::test]
async fn a_save_that_fails_says_so_and_one_for_later_is_tried_again() {
    let inner = MemoryStateStore::new();
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let system = shop(&store).start().await.unwrap();
    let cart = Cart::grain(&system, "a");
    cart.list().await.unwrap();

    store.fail_next(1);
    let AskError::Handler(error) = cart.add("tea".into()).await.unwrap_err() else { panic!() };
    assert_eq!(error.to_string(), "the store is unavailable, persisted: No");
    store.lose_next_answers(1);
    let AskError::Handler(error) = cart.add("milk".into()).await.unwrap_err() else { panic!() };
    assert_eq!(error.to_string(), "the store is unavailable, persisted: Maybe");
    cart.add("salt".into()).await.unwrap();
    assert_eq!(text(&inner, "cart/a").await.as_deref(), Some("tea,milk,salt"));

    store.fail_next(3);
    cart.put("rice".into()).await.unwrap();
    system.runtime().sleep(Duration::from_secs(10)).await;
    assert_eq!(text(&inner, "cart/a").await.as_deref(), Some("tea,milk,salt,rice"));

    store.fail_next(2);
    cart.put("jam".into()).await.unwrap();
    system.shutdown().await;
    assert_eq!(text(&inner, "cart/a").await.as_deref(), Some("tea,milk,salt,rice,jam"));
}

#[akt::test]
async fn a_save_that_is_dropped_half_way_leaves_it_to_be_saved_later() {
    let inner = MemoryStateStore::new();
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let system = shop(&store).start().await.unwrap();
    let cart = Cart::grain(&system, "a");
    cart.list().await.unwrap();

    store.slow(Duration::from_millis(100)..Duration::from_millis(101));
    cart.add_in_haste("tea".into()).await.unwrap();
    store.slow(Duration::ZERO..Duration::ZERO);
    cart.actor().stop();
    cart.actor().stopped().await;

    assert_eq!(text(&inner, "cart/a").await.as_deref(), Some("tea"));
    system.shutdown().await;
}

#[akt::test]
async fn a_newer_activation_takes_over_and_the_older_one_ends() {
    let store = MemoryStateStore::new();
    let (one, other) = (shop(&store).start().await.unwrap(), shop(&store).start().await.unwrap());
    let (first, second) = (Cart::grain(&one, "a"), Cart::grain(&other, "a"));
    first.add("tea".into()).await.unwrap();
    let (old, new) = (first.number().await.unwrap(), second.number().await.unwrap());
    assert!(new > old, "{old:?} {new:?}");

    let ended = first.actor();
    let (reason, answer) = tokio::join!(ended.stopped(), first.add("milk".into()));
    assert!(matches!(answer, Err(AskError::Moved)), "{answer:?}");
    assert_eq!(reason, StopReason::Moved);

    second.add("salt".into()).await.unwrap();
    assert_eq!(text(&store, "cart/a").await.as_deref(), Some("tea,salt"));
    // The next activation here takes over in its turn.
    assert_eq!(first.list().await.unwrap(), ["tea", "salt"]);
    second.put("rice".into()).await.unwrap();
    assert_eq!(second.actor().stopped().await, StopReason::Moved);
    assert_eq!(text(&store, "cart/a").await.as_deref(), Some("tea,salt"));
    one.shutdown().await;
    other.shutdown().await;
}

#[akt::test]
async fn a_reentrant_handler_saves_and_one_save_waits_for_another() {
    let inner = MemoryStateStore::new();
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let system = shop(&store).start().await.unwrap();
    let cart = Cart::grain(&system, "a");
    cart.list().await.unwrap();
    store.slow(Duration::from_millis(5)..Duration::from_millis(50));

    let calls: Vec<_> = (0..20).map(|n| cart.add_later(n.to_string()).start()).collect();
    for call in calls {
        call.await.unwrap();
    }

    let all: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(text(&inner, "cart/a").await.unwrap(), all.join(","));
    system.shutdown().await;
}

#[akt::test]
async fn what_a_fault_has_spoilt_is_not_saved() {
    let store = MemoryStateStore::new();
    let system = shop(&store).start().await.unwrap();
    let cart = Cart::grain(&system, "a");
    cart.add("tea".into()).await.unwrap();

    cart.put("milk".into()).await.unwrap();
    assert!(matches!(cart.spoil().await, Err(AskError::Fault { .. })));

    assert_eq!(cart.list().await.unwrap(), ["tea"]);
    system.shutdown().await;
}

#[akt::test]
async fn older_schemas_are_read_and_newer_ones_or_no_store_refused() {
    let store = MemoryStateStore::new();
    let keep = |id: &'static str, schema: u32, text: &'static str| {
        let state = Change::Save(Saved { schema, bytes: Bytes::from(text) });
        let store = store.clone();
        async move { store.commit(id, Fence(1), 0, Write { state, ..Write::default() }).await.unwrap() }
    };
    keep("cart/old", 1, "tea milk").await;
    keep("cart/new", 3, "{}").await;
    store
        .commit(
            "cart/torn",
            Fence(1),
            0,
            Write {
                state: Change::Save(Saved { schema: 2, bytes: Bytes::from_static(&[0xff]) }),
                ..Write::default()
            },
        )
        .await
        .unwrap();
    let system = shop(&store).start().await.unwrap();

    assert_eq!(Cart::grain(&system, "old").list().await.unwrap(), ["tea", "milk"]);
    let newer = Cart::grain(&system, "new").list().await.unwrap_err().to_string();
    assert!(
        newer.contains("the state of `cart/new` has schema 3, and this program knows up to 2"),
        "{newer}"
    );
    let torn = Cart::grain(&system, "torn").list().await.unwrap_err().to_string();
    assert!(torn.contains("state 1 of `cart/torn` cannot be read: invalid utf-8"), "{torn}");
    system.shutdown().await;

    let system = ActorSystem::builder("bare").start().await.unwrap();
    let bare = Cart::grain(&system, "a").list().await.unwrap_err().to_string();
    assert!(
        bare.contains("`cart` has a state and its system has no state store; say `.state_store(..)`"),
        "{bare}"
    );
    system.shutdown().await;
}
