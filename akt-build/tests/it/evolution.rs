//! Nodes with different versions of a contract understand each other as far as they can.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use akt::{AskError, ContractKey, DeadLetterReason, Protocol, Router};

use crate::nodes::Nodes;
use crate::till::till::v2 as till;
use crate::till_v1::till::v1 as older;

#[derive(Clone, Default)]
struct Till {
    cents: u64,
    opened: Arc<AtomicU64>,
}

#[akt::actor]
impl till::Till for Till {
    fn pay(&mut self, coins: till::Coins) -> till::Coins {
        self.cents += coins.cents;
        till::Coins { cents: self.cents }
    }

    fn open(&mut self, coins: till::Coins) {
        self.opened.fetch_add(coins.cents, Ordering::SeqCst);
    }

    async fn close(&mut self, _: ()) {}

    fn unknown(&mut self, _: ()) -> Result<till::Coins, till::Jammed> {
        Ok(till::Coins { cents: self.cents })
    }
}

struct OlderTill;

#[akt::actor]
impl older::Till for OlderTill {
    fn charge(&mut self, coins: older::Coins) -> older::Coins {
        coins
    }
}

#[tokio::test]
async fn an_rpc_is_understood_by_its_former_name() {
    let nodes = Nodes::start("former").await;
    nodes.far.spawn("till", Till::default).await.expect("the name is free");
    let (new, old): (till::TillRef, older::TillRef) = (nodes.reach("till"), nodes.reach("till"));

    assert_eq!(old.charge(older::Coins { cents: 3 }).await.expect("it was called so").cents, 3);
    assert_eq!(new.pay(coins(4)).await.expect("it is called so").cents, 7);
    assert_eq!(new.unknown(()).await.expect("its id is its own").cents, 7);
    nodes.stop().await;
}

#[tokio::test]
async fn a_one_way_rpc_is_told() {
    let nodes = Nodes::start("oneway").await;
    let opened = Arc::<AtomicU64>::default();
    let seen = opened.clone();
    let till = move || Till { opened: seen.clone(), ..Till::default() };
    let near: till::TillRef = nodes.near.spawn("till", till.clone()).await.expect("the name is free");
    nodes.far.spawn("till", till).await.expect("the name is free");
    let far: till::TillRef = nodes.reach("till");

    for till in [near, far] {
        till.open(coins(1)).tell().expect("there is room");
        till.open(coins(2))
            .header("who", "me")
            .timeout(Duration::from_secs(1))
            .send()
            .await
            .expect("there is room");
        let call = till.open(coins(4)).expires_in(Duration::from_secs(60)).into_owned();
        nodes.near.scheduler().once("open", Duration::ZERO, call.post()).expect("the name is free");
        till.close(()).tell().expect("there is room");
        while till.unknown(()).await.is_ok() && opened.load(Ordering::SeqCst) % 7 != 0 {
            tokio::task::yield_now().await;
        }
    }

    assert_eq!(opened.load(Ordering::SeqCst), 14);
    nodes.stop().await;
}

#[tokio::test]
async fn an_rpc_that_the_actor_does_not_know_is_not_implemented() {
    let nodes = Nodes::start("unknown").await;
    nodes.far.spawn("till", || OlderTill).await.expect("the name is free");
    nodes.far.spawn_router("tills", Router::fan_out(2), || OlderTill).await.expect("the name is free");
    nodes.far.spawn_fn("closure", |by: u64, _| by).await.expect("the name is free");
    let told = "(id 0x4b0ac4c0, unknown to till.v1.Till)";

    for (name, told) in
        [("till", told), ("tills", told), ("closure", "(id 0x4b0ac4c0, and the actor serves no contract)")]
    {
        let till: till::TillRef = nodes.reach(name);

        let error = till.pay(coins(1)).await.expect_err("an older till has no such rpc");
        let AskError::Unimplemented { rpc } = &error else { panic!("{name}: {error:?}") };
        assert_eq!(**rpc, format!("Pay {told}"), "{name}");
        till.open(coins(1)).tell().expect("there is room");
        // Behind the tell.
        till.unknown(()).await.expect_err("an older till has no such rpc");
    }

    assert_eq!(nodes.far.dead_letters_of(DeadLetterReason::Undecodable), 4);
    nodes.stop().await;
}

#[test]
fn a_contract_says_by_what_its_grains_are_found() {
    assert_eq!(<till::TillMsg as Protocol>::KEY, Some(ContractKey::Uuid));
    assert_eq!(<older::TillMsg as Protocol>::KEY, None);
}

fn coins(cents: u64) -> till::Coins {
    till::Coins { cents }
}
