//! Actors spawned on another node: of an allowed kind, with arguments that travelled and dependencies of that node.

use akt::prelude::*;
use akt::{Inject, Network, OperationError, Remote, StartError};

use crate::contracts::depot::v1 as depot;
use crate::depot::item;

/// What a store may hold, as its node says.
#[derive(Clone)]
struct Limit(u32);

#[derive(Inject)]
#[inject(args = depot::Item)]
struct Store {
    #[dep]
    limit: Limit,
    #[arg]
    quantity: u32,
    added: Vec<u32>,
}

#[akt::actor]
impl depot::Depot for Store {
    #[on(start)]
    fn start(&mut self) -> Result<(), Fault> {
        self.added.push(self.quantity);
        if self.quantity > self.limit.0 { Err(Fault::new("it does not hold so much")) } else { Ok(()) }
    }

    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        self.added.push(item.quantity);
        Ok(depot::Stock { added: self.added.clone() })
    }

    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: self.added.clone() }
    }

    fn wait(&mut self, _: depot::Delay) {}

    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        blob
    }

    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }

    fn crash(&mut self, _: depot::Delay) {}
}

/// Needs what nobody provides, and takes no arguments.
#[derive(Inject)]
struct Needy {
    #[dep]
    _wish: std::sync::Arc<String>,
}

#[akt::actor]
impl depot::Other for Needy {
    fn ping(&mut self, _: depot::Delay) {}
}

async fn nodes(remote: impl Fn() -> Remote) -> (ActorSystem, ActorSystem) {
    let near = ActorSystem::builder("shop").remote(remote()).start().await.unwrap();
    let allowed = remote().allow_spawn::<Store>().allow_spawn::<Needy>();
    let far = ActorSystem::builder("shop").provide(Limit(100)).remote(allowed).start().await.unwrap();
    (near, far)
}

async fn spawns(remote: impl Fn() -> Remote) {
    let (near, far) = nodes(remote).await;
    let node = near.node(&far.address().unwrap().to_string()).unwrap();

    let store: depot::DepotRef = node.spawn_named("Store", "store-7", &item(7)).await.unwrap();
    let other: depot::DepotRef = node.spawn("Store", &item(8)).await.unwrap();

    assert_eq!(store.add(item(1)).await.unwrap().added, [7, 1]);
    assert_eq!(other.view(()).await.unwrap().added, [8]);
    assert_eq!(store.actor().path().as_str(), "/user/store-7");
    assert!(other.actor().path().name().starts_with("Store-"), "{}", other.actor().path());
    assert!(far.actor_of::<depot::DepotRef>("store-7").await.is_ok(), "a child of that node's guardian");
    let kinds = node.kinds().await.unwrap();
    let kinds: Vec<_> = kinds.iter().map(|kind| (&*kind.name, &*kind.contract)).collect();
    assert_eq!(kinds, [("Needy", "depot.v1.Other"), ("Store", "depot.v1.Depot")]);
    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn an_allowed_kind_is_spawned_on_another_node_from_arguments_that_travel() {
    let network = Network::new();
    spawns(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn actors_are_spawned_over_quic() {
    spawns(crate::quic::remote).await;
}

#[akt::test]
async fn each_reason_not_to_spawn_on_another_node_has_its_own_error() {
    let network = Network::new();
    let (near, far) = nodes(|| Remote::memory(&network)).await;
    let node = near.node(&far.address().unwrap().to_string()).unwrap();
    let store = async |name: &str| node.spawn_named::<depot::DepotRef>("Store", name, &item(1)).await;
    store("store-1").await.unwrap();

    let not_allowed = node.spawn::<depot::DepotRef>("Shelf", &item(1)).await.unwrap_err();
    assert_eq!(
        not_allowed.to_string(),
        "`Shelf` may not be spawned there; allowed: Needy, Store; say `.allow_spawn::<Shelf>()` on its `Remote`"
    );
    let garbled = depot::Refused { why: "no item".to_owned() };
    let arguments = node.spawn::<depot::DepotRef>("Store", &garbled).await.unwrap_err();
    assert!(
        matches!(&arguments, OperationError::Arguments { kind, .. } if &**kind == "Store"),
        "{arguments:?}"
    );
    let contract = node.spawn::<depot::OtherRef>("Store", &item(1)).await.unwrap_err();
    assert_eq!(
        contract.to_string(),
        "the actor serves \"depot.v1.Depot\", and \"depot.v1.Other\" is expected"
    );
    let exists = store("store-1").await.unwrap_err();
    assert!(matches!(&exists, OperationError::AlreadyExists(path) if path.name() == "store-1"), "{exists:?}");
    let missing = node.spawn_named::<depot::OtherRef>("Needy", "needy", &()).await.unwrap_err();
    assert_eq!(
        missing.to_string(),
        "`/user/needy` was not spawned: nothing provides `alloc::sync::Arc<alloc::string::String>`"
    );
    let failed = node.spawn_named::<depot::DepotRef>("Store", "big", &item(101)).await.unwrap_err();
    let OperationError::NotStarted(said) = &failed else { panic!("{failed:?}") };
    assert!(said.contains("it does not hold so much"), "{said}");
    assert!(matches!(store("a b").await, Err(OperationError::Name(_))));
    let reserved = store("$own").await.unwrap_err();
    assert!(matches!(reserved, OperationError::Refused { .. }), "{reserved:?}");

    assert_eq!(node.children("/user").await.unwrap().len(), 1, "nothing else was started");
    near.shutdown().await;
    far.shutdown().await;
}

#[akt::test]
async fn a_node_that_allows_nothing_spawns_nothing() {
    let network = Network::new();
    let (near, far) = nodes(|| Remote::memory(&network)).await;
    let here = far.node(&near.address().unwrap().to_string()).unwrap();

    let refused = here.spawn::<depot::DepotRef>("Store", &item(1)).await.unwrap_err();

    assert!(
        matches!(&refused, OperationError::NotAllowed { allowed, .. } if allowed.is_empty()),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("no kind may"), "{refused}");
    near.shutdown().await;
    far.shutdown().await;
}

mod other {
    use akt::Inject;

    use super::depot;

    /// Another type of the same name.
    #[derive(Inject)]
    pub(super) struct Needy {
        _empty: u8,
    }

    #[akt::actor]
    impl depot::Other for Needy {
        fn ping(&mut self, _: depot::Delay) {}
    }
}

#[akt::test]
async fn two_kinds_of_one_name_cannot_be_allowed() {
    let remote = Remote::memory(&Network::new()).allow_spawn::<Needy>().allow_spawn::<other::Needy>();

    let error = ActorSystem::builder("shop").remote(remote).start().await.unwrap_err();

    let StartError::Part { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.to_string(), "two types are called `Needy`: other nodes could not tell which to spawn");
}
