//! The file of a store on a disk that counts its syncs, holds them up, and may be full.
#![allow(clippy::disallowed_methods, reason = "the tasks of a test are its own")]

use std::fmt;
use std::io::{Error as IoError, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Waker};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use redb::backends::InMemoryBackend;
use redb::{BackendError, Builder, Database, StorageBackend};

use super::file::File;
use super::{RedbError, RedbStore};
use crate::persistence::{EventStore, Fence, Record, StoreError};

#[derive(Clone, Default)]
struct Disk(Arc<Inner>);

#[derive(Default)]
struct Inner {
    contents: InMemoryBackend,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    syncs: u64,
    /// A sync waits until this is false.
    held: bool,
    waiting: bool,
    full: bool,
}

impl Disk {
    fn open(&self) -> Result<RedbStore, RedbError> {
        let path: Arc<Path> = Path::new("/disk/shop.redb").into();
        let database = Builder::new().create_with_backend(self.clone());
        File::begin(&path, database).map(|file| RedbStore(Arc::new(file)))
    }

    fn syncs(&self) -> u64 {
        self.0.state.lock().syncs
    }

    fn hold(&self) {
        self.0.state.lock().held = true;
    }

    fn release(&self) {
        self.0.state.lock().held = false;
        self.0.changed.notify_all();
    }

    /// Until the writer is in the middle of a sync that is held.
    fn wait_for_writer(&self) {
        let mut state = self.0.state.lock();
        self.0.changed.wait_while(&mut state, |state| !state.waiting);
    }

    fn room(&self) -> Result<(), BackendError> {
        match self.0.state.lock().full {
            true => Err(IoError::from(ErrorKind::StorageFull).into()),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, IoError> {
        self.0.contents.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), IoError> {
        self.0.contents.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), IoError> {
        self.room()?;
        self.0.contents.set_len(len)
    }

    fn sync_data(&self) -> Result<(), IoError> {
        let mut state = self.0.state.lock();
        state.syncs += 1;
        state.waiting = state.held;
        self.0.changed.notify_all();
        self.0.changed.wait_while(&mut state, |state| state.held);
        state.waiting = false;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), IoError> {
        self.room()?;
        self.0.contents.write(offset, data)
    }
}

fn event(sequence: u64) -> Vec<Record> {
    vec![Record { sequence, schema: 1, bytes: Bytes::from_static(b"event") }]
}

#[tokio::test]
async fn what_queues_up_during_a_sync_shares_the_next_one_and_is_refused_one_by_one() {
    let disk = Disk::default();
    let store = disk.open().unwrap();
    let one = disk.syncs();
    store.fence("first").await.unwrap();
    let per_commit = disk.syncs() - one;
    disk.hold();
    let held = tokio::spawn({
        let store = store.clone();
        async move { store.fence("second").await }
    });
    tokio::task::yield_now().await;
    disk.wait_for_writer();
    let before = disk.syncs();

    let mut queued: Vec<_> = (0..100)
        .map(|number: u64| {
            let store = store.clone();
            // Half of them come with a fence that is too old.
            let fence = Fence(if number.is_multiple_of(2) { 1 } else { 0 });
            Box::pin(async move {
                let id = format!("cart/{}", number / 2 * 2);
                store.append(&id, fence, event(1)).await
            })
        })
        .collect();
    for append in &mut queued {
        assert!(append.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    disk.release();
    held.await.unwrap().unwrap();

    let mut refused = 0;
    for append in queued {
        match append.await {
            Ok(()) => {}
            Err(StoreError::StaleFence { fence: Fence(0), newest: Fence(1) }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 50);
    // The rest of the one that was held, and one more.
    let syncs = disk.syncs() - before;
    assert!(syncs < 2 * per_commit, "{syncs} syncs, and one commit takes {per_commit}");
}

#[tokio::test]
async fn a_full_disk_is_named_and_what_it_did_not_take_is_not_there() {
    let disk = Disk::default();
    let store = disk.open().unwrap();
    store.append("cart/1", Fence(1), event(1)).await.unwrap();

    disk.0.state.lock().full = true;
    let failed = store.append("cart/1", Fence(1), event(2)).await.unwrap_err();

    let StoreError::Unavailable { source, .. } = &failed else { panic!("{failed}") };
    assert!(matches!(source.downcast_ref(), Some(RedbError::Full { .. })), "{source:?}");
    let text = "no room on the disk for `/disk/shop.redb`: make some, and open the store again";
    assert_eq!(source.to_string(), text);

    drop(store);
    disk.0.state.lock().full = false;
    let store = disk.open().unwrap();
    assert_eq!(store.read("cart/1", 1, 9).await.unwrap(), event(1));
    store.append("cart/1", Fence(1), event(2)).await.unwrap();
}

#[tokio::test]
async fn an_operation_that_nobody_waits_for_any_more_is_done_whole() {
    let disk = Disk::default();
    let store = disk.open().unwrap();
    disk.hold();

    let three = [event(1), event(2), event(3)].concat();
    tokio::select! { biased;
        done = store.append("cart/1", Fence(1), three.clone()) => panic!("{done:?}"),
        () = tokio::task::yield_now() => {}
    }
    disk.release();

    store.fence("cart/2").await.unwrap();
    assert_eq!(store.read("cart/1", 1, 9).await.unwrap(), three);
}

#[test]
fn the_file_of_a_newer_program_is_refused() {
    let disk = Disk::default();
    drop(disk.open().unwrap());
    let database: Database = Builder::new().create_with_backend(disk.clone()).unwrap();
    let newer = database.begin_write().unwrap();
    newer.open_table(redb::TableDefinition::<&str, u64>::new("file")).unwrap().insert("schema", 99).unwrap();
    newer.commit().unwrap();
    drop(database);

    let refused = disk.open().unwrap_err();

    let text = "`/disk/shop.redb` has schema 99, and this program knows up to 1: run the newer one";
    assert_eq!(refused.to_string(), text);
}
