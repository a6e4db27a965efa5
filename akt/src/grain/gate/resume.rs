//! After a start: grains that have committed what they did not deliver are activated, and go on.

use std::sync::Arc;
use std::time::Duration;

use super::codec::OUT;
use crate::backoff::Backoff;
use crate::grain::roster::Roster;
use crate::persistence::{StateStore, StoreError};
use crate::system::{ActorSystem, Extension, SystemBuilder};

/// How many ids are read at once.
const PAGE: usize = 256;

const AGAIN: Backoff = Backoff { min: Duration::from_millis(200), max: Duration::from_secs(5), jitter: 0.2 };
const TRIES: u32 = 8;

impl SystemBuilder {
    /// Sets where grains keep their states.
    ///
    /// It is provided as an `Arc<dyn StateStore>`: `cx.dep::<Arc<dyn StateStore>>()` reads states beside the grains.
    pub fn state_store(self, store: impl StateStore) -> Self {
        let store: Arc<dyn StateStore> = Arc::new(store);
        let resumed = store.clone();
        self.provide(store).part(async move |system| Ok(Resume::begin(&system, resumed)))
    }
}

/// Has looked for what is to be delivered.
struct Resume;

impl Extension for Resume {}

impl Resume {
    fn begin(system: &ActorSystem, store: Arc<dyn StateStore>) -> Arc<Self> {
        system.runtime().spawn("deliveries are resumed", resume(system.clone(), store));
        Arc::new(Self)
    }
}

async fn resume(system: ActorSystem, store: Arc<dyn StateStore>) {
    let (mut after, mut failures) = (None, 0);
    while !system.is_stopping() {
        match page(&system, &*store, after.as_deref()).await {
            Ok(None) => return,
            Ok(last) => (after, failures) = (last, 0),
            Err(error) => {
                failures += 1;
                if failures == TRIES {
                    tracing::error!(%error, "what was to be delivered before the start waits for its senders");
                    return;
                }
                system.runtime().sleep(AGAIN.wait(failures - 1, system.runtime().chance())).await;
            }
        }
    }
}

/// Activates the senders of one page; the last of them.
async fn page(
    system: &ActorSystem,
    store: &dyn StateStore,
    after: Option<&str>,
) -> Result<Option<String>, StoreError> {
    let ids = store.ids_with_row(OUT, after, PAGE).await?;
    let registry = system.part::<Roster>();
    for id in &ids {
        let Some((kind, key)) = id.split_once('/') else { continue };
        let known = registry.of_kind(kind).and_then(|known| (known.find)(system, key));
        match known {
            Some(grain) => grain.target().activate(),
            None => tracing::warn!(
                grain = id,
                "it has something to deliver, and its kind is not known to this system: say `.grain::<..>()` on its builder"
            ),
        }
    }
    Ok(ids.into_iter().next_back())
}
