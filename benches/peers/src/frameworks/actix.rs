//! actix: an actor stays on the thread (arbiter) it was started on.

use std::future::Future;
use std::sync::Arc;

use ::actix::prelude::*;

use crate::framework::{Finish, Framework, STARTED, Seat};

/// actix with two arbiters, in the two ways that actors and clients can be dealt to them.
///
/// `NEAR`: who talk to each other share an arbiter where they can, and few messages cross a thread.
/// Otherwise neighbours sit on different arbiters, and every message crosses.
#[derive(Clone)]
pub struct Actix<const NEAR: bool>(Arc<[ArbiterHandle; 2]>);

impl<const NEAR: bool> Actix<NEAR> {
    fn arbiter(&self, Seat { group, member }: Seat) -> &ArbiterHandle {
        let turn = if NEAR { group } else { group + member };
        &self.0[(turn % 2) as usize]
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
struct Add(u64);

#[derive(Message)]
#[rtype(result = "()")]
struct Link(Addr<Node>);

#[derive(Message)]
#[rtype(result = "()")]
struct Token(u64);

#[derive(Default)]
pub struct Sink {
    total: u64,
}

impl Actor for Sink {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Context<Self>) {
        STARTED.one();
    }
}

impl Handler<Add> for Sink {
    type Result = u64;

    fn handle(&mut self, Add(n): Add, _: &mut Context<Self>) -> u64 {
        self.total += n;
        self.total
    }
}

pub struct Node {
    next: Option<Addr<Self>>,
    finish: Arc<Finish>,
}

impl Actor for Node {
    type Context = Context<Self>;
}

impl Handler<Link> for Node {
    type Result = ();

    fn handle(&mut self, Link(next): Link, _: &mut Context<Self>) {
        self.next = Some(next);
    }
}

impl Handler<Token> for Node {
    type Result = ();

    fn handle(&mut self, Token(hops): Token, _: &mut Context<Self>) {
        if hops == 0 {
            self.finish.one();
            return;
        }
        self.next.as_ref().expect("linked before the token comes").do_send(Token(hops - 1));
    }
}

impl<const NEAR: bool> Framework for Actix<NEAR> {
    const NAME: &'static str = if NEAR { "actix_near" } else { "actix" };
    type Sink = Addr<Sink>;
    type Node = Addr<Node>;

    fn run<T, F>(body: impl FnOnce(Self) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        System::new().block_on(async {
            let arbiters = [Arbiter::new(), Arbiter::new()];
            let result = body(Self(Arc::new(arbiters.each_ref().map(Arbiter::handle)))).await;
            for arbiter in arbiters {
                arbiter.stop();
                arbiter.join().expect("an arbiter does not panic");
            }
            result
        })
    }

    fn client(&self, seat: Seat, task: impl Future<Output = ()> + Send + 'static) {
        assert!(self.arbiter(seat).spawn(task), "the arbiter runs");
    }

    async fn sink(&self, seat: Seat) -> Self::Sink {
        Sink::start_in_arbiter(self.arbiter(seat), |_| Sink::default())
    }

    async fn tell(sink: &Self::Sink, n: u64) {
        sink.do_send(Add(n));
    }

    async fn ask(sink: &Self::Sink, n: u64) -> u64 {
        sink.send(Add(n)).await.expect("the sink answers")
    }

    async fn node(&self, seat: Seat, finish: Arc<Finish>) -> Self::Node {
        Node::start_in_arbiter(self.arbiter(seat), |_| Node { next: None, finish })
    }

    async fn link(node: &Self::Node, next: Self::Node) {
        node.do_send(Link(next));
    }

    async fn token(node: &Self::Node, hops: u64) {
        node.do_send(Token(hops));
    }
}
