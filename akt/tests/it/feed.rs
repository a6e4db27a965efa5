//! The actor behind the contract of the tests of streams, and where it is: here, or on another node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use akt::prelude::*;
use akt::{AskError, Network, Remote, StreamSink, Streaming, Turn};

pub(crate) use crate::feeds::feed::v1 as feed;
use crate::support::Log;

/// Streams as it is told.
#[derive(Default)]
pub(crate) struct Tap {
    sinks: Vec<StreamSink<feed::Number, feed::Refused>>,
    inputs: Vec<Streaming<feed::Number>>,
    seen: Seen,
}

/// What the handlers of a tap did.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) log: Log,
    /// Items that a counting handler has sent.
    pub(crate) sent: Arc<AtomicU64>,
}

impl Seen {
    fn note(&self, what: impl Into<String>) {
        self.log.lock().push(what.into());
    }

    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    pub(crate) fn has(&self, what: &str) -> bool {
        self.log.lock().iter().any(|line| line.contains(what))
    }

    async fn count(&self, to: u64, out: StreamSink<feed::Number>) {
        for value in 0..to {
            if out.send(number(value)).await.is_err() {
                return self.note("closed");
            }
            self.sent.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[akt::actor]
impl feed::Feed for Tap {
    async fn watch(
        &mut self,
        wish: feed::Wish,
        out: StreamSink<feed::Number, feed::Refused>,
        cx: &mut Ctx<Self>,
    ) -> Result<(), feed::Refused> {
        let refused = || feed::Refused { why: "enough".into() };
        if wish.what == "large" {
            let large = feed::Number { value: 1, load: vec![7; 2 << 20] };
            let error = out.send(large).await.unwrap_err();
            self.seen.note(format!("{error:?}"));
        }
        out.send(number(1)).await.unwrap();
        match &*wish.what {
            "keep" => self.sinks.push(out),
            "finish" => {
                out.finish();
                self.sinks.push(out);
            }
            "fail" => {
                out.fail(refused());
                self.sinks.push(out);
            }
            "refuse" => return Err(refused()),
            "panic" => panic!("the tap broke"),
            "fault" => cx.fail(std::io::Error::other("the tap leaks")),
            "close" => {
                out.closed().await;
                self.seen.note("closed");
            }
            "cancel" => {
                cx.cancelled().await;
                self.seen.note("cancelled");
            }
            _ => {}
        }
        Ok(())
    }

    async fn count(this: Turn<Self>, wish: feed::Wish, out: StreamSink<feed::Number>) {
        let seen = this.with(|tap| tap.seen.clone());
        seen.count(wish.count, out).await;
    }

    async fn look(&self, wish: feed::Wish, out: StreamSink<feed::Number>) {
        self.seen.count(wish.count, out).await;
    }

    async fn sum(&mut self, mut input: Streaming<feed::Number>) -> Result<feed::Total, feed::Refused> {
        let mut total = 0;
        while let Some(item) = input.next().await {
            match item {
                Ok(number) if number.value == u64::MAX => {
                    return Err(feed::Refused { why: "too much".into() });
                }
                Ok(number) => total += number.value,
                Err(error) => {
                    self.seen.note(format!("input: {error:?}"));
                    return Err(feed::Refused { why: error.to_string() });
                }
            }
        }
        self.seen.note("input: end");
        Ok(feed::Total { value: total })
    }

    fn keep(&mut self, input: Streaming<feed::Number>) {
        self.inputs.push(input);
    }

    async fn chat(_: Turn<Self>, mut input: Streaming<feed::Number>, out: StreamSink<feed::Number>) {
        while let Some(Ok(item)) = input.next().await {
            if out.send(item).await.is_err() {
                return;
            }
        }
    }

    fn share(&mut self, item: feed::Number) -> feed::Total {
        if item.value == 0 {
            self.inputs.clear();
        }
        if item.value == u64::MAX {
            panic!("the tap burst");
        }
        self.sinks.retain(|sink| !matches!(sink.try_send(item.clone()), Err(akt::SendError::Closed(_))));
        feed::Total { value: self.sinks.len() as u64 }
    }

    async fn wait(&mut self, wish: feed::Wish) {
        tokio::time::timeout(std::time::Duration::from_millis(wish.count), std::future::pending::<()>())
            .await
            .unwrap_err();
    }
}

/// Has another contract.
struct Stranger;

#[akt::actor]
impl feed::Other for Stranger {
    fn ping(&mut self, _: feed::Wish) {}
}

/// Where the taps are, and where their askers.
pub(crate) struct Stage {
    pub(crate) near: ActorSystem,
    pub(crate) far: Option<ActorSystem>,
}

impl Stage {
    /// Askers and taps on one node.
    pub(crate) async fn here() -> Self {
        Self { near: ActorSystem::builder("shop").start().await.unwrap(), far: None }
    }

    /// The taps are on another node.
    pub(crate) async fn apart(remote: impl Fn() -> Remote) -> Self {
        let node = async || ActorSystem::builder("shop").remote(remote()).start().await.unwrap();
        Self { near: node().await, far: Some(node().await) }
    }

    pub(crate) fn theirs(&self) -> &ActorSystem {
        self.far.as_ref().unwrap_or(&self.near)
    }

    /// A new tap, and what it does.
    pub(crate) async fn tap(&self, name: &str) -> (feed::FeedRef, Seen) {
        let seen = Seen::default();
        let tap = Tap { seen: seen.clone(), ..Tap::default() };
        self.theirs().spawn_value(name, tap).await.unwrap();
        (self.at(name), seen)
    }

    pub(crate) async fn stranger(&self, name: &str) -> feed::FeedRef {
        self.theirs().spawn(name, || Stranger).await.unwrap();
        self.at(name)
    }

    /// A reference to whatever is called `name`.
    pub(crate) fn at(&self, name: &str) -> feed::FeedRef {
        match &self.far {
            Some(far) => self.near.actor_at(&format!("akt://{}/user/{name}", far.address().unwrap())),
            None => return self.near.actor_of(&format!("/user/{name}")).into_inner().unwrap(),
        }
        .unwrap()
    }

    pub(crate) async fn stop(self) {
        self.near.shutdown().await;
        if let Some(far) = self.far {
            far.shutdown().await;
        }
    }
}

/// Keeps a promise where the taps are here, and where they are on another node.
pub(crate) async fn everywhere(promise: impl AsyncFn(&Stage)) {
    let network = Network::new();
    for stage in [Stage::here().await, Stage::apart(|| Remote::memory(&network)).await] {
        promise(&stage).await;
        stage.stop().await;
    }
}

pub(crate) fn number(value: u64) -> feed::Number {
    feed::Number { value, load: Vec::new() }
}

pub(crate) fn wish(what: &str) -> feed::Wish {
    feed::Wish { what: what.into(), count: 0 }
}

pub(crate) fn to(count: u64) -> feed::Wish {
    feed::Wish { what: String::new(), count }
}

/// Everything that comes before the end, and how that is.
pub(crate) async fn all<E: Send + 'static>(
    mut stream: Streaming<feed::Number, E>,
) -> (Vec<u64>, Option<AskError<E>>) {
    let mut items = Vec::new();
    let error = loop {
        match stream.next().await {
            Some(Ok(item)) => items.push(item.value),
            Some(Err(error)) => break Some(error),
            None => break None,
        }
    };
    assert!(stream.next().await.is_none(), "after the end there is nothing");
    (items, error)
}

#[test]
fn the_contract_of_streams_is_what_akt_build_makes_of_its_proto() {
    crate::depot::compare("feed", "crate::feeds", include_str!("../proto/feed.generated"));
}
