//! Streams beside the rest: restarts, routers, forwarding, actors with messages of their own, headers.

use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, Network, Remote, Router, StreamSink, Streaming, Supervise};

use crate::depot::until;
use crate::feed::{Seen, Stage, Tap, all, everywhere, feed, number, to, wish};
use crate::support::{settle, system};

/// Ticks every second, to all who want to hear it.
#[derive(Default)]
struct Clock {
    count: u64,
    sinks: Vec<StreamSink<feed::Number>>,
    next: Option<feed::FeedRef>,
    seen: Seen,
}

#[akt::actor]
impl feed::Ticker for Clock {
    fn tick(&mut self, cx: &mut Ctx<Self>, _: feed::Wish, out: StreamSink<feed::Number>) {
        self.seen.log.lock().extend(cx.headers().get("tenant").map(str::to_owned));
        self.sinks.push(out);
    }

    async fn relay(&mut self, input: Streaming<feed::Number>) -> feed::Total {
        let next = self.next.as_ref().unwrap();
        next.sum(input).timeout(Duration::from_secs(60)).await.unwrap()
    }

    #[handler(private)]
    #[every("1s")]
    fn beat(&mut self) {
        self.count += 1;
        let item = number(self.count);
        self.sinks.retain(|sink| sink.try_send(item.clone()).is_ok());
    }
}

#[akt::test]
async fn an_actor_with_messages_of_its_own_streams_from_them_and_sees_headers() {
    let stage = Stage::here().await;
    let seen = Seen::default();
    let clock = Clock { seen: seen.clone(), ..Clock::default() };
    stage.near.spawn_value("clock", clock).await.unwrap();
    let clock: feed::TickerRef = stage.near.actor_of("/user/clock").await.unwrap();

    let mut ticks = clock.tick(wish("")).header("tenant", "acme").buffer(2).open().await.unwrap();

    for value in 1..=3 {
        assert_eq!(ticks.next().await.unwrap().unwrap().value, value);
    }
    assert!(seen.has("acme"));
    // Three more have no room for the third.
    for _ in 0..3 {
        tokio::time::advance(Duration::from_secs(1)).await;
        settle().await;
    }
    let (rest, error) = all(ticks).await;
    assert!(rest.len() == 2 && error.is_none(), "{rest:?}, {error:?}");
    stage.stop().await;
}

#[akt::test]
async fn an_input_can_be_handed_on_to_another_node() {
    let network = Network::new();
    let stage = Stage::apart(|| Remote::memory(&network)).await;
    let (tap, _) = stage.tap("tap").await;
    stage.near.spawn("relay", move || Clock { next: Some(tap.clone()), ..Clock::default() }).await.unwrap();
    let here = stage.near.address().unwrap();
    let relay: feed::TickerRef = stage.theirs().actor_at(&format!("akt://{here}/user/relay")).unwrap();
    let (items, input) = akt::stream(4);
    let total = relay.relay(input).timeout(Duration::from_secs(60)).start();

    for value in 1..=1_000 {
        items.send(number(value)).await.unwrap();
    }
    items.finish();

    assert_eq!(total.await.unwrap().value, 500_500);
    stage.stop().await;
}

/// Leaves what it is given to a tap.
struct Broker {
    tap: feed::FeedRef,
}

#[akt::actor]
impl Broker {
    #[handler]
    fn sum(
        &mut self,
        input: Streaming<feed::Number>,
        cx: &mut Ctx<Self>,
    ) -> Forward<Result<feed::Total, feed::Refused>> {
        cx.forward(self.tap.sum(input))
    }
}

async fn forwarded(stage: &Stage) {
    let (tap, _) = stage.tap("tap").await;
    let broker = stage.near.spawn("broker", move || Broker { tap: tap.clone() }).await.unwrap();
    let (items, input) = akt::stream(4);
    let sum = broker.sum(input).start();

    items.send(number(20)).await.unwrap();
    items.send(number(22)).await.unwrap();
    drop(items);

    assert_eq!(sum.await.unwrap().value, 42);
}

#[akt::test]
async fn a_call_with_an_input_can_be_forwarded() {
    everywhere(forwarded).await;
}

#[akt::test]
async fn a_restart_ends_the_streams_of_the_old_value_with_its_fault() {
    let system = system().await;
    let tap = system.spawn("tap", Tap::default).supervise(Supervise::restart()).await.unwrap();
    let kept = tap.watch(wish("keep")).open().await.unwrap();

    tap.share(number(u64::MAX)).await.unwrap_err();

    let (items, error) = all(kept).await;
    let Some(AskError::Fault(info)) = &error else { panic!("{error:?}") };
    assert_eq!((&*items, &*info.text), (&[1][..], "the tap burst"));
    assert_eq!(tap.share(number(1)).await.unwrap().value, 0, "the new value has none");
    system.shutdown().await;
}

#[akt::test]
async fn a_kill_ends_the_streams_of_running_handlers_as_stopped() {
    let system = system().await;
    let tap = system.spawn("tap", Tap::default).await.unwrap();
    let mut stream = tap.watch(wish("close")).open().await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().value, 1);
    let counting = tap.count(to(100)).buffer(1).open().await.unwrap();

    tap.actor().kill();

    let (_, error) = all(stream).await;
    assert!(matches!(error, Some(AskError::Stopped { .. })), "{error:?}");
    let (_, error) = all(counting).await;
    assert!(matches!(error, Some(AskError::Stopped { .. })), "{error:?}");
    system.shutdown().await;
}

#[akt::test]
async fn routers_hand_streams_to_one_routee_and_refuse_to_spread_them() {
    let system = system().await;
    for (name, router) in [("round", Router::round_robin(2)), ("pull", Router::pull(2))] {
        let taps: feed::FeedRef = system.spawn_router(name, router, Tap::default).await.unwrap();
        for _ in 0..4 {
            let (items, error) = all(taps.count(to(100)).open().await.unwrap()).await;
            assert!(items.into_iter().eq(0..100) && error.is_none(), "{error:?}");
        }
        let (items, input) = akt::stream(1);
        let sum = taps.sum(input).start();
        items.send(number(7)).await.unwrap();
        drop(items);
        assert_eq!(sum.await.unwrap().value, 7);
    }

    let taps: feed::FeedRef = system.spawn_router("fan", Router::fan_out(2), Tap::default).await.unwrap();
    assert!(matches!(taps.count(to(1)).open().await, Err(AskError::Rejected(_))));
    let (items, input) = akt::stream::<feed::Number>(1);
    assert!(matches!(taps.sum(input).await, Err(AskError::Rejected(_))));
    until(|| items.is_closed()).await;
    taps.wait(to(1)).await.unwrap();
    system.shutdown().await;
}
