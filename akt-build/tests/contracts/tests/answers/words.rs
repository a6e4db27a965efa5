//! Names that Rust, or every reference, has words for.

use akt_contract_tests::taken::v1 as taken;
use akt_contract_tests::r#type::r#match::r#async as words;

use crate::{Nodes, serves};

serves! {
    Trait: [words::Trait]
    self_ (words::Struct) -> words::Impl = |_| words::Impl::default();
    r#move (words::Enum) -> words::Fn = |_| words::Fn {};
    r#await (words::Enum) -> words::Fn = |_| words::Fn {};
    crate_ (words::Super) -> words::Super = |it| it;
    r#dyn (words::Mod) -> words::Mod = |it| it;
    r#gen (words::Mod) -> words::Mod = |it| it;
    r#try (words::Mod) -> words::Mod = |it| it;
}
serves! {
    Taken: [taken::Cart_]
    ask (taken::CartRef) -> taken::CartMsg = |it: taken::CartRef| taken::CartMsg { text: it.text };
    tell (taken::CartMsg) -> taken::Cart = |_| taken::Cart::default();
    clone (taken::Cart) -> taken::CartRef = |_| taken::CartRef::default();
    actor (taken::CartRef) -> taken::CartRef = |it| it;
    new (taken::CartRef) -> taken::CartRef = |it| it;
    drop (taken::CartRef) -> taken::CartRef = |it| it;
    unknown (taken::CartRef) -> taken::CartRef = |it| it;
    grain (taken::CartRef) -> taken::CartRef = |it| it;
    name (taken::CartRef) -> taken::CartRef = |it| it;
    reply (taken::CartRef) -> taken::CartRef = |it| it;
    decode (taken::CartRef) -> taken::CartRef = |it| it;
    encode (taken::CartRef) -> taken::CartRef = |it| it;
    from (taken::CartRef) -> taken::CartRef = |it| it;
    into (taken::CartRef) -> taken::CartRef = |it| it;
    fmt (taken::CartRef) -> taken::CartRef = |it| it;
    dispatch (taken::CartRef) -> taken::CartRef = |it| it;
    on_start (taken::CartRef) -> taken::CartRef = |it| it;
    options (taken::CartRef) -> taken::CartRef = |it| it;
    from_ref (taken::CartRef) -> taken::CartRef = |it| it;
    as_ref (taken::CartRef) -> taken::CartRef = |it| it;
}

#[tokio::test]
async fn words_of_rust() {
    let nodes = Nodes::start().await;
    nodes.far.spawn("words", Trait::default).await.expect("the name is free");
    let words: words::TraitRef = nodes.reach("words");
    let request = words::Struct {
        r#fn: "f".to_owned(),
        self_: true,
        r#type: 1,
        crate_: vec![words::Mod::default()],
        r#match: Some(words::r#struct::Match::Mut(words::Mod::default())),
        r#for: words::For::Self_.into(),
        ..words::Struct::default()
    };

    assert_eq!(words.self_(request).await.expect("it answers"), words::Impl::default());
    words.r#move(words::Enum::default()).await.expect("it answers");
    words.r#await(words::Enum::default()).await.expect("it answers");
    words.crate_(words::Super::default()).await.expect("it answers");
    words.r#dyn(words::Mod::default()).await.expect("it answers");
    words.r#gen(words::Mod::default()).await.expect("it answers");
    words.r#try(words::Mod::default()).await.expect("it answers");
    nodes.stop().await;
}

#[tokio::test]
async fn words_of_every_reference() {
    let nodes = Nodes::start().await;
    nodes.far.spawn("taken", Taken::default).await.expect("the name is free");
    let cart: taken::CartRef_ = nodes.reach("taken");
    let it = taken::CartRef { text: "it".to_owned() };

    assert_eq!(cart.ask_(it.clone()).await.expect("it answers").text, "it");
    cart.tell_(taken::CartMsg::default()).await.expect("it answers");
    cart.clone_(taken::Cart::default()).await.expect("it answers");
    let calls = [
        cart.actor_(it.clone()).await,
        cart.new(it.clone()).await,
        cart.drop(it.clone()).await,
        cart.unknown(it.clone()).await,
        cart.grain_(it.clone()).await,
        cart.name(it.clone()).await,
        cart.fmt(it.clone()).await,
        cart.from(it.clone()).await,
        cart.into_(it.clone()).await,
        cart.from_ref(it.clone()).await,
        cart.as_ref(it.clone()).await,
        cart.dispatch(it.clone()).await,
        cart.on_start(it.clone()).await,
    ];
    for answer in calls {
        assert_eq!(answer.expect("it answers"), it);
    }
    nodes.stop().await;
}
