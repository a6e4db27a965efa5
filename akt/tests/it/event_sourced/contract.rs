//! An event-sourced actor of a contract: its rpcs are those of the contract, its methods return what they persist.

use akt::persistence::{MemoryEventStore, Persist};
use akt::prelude::*;

use super::system;
use crate::contracts::depot::v1 as depot;

/// A shelf that keeps its items.
#[derive(Default)]
struct Kept {
    added: Vec<u32>,
}

impl Kept {
    fn stock(&self) -> depot::Stock {
        depot::Stock { added: self.added.clone() }
    }
}

#[akt::actor(event_sourced(event = depot::Item, kind = "shelf"))]
impl depot::Depot for Kept {
    fn add(&mut self, item: depot::Item) -> Persist<Self, Result<depot::Stock, depot::Refused>> {
        if item.quantity > 100 {
            return Persist::none(Err(depot::Refused { why: format!("{} is too much", item.quantity) }));
        }
        Persist::one(item).then(|kept| Ok(kept.stock()))
    }

    fn view(&mut self, (): ()) -> Persist<Self, depot::Stock> {
        Persist::none(self.stock())
    }

    async fn wait(&mut self, _: depot::Delay, cx: &mut Ctx<Self>) -> Persist<Self> {
        // A method of the contract that is called by hand persists too.
        let _ = depot::Depot::add(self, depot::Item { quantity: 7 }, cx).await;
        Persist::none(())
    }

    fn echo(&mut self, blob: depot::Blob) -> Persist<Self, depot::Blob> {
        Persist::none(blob)
    }

    fn make(&mut self, _: depot::Delay) -> Persist<Self, depot::Blob> {
        Persist::none(depot::Blob::default())
    }

    fn crash(&mut self, _: depot::Delay) -> Persist<Self> {
        panic!("the shelf broke");
    }

    #[handler(private)]
    fn double(&mut self) -> Persist<Self, usize> {
        let items: Vec<_> = self.added.iter().map(|quantity| depot::Item { quantity: *quantity }).collect();
        Persist::many(items).then(|kept| kept.added.len())
    }

    #[apply]
    fn added(&mut self, item: &depot::Item) {
        self.added.push(item.quantity);
    }
}

#[akt::test]
async fn an_event_sourced_actor_of_a_contract_persists_and_recovers() {
    let store = MemoryEventStore::new();
    let first = system(store.clone()).await;
    let kept = first.spawn("main", Kept::default).await.unwrap();

    assert_eq!(kept.add(depot::Item { quantity: 3 }).await.unwrap().added, [3]);
    let refused = kept.add(depot::Item { quantity: 101 }).await.unwrap_err();
    assert!(matches!(&refused, AskError::Handler(error) if error.why == "101 is too much"), "{refused}");
    assert_eq!(kept.double().await.unwrap(), 2);
    kept.wait(depot::Delay::default()).await.unwrap();
    first.shutdown().await;

    let second = system(store).await;
    let kept = second.spawn("main", Kept::default).await.unwrap();
    assert_eq!(kept.view(()).await.unwrap().added, [3, 3, 7]);
    second.shutdown().await;
}
