//! Actors of a contract: every receiver that it may say, and messages of their own beside it.

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::testkit::TestKit;
use akt::{LookupError, Network, Remote, Router, Turn};
use tokio::sync::Notify;

use crate::depot::compare;
use crate::mill::mill::v1 as mill;
use crate::support::{Log, take};

#[derive(Default)]
struct Watermill {
    log: Log,
    gate: Arc<Notify>,
    grams: u32,
    turns: u32,
}

impl Watermill {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }

    fn flour(&self) -> mill::Flour {
        mill::Flour { grams: self.grams }
    }
}

#[akt::actor(mailbox = bounded(2), stash = 2)]
impl mill::Mill for Watermill {
    fn grind(&mut self, grain: mill::Grain) -> mill::Flour {
        self.grams += grain.grams;
        self.note(format!("ground {}", grain.grams));
        self.flour()
    }

    fn weigh(&self, _: mill::Empty) -> mill::Flour {
        self.note("weighed");
        self.flour()
    }

    async fn watch(&self, grain: mill::Grain) -> mill::Flour {
        self.note(format!("{} watches", grain.grams));
        self.gate.notified().await;
        self.flour()
    }

    async fn order(this: Turn<Self>, grain: mill::Grain) -> Result<mill::Flour, mill::Broken> {
        let gate = this.with(|mill| mill.gate.clone());
        gate.notified().await;
        this.with(|mill| match mill.grams {
            0 => Err(mill::Broken { why: format!("no flour for {}", grain.grams) }),
            _ => Ok(mill.flour()),
        })
    }

    #[handler(abort_on_cancel, boxed)]
    async fn slow(&mut self, grain: mill::Grain) -> mill::Flour {
        let _left = Leaves { log: self.log.clone(), grams: grain.grams };
        self.gate.notified().await;
        self.note("was slow");
        self.flour()
    }

    /// The wheel turns by itself.
    #[handler(private)]
    #[every("10s")]
    fn turn(&mut self) -> u32 {
        self.turns += 1;
        self.turns
    }

    #[handler(private)]
    fn gift(&mut self, grams: u32, cx: &mut Ctx<Self>) -> Forward<mill::Flour> {
        let own: WatermillRef = cx.me();
        cx.forward(own.grind(mill::Grain { grams }))
    }

    #[handler(private)]
    fn put_aside(&mut self, grams: u32, cx: &mut Ctx<Self>) -> Forward<mill::Flour> {
        let grain = mill::Grain { grams };
        cx.after(Duration::from_secs(1), cx.me().release()).detach();
        cx.pipe(async { Ok::<_, ()>(()) }, |me, _| me.grind(mill::Grain { grams: 1 }).post());
        cx.stash(cx.me().grind(grain))
    }

    #[handler(private)]
    fn release(&mut self, cx: &mut Ctx<Self>) {
        cx.unstash_all();
    }
}

struct Leaves {
    log: Log,
    grams: u32,
}

impl Drop for Leaves {
    fn drop(&mut self) {
        self.log.lock().push(format!("{} left", self.grams));
    }
}

struct Site {
    mill: WatermillRef,
    log: Log,
    gate: Arc<Notify>,
}

impl Site {
    async fn new(kit: &TestKit) -> Self {
        let (log, gate) = (Log::default(), Arc::<Notify>::default());
        let (seen, opened) = (log.clone(), gate.clone());
        let factory = move || Watermill { log: seen.clone(), gate: opened.clone(), ..Watermill::default() };
        let mill = kit.system().spawn("mill", factory).await.unwrap();
        Self { mill, log, gate }
    }
}

const fn grain(grams: u32) -> mill::Grain {
    mill::Grain { grams }
}

#[akt::test]
async fn read_only_rpcs_run_beside_each_other(kit: TestKit) {
    let Site { mill, log, gate, .. } = Site::new(&kit).await;

    let watching = [mill.watch(grain(1)).start(), mill.watch(grain(2)).start()];
    kit.settle().await;
    assert_eq!(mill.weigh(mill::Empty {}).await.unwrap().grams, 0);
    assert_eq!(take(&log), ["1 watches", "2 watches", "weighed"]);

    gate.notify_waiters();
    for watched in watching {
        watched.await.unwrap();
    }
}

#[akt::test]
async fn a_reentrant_rpc_lets_others_in(kit: TestKit) {
    let Site { mill, gate, .. } = Site::new(&kit).await;

    let order = mill.order(grain(5)).start();
    kit.settle().await;
    mill.grind(grain(3)).await.unwrap();
    gate.notify_one();
    assert_eq!(order.await.unwrap().grams, 3);
}

#[akt::test]
async fn a_reentrant_rpc_answers_with_its_error(kit: TestKit) {
    let Site { mill, gate, .. } = Site::new(&kit).await;
    gate.notify_one();

    let error = mill.order(grain(5)).await.unwrap_err();
    assert!(matches!(&error, AskError::Handler(broken) if broken.why == "no flour for 5"), "{error:?}");
}

#[akt::test]
async fn private_handlers_have_timers_and_the_actor_s_own_reference(kit: TestKit) {
    let Site { mill, .. } = Site::new(&kit).await;

    kit.advance(Duration::from_secs(25)).await;

    assert_eq!(mill.turn().await.unwrap(), 3, "two ticks, then this call");
    assert_eq!(mill.gift(4).await.unwrap().grams, 4);
    assert_eq!(mill.put_aside(5).await.unwrap().grams, 10, "what was piped came before what was put aside");
}

#[akt::test]
async fn others_see_the_contract_only(kit: TestKit) {
    let Site { mill, .. } = Site::new(&kit).await;

    let by_contract: mill::MillRef = kit.system().actor_of("mill").await.unwrap();
    let by_type: WatermillRef = kit.system().actor_of("mill").await.unwrap();
    let converted: mill::MillRef = mill.clone().into();
    for reference in [by_contract, converted] {
        reference.grind(grain(1)).await.unwrap();
        reference.ask(mill::Empty {}).await.unwrap();
        assert_eq!(reference.actor(), mill.actor());
    }
    assert_eq!(by_type.grind(grain(1)).await.unwrap().grams, 3);

    let other = kit.system().actor_of::<crate::contracts::depot::v1::DepotRef>("mill").await;
    assert!(matches!(other, Err(LookupError::OtherMessages { .. })), "{other:?}");
}

#[akt::test]
async fn what_does_not_fit_comes_back_as_the_contract_s_message(kit: TestKit) {
    let Site { mill, gate, .. } = Site::new(&kit).await;
    let first = mill.slow(grain(9)).start();
    kit.settle().await;
    mill.grind(grain(1)).tell().unwrap();
    mill.grind(grain(2)).tell().unwrap();

    let refused = mill.grind(grain(3)).tell().unwrap_err();
    assert!(matches!(&refused, TellError::Full(grain) if grain.grams == 3), "{refused:?}");

    let opened = async {
        kit.settle().await;
        gate.notify_one();
        first.await
    };
    let (sent, first) = tokio::join!(mill.grind(grain(4)).send(), opened);
    sent.unwrap();
    first.unwrap();
    assert_eq!(mill.weigh(mill::Empty {}).await.unwrap().grams, 7);
}

#[akt::test]
async fn an_rpc_that_is_aborted_ends_at_its_await(kit: TestKit) {
    let Site { mill, log, gate, .. } = Site::new(&kit).await;

    let asked = mill.slow(grain(1)).start();
    kit.settle().await;
    drop(asked);
    kit.settle().await;
    assert_eq!(take(&log), ["1 left"]);

    mill.slow(grain(2)).tell().unwrap();
    kit.settle().await;
    gate.notify_one();
    kit.settle().await;
    assert_eq!(take(&log), ["was slow", "2 left"], "nobody gives up a tell");
}

#[akt::test]
async fn routers_take_actors_with_messages_of_their_own(kit: TestKit) {
    let log = Log::default();
    let seen = log.clone();
    let factory = move || Watermill { log: seen.clone(), ..Watermill::default() };
    let mills = kit.system().spawn_router("mills", Router::fan_out(2), factory).await.unwrap();

    mills.grind(grain(1)).tell().unwrap();
    mills.turn().tell().unwrap();
    kit.settle().await;
    assert_eq!(take(&log), ["ground 1"; 2]);

    let found: mill::MillRef = kit.system().actor_of("mills").await.unwrap();
    found.grind(grain(2)).await.unwrap();
    kit.settle().await;
    assert_eq!(take(&log), ["ground 2"; 2]);
}

#[akt::test]
async fn a_contract_with_every_receiver_is_served_to_other_nodes() {
    let network = Network::new();
    let start = || ActorSystem::builder("mills").remote(Remote::memory(&network)).start();
    let (near, far) = (start().await.unwrap(), start().await.unwrap());
    let gate = Arc::<Notify>::default();
    let opened = gate.clone();
    far.spawn("mill", move || Watermill { gate: opened.clone(), ..Watermill::default() }).await.unwrap();

    let address = format!("akt://{}/user/mill", far.address().unwrap());
    let mill: mill::MillRef = near.actor_at(&address).unwrap();

    assert_eq!(mill.grind(grain(3)).await.unwrap().grams, 3);
    assert_eq!(mill.weigh(mill::Empty {}).await.unwrap().grams, 3);
    gate.notify_one();
    assert_eq!(mill.order(grain(1)).await.unwrap().grams, 3);
    near.shutdown().await;
    far.shutdown().await;
}

#[test]
fn the_contract_is_what_akt_build_makes_of_its_proto() {
    compare("mill", "crate::mill", include_str!("../proto/mill.generated"));
}
