//! Probes stand in for actors of a contract.

use std::time::Duration;

use akt::testkit::TestKit;
use akt::{ActorSystem, AskError};

use crate::nodes::Nodes;
use crate::till::till::v2::{Coins, Jammed, TillProbe, TillRef};

#[tokio::test]
async fn a_test_takes_messages_out_and_answers_them() {
    let nodes = Nodes::start("probed").await;
    let (till, mut probe) = TillProbe::start(&nodes.far).await;
    let far: TillRef = nodes.reach(till.actor().path().name());

    let pay = far.pay(coins(3)).start();
    let (request, reply) = probe.expect_pay().await;
    assert_eq!((request.cents, reply.is_awaited()), (3, true));
    reply.send(coins(4));
    assert_eq!(pay.await.expect("the test answers").cents, 4);

    let unknown = till.unknown(()).start();
    let ((), reply) = probe.expect_unknown().await;
    reply.send(Err(Jammed { reason: "it is".to_owned() }));
    assert!(matches!(unknown.await, Err(AskError::Handler(jammed)) if jammed.reason == "it is"));

    till.open(coins(1)).tell().expect("there is room");
    assert_eq!(probe.expect_open().await.0.cents, 1);
    nodes.stop().await;
}

#[tokio::test]
#[should_panic(expected = "expected `Pay`, and `Open` came to the probe /user/probe-")]
async fn another_message_than_expected_fails_the_test() {
    let system = ActorSystem::builder("probe").start().await.expect("nothing else is called so");
    let (till, mut probe) = TillProbe::start(&system).await;
    till.open(coins(1)).tell().expect("there is room");

    probe.expect_pay().await;
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "expected `Pay`, and nothing came to the probe /user/probe-")]
async fn no_message_fails_the_test() {
    let system = ActorSystem::builder("probe").start().await.expect("nothing else is called so");
    let (_till, mut probe) = TillProbe::start(&system).await;

    probe.expect_pay().await;
}

#[tokio::test]
async fn what_a_probe_does_not_take_is_told_to_its_asker() {
    let system = ActorSystem::builder("probe").start().await.expect("nothing else is called so");
    let (till, probe) = TillProbe::start(&system).await;
    drop(probe);

    let told = till.pay(coins(1)).timeout(Duration::from_secs(60)).await;

    assert!(matches!(told, Err(AskError::Unanswered)), "{told:?}");
    system.shutdown().await;
}

#[akt::test]
async fn a_kit_makes_the_probe_of_a_contract(kit: TestKit) {
    let (till, mut probe) = kit.probe::<TillRef>();
    till.open(coins(1)).tell().expect("there is room");
    till.pay(coins(2)).tell().expect("there is room");
    till.pay(coins(3)).tell().expect("there is room");

    assert_eq!(probe.fish_for(TillRef::pay).await.0.cents, 2);
    assert_eq!(probe.expect_pay().await.0.cents, 3);
    probe.expect_none(Duration::from_secs(60)).await;
}

fn coins(cents: u64) -> Coins {
    Coins { cents }
}
