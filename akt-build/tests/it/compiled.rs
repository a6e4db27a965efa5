//! The golden code compiles, and actors of its contracts answer.

use std::error::Error;

use akt::{ActorSystem, AskError, Message, Protocol, Request, StreamSink, Streaming};

use crate::cart::shop::v1 as shop;
use crate::names::names::r#type as names;
use crate::packages::{geo, post};
use crate::plain::{self, Found, NotFound, Query};
use crate::serde_derived::google::protobuf as stock_time;
use crate::serde_derived::stock::v1 as stock;
use crate::stream::radio::v1 as radio;
use crate::well_known::clock::v1 as clock;
use crate::well_known::google::protobuf::{Any, Duration, Timestamp};

#[derive(Default)]
struct MyCart {
    items: Vec<shop::AddItem>,
}

#[akt::actor]
impl shop::Cart for MyCart {
    async fn add(&mut self, req: shop::AddItem) -> Result<shop::CartView, shop::CartError> {
        if req.quantity == 0 {
            return Err(out_of_stock(req.sku));
        }
        self.items.push(req);
        Ok(shop::CartView { items: self.items.clone() })
    }

    async fn clear(&mut self, _: shop::ClearCart) {
        self.items.clear();
    }

    async fn view(&mut self, _: shop::ViewCart) -> shop::CartView {
        shop::CartView { items: self.items.clone() }
    }

    async fn checkout(&mut self, _: shop::CheckoutRequest) -> Result<shop::Receipt, shop::CartError> {
        Err(shop::CartError { kind: Some(shop::cart_error::Kind::Closed(shop::Closed {})) })
    }
}

struct MyClock;

#[akt::actor]
impl clock::Clock for MyClock {
    async fn now(&mut self, _: ()) -> Timestamp {
        Timestamp { seconds: 7, nanos: 0 }
    }

    async fn reset(&mut self, _: ()) {}

    async fn sleep(&mut self, _: Duration) -> Any {
        Any::default()
    }

    async fn name(&mut self, name: String) -> Vec<u8> {
        name.into_bytes()
    }

    async fn count(&mut self, count: i64) -> bool {
        count > 0
    }
}

struct MyPlain;

#[akt::actor]
impl plain::Plain for MyPlain {
    async fn find(&mut self, req: Query) -> Result<Found, NotFound> {
        Err(NotFound { detail: req.text })
    }

    async fn drop(&mut self, _: Query) -> Found {
        Found::default()
    }
}

#[derive(Default)]
struct MyRadio {
    spoken: Vec<radio::Sound>,
}

#[akt::actor]
impl radio::Radio for MyRadio {
    async fn listen(
        &mut self,
        wave: radio::Wave,
        out: StreamSink<radio::Sound, radio::OffAir>,
    ) -> Result<(), radio::OffAir> {
        for sound in self.spoken.drain(..) {
            out.send(sound).await.expect("somebody listens");
        }
        if wave.khz == 0 { Err(radio::OffAir {}) } else { Ok(()) }
    }

    async fn speak(&mut self, mut input: Streaming<radio::Sound>) {
        while let Some(Ok(sound)) = input.next().await {
            self.spoken.push(sound);
        }
    }

    async fn call(
        _: akt::Turn<Self>,
        mut input: Streaming<radio::Sound>,
        out: StreamSink<radio::Sound>,
        _: &akt::TurnCtx<Self>,
    ) {
        while let Some(Ok(sound)) = input.next().await {
            out.send(sound).await.expect("somebody listens");
        }
    }

    fn watch(&self, _: (), out: StreamSink<radio::Wave>) {
        out.try_send(radio::Wave { khz: 531 }).expect("there is room");
    }

    fn tune(&mut self, _: radio::Wave) {}
}

#[tokio::test]
async fn rpcs_with_streams_of_every_kind_are_served() {
    let system = ActorSystem::builder("radio").start().await.expect("nothing else is called radio");
    let radio: radio::RadioRef = system.spawn("radio", MyRadio::default).await.expect("the name is free");
    let sound = radio::Sound { samples: vec![1, 2] };

    let (items, input) = akt::stream(1);
    let spoken = radio.speak(input).start();
    items.send(sound.clone()).await.expect("it listens");
    drop(items);
    spoken.await.expect("it heard everything");

    let mut listening = radio.listen(radio::Wave { khz: 0 }).open().await.expect("the radio is on");
    assert_eq!(listening.next().await.expect("there is sound").expect("there is sound"), sound);
    assert!(matches!(listening.next().await, Some(Err(AskError::Handler(radio::OffAir {})))));

    let (items, input) = akt::stream(1);
    let mut call = radio.call(input).open().await.expect("the radio is on");
    items.send(sound.clone()).await.expect("it listens");
    assert_eq!(call.next().await.expect("it answers").expect("it answers"), sound);

    let mut waves = radio.watch(()).open().await.expect("the radio is on");
    assert_eq!(waves.next().await.expect("there is one").expect("there is one").khz, 531);
    assert!(waves.next().await.is_none());
    system.shutdown().await;
}

#[tokio::test]
async fn an_actor_answers_by_its_contract() {
    let system = ActorSystem::builder("shop").start().await.expect("nothing else is called shop");
    let cart: shop::CartRef = system.spawn("cart", MyCart::default).await.expect("the name is free");
    let apple = shop::AddItem { sku: "apple".to_owned(), quantity: 1 };

    let view = cart.add(apple.clone()).await.expect("there are apples");
    cart.tell(shop::ClearCart {}).expect("there is room");
    cart.tell(apple.clone()).expect("there is room");

    assert_eq!(view.items, std::slice::from_ref(&apple));
    assert_eq!(cart.view(shop::ViewCart {}).await.expect("the cart is open").items, [apple]);
    let refused = cart.checkout(shop::CheckoutRequest::default()).await;
    assert!(matches!(refused, Err(AskError::Handler(error)) if error.to_string() == "closed"));
    system.shutdown().await;
}

#[tokio::test]
async fn well_known_types_are_plain_arguments() {
    let system = ActorSystem::builder("clock").start().await.expect("nothing else is called clock");
    let clock: clock::ClockRef = system.spawn("clock", || MyClock).await.expect("the name is free");

    assert_eq!(clock.now(()).await.expect("the clock runs").seconds, 7);
    assert_eq!(clock.name("x".to_owned()).await.expect("the clock runs"), b"x");
    assert!(clock.ask(1_i64).await.expect("the clock runs"));
    system.shutdown().await;
}

#[tokio::test]
async fn a_contract_without_a_package_is_served() {
    let system = ActorSystem::builder("plain").start().await.expect("nothing else is called plain");
    let plain: plain::PlainRef = system.spawn("plain", || MyPlain).await.expect("the name is free");

    let missing = plain.find(Query { text: "it".to_owned() }).await;

    assert!(matches!(missing, Err(AskError::Handler(error)) if error.to_string() == "not found: it"));
    system.shutdown().await;
}

#[test]
fn a_domain_error_says_what_went_wrong() {
    let inner = geo::v1::failure::Late { detail: "snow".to_owned() };
    let late = geo::v1::Failure { kind: Some(geo::v1::failure::Kind::Late(inner)) };
    let lost = post::v1::place::Lost { reason: "fog".to_owned() };
    let texts: [(Box<dyn Error>, &str); 6] = [
        (Box::new(out_of_stock("tea".to_owned())), "out of stock: OutOfStock { sku: \"tea\" }"),
        (Box::new(shop::CartError::default()), "cart error"),
        (Box::new(late), "late: Late { detail: \"snow\" }"),
        (Box::new(lost), "lost: fog"),
        (Box::new(geo::v1::Unknown::default()), "unknown: Unknown { reason: Unspecified, id: None }"),
        (Box::new(names::String { message: Some("no".to_owned()) }), "string: no"),
    ];

    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn messages_are_written_by_serde() {
    let written = r#"{"id":"tea","grade":1,"counts":{"box":3},"since":{"seconds":7,"nanos":0},"note":null,"label":[1],"place":{"Shelf":4}}"#;
    let item = stock::Item {
        sku: "tea".to_owned(),
        grade: stock::Grade::Fine.into(),
        counts: [("box".to_owned(), 3)].into(),
        since: Some(stock_time::Timestamp { seconds: 7, nanos: 0 }),
        note: None,
        label: vec![1],
        place: Some(stock::item::Place::Shelf(4)),
    };

    assert_eq!(serde_json::to_string(&item).expect("it has serde"), written);
    assert_eq!(serde_json::from_str::<stock::Item>(written).expect("it has serde"), item);
    let absent: stock::Item = serde_json::from_str("{}").expect("what is absent has its default");
    assert_eq!(absent, stock::Item::default());
}

#[test]
fn a_protocol_lists_its_rpcs() {
    let rpcs = <shop::CartMsg as Protocol>::RPCS;

    assert_eq!(<shop::CartMsg as Protocol>::NAME, "shop.v1.Cart");
    assert_eq!(rpcs.iter().map(|rpc| rpc.name).collect::<Vec<_>>(), ["Add", "Clear", "View", "Checkout"]);
    assert_eq!(rpcs[0].id, shop::__CartAdd::ID);
}

#[test]
fn a_timeout_comes_from_the_contract() {
    assert_eq!(shop::__CartCheckout::TIMEOUT, Some(std::time::Duration::from_secs(5)));
    assert_eq!(shop::__CartAdd::TIMEOUT, None);
    assert_eq!(plain::__PlainFind::TIMEOUT, Some(std::time::Duration::from_millis(250)));
}

fn out_of_stock(sku: String) -> shop::CartError {
    shop::CartError { kind: Some(shop::cart_error::Kind::OutOfStock(shop::OutOfStock { sku })) }
}

/// The names are there although Rust, or the reference, has other plans for them.
#[expect(dead_code, reason = "compiling is the test")]
fn names_compile(reference: &names::MatchRef, message: &names::MatchMsg) -> &'static str {
    let calls = (
        reference.ask_(names::Result::default()),
        reference.clone_(names::Vec::default()),
        reference.r#type(names::Box::default()),
        reference.ask(names::Some::default()),
    );
    drop((calls, reference.clone(), reference.actor()));
    message.name()
}
