//! akt's grains, beside its actors: the same sink, found by its key.

use std::future::Future;
use std::sync::Arc;

use ::akt::prelude::*;

use super::akt::{Bounded, Home};
use crate::framework::{Finish, Framework, STARTED, Seat};

/// akt with a grain in the place of the sink.
#[derive(Clone)]
pub struct Grain(Home);

pub struct Sink {
    total: u64,
}

#[akt::grain(kind = "sink", key = u64, mailbox = bounded(1_024))]
impl Sink {
    #[on(activate)]
    fn activate() -> Self {
        STARTED.one();
        Self { total: 0 }
    }

    #[handler]
    pub fn add(&mut self, n: u64) -> u64 {
        self.total += n;
        self.total
    }
}

impl Framework for Grain {
    const NAME: &'static str = "akt_grain";
    type Sink = SinkRef;
    type Node = <Bounded as Framework>::Node;

    fn run<T, F>(body: impl FnOnce(Self) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        Home::run(|home| body(Self(home)))
    }

    fn client(&self, _: Seat, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    async fn sink(&self, seat: Seat) -> SinkRef {
        let sink = Sink::grain(&self.0.system, seat.group);
        sink.add(0).await.expect("the sink activates");
        sink
    }

    async fn tell(sink: &SinkRef, n: u64) {
        sink.add(n).send().await.expect("the sink lives");
    }

    async fn ask(sink: &SinkRef, n: u64) -> u64 {
        sink.add(n).await.expect("the sink answers")
    }

    async fn node(&self, seat: Seat, finish: Arc<Finish>) -> Self::Node {
        Bounded::new(self.0.clone()).node(seat, finish).await
    }

    async fn link(node: &Self::Node, next: Self::Node) {
        Bounded::link(node, next).await;
    }

    async fn token(node: &Self::Node, hops: u64) {
        Bounded::token(node, hops).await;
    }
}
