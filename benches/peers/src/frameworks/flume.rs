//! No framework: a bare task with flume's unbounded channel, a oneshot for the answer.

use std::future::Future;
use std::sync::Arc;

use ::flume::{Receiver, Sender, unbounded};
use tokio::sync::oneshot;

use crate::framework::{Finish, Framework, STARTED, Seat, on_tokio};

/// A bare task on flume.
#[derive(Clone)]
pub struct Flume;

pub enum ToSink {
    Add(u64),
    Ask(u64, oneshot::Sender<u64>),
}

pub enum ToNode {
    Link(Sender<ToNode>),
    Token(u64),
}

async fn sink(inbox: Receiver<ToSink>) {
    STARTED.one();
    let mut total = 0;
    while let Ok(message) = inbox.recv_async().await {
        match message {
            ToSink::Add(n) => total += n,
            ToSink::Ask(n, reply) => {
                total += n;
                let _ = reply.send(total);
            }
        }
    }
}

async fn node(inbox: Receiver<ToNode>, finish: Arc<Finish>) {
    let mut next = None;
    while let Ok(message) = inbox.recv_async().await {
        match message {
            ToNode::Link(neighbour) => next = Some(neighbour),
            ToNode::Token(0) => finish.one(),
            ToNode::Token(hops) => {
                let next = next.as_ref().expect("linked before the token comes");
                let _ = next.send(ToNode::Token(hops - 1));
            }
        }
    }
}

impl Framework for Flume {
    const NAME: &'static str = "flume";
    type Sink = Sender<ToSink>;
    type Node = Sender<ToNode>;

    fn run<T, F>(body: impl FnOnce(Self) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        on_tokio(|| body(Self))
    }

    fn client(&self, _: Seat, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    async fn sink(&self, _: Seat) -> Self::Sink {
        let (sender, inbox) = unbounded();
        tokio::spawn(sink(inbox));
        sender
    }

    async fn tell(sink: &Self::Sink, n: u64) {
        sink.send(ToSink::Add(n)).ok().expect("the sink lives");
    }

    async fn ask(sink: &Self::Sink, n: u64) -> u64 {
        let (reply, answer) = oneshot::channel();
        sink.send(ToSink::Ask(n, reply)).ok().expect("the sink lives");
        answer.await.expect("the sink answers")
    }

    async fn node(&self, _: Seat, finish: Arc<Finish>) -> Self::Node {
        let (sender, inbox) = unbounded();
        tokio::spawn(node(inbox, finish));
        sender
    }

    async fn link(node: &Self::Node, next: Self::Node) {
        node.send(ToNode::Link(next)).ok().expect("the node lives");
    }

    async fn token(node: &Self::Node, hops: u64) {
        node.send(ToNode::Token(hops)).ok().expect("the node lives");
    }
}
