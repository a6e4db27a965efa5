//! A crash at every action of a store: no acknowledged event is lost, and no lost one acknowledged.

use std::time::Duration;

use akt::persistence::{Persist, Snapshot};
use akt::prelude::*;

use super::store::{Fails, Scripted};
use super::system;

/// Remembers what it was told, once each.
#[derive(Default)]
struct Book(Vec<u64>);

#[akt::actor(event_sourced(event = u64, snapshot_every = 2), supervise(on(panic) = stop, else = restart))]
impl Book {
    #[handler]
    fn write(&mut self, page: u64) -> Persist<Self, usize> {
        Persist::one(page).then(|book: &Self| book.0.len())
    }

    #[handler]
    fn read(&self) -> Vec<u64> {
        self.0.clone()
    }

    #[apply]
    fn written(&mut self, page: &u64) {
        self.0.push(*page);
    }
}

impl Snapshot for Book {
    type State = Vec<u8>;

    fn snapshot(&self) -> Vec<u8> {
        self.0.iter().map(|page| u8::try_from(*page).unwrap()).collect()
    }

    fn restore(&mut self, pages: Vec<u8>) {
        self.0 = pages.into_iter().map(u64::from).collect();
    }
}

const PAGES: std::ops::RangeInclusive<u64> = 1..=7;
const WAYS: [Fails; 4] = [Fails::Before, Fails::After, Fails::SilentlyBefore, Fails::SilentlyAfter];

/// What became of the pages, by what their askers were told.
#[derive(Debug, Default)]
struct Told {
    acknowledged: Vec<u64>,
    refused: Vec<u64>,
}

/// One program that writes all pages, and is killed where its store falls silent.
async fn write_all(store: &Scripted) -> Told {
    let (system, mut told) = (system(store.clone()).await, Told::default());
    let spawned = system.spawn("book", Book::default).start_timeout(Duration::from_secs(1)).await;
    if let Ok(book) = spawned {
        for page in PAGES {
            match book.write(page).timeout(Duration::from_secs(1)).await {
                Ok(_) => told.acknowledged.push(page),
                Err(error) if error.delivery() == Delivery::No => told.refused.push(page),
                Err(_) if book.actor().stop_reason().is_none() => {
                    if let Err(AskError::Timeout(_)) = book.read().timeout(Duration::from_secs(1)).await {
                        book.actor().kill();
                    }
                }
                Err(_) => {}
            }
        }
    }
    system.shutdown().await;
    told
}

#[akt::test]
async fn a_crash_at_any_store_action_loses_no_acknowledged_event_and_acknowledges_no_lost_one() {
    let (mut crashes, mut step) = (0, 0);
    loop {
        for how in WAYS {
            let store = Scripted::default();
            store.fail_after(step, how);
            let told = write_all(&store).await;
            crashes += usize::from(store.has_failed());
            if !store.has_failed() {
                assert_eq!(told.acknowledged, PAGES.collect::<Vec<_>>());
                // Each action of the program, in four ways.
                assert!(crashes > 40, "{crashes}");
                return;
            }

            let again = system(store.events()).await;
            let book = again.spawn("book", Book::default).await.unwrap();
            let pages = book.read().await.unwrap();

            let at = format!("{how:?} at {step}: {told:?}, found {pages:?}");
            assert!(told.acknowledged.iter().all(|page| pages.contains(page)), "{at}");
            assert!(!told.refused.iter().any(|page| pages.contains(page)), "{at}");
            assert!(pages.is_sorted_by(|one, next| one < next), "each once, in order: {at}");
            again.shutdown().await;
        }
        step += 1;
    }
}
