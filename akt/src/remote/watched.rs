//! The actors here that one connection's peer watches.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::carrier::{Carrier, EndOfCarrier};
use super::inbound::path;
use super::peer::Out;
use super::watch::WatchId;
use crate::actor::{StopReason, Target, Terminated, Witness};
use crate::wire::Notice;

/// So many actors a peer may watch.
const MOST: usize = 1 << 20;

/// By the peer's names of its watches.
#[derive(Default)]
pub(super) struct Watched(Mutex<Table>);

#[derive(Default)]
struct Table {
    watches: BTreeMap<WatchId, Watch>,
    closed: bool,
}

struct Watch {
    actor: Arc<dyn Target>,
    witness: Arc<dyn Target>,
}

impl Watch {
    fn end(&self) {
        self.actor.on_core(|core| core.unwatch(&self.witness));
    }
}

impl Carrier {
    /// The peer wants to know when the actor at `target` is gone; if `wanted` is not 0, that one and no other.
    pub(super) fn begin_watch(
        self: &Arc<Self>,
        watch: WatchId,
        target: &[u8],
        wanted: u64,
    ) -> Result<(), EndOfCarrier> {
        let path = path(target).filter(|path| self.may_reach(path));
        let found = path.and_then(|path| self.node().system.lookup(&path));
        let id = found.as_ref().and_then(|actor| actor.id()).map(|id| id.as_u64());
        let Some((found, id)) = found.zip(id).filter(|(_, id)| wanted == 0 || wanted == *id) else {
            self.say_of_watch(Notice::Terminated { watch, reason: StopReason::Unknown });
            return Ok(());
        };
        let actor = found.target().clone();
        let carrier: Weak<Self> = Arc::downgrade(self);
        let witness = Witness::hear(&self.node().system, move |terminated: Terminated| {
            if let Some(carrier) = carrier.upgrade() {
                carrier.watched_is_gone(watch, terminated.reason);
            }
        });
        let mut table = self.watched.0.lock();
        if table.closed {
            return Ok(());
        }
        if table.watches.len() >= MOST {
            return Err(EndOfCarrier::Watches { most: MOST });
        }
        let old = table.watches.insert(watch, Watch { actor: actor.clone(), witness: witness.clone() });
        drop(table);
        if let Some(old) = old {
            old.end();
        }
        self.say_of_watch(Notice::Watched { watch, actor: id });
        actor.on_core(|core| core.watch(&actor, witness));
        Ok(())
    }

    /// The peer takes a watch back.
    pub(super) fn end_watch(&self, watch: WatchId) {
        let watch = self.watched.0.lock().watches.remove(&watch);
        if let Some(watch) = watch {
            watch.end();
        }
    }

    /// The connection has ended: the peer says again on the next what it watches.
    pub(super) fn forget_watches(&self) {
        let mut table = self.watched.0.lock();
        table.closed = true;
        let watches = std::mem::take(&mut table.watches);
        drop(table);
        watches.values().for_each(Watch::end);
    }

    fn watched_is_gone(&self, watch: WatchId, reason: StopReason) {
        let known = self.watched.0.lock().watches.remove(&watch);
        if known.is_some() {
            self.say_of_watch(Notice::Terminated { watch, reason });
        }
    }

    fn say_of_watch(&self, notice: Notice) {
        self.say_word(Out::Notice { link: Some(self.link), notice });
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("watches", &self.0.lock().watches.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use akt::prelude::*;
    use akt::{ActorPath, Network, Remote};
    use bytes::Bytes;

    use super::super::node::Node;
    use super::super::route::Route;
    use super::*;
    use crate::path::NodeAddress;

    #[derive(Default)]
    struct Watcher;

    #[akt::actor]
    impl Watcher {
        #[handler]
        fn ping(&mut self) {}

        #[on(terminated)]
        fn gone(&mut self, _: Terminated) {}
    }

    async fn node(network: &Network) -> ActorSystem {
        ActorSystem::builder("shop").remote(Remote::memory(network)).start().await.unwrap()
    }

    /// What the peer at `address` watches on `system`.
    fn watched(system: &ActorSystem, address: NodeAddress) -> usize {
        let node = system.extension::<Node>().unwrap();
        node.peer((address, None)).carrier().map_or(0, |carrier| carrier.watched.0.lock().watches.len())
    }

    #[akt::test]
    async fn a_watcher_that_is_gone_is_forgotten_by_the_node_that_it_watched() {
        let network = Network::new();
        let (near, far) = (node(&network).await, node(&network).await);
        far.spawn("watched", Watcher::default).await.unwrap();
        let watcher = near.spawn("watcher", Watcher::default).await.unwrap();
        let (here, there) = (near.address().unwrap(), far.address().unwrap());
        let path = ActorPath::parse("/user/watched").unwrap();
        let target = Bytes::copy_from_slice(path.as_str().as_bytes());
        let route = Route::new(path, target);
        let peer = near.extension::<Node>().unwrap().peer((there, None));
        peer.watch(&route, Witness::hear(&near, |_| {}), watcher.actor().target());
        while watched(&far, here.clone()) == 0 {
            tokio::task::yield_now().await;
        }

        watcher.actor().stop();

        while watched(&far, here.clone()) == 1 {
            tokio::task::yield_now().await;
        }
        near.shutdown().await;
        far.shutdown().await;
    }
}
