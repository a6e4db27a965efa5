//! An event-sourced grain of a contract, its events in a file: each activation, and each process, finds them.

use akt::bytes::Bytes;
use akt::persistence::{EventStore, Fence, Persist, Record, RedbStore, Snapshot};
use akt::prelude::*;

use crate::contracts::depot::v1 as depot;
use crate::redb::fresh;

/// A shelf whose events had another form once: the quantity as text.
#[derive(Default)]
struct Shelf {
    added: Vec<u32>,
    /// How many events it has applied since it was made.
    applied: u32,
}

fn from_text(_schema: u32, bytes: Bytes) -> Result<depot::Item, Fault> {
    let quantity = String::from_utf8(bytes.into())?.parse()?;
    Ok(depot::Item { quantity })
}

#[akt::grain(
    kind = "shelf",
    key = String,
    event_sourced(event = depot::Item, schema = 2, upcast = from_text, snapshot_every = 3)
)]
impl depot::Depot for Shelf {
    fn add(
        &mut self,
        item: depot::Item,
        cx: &mut Ctx<Self>,
    ) -> Persist<Self, Result<depot::Stock, depot::Refused>> {
        if item.quantity > 100 {
            return Persist::none(Err(depot::Refused { why: format!("{} is too much", item.quantity) }));
        }
        if item.quantity == 5 {
            cx.deactivate();
        }
        Persist::one(item).then(|shelf| Ok(depot::Stock { added: shelf.added.clone() }))
    }

    fn view(&mut self, (): ()) -> Persist<Self, depot::Stock> {
        Persist::none(depot::Stock { added: self.added.clone() })
    }

    fn wait(&mut self, _: depot::Delay) -> Persist<Self> {
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
    fn applied(&mut self) -> Persist<Self, u32> {
        Persist::none(self.applied)
    }

    #[apply]
    fn added(&mut self, item: &depot::Item) {
        self.added.push(item.quantity);
        self.applied += 1;
    }
}

impl Snapshot for Shelf {
    type State = depot::Stock;

    fn snapshot(&self) -> depot::Stock {
        depot::Stock { added: self.added.clone() }
    }

    fn restore(&mut self, stock: depot::Stock) {
        self.added = stock.added;
    }
}

async fn system(store: RedbStore) -> ActorSystem {
    ActorSystem::builder("test").event_store(store).start().await.unwrap()
}

#[tokio::test]
async fn an_event_sourced_grain_of_a_contract_finds_its_events_in_a_file() {
    let path = fresh("event-sourced-grain");
    // Longer than the name of an actor may be.
    let key = "north/".repeat(100);
    let id = format!("shelf/{}", "north%2F".repeat(100));
    let store = RedbStore::open(&path).unwrap();
    let old = Record { sequence: 1, schema: 1, bytes: Bytes::from_static(b"3") };
    EventStore::append(&store, &id, Fence(1), vec![old]).await.unwrap();
    let first = system(store.clone()).await;
    let shelf = Shelf::grain(&first, &*key);

    assert_eq!(shelf.view(()).await.unwrap().added, [3], "an event of another time");
    assert_eq!(shelf.add(depot::Item { quantity: 5 }).await.unwrap().added, [3, 5]);
    assert_eq!(
        shelf.add(depot::Item { quantity: 7 }).await.unwrap().added,
        [3, 5, 7],
        "by the next activation"
    );
    let refused = shelf.add(depot::Item { quantity: 101 }).await.unwrap_err();
    assert!(matches!(&refused, AskError::Handler(error) if error.why == "101 is too much"), "{refused}");
    shelf.crash(depot::Delay::default()).await.unwrap_err();
    assert_eq!(shelf.view(()).await.unwrap().added, [3, 5, 7], "a fault costs nothing");
    first.shutdown().await;
    store.close().await;

    let store = RedbStore::open(&path).unwrap();
    let second = system(store.clone()).await;
    let shelf = Shelf::grain(&second, &*key);
    assert_eq!(shelf.add(depot::Item { quantity: 9 }).await.unwrap().added, [3, 5, 7, 9]);
    assert_eq!(shelf.applied().await.unwrap(), 1, "the others are in the snapshot");
    assert_eq!(EventStore::read(&store, &id, 1, 9).await.unwrap().len(), 4);
    second.shutdown().await;
}
