//! Handlers with `&self` and with turns, in every form.
#![deny(warnings, missing_docs, unreachable_pub, clippy::pedantic)]

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::Hash;

use akt::{Ctx, Forward, Reply, Turn, TurnCtx};

/// Shared by handlers that run beside each other.
pub struct Library<K> {
    books: HashMap<K, String>,
    friend: Option<TallyRef>,
}

#[akt::actor(concurrency = 8, stash = 2)]
impl<K: Clone + Eq + Hash + Send + Sync + 'static> Library<K> {
    /// Reads.
    #[akt::handler]
    pub async fn read(&self, key: K, cx: &Ctx<Self>) -> Option<String> {
        let path = cx.path();
        std::future::ready(path).await;
        self.books.get(&key).cloned()
    }

    #[akt::handler]
    fn count(&self) -> usize {
        self.books.len()
    }

    #[akt::handler]
    async fn hand_on(&self, cx: &Ctx<Self>) -> Forward<u64> {
        match &self.friend {
            Some(friend) => cx.forward(friend.seen()),
            None => Forward::answer(0),
        }
    }

    #[akt::handler(reentrant, max = 4)]
    async fn order(this: Turn<Self>, key: K, title: String, cx: &TurnCtx<Self>) -> Result<usize, String> {
        std::future::ready(cx.now()).await;
        this.with(|me| me.books.insert(key, title));
        Ok(this.with(|me| me.books.len()))
    }

    #[akt::handler(reentrant, defer)]
    async fn lend(this: Turn<Self>, reply: Reply<usize>) {
        reply.send(this.with(|me| me.books.len()));
    }

    #[akt::every("1h")]
    #[akt::handler(reentrant)]
    async fn tidy(_this: Turn<Self>) {}

    #[cfg(any())]
    #[akt::handler]
    async fn not_there(&self, what: Missing) {}
}

/// Cannot be shared, and need not be.
pub struct Tally(Cell<u64>);

#[akt::actor]
impl Tally {
    #[akt::handler]
    fn seen(&self) -> u64 {
        self.0.get()
    }

    #[akt::handler(reentrant)]
    async fn see(this: Turn<Self>) {
        std::future::ready(()).await;
        this.with(|me| me.0.set(me.0.get() + 1));
    }
}

fn main() {}
