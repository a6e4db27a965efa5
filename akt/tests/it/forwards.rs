//! Forwards and pipes to other nodes: answered once, to whoever asked.

use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Network, Remote, StopReason};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Pair, at, item, millis};
use crate::envelopes::Relay;

/// Leaves its answers to a depot on another node.
struct Desk {
    next: depot::DepotRef,
    seen: usize,
}

#[akt::actor]
impl Desk {
    #[handler]
    fn add(&mut self, quantity: u32, cx: &mut Ctx<Self>) -> Forward<Result<depot::Stock, depot::Refused>> {
        cx.forward(self.next.add(item(quantity)))
    }

    #[handler]
    fn view(&mut self, cx: &mut Ctx<Self>) -> Forward<depot::Stock> {
        cx.forward(self.next.view(()))
    }

    #[handler]
    fn wait(&mut self, cx: &mut Ctx<Self>) -> Forward<()> {
        cx.forward(self.next.wait(millis(60_000)))
    }

    #[handler]
    fn crash(&mut self, cx: &mut Ctx<Self>) -> Forward<()> {
        cx.forward(self.next.crash(millis(0)))
    }

    #[handler]
    fn echo(&mut self, cx: &mut Ctx<Self>) -> Forward<depot::Blob> {
        cx.forward(self.next.echo(depot::Blob::default()))
    }

    /// Pipes what the next has back to it, and then to itself.
    #[handler]
    fn count(&mut self, cx: &mut Ctx<Self>) {
        let (asked, told) = (self.next.clone(), self.next.clone());
        cx.pipe(async move { asked.view(()).await }, move |_, stock| {
            let added = stock.map_or(0, |stock| stock.added.len());
            told.add(item(u32::try_from(added).unwrap())).post()
        });
        let asked = self.next.clone();
        cx.then(async move { asked.view(()).await }, |this, stock, _| this.seen = stock.unwrap().added.len());
    }

    #[handler]
    fn seen(&mut self) -> usize {
        self.seen
    }
}

async fn desk(remote: impl Fn() -> Remote) -> (Pair, DeskRef) {
    let pair = Pair::start(remote).await;
    let next = pair.shelf.clone();
    let desk = pair.near.spawn("desk", move || Desk { next: next.clone(), seen: 0 }).await.unwrap();
    (pair, desk)
}

async fn forwards(remote: impl Fn() -> Remote) {
    let (pair, desk) = desk(remote).await;

    assert_eq!(desk.add(1).await.unwrap().added, [1]);
    desk.add(2).tell().unwrap();
    assert_eq!(desk.view().await.unwrap().added, [1, 2]);
    let refused = desk.add(101).await.unwrap_err();
    assert!(matches!(&refused, AskError::Handler(error) if error.why == "101 is too much"), "{refused:?}");
    let late = desk.wait().timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(&late, AskError::Timeout(_)), "{late:?}");
    let fault = desk.crash().await.unwrap_err();
    assert!(matches!(&fault, AskError::Fault(info) if info.text == "the shelf broke"), "{fault:?}");
    let gone = desk.view().await.unwrap_err();
    assert!(
        matches!(gone, AskError::Stopped { reason: StopReason::Fault | StopReason::Unknown, .. }),
        "{gone:?}"
    );
    pair.stop().await;
}

#[akt::test]
async fn a_forward_to_another_node_answers_who_asked() {
    let network = Network::new();
    forwards(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn forwards_go_over_quic() {
    forwards(crate::quic::remote).await;
}

#[akt::test]
async fn a_forward_whose_connection_breaks_is_answered_once_and_may_have_been_handled() {
    let network = Network::new();
    let (pair, desk) = desk(|| Remote::memory(&network)).await;
    desk.view().await.unwrap();
    let call = desk.wait().timeout(Duration::from_secs(60)).start();
    tokio::time::advance(Duration::from_millis(10)).await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }

    network.sever(&pair.near.address().unwrap(), &pair.far.address().unwrap());

    let error = call.await.unwrap_err();
    assert!(matches!(error, AskError::Unreachable { delivered: Delivery::Maybe, .. }), "{error:?}");
    pair.stop().await;
}

#[akt::test]
async fn who_forwards_is_no_part_of_a_cycle_and_who_waits_is() {
    let network = Network::new();
    let pair = Pair::start(|| Remote::memory(&network)).await;
    let back = at(&pair.far, &pair.near, "waits");
    pair.far.spawn("relay", move || Relay { next: Some(back.clone()), ..Relay::default() }).await.unwrap();
    let next = at(&pair.near, &pair.far, "relay");
    let desk = pair.near.spawn("desk", move || Desk { next: next.clone(), seen: 0 }).await.unwrap();
    pair.near.spawn_value("waits", Waits { desk }).await.unwrap();
    let waits: depot::DepotRef = pair.near.actor_of("waits").await.unwrap();

    let said = waits.echo(depot::Blob::default()).await.unwrap();

    let (near, far) = (pair.near.address().unwrap(), pair.far.address().unwrap());
    let way = format!("akt://{near}/user/waits -> akt://{far}/user/relay -> akt://{near}/user/waits");
    assert_eq!(String::from_utf8(said.bytes).unwrap(), way);
    pair.stop().await;
}

/// Waits for somebody who forwards.
struct Waits {
    desk: DeskRef,
}

#[akt::actor]
impl depot::Depot for Waits {
    fn add(&mut self, _: depot::Item) -> Result<depot::Stock, depot::Refused> {
        Ok(depot::Stock::default())
    }

    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock::default()
    }

    fn wait(&mut self, _: depot::Delay) {}

    async fn echo(&mut self, _: depot::Blob) -> depot::Blob {
        self.desk.echo().await.unwrap()
    }

    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }

    fn crash(&mut self, _: depot::Delay) {}
}

#[akt::test]
async fn a_pipe_takes_answers_of_another_node_and_posts_to_it() {
    let network = Network::new();
    let (pair, desk) = desk(|| Remote::memory(&network)).await;
    desk.add(50).await.unwrap().added.len();

    desk.count().await.unwrap();
    while pair.shelf.view(()).await.unwrap().added.len() < 2 || desk.seen().await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }

    assert_eq!(pair.shelf.view(()).await.unwrap().added, [50, 1]);
    assert_eq!(pair.near.dead_letters_of(DeadLetterReason::NoRoute), 0);
    pair.stop().await;
}

/// A depot that leaves every answer to another.
struct Clerk {
    next: depot::DepotRef,
}

#[akt::actor]
impl depot::Depot for Clerk {
    fn add(
        &mut self,
        item: depot::Item,
        cx: &mut Ctx<Self>,
    ) -> Forward<Result<depot::Stock, depot::Refused>> {
        if item.quantity == 0 {
            return Forward::answer(Ok(depot::Stock::default()));
        }
        cx.forward(self.next.add(item))
    }

    async fn view(&mut self, req: (), cx: &mut Ctx<Self>) -> Forward<depot::Stock> {
        tokio::task::yield_now().await;
        cx.forward(self.next.view(req))
    }

    fn wait(&mut self, delay: depot::Delay, cx: &mut Ctx<Self>) -> Forward<()> {
        cx.forward(self.next.wait(delay))
    }

    fn echo(&mut self, blob: depot::Blob, cx: &mut Ctx<Self>) -> Forward<depot::Blob> {
        cx.forward(self.next.echo(blob))
    }

    /// Calls another rpc by the contract's trait, where nobody asks: it answers at once, or it is a fault.
    async fn make(&mut self, quantity: depot::Delay, cx: &mut Ctx<Self>) -> depot::Blob {
        let stock = depot::Depot::add(self, item(u32::try_from(quantity.millis).unwrap()), cx).await.unwrap();
        depot::Blob { bytes: vec![7; stock.added.len() + 1] }
    }

    fn crash(&mut self, delay: depot::Delay, cx: &mut Ctx<Self>) -> Forward<()> {
        cx.forward(self.next.crash(delay))
    }
}

/// A node that asks, and two whose clerks forward: the first to the second, that to `last`.
struct Chain {
    pair: Pair,
    middle: ActorSystem,
    clerk: depot::DepotRef,
}

impl Chain {
    async fn start(
        remote: impl Fn() -> Remote,
        last: impl Fn(&Pair, &ActorSystem) -> depot::DepotRef,
    ) -> Self {
        let middle = ActorSystem::builder("shop").remote(remote()).start().await.unwrap();
        let pair = Pair::start(remote).await;
        let last = last(&pair, &pair.far);
        pair.far.spawn("clerk", move || Clerk { next: last.clone() }).await.unwrap();
        let next = at(&middle, &pair.far, "clerk");
        middle.spawn("clerk", move || Clerk { next: next.clone() }).await.unwrap();
        let clerk = at(&pair.near, &middle, "clerk");
        Self { pair, middle, clerk }
    }

    async fn stop(self) {
        self.middle.shutdown().await;
        self.pair.stop().await;
    }
}

async fn chains(remote: impl Fn() -> Remote) {
    let chain = Chain::start(remote, |_, far| at(far, far, "shelf")).await;
    let clerk = &chain.clerk;

    assert_eq!(clerk.add(item(1)).await.unwrap().added, [1]);
    clerk.add(item(2)).tell().unwrap();
    assert_eq!(clerk.view(()).await.unwrap().added, [1, 2]);
    assert!(clerk.add(item(0)).await.unwrap().added.is_empty());
    assert_eq!(clerk.make(millis(0)).await.unwrap().bytes, [7]);
    let blob = depot::Blob { bytes: vec![3; 300_000] };
    assert_eq!(clerk.echo(blob.clone()).await.unwrap(), blob);
    let refused = clerk.add(item(101)).await.unwrap_err();
    assert!(matches!(&refused, AskError::Handler(error) if error.why == "101 is too much"), "{refused:?}");
    let late = clerk.wait(millis(60_000)).timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(&late, AskError::Timeout(_)), "{late:?}");
    let cancelled = &chain.pair.cancelled;
    crate::depot::until(|| cancelled.load(std::sync::atomic::Ordering::SeqCst) == 1).await;
    let fault = clerk.crash(millis(0)).await.unwrap_err();
    assert!(matches!(&fault, AskError::Fault(info) if info.text == "the shelf broke"), "{fault:?}");
    let fault = clerk.make(millis(1)).await.unwrap_err();
    assert!(matches!(&fault, AskError::Fault(info) if info.text.contains("nobody asks")), "{fault:?}");
    chain.stop().await;
}

#[akt::test]
async fn rpcs_of_a_contract_forward_over_three_nodes_and_who_asked_is_answered() {
    let network = Network::new();
    chains(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn a_chain_of_forwards_goes_over_quic() {
    chains(crate::quic::remote).await;
}

#[akt::test]
async fn a_cycle_of_asks_through_two_nodes_that_forward_is_named() {
    let network = Network::new();
    let back = |pair: &Pair, far: &ActorSystem| at(far, &pair.near, "waits");
    let chain = Chain::start(|| Remote::memory(&network), back).await;
    let next = chain.clerk.clone();
    chain
        .pair
        .near
        .spawn("waits", move || Relay { next: Some(next.clone()), ..Relay::default() })
        .await
        .unwrap();
    let waits: depot::DepotRef = chain.pair.near.actor_of("waits").await.unwrap();

    let said = waits.echo(depot::Blob::default()).await.unwrap();

    let near = chain.pair.near.address().unwrap();
    let way = format!("akt://{near}/user/waits -> akt://{near}/user/waits");
    assert_eq!(String::from_utf8(said.bytes).unwrap(), way);
    chain.stop().await;
}
