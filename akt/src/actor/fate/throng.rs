//! The third actor of the fate test: its handlers run beside each other, and ask it in return.

use super::ledger::{End, Ledger};
use super::{Client, answered, pause};
use crate::actor::{Ctx, Directive, Mailbox, Reply, Supervise, Turn, TurnCtx};
use crate::runtime::Runtime;
use akt::handler;

/// Writes down what its handlers did.
struct Throng {
    ledger: Ledger,
    runtime: Runtime,
    /// Replies of `keep`.
    kept: Vec<Reply<usize>>,
}

impl Throng {
    fn tools(&mut self) -> (Ledger, Runtime) {
        (self.ledger.clone(), self.runtime.clone())
    }
}

#[akt::actor(concurrency = 3)]
impl Throng {
    #[handler]
    fn alone(&mut self, id: usize) -> usize {
        self.ledger.started(id);
        assert!(!id.is_multiple_of(11), "fate: alone");
        if let Some(reply) = self.kept.pop() {
            reply.send(id);
        }
        self.ledger.completed(id);
        id
    }

    #[handler]
    async fn alone_slowly(&mut self, id: usize, for_ms: u64) -> usize {
        self.ledger.started(id);
        pause(&self.runtime, for_ms).await;
        self.ledger.completed(id);
        id
    }

    #[handler]
    fn peek(&self, id: usize) -> usize {
        self.ledger.started(id);
        self.ledger.completed(id);
        id
    }

    #[handler]
    async fn read(&self, id: usize, for_ms: u64) -> usize {
        self.ledger.started(id);
        pause(&self.runtime, for_ms).await;
        assert!(for_ms != 5 || id.is_multiple_of(3), "fate: read");
        self.ledger.completed(id);
        id
    }

    /// Asks itself: what it may, and what it must not.
    #[handler]
    async fn read_twice(&self, id: usize, for_ms: u64, cx: &Ctx<Self>) -> usize {
        self.ledger.started(id);
        pause(&self.runtime, for_ms).await;
        let inner = self.ledger.open("peek");
        answered(&self.ledger, inner, cx.me().peek(inner).await);
        let inner = self.ledger.open("read");
        answered(&self.ledger, inner, cx.me().read(inner, for_ms).await);
        let inner = self.ledger.open("alone");
        answered(&self.ledger, inner, cx.me().alone(inner).await);
        self.ledger.completed(id);
        id
    }

    #[handler(reentrant)]
    async fn turn(this: Turn<Self>, id: usize, for_ms: u64, cx: &TurnCtx<Self>) -> usize {
        let (ledger, runtime) = this.with(Self::tools);
        ledger.started(id);
        pause(&runtime, for_ms).await;
        match for_ms {
            5 => this.with(|_| panic!("fate: turn")),
            4 if id.is_multiple_of(2) => {
                cx.fail(std::fmt::Error);
                return id;
            }
            3 if id.is_multiple_of(5) => cx.stop(),
            _ => this.with(|me| drop(me.kept.pop())),
        }
        ledger.completed(id);
        id
    }

    #[handler(reentrant, max = 2)]
    async fn turn_back(this: Turn<Self>, id: usize, for_ms: u64, cx: &TurnCtx<Self>) -> usize {
        let (ledger, runtime) = this.with(Self::tools);
        ledger.started(id);
        pause(&runtime, for_ms).await;
        let inner = ledger.open("alone");
        answered(&ledger, inner, cx.me().alone(inner).await);
        let inner = ledger.open("alone_slowly");
        answered(&ledger, inner, cx.me().alone_slowly(inner, for_ms).await);
        if id.is_multiple_of(2) {
            let inner = ledger.open("read");
            answered(&ledger, inner, cx.me().read(inner, for_ms).await);
        }
        ledger.completed(id);
        id
    }

    #[handler(reentrant)]
    async fn hold(this: Turn<Self>, id: usize, for_ms: u64, cx: &TurnCtx<Self>) -> usize {
        let (ledger, runtime) = this.with(Self::tools);
        ledger.started(id);
        this.exclusive(pause(&runtime, for_ms)).await;
        let inner = ledger.open("peek");
        answered(&ledger, inner, this.exclusive(cx.me().peek(inner)).await);
        ledger.completed(id);
        id
    }

    #[handler(reentrant, defer)]
    async fn keep(this: Turn<Self>, id: usize, for_ms: u64, reply: Reply<usize>) {
        let (ledger, runtime) = this.with(Self::tools);
        ledger.started(id);
        pause(&runtime, for_ms).await;
        this.with(|me| me.kept.push(reply));
        ledger.completed(id);
    }

    /// A tick that does not come was never a message.
    #[handler(reentrant)]
    async fn arrange(this: Turn<Self>, id: usize, for_ms: u64, cx: &TurnCtx<Self>) {
        let (ledger, _) = this.with(Self::tools);
        ledger.started(id);
        let tick = ledger.open("tick");
        ledger.end(tick, End::NeverSent);
        cx.after(std::time::Duration::from_millis(for_ms), cx.me().tick(tick)).detach();
        ledger.completed(id);
    }

    #[handler]
    fn tick(&mut self, id: usize) {
        self.ledger.end(id, End::Sent);
        self.ledger.started(id);
        self.ledger.completed(id);
    }
}

impl Client {
    /// Sends something to the throng, or ends it.
    pub(super) async fn crowd(&mut self) {
        let Some(throng) = self.throng().await else { return };
        let for_ms = self.rng.u64(..6);
        match self.rng.u8(..32) {
            0 => throng.actor().stop(),
            1 => throng.actor().kill(),
            2 => throng.actor().stop_after_drain(),
            3..6 => self.send("alone", |id| throng.alone(id)).await,
            6..8 => self.send("alone_slowly", |id| throng.alone_slowly(id, for_ms)).await,
            8..10 => self.send("peek", |id| throng.peek(id)).await,
            10..14 => self.send("read", |id| throng.read(id, for_ms)).await,
            14..17 => self.send("read_twice", |id| throng.read_twice(id, for_ms)).await,
            17..22 => self.send("turn", |id| throng.turn(id, for_ms)).await,
            22..26 => self.send("turn_back", |id| throng.turn_back(id, for_ms)).await,
            26..28 => self.send("hold", |id| throng.hold(id, for_ms)).await,
            28..30 => self.send("keep", |id| throng.keep(id, for_ms)).await,
            _ => self.send("arrange", |id| throng.arrange(id, for_ms)).await,
        }
    }

    async fn throng(&mut self) -> Option<ThrongRef> {
        if let Ok(throng) = self.system.actor_of::<ThrongRef>("throng").await {
            return Some(throng);
        }
        let (ledger, runtime) = (self.ledger.clone(), self.system.runtime().clone());
        let factory = move || Throng { ledger: ledger.clone(), runtime: runtime.clone(), kept: Vec::new() };
        let directives = [Directive::Restart, Directive::Resume, Directive::Stop];
        let policy =
            Supervise::one_for_one().otherwise(*self.rng.choice(&directives).expect("there are three"));
        let mailbox = Mailbox::bounded(self.rng.usize(2..8));
        let throng = self.system.spawn("throng", factory).supervise(policy).mailbox(mailbox);
        throng.concurrency(self.rng.usize(1..4)).await.ok()
    }
}
