//! Grains by the contract that they serve: found by key, by kinds that the builder was told of.

use akt::prelude::*;
use akt::{ContractKey, Protocol, StartError};

use crate::stall::stall::v1 as stall;

fn ware(name: &str, count: u32) -> stall::Ware {
    stall::Ware { name: name.into(), count }
}

/// Counts what it sells; says its key in answer.
#[derive(Default)]
struct Baker(u32);

#[akt::grain(kind = "baker", key = String)]
impl stall::Stall for Baker {
    fn sell(&mut self, ware: stall::Ware, cx: &mut Ctx<Self>) -> stall::Ware {
        self.0 += ware.count;
        stall::Ware { name: format!("{} of {}", ware.name, cx.key()), count: self.0 }
    }

    fn grain(&mut self, ware: stall::Ware) -> stall::Ware {
        ware
    }
}

/// Another that serves the same contract, and has a message of its own.
#[derive(Default)]
struct Butcher;

#[akt::grain(kind = "butcher", key = String)]
impl stall::Stall for Butcher {
    fn sell(&mut self, ware: stall::Ware) -> stall::Ware {
        stall::Ware { name: format!("sausage, not {}", ware.name), ..ware }
    }

    fn grain(&mut self, ware: stall::Ware) -> stall::Ware {
        ware
    }

    #[handler(private)]
    fn close(&mut self, cx: &mut Ctx<Self>) {
        cx.deactivate();
    }
}

#[akt::test]
async fn a_reference_of_the_contract_finds_the_grain_that_the_builder_was_told_of() {
    let system = ActorSystem::builder("test").grain::<Baker>().start().await.unwrap();

    let stall = stall::StallRef::grain(&system, "corner");
    assert_eq!(stall.sell(ware("bread", 2)).await.unwrap(), ware("bread of corner", 2));

    let typed = Baker::grain(&system, "corner");
    assert_eq!(typed.sell(ware("bread", 3)).await.unwrap().count, 5, "it is the same activation");
    assert_eq!(stall.actor().path().to_string(), "/user/$grains/baker/corner");
    assert_eq!(
        stall.grain_(ware("rye", 1)).await.unwrap().name,
        "rye",
        "an rpc of that name has another here"
    );
    system.shutdown().await;
}

#[akt::test]
async fn without_a_registered_kind_calls_say_what_to_do() {
    let system = ActorSystem::builder("test").start().await.unwrap();
    // Used, and yet not registered: what is found does not depend on who came first.
    Baker::grain(&system, "corner").sell(ware("bread", 1)).await.unwrap();
    let stall = stall::StallRef::grain(&system, "corner");

    let told = stall.sell(ware("bread", 1)).tell().unwrap_err();
    let asked = stall.sell(ware("bread", 1)).await.unwrap_err();
    let sent = stall.sell(ware("bread", 1)).send().await.unwrap_err();

    for text in [told.to_string(), asked.to_string(), sent.to_string()] {
        assert!(
            text.contains(
                "no grain serves `stall.v1.Stall` in this system; say `.grain::<MyGrain>()` on its builder"
            ),
            "{text}"
        );
    }
    assert!(matches!(told, TellError::Rejected(back, _) if back == ware("bread", 1)));
    assert!(matches!(asked, AskError::Rejected { .. }) && asked.delivery() == Delivery::No);
    system.shutdown().await;
    let over = stall.sell(ware("bread", 1)).await.unwrap_err();
    assert!(matches!(over, AskError::Stopped { .. }), "{over}");
}

#[akt::test]
async fn of_two_kinds_that_serve_a_contract_the_caller_says_which() {
    let builder = ActorSystem::builder("test").grain::<Baker>().grain::<Butcher>();
    let system = builder.start().await.unwrap();

    let either = stall::StallRef::grain(&system, "corner").sell(ware("bread", 1)).await.unwrap_err();
    let butcher = stall::StallRef::grain_of(&system, "butcher", "corner");
    let typo =
        stall::StallRef::grain_of(&system, "bucher", "corner").sell(ware("bread", 1)).await.unwrap_err();

    let text = either.to_string();
    assert!(text.contains("Baker` of kind `baker`") && text.contains("Butcher` of kind `butcher`"), "{text}");
    assert!(text.contains("say which, by `grain_of(&system, kind, key)`"), "{text}");
    assert_eq!(butcher.sell(ware("bread", 1)).await.unwrap().name, "sausage, not bread");
    assert!(typo.to_string().contains("no grain of kind `bucher`"), "{typo}");
    assert!(typo.to_string().contains("there are: `baker`, `butcher`"), "{typo}");
    Butcher::grain(&system, "corner").close().await.unwrap();
    system.shutdown().await;
}

mod rival {
    use super::*;

    #[derive(Default)]
    pub(super) struct Baker;

    #[akt::grain(kind = "baker", key = u64)]
    impl Baker {
        #[handler]
        fn bake(&mut self) {}
    }
}

#[akt::test]
async fn two_types_of_one_kind_do_not_start() {
    let builder = ActorSystem::builder("test").grain::<Baker>().grain::<Baker>().grain::<rival::Baker>();

    let Err(error) = builder.start().await else { panic!("it started") };

    let StartError::Part { part: "grains", source } = error else { panic!("{error}") };
    let text = source.to_string();
    assert!(text.contains("grain kind `baker` is both `"), "{text}");
    assert!(text.contains("grain_contracts::Baker`") && text.contains("rival::Baker`"), "{text}");
}

macro_rules! serves {
    ($grain:ident, $contract:ident, $method:ident, $kind:literal, $key:ty) => {
        #[derive(Default)]
        struct $grain;

        #[akt::grain(kind = $kind, key = $key)]
        impl stall::$contract for $grain {
            fn $method(&mut self, ware: stall::Ware, cx: &mut Ctx<Self>) -> stall::Ware {
                stall::Ware { name: cx.key().to_string(), ..ware }
            }
        }
    };
}

serves!(Rack, Shelf, put, "rack", i64);
serves!(Chest, Crate, pack, "chest", u64);
serves!(Letter, Parcel, ship, "letter", uuid::Uuid);

#[akt::test]
async fn keys_are_of_the_type_that_the_contract_says() {
    let builder = ActorSystem::builder("test").grain::<Rack>().grain::<Chest>().grain::<Letter>();
    let system = builder.start().await.unwrap();

    let rack = stall::ShelfRef::grain(&system, -7).put(ware("", 1)).await.unwrap();
    let packed = stall::CrateRef::grain(&system, 7_u64).pack(ware("", 1)).await.unwrap();
    let id = uuid::Uuid::from_u128(7);
    let letter = stall::ParcelRef::grain_of(&system, "letter", id).ship(ware("", 1)).await.unwrap();

    assert_eq!([rack.name, packed.name, letter.name], ["-7".to_owned(), "7".to_owned(), id.to_string()]);
    assert_eq!(<stall::ParcelMsg as Protocol>::KEY, Some(ContractKey::Uuid));
    system.shutdown().await;
}

#[test]
fn the_contracts_with_keys_are_what_akt_build_makes_of_their_proto() {
    crate::depot::compare("stall", "crate::stall", include_str!("../proto/stall.generated"));
}
