//! kameo, as its guide writes actors: a struct per message, one `Message` impl each.

use std::future::Future;
use std::sync::Arc;

use ::kameo::actor::{Actor, ActorRef, Spawn};
use ::kameo::error::Infallible;
use ::kameo::mailbox::{self, MailboxReceiver, MailboxSender};
use ::kameo::message::{Context, Message};

use crate::framework::{Finish, Framework, STARTED, Seat, on_tokio};

/// kameo with its default features; `BOUND` 0 is an unbounded mailbox.
#[derive(Clone)]
pub struct Kameo<const BOUND: usize>;

pub struct Add(u64);
pub struct Link(ActorRef<Node>);
pub struct Token(u64);

#[derive(Default)]
pub struct Sink {
    total: u64,
}

impl Actor for Sink {
    type Args = Self;
    type Error = Infallible;

    async fn on_start(sink: Self, _: ActorRef<Self>) -> Result<Self, Infallible> {
        STARTED.one();
        Ok(sink)
    }
}

impl Message<Add> for Sink {
    type Reply = u64;

    async fn handle(&mut self, Add(n): Add, _: &mut Context<Self, u64>) -> u64 {
        self.total += n;
        self.total
    }
}

#[derive(::kameo::Actor)]
pub struct Node {
    next: Option<ActorRef<Node>>,
    finish: Arc<Finish>,
}

impl Message<Link> for Node {
    type Reply = ();

    async fn handle(&mut self, Link(next): Link, _: &mut Context<Self, ()>) {
        self.next = Some(next);
    }
}

impl Message<Token> for Node {
    type Reply = ();

    async fn handle(&mut self, Token(hops): Token, _: &mut Context<Self, ()>) {
        if hops == 0 {
            self.finish.one();
            return;
        }
        let next = self.next.as_ref().expect("linked before the token comes");
        next.tell(Token(hops - 1)).await.expect("the node lives");
    }
}

fn mailbox<A: Actor, const BOUND: usize>() -> (MailboxSender<A>, MailboxReceiver<A>) {
    match BOUND {
        0 => mailbox::unbounded(),
        bound => mailbox::bounded(bound),
    }
}

impl<const BOUND: usize> Framework for Kameo<BOUND> {
    const NAME: &'static str = if BOUND == 0 { "kameo" } else { "kameo_1024" };
    type Sink = ActorRef<Sink>;
    type Node = ActorRef<Node>;

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
        Sink::spawn_with_mailbox(Sink::default(), mailbox::<_, BOUND>())
    }

    async fn tell(sink: &Self::Sink, n: u64) {
        sink.tell(Add(n)).await.expect("the sink lives");
    }

    async fn ask(sink: &Self::Sink, n: u64) -> u64 {
        sink.ask(Add(n)).await.expect("the sink answers")
    }

    async fn node(&self, _: Seat, finish: Arc<Finish>) -> Self::Node {
        Node::spawn_with_mailbox(Node { next: None, finish }, mailbox::<_, BOUND>())
    }

    async fn link(node: &Self::Node, next: Self::Node) {
        node.tell(Link(next)).await.expect("the node lives");
    }

    async fn token(node: &Self::Node, hops: u64) {
        node.tell(Token(hops)).await.expect("the node lives");
    }
}
