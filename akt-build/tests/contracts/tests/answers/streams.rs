//! All four kinds of streaming.

use akt::{StreamSink, Streaming};
use akt_contract_tests::streams::v1::{self as streams, Item};

use crate::Nodes;

#[derive(Default)]
struct Streams;

#[akt::actor]
impl streams::Streams for Streams {
    fn get(&mut self, item: Item) -> Item {
        item
    }

    async fn watch(&mut self, item: Item, out: StreamSink<Item>) {
        for number in 0..item.number {
            if out.send(Item { number }).await.is_err() {
                return;
            }
        }
    }

    async fn load(&mut self, mut input: Streaming<Item>) -> Item {
        let mut number = 0;
        while let Some(Ok(item)) = input.next().await {
            number += item.number;
        }
        Item { number }
    }

    async fn talk(&mut self, mut input: Streaming<Item>, out: StreamSink<Item>) {
        while let Some(Ok(item)) = input.next().await {
            if out.send(Item { number: item.number * 2 }).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn all_four_kinds_of_streaming() {
    let nodes = Nodes::start().await;
    nodes.far.spawn("streams", Streams::default).await.expect("the name is free");
    let streams: streams::StreamsRef = nodes.reach("streams");

    assert_eq!(streams.get(Item { number: 7 }).await.expect("it answers").number, 7);

    let mut watched = streams.watch(Item { number: 40 }).open().await.expect("there is room");
    for expected in 0..40 {
        assert_eq!(watched.next().await.expect("an item").expect("no error").number, expected);
    }
    assert!(watched.next().await.is_none());

    let (items, input) = akt::stream(4);
    let loaded = streams.load(input).start();
    for number in 1..=100 {
        items.send(Item { number }).await.expect("it is read");
    }
    drop(items);
    assert_eq!(loaded.await.expect("it answers").number, 5_050);

    let (items, input) = akt::stream(4);
    let mut said = streams.talk(input).open().await.expect("there is room");
    for number in 1..=3 {
        items.send(Item { number }).await.expect("it is read");
        assert_eq!(said.next().await.expect("an item").expect("no error").number, number * 2);
    }
    nodes.stop().await;
}

#[tokio::test]
async fn a_probe_answers_with_a_stream() {
    let nodes = Nodes::start().await;
    let (near, mut probe) = streams::StreamsProbe::start(&nodes.far).await;
    let streams: streams::StreamsRef = nodes.reach(near.actor().path().name());

    let mut watched = streams.watch(Item { number: 3 }).open().await.expect("there is room");
    let (request, out) = probe.expect_watch().await;
    assert_eq!(request.number, 3);
    out.send(Item { number: 4 }).await.expect("it is read");
    assert_eq!(watched.next().await.expect("an item").expect("no error").number, 4);
    drop(out);
    assert!(watched.next().await.is_none());

    let (items, input) = akt::stream(4);
    let loaded = streams.load(input).start();
    let (mut input, reply) = probe.expect_load().await;
    items.send(Item { number: 5 }).await.expect("it is read");
    assert_eq!(input.next().await.expect("an item").expect("no error").number, 5);
    reply.send(Item { number: 6 });
    assert_eq!(loaded.await.expect("it is answered").number, 6);
    nodes.stop().await;
}
