//! References inside messages: sent on, and resolved where they arrive.

use akt::{ActorAddress, Ctx};
use akt::{ActorAtError, ActorRef, ActorSystem, AskError, RefField, ResolveError};
use akt_build::configure;

use crate::Folder;
use crate::cart::shop::v1 as shop;
use crate::nodes::node;
use crate::refs::desk::v1 as desk;

#[derive(Default)]
struct Cart {
    items: Vec<shop::AddItem>,
}

#[akt::actor]
impl shop::Cart for Cart {
    fn add(&mut self, item: shop::AddItem) -> Result<shop::CartView, shop::CartError> {
        self.items.push(item);
        Ok(shop::CartView { items: self.items.clone() })
    }

    fn clear(&mut self, _: shop::ClearCart) {}

    fn view(&mut self, _: shop::ViewCart) -> shop::CartView {
        shop::CartView { items: self.items.clone() }
    }

    fn checkout(&mut self, _: shop::CheckoutRequest) -> Result<shop::Receipt, shop::CartError> {
        Ok(shop::Receipt::default())
    }
}

#[derive(Default)]
struct Desk;

#[akt::actor]
impl desk::Desk for Desk {
    async fn take(&mut self, order: desk::Order, cx: &mut Ctx<Self>) -> Result<desk::Taken, desk::Lost> {
        let lost = |reason: String| desk::Lost { reason };
        let cart = order.cart.unwrap_or_default().resolve(cx).map_err(|error| lost(error.to_string()))?;
        let item = shop::AddItem { sku: order.sku, quantity: 1 };
        let view = cart.add(item).await.map_err(|error| lost(error.to_string()))?;
        Ok(desk::Taken { items: u32::try_from(view.items.len()).unwrap_or(u32::MAX) })
    }

    fn keep(&mut self, kept: desk::Kept) -> desk::Kept {
        kept
    }
}

#[tokio::test]
async fn a_reference_reaches_a_third_node() {
    let (a, b, c) = (node("third").await, node("third").await, node("third").await);
    c.spawn("cart", Cart::default).await.expect("the name is free");
    b.spawn("desk", Desk::default).await.expect("the name is free");
    let at =
        |system: &ActorSystem, name| format!("akt://{}/user/{name}", system.address().expect("it listens"));
    let cart: shop::CartRef = a.actor_at(&at(&c, "cart")).expect("the address is one");
    let desk: desk::DeskRef = a.actor_at(&at(&b, "desk")).expect("the address is one");
    let order =
        |cart: &shop::CartRef| desk::Order { cart: Some(RefField::from(cart)), sku: "tea".to_owned() };

    assert_eq!(desk.take(order(&cart)).await.expect("the desk finds the cart").items, 1);
    assert_eq!(cart.view(shop::ViewCart {}).await.expect("the cart is there").items.len(), 1);
    let at_home: shop::CartRef = c.actor_of("cart").await.expect("it is there");
    assert_eq!(RefField::from(&at_home), RefField::from(&cart));
    let found = RefField::from(&cart).resolve(&c).expect("it is here");
    assert_eq!(found.actor(), at_home.actor());
    let empty = desk.take(desk::Order::default()).await.expect_err("there is no cart");
    assert!(matches!(empty, AskError::Handler(lost) if lost.reason == "the reference names no actor"));
    for system in [a, b, c] {
        system.shutdown().await;
    }
}

#[tokio::test]
async fn references_may_be_in_any_field() {
    let system = ActorSystem::builder("fields").start().await.expect("nothing else is called so");
    let cart: shop::CartRef = system.spawn("cart", Cart::default).await.expect("the name is free");
    let me: desk::DeskRef = system.spawn("desk", Desk::default).await.expect("the name is free");
    let inside = desk::kept::Inside { desk: Some((&me).into()), again: None };
    let kept = desk::Kept {
        desks: vec![RefField::from(&me), RefField::default()],
        carts: [("one".to_owned(), RefField::from(&cart))].into(),
        one: Some(desk::kept::One::Inside(Box::new(inside))),
        maybe: Some(RefField::from(&me)),
    };

    let back = me.keep(kept.clone()).await.expect("it answers");

    let bytes = akt::prost::Message::encode_to_vec(&kept);
    assert_eq!(<desk::Kept as akt::prost::Message>::decode(&*bytes).expect("it was encoded"), kept);
    assert_eq!(back, kept);
    assert_eq!(back.carts["one"].resolve(&system).expect("it is here").actor(), cart.actor());
    assert_eq!(format!("{:?}", back.desks[0]), "RefField(desk.v1.Desk akt://fields/user/desk)");
    system.shutdown().await;
}

#[tokio::test]
async fn what_leads_to_nobody_says_why() {
    let system = ActorSystem::builder("errors").start().await.expect("nothing else is called so");
    let other = ActorSystem::builder("others").start().await.expect("nothing else is called so");
    let cart: shop::CartRef = system.spawn("cart", Cart::default).await.expect("the name is free");
    let field = RefField::from(&cart);

    let elsewhere = field.resolve(&other).expect_err("that is another system");
    assert!(matches!(&elsewhere, ResolveError::At(ActorAtError::OtherSystem { .. })), "{elsewhere}");
    let bytes = akt::prost::Message::encode_to_vec(&field);
    let wrong: RefField<desk::DeskRef> = akt::prost::Message::decode(&*bytes).expect("it was encoded");
    assert_eq!(
        wrong.resolve(&system).expect_err("it is a cart").to_string(),
        "the reference is to an actor of contract \"shop.v1.Cart\", and \"desk.v1.Desk\" is expected"
    );
    cart.actor().stop();
    cart.actor().stopped().await;
    let gone = field.resolve(&system).expect_err("it is gone");
    assert!(matches!(&gone, ResolveError::At(ActorAtError::Here(_))), "{gone}");
    system.shutdown().await;
    other.shutdown().await;
}

#[tokio::test]
async fn a_system_without_connections_reaches_no_other_node() {
    let (far, near) = (node("apart").await, ActorSystem::builder("apart").start().await.expect("it starts"));
    let cart: shop::CartRef = far.spawn("cart", Cart::default).await.expect("the name is free");
    let field = RefField::from(&cart);

    let told = field.resolve(&near).expect_err("there is no way");

    assert!(matches!(told, ResolveError::At(ActorAtError::NoRemote)), "{told}");
    let address: ActorAddress =
        format!("akt://{}/user/cart", far.address().expect("it listens")).parse().expect("it is one");
    assert_eq!(address.path, shop::CartRef::from_ref(cart.as_ref().clone()).actor().path());
    far.shutdown().await;
    near.shutdown().await;
}

#[test]
fn references_without_a_contract_are_mistakes() {
    let told = mistakes(
        "refs",
        "message A {\n  akt.Ref one = 1;\n  string two = 2 [(akt.ref) = \"S\"];\n  map<int32, akt.Ref> three = 3 [(akt.ref) = \"T\"];\n}",
    );

    assert_eq!(
        told,
        "\
a.proto:6:3: field `one` of `x.A` is a reference and does not say to what; write `[(akt.ref) = \"shop.v1.Cart\"]` behind its number
a.proto:7:3: field `two` of `x.A` says that it refers to `x.S`, and its type is not `akt.Ref`; give it that type, or remove `(akt.ref)`
a.proto:8:3: field `three` of `x.A` refers to `T`, which is no service that is compiled here, nor one under an `extern_path`; there are: `x.S`"
    );
    assert_eq!(
        mistakes("bare", "service T { rpc Do(akt.Ref) returns (M); }"),
        "a.proto:5:13: rpc Do takes or returns `akt.Ref` itself; put it into a message, with `(akt.ref)`"
    );
}

#[test]
fn a_reference_to_a_contract_of_another_crate_has_its_path() {
    let folder = Folder::new("refs-extern");
    let contract =
        "syntax = \"proto3\";\npackage shop.v1;\nservice Cart { rpc Do(A) returns (A); }\nmessage A {}\n";
    folder.write("shop.proto", contract);
    let user = "syntax = \"proto3\";\npackage y;\nimport \"akt/options.proto\";\nimport \"shop.proto\";\nmessage A { akt.Ref it = 1 [(akt.ref) = \"shop.v1.Cart\"]; }\n";
    folder.write("a.proto", user);

    let made = folder
        .compile(&configure().extern_path("shop", "::contracts::shop"), "a.proto")
        .expect("it compiles");

    assert!(made.contains("::akt::RefField<::contracts::shop::v1::CartRef>"), "{made}");
}

#[test]
fn what_a_reference_is_to_is_locked() {
    let folder = Folder::new("refs-lock");
    let lock = configure().lock(folder.0.join("akt.lock"));
    let text = "service S { rpc Do(M) returns (M); }\nservice T { rpc Do(M) returns (M); }\nmessage A { akt.Ref it = 1 [(akt.ref) = \"S\"]; }";
    folder.write("a.proto", &contract(text)).compile(&lock, "a.proto").expect("nothing is locked yet");

    let told = folder.write("a.proto", &contract(&text.replace("\"S\"", "\"T\""))).compile(&lock, "a.proto");

    assert!(folder.read("akt.lock").contains("  1 it: akt.Ref of x.S\n"));
    let told = told.expect_err("older nodes refer to S");
    assert!(told.contains("field 1 of `x.A` was `akt.Ref of x.S` and is now `akt.Ref of x.T`;"), "{told}");
}

fn contract(text: &str) -> String {
    format!("syntax = \"proto3\"; package x;\nimport \"akt/options.proto\";\nmessage M {{}}\n\n{text}\n")
}

fn mistakes(test: &str, text: &str) -> String {
    let folder = Folder::new(&format!("mistake-{test}"));
    let text = if text.starts_with("service") {
        contract(text)
    } else {
        contract(text).replace("message M {}\n\n", "message M {}\nservice S { rpc Do(M) returns (M); }\n")
    };
    folder.write("a.proto", &text).compile(&configure(), "a.proto").expect_err("there is a mistake")
}
