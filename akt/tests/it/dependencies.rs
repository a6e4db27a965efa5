//! Actors made from what their system provides: found by type and name, checked before anything starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use akt::prelude::*;
use akt::{Inject, SpawnError, StartError};

/// Counts how often it was cloned into an actor.
#[derive(Default)]
struct Pool {
    used: AtomicUsize,
}

#[derive(Clone)]
struct Bank(&'static str);

#[derive(Inject)]
struct Orders {
    #[dep]
    db: Arc<Pool>,
    #[dep(named = "eu")]
    bank: Bank,
    #[arg]
    shard: u32,
    pending: Vec<u64>,
}

#[akt::actor]
impl Orders {
    #[handler]
    fn place(&mut self, id: u64) -> String {
        self.db.used.fetch_add(1, Ordering::SeqCst);
        self.pending.push(id);
        format!("{} at {} on {}", self.pending.len(), self.bank.0, self.shard)
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    fn price(&mut self, cx: &mut Ctx<Self>) -> u64 {
        cx.dep()
    }

    #[handler]
    async fn part(&mut self, cx: &mut Ctx<Self>) -> String {
        let child = cx.spawn_injected::<Self>("part", OrdersArgs { shard: 70 }).await.unwrap();
        child.place(1).await.unwrap()
    }
}

#[derive(Inject)]
struct Plain {
    #[dep(named = "us")]
    bank: Bank,
}

#[akt::actor]
impl Plain {
    #[handler]
    fn name(&mut self) -> &'static str {
        self.bank.0
    }
}

fn orders(shard: u32) -> OrdersArgs {
    OrdersArgs { shard }
}

#[akt::test]
async fn an_injected_actor_has_what_the_system_provides_and_its_own_arguments() {
    let pool = Arc::new(Pool::default());
    let builder = ActorSystem::builder("test").provide(pool.clone()).provide_named("eu", Bank("EU"));
    let system = builder.provide_named("us", Bank("US")).register::<Orders>().start().await.unwrap();

    let orders = system.spawn_injected::<Orders>("orders-7", orders(7)).await.unwrap();
    let plain = system.spawn_injected::<Plain>("plain", ()).await.unwrap();

    assert_eq!(orders.place(1).await.unwrap(), "1 at EU on 7");
    assert_eq!(orders.part().await.unwrap(), "1 at EU on 70", "a child too");
    assert_eq!(plain.name().await.unwrap(), "US");
    assert_eq!(pool.used.load(Ordering::SeqCst), 2, "shared, not copied");
    system.shutdown().await;
}

#[akt::test]
async fn a_restart_injects_again() {
    let builder = ActorSystem::builder("test").provide(Arc::new(Pool::default()));
    let system = builder.provide_named("eu", Bank("EU")).start().await.unwrap();
    let spawn = system.spawn_injected::<Orders>("orders", orders(7));
    let orders = spawn.supervise(Supervise::restart()).await.unwrap();
    orders.place(1).await.unwrap();

    orders.boom().tell().unwrap();

    assert_eq!(orders.place(2).await.unwrap(), "1 at EU on 7", "a new value of the same arguments");
    system.shutdown().await;
}

#[akt::test]
async fn a_missing_dependency_is_a_spawn_error_before_anything_starts() {
    let system = ActorSystem::builder("test").provide(Arc::new(Pool::default())).start().await.unwrap();

    let error = system.spawn_injected::<Orders>("orders", orders(7)).await.unwrap_err();

    let SpawnError::MissingDependency { type_name, name, actor } = &error else { panic!("{error}") };
    assert_eq!((actor.as_str(), name.as_deref()), ("/user/orders", Some("eu")));
    assert!(type_name.ends_with("Bank"));
    assert_eq!(
        error.to_string(),
        "`/user/orders` was not spawned: nothing provides `it::dependencies::Bank` named \"eu\""
    );
    assert!(system.actor_of::<OrdersRef>("orders").await.is_err());
    system.shutdown().await;
}

#[akt::test]
async fn a_start_names_everything_that_registered_actors_miss() {
    let builder = ActorSystem::builder("test").provide_named("us", Bank("US"));

    let error = builder.register::<Orders>().register::<Plain>().start().await.unwrap_err();

    assert!(matches!(&error, StartError::MissingDependencies(missing) if missing.len() == 2));
    assert_eq!(
        error.to_string(),
        "nothing provides `alloc::sync::Arc<it::dependencies::Pool>`, which `Orders` needs; nothing provides \
         `it::dependencies::Bank` named \"eu\", which `Orders` needs; say `.provide(..)` on the builder"
    );
}

#[akt::test]
async fn a_context_gives_what_is_there_and_faults_otherwise() {
    let builder = ActorSystem::builder("test").provide(Arc::new(Pool::default()));
    let system = builder.provide_named("eu", Bank("EU")).start().await.unwrap();
    let orders = system.spawn_injected::<Orders>("orders", orders(7)).await.unwrap();

    let Err(AskError::Fault(fault)) = orders.price().await else { panic!("no fault") };

    assert_eq!(fault.text, "nothing provides `u64`");
    assert!(fault.place.is_some_and(|place| place.contains("dependencies.rs")), "the place of the call");
    assert_eq!(system.dependency_named::<Bank>("eu").unwrap().0, "EU");
    assert!(system.dependency::<Bank>().is_err());
    system.shutdown().await;
}
