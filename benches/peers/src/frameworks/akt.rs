//! akt, as its guide writes actors: handlers on an impl block, a generated reference.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ::akt::prelude::*;

use crate::framework::{Finish, Framework, STARTED, Seat, on_tokio};

/// An actor system, and a number for the next name.
#[derive(Clone)]
pub(super) struct Home {
    pub(super) system: ActorSystem,
    names: Arc<AtomicU64>,
}

impl Home {
    /// Starts a system, runs `body` in it, shuts it down.
    pub(super) fn run<T, F>(body: impl FnOnce(Self) -> F + Send + 'static) -> T
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        on_tokio(|| async {
            let system = ActorSystem::builder("bench").start().await.expect("the system starts");
            let result = body(Self { system: system.clone(), names: Arc::default() }).await;
            system.shutdown().await;
            result
        })
    }

    fn name(&self) -> String {
        self.names.fetch_add(1, Relaxed).to_string()
    }
}

/// The same two actors for each kind of mailbox.
macro_rules! framework {
    ($module:ident, $framework:ident, $name:literal, $mailbox:expr, $docs:literal) => {
        mod $module {
            use super::*;

            #[doc = $docs]
            #[derive(Clone)]
            pub struct $framework(Home);

            impl $framework {
                #[allow(dead_code)]
                pub(in super::super) fn new(home: Home) -> Self {
                    Self(home)
                }
            }

            #[derive(Default)]
            pub struct Sink {
                total: u64,
            }

            #[akt::actor(mailbox = $mailbox)]
            impl Sink {
                #[on(start)]
                fn started(&mut self) {
                    STARTED.one();
                }

                #[handler]
                pub fn add(&mut self, n: u64) -> u64 {
                    self.total += n;
                    self.total
                }
            }

            pub struct Node {
                next: Option<NodeRef>,
                finish: Arc<Finish>,
            }

            #[akt::actor(mailbox = $mailbox)]
            impl Node {
                #[handler]
                pub fn link(&mut self, next: NodeRef) {
                    self.next = Some(next);
                }

                #[handler]
                pub fn token(&mut self, hops: u64) {
                    if hops == 0 {
                        self.finish.one();
                        return;
                    }
                    let next = self.next.as_ref().expect("linked before the token comes");
                    next.token(hops - 1).tell().expect("the node has room");
                }
            }

            impl Framework for $framework {
                const NAME: &'static str = $name;
                type Sink = SinkRef;
                type Node = NodeRef;

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

                async fn sink(&self, _: Seat) -> SinkRef {
                    self.0.system.spawn(self.0.name(), Sink::default).await.expect("the sink starts")
                }

                async fn tell(sink: &SinkRef, n: u64) {
                    sink.add(n).send().await.expect("the sink lives");
                }

                async fn ask(sink: &SinkRef, n: u64) -> u64 {
                    sink.add(n).await.expect("the sink answers")
                }

                async fn node(&self, _: Seat, finish: Arc<Finish>) -> NodeRef {
                    let node = move || Node { next: None, finish: finish.clone() };
                    self.0.system.spawn(self.0.name(), node).await.expect("the node starts")
                }

                async fn link(node: &NodeRef, next: NodeRef) {
                    node.link(next).send().await.expect("the node lives");
                }

                async fn token(node: &NodeRef, hops: u64) {
                    node.token(hops).send().await.expect("the node lives");
                }
            }
        }
        pub use $module::$framework;
    };
}

framework!(bounded, Bounded, "akt", bounded(1_024), "akt with its default mailbox, spelled out.");
framework!(unbounded, Unbounded, "akt_unbounded", unbounded, "akt with mailboxes that never say full.");
