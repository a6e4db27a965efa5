//! Gates under crashes: the node ends at any action of its store or of a handler, and nothing is lost, doubled or seen
//! too soon.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use akt::persistence::{Fence, Kept, MemoryStateStore, StateStore, StoreError, Write};
use akt::prelude::*;
use akt::{Runtime, sim};
use async_trait::async_trait;
use parking_lot::Mutex;

use super::gates::{Account, bank, cents, settled, transfer};

const FUNDED: u64 = 100;
const NAMES: [&str; 4] = ["anna", "berta", "carl", "dora"];

/// Ends its node at one of the actions to come.
#[derive(Clone)]
pub(crate) struct Fuse(Arc<Mutex<Burning>>);

struct Burning {
    /// How many actions are left; none if there is no end.
    left: Option<u64>,
    /// Whether the last one is done before the end.
    done: bool,
    seen: u64,
    node: Option<Runtime>,
}

impl Fuse {
    fn new(left: Option<u64>, done: bool) -> Self {
        Self(Arc::new(Mutex::new(Burning { left, done, seen: 0, node: None })))
    }

    fn light(&self, node: &Runtime) {
        self.0.lock().node = Some(node.clone());
    }

    /// One action. True if it is the last, and is to be done.
    fn burn(&self) -> bool {
        let mut burning = self.0.lock();
        burning.seen += 1;
        let Some(left) = &mut burning.left else { return false };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return false;
        }
        if burning.done {
            return true;
        }
        drop(burning);
        self.end();
        false
    }

    fn end(&self) {
        let node = self.0.lock().node.clone();
        node.unwrap().kill().unwrap();
    }

    fn seen(&self) -> u64 {
        self.0.lock().seen
    }

    fn is_burnt(&self) -> bool {
        self.0.lock().left == Some(0)
    }

    /// An action without a result.
    pub(crate) fn act(&self) {
        if self.burn() {
            self.end();
        }
    }
}

/// A store whose every action burns the fuse; what commits is written down.
#[derive(Clone)]
struct Burnt {
    inner: MemoryStateStore,
    fuse: Fuse,
    commits: Arc<Mutex<Vec<(String, u64, Fence)>>>,
}

impl Burnt {
    async fn action<T>(&self, action: impl Future<Output = T>) -> T {
        if self.fuse.is_burnt() {
            return pending().await;
        }
        let last = self.fuse.burn();
        if !last && self.fuse.is_burnt() {
            return pending().await;
        }
        let done = action.await;
        if last {
            self.fuse.end();
            return pending().await;
        }
        done
    }
}

#[async_trait]
impl StateStore for Burnt {
    async fn fence(&self, id: &str) -> Result<Fence, StoreError> {
        self.action(self.inner.fence(id)).await
    }

    async fn load(&self, id: &str) -> Result<Kept, StoreError> {
        self.action(self.inner.load(id)).await
    }

    async fn commit(&self, id: &str, fence: Fence, expected: u64, write: Write) -> Result<u64, StoreError> {
        let commit = async {
            let done = self.inner.commit(id, fence, expected, write).await;
            if let Ok(version) = done {
                self.commits.lock().push((id.to_owned(), version, fence));
            }
            done
        };
        self.action(commit).await
    }

    async fn ids_with_row(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.action(self.inner.ids_with_row(prefix, after, limit)).await
    }
}

/// The system that runs at the moment.
type Now = Arc<Mutex<Option<ActorSystem>>>;

/// Asks until it is answered; whether the money was sent.
async fn send(now: &Now, runtime: &Runtime, (from, to, amount): (&str, &str, u64), request: &str) -> bool {
    loop {
        let system = now.lock().clone();
        if let Some(system) = system {
            let account = Account::grain(&system, from);
            match account.send(transfer(to, amount)).request_id(request).await {
                Ok(_) => return true,
                Err(AskError::Handler(_)) => return false,
                Err(_) => {}
            }
        }
        runtime.sleep(Duration::from_millis(100)).await;
    }
}

async fn fund(now: &Now, runtime: &Runtime, name: &str) {
    loop {
        let system = now.lock().clone();
        if let Some(system) = system
            && Account::grain(&system, name).fund(cents(FUNDED)).request_id(name).await.is_ok()
        {
            return;
        }
        runtime.sleep(Duration::from_millis(100)).await;
    }
}

/// Starts the system again and again, with a fuse of `fuses` each time; the last one burns for ever.
async fn keep_up(now: &Now, runtime: &Runtime, store: &Burnt, mut fuses: Vec<Fuse>) {
    loop {
        let node = runtime.for_another_node();
        let fuse = if fuses.is_empty() { Fuse::new(None, false) } else { fuses.remove(0) };
        fuse.light(&node);
        let store = Burnt { fuse: fuse.clone(), ..store.clone() };
        let system = bank(&store).provide(fuse.clone()).runtime(node).start().await.unwrap();
        *now.lock() = Some(system);
        while !fuse.is_burnt() {
            runtime.sleep(Duration::from_millis(300)).await;
        }
        *now.lock() = None;
    }
}

/// Runs transfers under `fuses`; how many actions the last node saw.
fn transfers(seed: u64, fuses: Vec<Fuse>) {
    sim::run(seed, |runtime| async move {
        let store =
            Burnt { inner: MemoryStateStore::new(), fuse: Fuse::new(None, false), commits: Arc::default() };
        let now = Now::default();
        let plan = |client: usize| {
            (0..6).map(move |n| {
                (NAMES[client], NAMES[(client + n + 1) % 4], 7 * (n as u64 + 1) + client as u64)
            })
        };
        let client = async |client: usize| {
            fund(&now, &runtime, NAMES[client]).await;
            let mut sent = Vec::new();
            for (index, transfer) in plan(client).enumerate() {
                if send(&now, &runtime, transfer, &format!("{client}-{index}")).await {
                    sent.push(transfer);
                }
            }
            sent
        };
        let work = async {
            let (a, b, c, d) = tokio::join!(client(0), client(1), client(2), client(3));
            settled(&runtime, &store.inner).await;
            [a, b, c, d].concat()
        };
        let sent = tokio::select! {
            biased;
            sent = work => sent,
            () = keep_up(&now, &runtime, &store, fuses) => unreachable!(),
        };

        let mut expected: BTreeMap<_, _> = NAMES.iter().map(|name| (*name, (FUNDED, 0))).collect();
        for (from, to, amount) in sent {
            let from = expected.get_mut(from).unwrap();
            from.0 = from.0.wrapping_sub(amount);
            let to = expected.get_mut(to).unwrap();
            *to = (to.0.wrapping_add(amount), to.1 + 1);
        }
        // The last node may have ended after its last answer.
        let last = now.lock().take();
        if let Some(system) = last {
            system.runtime().kill().unwrap();
        }
        let system = bank(&store).runtime(runtime.for_another_node()).start().await.unwrap();
        for (name, (cents, received)) in expected {
            let found = Account::grain(&system, name).view(()).await.unwrap();
            assert_eq!((found.cents, found.received), (cents, received), "{name}, seed {seed}");
        }
        system.shutdown().await;
        check_chains(&store.commits.lock());
    });
}

/// The versions of each id follow each other, under fences that never fall.
fn check_chains(commits: &[(String, u64, Fence)]) {
    let mut last: BTreeMap<&str, (u64, Fence)> = BTreeMap::new();
    for (id, version, fence) in commits {
        let (before, older) = last.insert(id, (*version, *fence)).unwrap_or_default();
        assert!(*version == before + 1 && *fence >= older, "{id}: {before} {older} then {version} {fence}");
    }
}

/// How many actions there are without a crash.
fn actions(seed: u64) -> u64 {
    let fuse = Fuse::new(None, false);
    transfers(seed, vec![fuse.clone()]);
    fuse.seen()
}

#[test]
fn a_crash_at_any_action_loses_and_doubles_nothing() {
    let all = actions(1);
    assert!(all > 60, "{all} actions");
    for action in 1..=all {
        for done in [false, true] {
            transfers(1, vec![Fuse::new(Some(action), done)]);
        }
    }
}

#[test]
fn crashes_upon_crashes_lose_and_double_nothing() {
    let seeds: u64 = std::env::var("AKT_SEEDS").ok().map_or(40, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let mut rng = fastrand::Rng::with_seed(seed);
        let fuse = |_| Fuse::new(Some(rng.u64(1..60)), rng.bool());
        transfers(seed, (0..5).map(fuse).collect());
    }
}
