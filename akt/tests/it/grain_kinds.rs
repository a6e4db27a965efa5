//! Kinds of grains and their keys: one type a kind, keys of several types, grains of a contract.

use akt::prelude::*;
use akt::{GrainKey, StopReason, Turn};

use crate::mill::mill::v1 as mill;
use crate::support::system;

#[derive(Default)]
struct Till;

#[akt::grain(kind = "till", key = String)]
impl Till {
    #[handler]
    fn add(&mut self, _item: u64) {}
}

/// Has the kind of [`Till`].
#[derive(Default)]
struct Impostor;

#[akt::grain(kind = "till", key = u64)]
impl Impostor {
    #[handler]
    fn add(&mut self, _item: u64) {}
}

#[akt::test]
async fn two_types_of_one_kind_are_told_to_the_caller() {
    let system = system().await;
    Till::grain(&system, "a").add(1).await.unwrap();
    let impostor = Impostor::grain(&system, 7);

    let told = impostor.add(1).await.unwrap_err();
    let back = impostor.add(2).tell().unwrap_err();

    for text in [told.to_string(), back.to_string()] {
        assert!(text.contains("Till` in this system; give `") && text.contains("Impostor"), "{text}");
    }
    Till::grain(&system, "a").add(2).await.unwrap();
    system.shutdown().await;
}

/// Says its key; nothing else makes it.
#[derive(Default)]
struct Echo;

#[akt::grain(kind = "echo", key = (uuid::Uuid, (String, i64)))]
impl Echo {
    #[handler]
    fn key(&self, cx: &Ctx<Self>) -> String {
        let mut text = String::new();
        cx.key().encode(&mut text);
        text
    }
}

#[akt::test]
async fn keys_are_pairs_and_uuids_and_a_default_is_made() {
    let system = system().await;
    let id = uuid::Uuid::from_u128(7);

    let key = Echo::grain(&system, (id, ("a/b".to_owned(), -1))).key().await.unwrap();

    assert_eq!(key, "00000000-0000-0000-0000-000000000007,a%2Fb,-1");
    system.shutdown().await;
}

/// A mill of a contract, with a message of its own.
#[derive(Default)]
struct Windmill(u32);

#[akt::grain(kind = "mill", key = String, passivate = "10s")]
impl mill::Mill for Windmill {
    fn grind(&mut self, grain: mill::Grain) -> mill::Flour {
        self.0 += grain.grams;
        mill::Flour { grams: self.0 }
    }

    fn weigh(&self, _: mill::Empty) -> mill::Flour {
        mill::Flour { grams: self.0 }
    }

    async fn watch(&self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    async fn slow(&mut self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    async fn order(_this: Turn<Self>, _: mill::Grain) -> Result<mill::Flour, mill::Broken> {
        Ok(mill::Flour::default())
    }

    #[handler(private)]
    fn name(&mut self, cx: &mut Ctx<Self>) -> String {
        cx.key().clone()
    }
}

#[akt::test]
async fn a_grain_serves_a_contract() {
    let system = system().await;
    let mill = Windmill::grain(&system, "north");

    assert_eq!(mill.name().await.unwrap(), "north");
    assert_eq!(mill.grind(mill::Grain { grams: 3 }).await.unwrap().grams, 3);
    assert_eq!(mill.actor().stopped().await, StopReason::Passivated);

    assert_eq!(mill.weigh(mill::Empty {}).await.unwrap().grams, 0, "it is another value");
    system.shutdown().await;
}
