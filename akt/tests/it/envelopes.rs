//! What travels to other nodes with a message: headers, deadlines, cancels, the chain of asks, an expiry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Network, Remote};

use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, at, item, millis, until};

/// Asks or tells the next, and says what came with its message.
#[derive(Default)]
pub(crate) struct Relay {
    pub(crate) next: Option<depot::DepotRef>,
    pub(crate) tenants: u64,
}

impl Relay {
    fn next(&self) -> &depot::DepotRef {
        self.next.as_ref().expect("there is a next")
    }
}

pub(crate) fn blob(text: &str) -> depot::Blob {
    depot::Blob { bytes: text.into() }
}

pub(crate) fn text(blob: depot::Blob) -> String {
    String::from_utf8(blob.bytes).unwrap()
}

#[akt::actor]
impl depot::Depot for Relay {
    /// Tells the next, with what came with the message.
    fn add(&mut self, item: depot::Item, cx: &mut Ctx<Self>) -> Result<depot::Stock, depot::Refused> {
        self.tenants += u64::from(cx.headers().get("tenant") == Some("acme"));
        if let Some(next) = &self.next {
            next.add(item).tell().unwrap();
        }
        Ok(depot::Stock { added: Vec::new() })
    }

    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock { added: vec![u32::try_from(self.tenants).unwrap()] }
    }

    #[handler(abort_on_cancel)]
    async fn wait(&mut self, delay: depot::Delay) {
        let _ = self.next().wait(delay).timeout(Duration::from_secs(3_600)).await;
    }

    /// The header at the end of the line, or the cycle that it is.
    async fn echo(&mut self, _: depot::Blob, cx: &mut Ctx<Self>) -> depot::Blob {
        let Some(next) = self.next.clone() else {
            return blob(cx.headers().get("tenant").unwrap_or("none"));
        };
        match next.echo(blob("")).await {
            Ok(said) => said,
            Err(AskError::Cycle { path }) => blob(&path.to_string()),
            Err(error) => blob(&error.to_string()),
        }
    }

    async fn make(&mut self, size: depot::Delay, cx: &mut Ctx<Self>) -> depot::Blob {
        let _ = tokio::time::timeout(Duration::from_millis(size.millis), cx.cancelled()).await;
        blob("")
    }

    fn crash(&mut self, _: depot::Delay) {}
}

/// Three nodes with a relay each, of which the first leads to the second and that to `last` on the third.
struct Line {
    nodes: Vec<ActorSystem>,
    first: depot::DepotRef,
}

impl Line {
    async fn start(remote: impl Fn() -> Remote, last: impl AsyncFnOnce(&[ActorSystem])) -> Self {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            nodes.push(ActorSystem::builder("shop").remote(remote()).start().await.unwrap());
        }
        last(&nodes).await;
        for here in [1, 0] {
            let next = at(&nodes[here], &nodes[here + 1], "relay");
            let relay = move || Relay { next: Some(next.clone()), ..Relay::default() };
            nodes[here].spawn("relay", relay).await.unwrap();
        }
        let first = nodes[0].actor_of("relay").await.unwrap();
        Self { nodes, first }
    }

    async fn relays(remote: impl Fn() -> Remote) -> Self {
        Self::start(remote, async |nodes| {
            nodes[2].spawn("relay", Relay::default).await.unwrap();
        })
        .await
    }

    async fn stop(self) {
        for node in self.nodes {
            node.shutdown().await;
        }
    }
}

async fn headers_travel(remote: impl Fn() -> Remote) {
    let line = Line::relays(remote).await;
    let last: depot::DepotRef = line.nodes[2].actor_of("relay").await.unwrap();

    assert_eq!(text(line.first.echo(blob("")).header("tenant", "acme").await.unwrap()), "acme");
    assert_eq!(text(line.first.echo(blob("")).await.unwrap()), "none");
    line.first.add(item(1)).header("tenant", "acme").tell().unwrap();
    line.first.add(item(1)).tell().unwrap();

    // Each answer comes behind what was told before.
    text(line.first.echo(blob("")).await.unwrap());
    assert_eq!(last.view(()).await.unwrap().added, [1]);
    line.stop().await;
}

#[akt::test]
async fn headers_travel_with_asks_and_tells_over_three_nodes() {
    let network = Network::new();
    headers_travel(|| Remote::memory(&network)).await;
}

#[tokio::test]
async fn headers_travel_over_quic() {
    headers_travel(crate::quic::remote).await;
}

#[akt::test]
async fn headers_that_are_too_many_are_refused_at_the_sender() {
    let network = Network::new();
    let line = Line::relays(|| Remote::memory(&network)).await;
    let second = at(&line.nodes[0], &line.nodes[1], "relay");
    let long = "x".repeat(16 * 1024);

    let asked = second.view(()).header("tenant", long.as_str()).await.unwrap_err();
    let told = second.add(item(7)).header("tenant", long.as_str()).tell().unwrap_err();

    assert!(matches!(asked, AskError::TooLarge { bytes: 16_398, limit: 16_384 }), "{asked:?}");
    assert!(matches!(&told, TellError::TooLarge(item, _) if item.quantity == 7), "{told:?}");
    let most = "x".repeat(16 * 1024 - 14);
    second.view(()).header("tenant", most).await.unwrap();
    line.stop().await;
}

#[akt::test]
async fn an_ask_cycle_over_three_nodes_is_an_error_at_once_and_names_its_nodes() {
    let network = Network::new();
    let line = Line::start(
        || Remote::memory(&network),
        async |nodes| {
            let next = at(&nodes[2], &nodes[0], "relay");
            let relay = move || Relay { next: Some(next.clone()), ..Relay::default() };
            nodes[2].spawn("relay", relay).await.unwrap();
        },
    )
    .await;
    let begun = line.nodes[0].runtime().now();

    let said = text(line.first.echo(blob("")).await.unwrap());

    let [first, second, third] = [0, 1, 2].map(|at| line.nodes[at].address().unwrap());
    let relay = |node: &akt::NodeAddress| format!("akt://{node}/user/relay");
    let way = [&first, &second, &third, &first].map(relay).join(" -> ");
    assert_eq!(said, way);
    assert!(line.nodes[0].runtime().now().since(begun) < Duration::from_millis(100));
    line.stop().await;
}

#[akt::test]
async fn who_gives_up_is_heard_of_by_the_handler_two_nodes_on() {
    let network = Network::new();
    let cancelled = Arc::<AtomicU64>::default();
    let seen = cancelled.clone();
    let line = Line::start(
        || Remote::memory(&network),
        async move |nodes| {
            let shelf = move || Shelf { cancelled: seen.clone(), ..Shelf::default() };
            nodes[2].spawn("relay", shelf).await.unwrap();
        },
    )
    .await;

    let call = line.first.wait(millis(600_000)).timeout(Duration::from_secs(3_600)).start();
    tokio::time::advance(Duration::from_secs(1)).await;
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    drop(call);

    until(move || cancelled.load(Ordering::SeqCst) == 1).await;
    line.stop().await;
}

#[akt::test]
async fn a_deadline_holds_for_the_asks_of_every_node_that_it_leads_to() {
    let network = Network::new();
    let line = Line::start(
        || Remote::memory(&network),
        async |nodes| {
            nodes[2].spawn("relay", Shelf::default).await.unwrap();
        },
    )
    .await;
    let third: depot::DepotRef = line.nodes[2].actor_of("relay").await.unwrap();

    let begun = line.nodes[0].runtime().now();

    let ended = line.first.wait(millis(600_000)).timeout(Duration::from_millis(100)).await;

    assert!(matches!(ended, Ok(()) | Err(AskError::Timeout(_))), "{ended:?}");
    assert!(line.nodes[0].runtime().now().since(begun) < Duration::from_millis(200));
    // The third has heard of it too, and is free again.
    third.view(()).timeout(Duration::from_millis(100)).await.unwrap();
    line.stop().await;
}

#[akt::test]
async fn a_tell_expires_on_another_node_or_on_the_way_there() {
    let network = Network::new();
    let line = Line::relays(|| Remote::memory(&network)).await;
    let (second, there) = (at(&line.nodes[0], &line.nodes[1], "relay"), &line.nodes[1]);
    let busy = second.make(millis(2_000)).start();

    second.add(item(1)).header("tenant", "acme").expires_in(Duration::from_secs(1)).tell().unwrap();
    second.add(item(1)).header("tenant", "acme").expires_in(Duration::from_secs(60)).tell().unwrap();
    busy.await.unwrap();

    assert_eq!(second.view(()).await.unwrap().added, [1]);
    assert_eq!(there.dead_letters_of(DeadLetterReason::Expired), 1);

    let late = second.add(item(1)).expires_in(Duration::ZERO).tell();
    late.unwrap();
    second.view(()).await.unwrap();
    assert_eq!(line.nodes[0].dead_letters_of(DeadLetterReason::Expired), 1, "not even sent");
    line.stop().await;
}
