//! ractor, as its guide writes actors: a message enum, a state, `call` with a reply port.

use std::future::Future;
use std::sync::Arc;

use ::ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, call, cast};

use crate::framework::{Finish, Framework, STARTED, Seat, on_tokio};

/// ractor with its default features. Its mailboxes are unbounded.
#[derive(Clone)]
pub struct Ractor;

pub enum ToSink {
    Add(u64),
    Ask(u64, RpcReplyPort<u64>),
}

pub enum ToNode {
    Link(ActorRef<ToNode>),
    Token(u64),
}

struct Sink;

impl Actor for Sink {
    type Msg = ToSink;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<ToSink>, (): ()) -> Result<u64, ActorProcessingErr> {
        STARTED.one();
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<ToSink>,
        message: ToSink,
        total: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ToSink::Add(n) => *total += n,
            ToSink::Ask(n, reply) => {
                *total += n;
                reply.send(*total)?;
            }
        }
        Ok(())
    }
}

struct Node;

struct NodeState {
    next: Option<ActorRef<ToNode>>,
    finish: Arc<Finish>,
}

impl Actor for Node {
    type Msg = ToNode;
    type State = NodeState;
    type Arguments = Arc<Finish>;

    async fn pre_start(
        &self,
        _: ActorRef<ToNode>,
        finish: Arc<Finish>,
    ) -> Result<NodeState, ActorProcessingErr> {
        Ok(NodeState { next: None, finish })
    }

    async fn handle(
        &self,
        _: ActorRef<ToNode>,
        message: ToNode,
        state: &mut NodeState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ToNode::Link(next) => state.next = Some(next),
            ToNode::Token(0) => state.finish.one(),
            ToNode::Token(hops) => {
                let next = state.next.as_ref().expect("linked before the token comes");
                cast!(next, ToNode::Token(hops - 1))?;
            }
        }
        Ok(())
    }
}

impl Framework for Ractor {
    const NAME: &'static str = "ractor";
    type Sink = ActorRef<ToSink>;
    type Node = ActorRef<ToNode>;

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
        Actor::spawn(None, Sink, ()).await.expect("the sink starts").0
    }

    async fn tell(sink: &Self::Sink, n: u64) {
        cast!(sink, ToSink::Add(n)).expect("the sink lives");
    }

    async fn ask(sink: &Self::Sink, n: u64) -> u64 {
        call!(sink, ToSink::Ask, n).expect("the sink answers")
    }

    async fn node(&self, _: Seat, finish: Arc<Finish>) -> Self::Node {
        Actor::spawn(None, Node, finish).await.expect("the node starts").0
    }

    async fn link(node: &Self::Node, next: Self::Node) {
        cast!(node, ToNode::Link(next)).expect("the node lives");
    }

    async fn token(node: &Self::Node, hops: u64) {
        cast!(node, ToNode::Token(hops)).expect("the node lives");
    }
}
