//! Streams between actors and askers, on one node and on two.
#![allow(clippy::disallowed_methods, reason = "the tasks of a test are its own")]

use std::path::Path;
use std::time::Duration;

use akt::prelude::*;
use akt::{AskError, DeadLetterReason, Mailbox, Network, Remote, SendError, Stage as At, StopReason, Tls};

use crate::depot::until;
use crate::feed::{Stage, Tap, all, everywhere, feed, number, to, wish};
use crate::support::settle;

const MANY: u64 = 10_000;

async fn items_in_order(stage: &Stage) {
    let (tap, _) = stage.tap("orderly").await;
    let expected: Vec<_> = (0..MANY).collect();

    let (counted, error) = all(tap.count(to(MANY)).open().await.unwrap()).await;
    assert!(counted == expected && error.is_none(), "{} items, {error:?}", counted.len());

    let (looked, error) = all(tap.look(to(100)).buffer(1).open().await.unwrap()).await;
    assert!(looked == expected[..100] && error.is_none(), "{looked:?}, {error:?}");
}

#[akt::test]
async fn items_come_in_order_each_once_and_then_the_end() {
    everywhere(items_in_order).await;
}

async fn input_in_order(stage: &Stage) {
    let (tap, seen) = stage.tap("adder").await;
    let (items, input) = akt::stream(16);
    let sum = tap.sum(input).start();

    for value in 0..MANY {
        items.send(number(value)).await.unwrap();
    }
    drop(items);

    assert_eq!(sum.await.unwrap().value, MANY * (MANY - 1) / 2);
    assert!(seen.has("input: end"));
}

#[akt::test]
async fn an_input_comes_in_order_and_ends_with_its_last_sink() {
    everywhere(input_in_order).await;
}

async fn both_ways(stage: &Stage) {
    let (tap, _) = stage.tap("chatty").await;
    let (items, input) = akt::stream(16);
    let mut lines = tap.chat(input).open().await.unwrap();
    let writing = async {
        for value in 0..MANY {
            items.send(number(value)).await.unwrap();
        }
        items.finish();
    };
    let reading = async {
        let mut values = Vec::new();
        while let Some(line) = lines.next().await {
            values.push(line.unwrap().value);
        }
        values
    };

    let ((), values) = tokio::join!(writing, reading);

    assert!(values.into_iter().eq(0..MANY));
}

#[akt::test]
async fn a_stream_in_and_a_stream_out_share_one_call() {
    everywhere(both_ways).await;
}

async fn backpressure(stage: &Stage) {
    let (tap, seen) = stage.tap("patient").await;
    let mut slow = tap.count(to(100)).buffer(8).open().await.unwrap();
    until(|| seen.sent() == 8).await;

    // The lane and the mailbox go on: so does another stream of the same actor.
    let (quick, _) = all(tap.count(to(1_000)).open().await.unwrap()).await;
    assert_eq!(quick.len(), 1_000);
    assert_eq!(seen.sent(), 8 + 1_000, "nothing more was granted");

    assert_eq!(slow.next().await.unwrap().unwrap().value, 0);
    let (rest, error) = all(slow).await;
    assert!(rest.into_iter().eq(1..100) && error.is_none());
}

#[akt::test]
async fn a_slow_reader_holds_its_producer_at_the_buffer_and_nobody_else() {
    everywhere(backpressure).await;
}

async fn reader_gone(stage: &Stage) {
    let (tap, seen) = stage.tap("deserted").await;
    for what in ["keep", "keep", "close", "cancel"] {
        let mut stream = tap.watch(wish(what)).open().await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap().value, 1);
        drop(stream);
    }

    until(|| seen.has("closed") && seen.has("cancelled")).await;
    assert_eq!(tap.share(number(2)).await.unwrap().value, 0, "kept sinks are closed, too");
    let counting = tap.count(to(MANY)).open().await.unwrap();
    until(|| seen.sent() > 0).await;
    drop(counting);
    until(|| seen.log.lock().iter().filter(|line| *line == "closed").count() == 2).await;
}

#[akt::test]
async fn a_stream_that_is_dropped_closes_its_sinks_and_tells_its_handler() {
    everywhere(reader_gone).await;
}

async fn ends(stage: &Stage) {
    let (tap, _) = stage.tap("endings").await;
    for what in ["return", "finish"] {
        let (items, error) = all(tap.watch(wish(what)).open().await.unwrap()).await;
        assert!(items == [1] && error.is_none(), "{what}: {items:?}, {error:?}");
    }
    for what in ["fail", "refuse"] {
        let (items, error) = all(tap.watch(wish(what)).open().await.unwrap()).await;
        let refused = matches!(&error, Some(AskError::Handler(error)) if error.why == "enough");
        assert!(items == [1] && refused, "{what}: {items:?}, {error:?}");
    }
}

#[akt::test]
async fn a_stream_ends_when_its_last_sink_is_gone_or_says_so_or_with_the_domain_error() {
    everywhere(ends).await;
}

async fn faults(stage: &Stage) {
    for (what, text) in [("panic", "the tap broke"), ("fault", "the tap leaks")] {
        let (tap, _) = stage.tap(what).await;
        let (items, error) = all(tap.watch(wish(what)).open().await.unwrap()).await;
        let Some(AskError::Fault(info)) = &error else { panic!("{what}: {error:?}") };
        assert_eq!((&*items, &*info.text), (&[1][..], text));
    }
}

#[akt::test]
async fn a_stream_whose_handler_fails_ends_with_the_fault_behind_its_items() {
    everywhere(faults).await;
}

async fn stops(stage: &Stage) {
    let (tap, _) = stage.tap("stopping").await;
    let mut kept = tap.watch(wish("keep")).open().await.unwrap();
    assert_eq!(kept.next().await.unwrap().unwrap().value, 1);
    assert_eq!(tap.share(number(5)).await.unwrap().value, 1, "the handler has returned, the stream goes on");
    stage.theirs().actor_of::<feed::FeedRef>("/user/stopping").into_inner().unwrap().actor().stop();
    let (items, error) = all(kept).await;
    let stopped = matches!(error, Some(AskError::Stopped { reason: StopReason::Requested, .. }));
    assert!(items == [5] && stopped, "{items:?}, {error:?}");

    let (tap, _) = stage.tap("bursting").await;
    let kept = tap.watch(wish("keep")).open().await.unwrap();
    tap.share(number(u64::MAX)).await.unwrap_err();
    let (items, error) = all(kept).await;
    let stopped = matches!(error, Some(AskError::Stopped { reason: StopReason::Fault, .. }));
    assert!(items == [1] && stopped, "{items:?}, {error:?}");
}

#[akt::test]
async fn a_stream_that_was_kept_outlives_its_handler_and_ends_with_its_actor() {
    everywhere(stops).await;
}

async fn asker_gone(stage: &Stage) {
    let (tap, seen) = stage.tap("forsaken").await;
    let (items, input) = akt::stream(16);
    let sum = tap.sum(input).start();
    items.send(number(1)).await.unwrap();
    tap.wait(to(0)).tell().unwrap();
    settle().await;

    drop(sum);

    items.closed().await;
    until(|| seen.has("input: Cancelled")).await;
    assert!(!seen.has("input: end"));

    let (items, input) = akt::stream(16);
    items.send(number(1)).await.unwrap();
    let late = tap.sum(input).timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(matches!(late, AskError::Timeout(_)), "{late:?}");
    until(|| seen.log.lock().iter().filter(|line| line.contains("Cancelled")).count() == 2).await;
    assert!(items.is_closed());
}

#[akt::test]
async fn an_input_whose_asker_gives_up_ends_with_an_error() {
    everywhere(asker_gone).await;
}

async fn input_dropped(stage: &Stage) {
    let (tap, _) = stage.tap("sated").await;
    let (items, input) = akt::stream(16);
    tap.keep(input).await.unwrap();
    items.send(number(1)).await.unwrap();
    assert!(!items.is_closed(), "an input may be kept as well");

    tap.share(number(0)).await.unwrap();

    items.closed().await;
    let back = items.send(number(2)).await.unwrap_err();
    assert!(matches!(back, SendError::Closed(feed::Number { value: 2, .. })));

    let (items, input) = akt::stream(16);
    let sum = tap.sum(input).start();
    items.send(number(u64::MAX)).await.unwrap();
    assert!(matches!(sum.await, Err(AskError::Handler(_))));
    items.closed().await;
}

#[akt::test]
async fn an_input_that_is_dropped_closes_the_askers_sink() {
    everywhere(input_dropped).await;
}

async fn chat_dropped(stage: &Stage) {
    let (tap, _) = stage.tap("hung-up").await;
    let (items, input) = akt::stream(16);
    let mut lines = tap.chat(input).open().await.unwrap();
    items.send(number(3)).await.unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap().value, 3);

    drop(lines);

    items.closed().await;
}

#[akt::test]
async fn a_call_with_both_streams_is_cancelled_as_a_whole() {
    everywhere(chat_dropped).await;
}

async fn crashed_producer(stage: &Stage) {
    let (tap, seen) = stage.tap("robbed").await;
    let (items, input) = akt::stream(16);
    let sum = tap.sum(input).start();
    items.send(number(1)).await.unwrap();

    let crashed = tokio::spawn(async move {
        let _items = items;
        panic!("before the end");
    });

    assert!(crashed.await.unwrap_err().is_panic());
    assert!(matches!(sum.await, Err(AskError::Handler(_))));
    assert!(seen.has("input: Unanswered"));
}

#[akt::test]
async fn a_stream_whose_producer_panics_does_not_end_in_order() {
    everywhere(crashed_producer).await;
}

async fn queued(stage: &Stage) {
    let (tap, seen) = stage.tap("queueing").await;
    let (other, _) = stage.tap("idle").await;
    tap.wait(to(200)).tell().unwrap();
    let stream = tap.watch(wish("keep")).open().await.unwrap();
    let (_, input) = akt::stream(1);
    let kept = tap.keep(input).start();
    // What was sent before has arrived.
    other.share(number(1)).await.unwrap();

    stage.theirs().actor_of::<feed::FeedRef>("/user/queueing").into_inner().unwrap().actor().stop();

    let (items, error) = all(stream).await;
    let stopped = matches!(error, Some(AskError::Stopped { delivered: Delivery::No, .. }));
    assert!(items.is_empty() && stopped, "{items:?}, {error:?}");
    assert!(matches!(kept.await, Err(AskError::Stopped { .. })));
    assert!(seen.log.lock().is_empty());
}

#[akt::test]
async fn a_message_that_is_not_handled_ends_its_stream_with_the_error_of_an_ask() {
    everywhere(queued).await;
}

#[akt::test]
async fn a_queued_message_whose_stream_was_dropped_is_never_handled() {
    let stage = Stage::here().await;
    let (tap, seen) = stage.tap("tap").await;
    tap.wait(to(100)).tell().unwrap();
    settle().await;

    drop(tap.watch(wish("close")).open().await.unwrap());

    tap.wait(to(0)).await.unwrap();
    assert!(seen.log.lock().is_empty());
    assert_eq!(stage.near.dead_letters_of(DeadLetterReason::Cancelled), 1);
    stage.stop().await;
}

#[akt::test]
async fn opening_waits_for_room_within_its_time_and_sends_nothing_when_it_is_dropped() {
    let stage = Stage::here().await;
    let tap = stage.near.spawn("tap", Tap::default).mailbox(Mailbox::bounded(1)).await.unwrap();
    tap.wait(to(1_000)).tell().unwrap();
    settle().await;
    tap.wait(to(0)).tell().unwrap();

    let late = tap.watch(wish("")).timeout(Duration::from_millis(10)).open().await.unwrap_err();
    let AskError::Timeout(info) = &late else { panic!("{late:?}") };
    assert_eq!(info.stage, At::WaitingForRoom);
    let dropped = tokio::time::timeout(Duration::from_millis(10), tap.watch(wish("")).open()).await;
    assert!(dropped.is_err());

    let (items, error) = all(tap.watch(wish("")).open().await.unwrap()).await;
    assert!(items == [1] && error.is_none());
    stage.stop().await;
    assert!(tap.watch(wish("")).open().await.is_err_and(|error| error.delivery() == Delivery::No));
}

#[akt::test]
async fn sending_that_is_given_up_sends_nothing_and_trying_hands_the_item_back() {
    let (items, mut input) = akt::stream(1);
    items.send(1).await.unwrap();

    assert!(tokio::time::timeout(Duration::from_millis(1), items.send(2)).await.is_err());
    assert!(matches!(items.try_send(3), Err(SendError::Full(3))));
    let (fourth, _) =
        tokio::join!(items.send(4), async { assert_eq!(input.next().await.unwrap().unwrap(), 1) });

    fourth.unwrap();
    items.finish();
    assert!(matches!(items.clone().try_send(5), Err(SendError::Closed(5))));
    assert_eq!(input.next().await.unwrap().unwrap(), 4);
    assert!(input.next().await.is_none());
}

async fn sizes(stage: &Stage) {
    let (tap, seen) = stage.tap("sizes").await;
    let (items, error) = all(tap.watch(wish("large")).open().await.unwrap()).await;
    assert!(items == [1] && error.is_none(), "the stream goes on: {items:?}, {error:?}");
    assert!(seen.has("TooLarge(TooLarge { bytes: 2097") && seen.has("limit: 1048576"));

    let large = || feed::Number { value: 1, load: vec![7; 2 << 20] };
    let (items, input) = akt::stream(16);
    items.send(large()).await.unwrap();
    let error = tap.sum(input).await.unwrap_err();
    assert!(
        matches!(&error, AskError::Handler(refused) if refused.why.contains("limit of 1048576")),
        "{error:?}"
    );
    assert!(matches!(items.send(large()).await, Err(SendError::TooLarge(..))));
    assert!(items.is_closed());
}

async fn unknown(stage: &Stage) {
    let (_, error) = all(stage.at("nobody").watch(wish("")).open().await.unwrap()).await;
    let unknown =
        matches!(error, Some(AskError::Stopped { reason: StopReason::Unknown, delivered: Delivery::No }));
    assert!(unknown, "{error:?}");

    let stranger = stage.stranger("stranger").await;
    let (_, error) = all(stranger.watch(wish("")).open().await.unwrap()).await;
    assert!(matches!(error, Some(AskError::Unimplemented { .. })), "{error:?}");
    let (items, input) = akt::stream(1);
    let error = stranger.sum(input).await.unwrap_err();
    assert!(matches!(error, AskError::Unimplemented { .. }), "{error:?}");
    items.closed().await;
    let told = stage.theirs().dead_letters_of(DeadLetterReason::Undecodable);
    assert_eq!(told, 0);
}

#[akt::test]
async fn across_the_wire_items_are_limited_and_nobody_is_said_at_once() {
    let network = Network::new();
    let stage = Stage::apart(|| Remote::memory(&network)).await;

    sizes(&stage).await;
    unknown(&stage).await;

    stage.stop().await;
}

#[akt::test]
async fn a_connection_that_is_cut_ends_all_streams_with_an_error() {
    let network = Network::new();
    let stage = Stage::apart(|| Remote::memory(&network)).await;
    let (tap, seen) = stage.tap("tap").await;
    let mut kept = tap.watch(wish("keep")).open().await.unwrap();
    assert_eq!(kept.next().await.unwrap().unwrap().value, 1);
    let (items, input) = akt::stream(16);
    let sum = tap.sum(input).start();
    items.send(number(1)).await.unwrap();
    settle().await;

    let (near, far) = (stage.near.address().unwrap(), stage.theirs().address().unwrap());
    network.sever(&near, &far);

    let (rest, error) = all(kept).await;
    let cut = matches!(error, Some(AskError::Unreachable { delivered: Delivery::Maybe, .. }));
    assert!(rest.is_empty() && cut, "{error:?}");
    assert!(matches!(sum.await, Err(AskError::Unreachable { delivered: Delivery::Maybe, .. })));
    items.closed().await;
    until(|| seen.has("input: Unreachable")).await;
    assert_eq!(tap.share(number(2)).await.unwrap().value, 0, "the sinks there are closed");
    stage.stop().await;
}

#[tokio::test]
async fn quic_keeps_every_promise_of_streams() {
    keeps_every_promise_of_streams(Remote::quic).await;
}

#[tokio::test]
async fn tcp_keeps_every_promise_of_streams() {
    keeps_every_promise_of_streams(Remote::tcp).await;
}

async fn keeps_every_promise_of_streams(transport: fn(&'static str) -> Remote) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev-ca");
    let remote = || transport("127.0.0.1:0").tls(Tls::development_in(&folder));
    let stage = Stage::apart(remote).await;
    let promises = async {
        items_in_order(&stage).await;
        input_in_order(&stage).await;
        both_ways(&stage).await;
        backpressure(&stage).await;
        reader_gone(&stage).await;
        ends(&stage).await;
        faults(&stage).await;
        stops(&stage).await;
        asker_gone(&stage).await;
        input_dropped(&stage).await;
        chat_dropped(&stage).await;
        crashed_producer(&stage).await;
        sizes(&stage).await;
        unknown(&stage).await;
    };

    tokio::time::timeout(Duration::from_secs(60), promises).await.unwrap();

    stage.stop().await;
}
