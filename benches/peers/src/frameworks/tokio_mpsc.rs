//! No framework: a bare task with tokio's unbounded channel, a oneshot for the answer.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::framework::{Finish, Framework, STARTED, Seat, on_tokio};

/// Bare tokio.
#[derive(Clone)]
pub struct TokioMpsc;

pub enum ToSink {
    Add(u64),
    Ask(u64, oneshot::Sender<u64>),
}

pub enum ToNode {
    Link(mpsc::UnboundedSender<ToNode>),
    Token(u64),
}

async fn sink(mut inbox: mpsc::UnboundedReceiver<ToSink>) {
    STARTED.one();
    let mut total = 0;
    while let Some(message) = inbox.recv().await {
        match message {
            ToSink::Add(n) => total += n,
            ToSink::Ask(n, reply) => {
                total += n;
                let _ = reply.send(total);
            }
        }
    }
}

async fn node(mut inbox: mpsc::UnboundedReceiver<ToNode>, finish: Arc<Finish>) {
    let mut next = None;
    while let Some(message) = inbox.recv().await {
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

impl Framework for TokioMpsc {
    const NAME: &'static str = "tokio_mpsc";
    type Sink = mpsc::UnboundedSender<ToSink>;
    type Node = mpsc::UnboundedSender<ToNode>;

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
        let (sender, inbox) = mpsc::unbounded_channel();
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
        let (sender, inbox) = mpsc::unbounded_channel();
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
