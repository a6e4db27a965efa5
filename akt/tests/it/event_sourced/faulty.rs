//! A store that fails, as the askers of an event-sourced actor see it.

use std::time::Duration;

use akt::persistence::MemoryEventStore;
use akt::prelude::*;
use akt::testkit::Faulty;

use super::{ledger, system};
use crate::support::Log;

#[akt::test]
async fn an_asker_is_told_whether_a_store_that_fails_may_have_stored_its_event() {
    let (log, runtime) = (Log::default(), akt::Runtime::current().unwrap());
    let store = Faulty::new(MemoryEventStore::new(), &runtime);
    let system = system(store.clone()).await;
    let ledger = ledger(&system, &log).await;
    let delivery = |refused: AskError<String>| match &refused {
        AskError::Journal(journal) => journal.delivered,
        other => panic!("{other}"),
    };

    store.fail_next(1);
    assert_eq!(delivery(ledger.add(1).await.unwrap_err()), Delivery::No);
    store.lose_next_answers(1);
    assert_eq!(delivery(ledger.add(2).await.unwrap_err()), Delivery::Maybe);
    store.slow(Duration::from_secs(1)..Duration::from_secs(1));
    let late = ledger.add(3).timeout(Duration::from_millis(500)).await.unwrap_err();

    assert_eq!(late.delivery(), Delivery::Maybe);
    assert_eq!(ledger.all().await.unwrap(), [2, 3], "what was stored counts, whatever the asker was told");
    system.shutdown().await;
}
