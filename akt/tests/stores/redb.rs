//! The store of a node in one file: it keeps every rule, and what it has taken, whoever closes it.

use akt::Delivery;
use akt::bytes::Bytes;
use akt::persistence::{
    Change, EventStore, Fence, MemoryEventStore, MemoryStateStore, Record, RedbError, RedbStore, Row, Saved,
    StateStore, StoreError, Write,
};
use akt::testkit::{check_event_store, check_state_store};
use proptest::prelude::*;
use std::ops::Deref;
use std::path::{Path, PathBuf};

/// Where no file is yet, nor when this is dropped.
pub(crate) struct Fresh(PathBuf);

/// Of this process: the file of another may be in use.
pub(crate) fn fresh(name: &str) -> Fresh {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("redb");
    std::fs::create_dir_all(&folder).unwrap();
    let fresh = Fresh(folder.join(format!("{name}.{}.redb", std::process::id())));
    let _ = std::fs::remove_file(&fresh);
    fresh
}

impl AsRef<Path> for Fresh {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Deref for Fresh {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn event(sequence: u64) -> Vec<Record> {
    vec![Record { sequence, schema: 1, bytes: Bytes::from_static(b"event") }]
}

#[tokio::test]
async fn it_keeps_every_rule_of_event_stores() {
    check_event_store(&RedbStore::open(fresh("event-rules")).unwrap()).await.unwrap();
}

#[tokio::test]
async fn it_keeps_every_rule_of_state_stores() {
    check_state_store(&RedbStore::open(fresh("state-rules")).unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_was_stored_is_there_after_the_drop_of_the_last_clone() {
    let path = fresh("drop");
    let store = RedbStore::open(&path).unwrap();
    let clone = store.clone();
    let fence = EventStore::fence(&store, "cart/1").await.unwrap();
    clone.append("cart/1", fence, [event(1), event(2)].concat()).await.unwrap();
    clone.put_snapshot("cart/1", fence, event(2).remove(0)).await.unwrap();
    clone.delete_to("cart/1", fence, 1).await.unwrap();
    drop((store, clone));

    let store = RedbStore::open(&path).unwrap();

    assert_eq!(store.read("cart/1", 1, 9).await.unwrap(), event(2));
    assert_eq!(store.snapshot("cart/1").await.unwrap(), Some(event(2).remove(0)));
    assert!(EventStore::fence(&store, "cart/1").await.unwrap() > fence);
}

#[tokio::test]
async fn a_store_that_is_closed_refuses_and_its_file_can_be_opened_again() {
    let path = fresh("close");
    let store = RedbStore::open(&path).unwrap();
    let clone = store.clone();
    let fence = EventStore::fence(&store, "cart/1").await.unwrap();
    let in_use = RedbStore::open(&path).unwrap_err();
    assert!(matches!(&in_use, RedbError::InUse { path: named } if **named == *path), "{in_use}");

    store.close().await;

    let refused = clone.append("cart/1", fence, event(1)).await.unwrap_err();
    let StoreError::Unavailable { persisted: Delivery::No, source } = refused else { panic!("{refused}") };
    assert_eq!(source.to_string(), format!("`{}` is closed: open the store again", path.display()));
    let again = RedbStore::open(&path).unwrap();
    again.append("cart/1", fence, event(1)).await.unwrap();
    clone.close().await;
}

#[tokio::test]
async fn what_is_no_file_of_redb_is_named() {
    let path = fresh("foreign");
    std::fs::write(&path, "dear diary, ".repeat(1_000)).unwrap();

    let refused = RedbStore::open(&path).unwrap_err();

    let text = format!("`{}` is no file of redb: give another path, or move it away", path.display());
    assert_eq!(refused.to_string(), text);
    let nowhere = RedbStore::open(path.join("below").join("a.redb")).unwrap_err();
    assert!(matches!(nowhere, RedbError::Failed { .. }), "{nowhere}");
}

#[derive(Clone, Debug)]
enum Step {
    Fence,
    Append { fence: u64, first: u64, events: u64 },
    Snapshot { fence: u64, at: u64 },
    Delete { fence: u64, to: u64 },
    Read { from: u64, limit: usize },
    Reopen,
}

fn step() -> impl Strategy<Value = (bool, Step)> {
    let small = || 0..6_u64;
    let step = prop_oneof![
        Just(Step::Fence),
        (small(), 1..9_u64, 1..4_u64).prop_map(|(fence, first, events)| Step::Append {
            fence,
            first,
            events
        }),
        (small(), small()).prop_map(|(fence, at)| Step::Snapshot { fence, at }),
        (small(), small()).prop_map(|(fence, to)| Step::Delete { fence, to }),
        (small(), 0..5_usize).prop_map(|(from, limit)| Step::Read { from, limit }),
        Just(Step::Reopen),
    ];
    (any::<bool>(), step)
}

/// What the store says to a step, and of the id afterwards.
async fn take(store: &impl EventStore, id: &str, step: &Step) -> String {
    let said = match *step {
        Step::Fence => format!("{:?}", store.fence(id).await),
        Step::Append { fence, first, events } => {
            let events = (first..first + events).flat_map(event).collect();
            format!("{:?}", store.append(id, Fence(fence), events).await)
        }
        Step::Snapshot { fence, at } => {
            format!("{:?}", store.put_snapshot(id, Fence(fence), event(at).remove(0)).await)
        }
        Step::Delete { fence, to } => format!("{:?}", store.delete_to(id, Fence(fence), to).await),
        Step::Read { from, limit } => format!("{:?}", store.read(id, from, limit).await),
        Step::Reopen => String::new(),
    };
    format!("{said} {:?} {:?}", store.read(id, 0, 99).await, store.snapshot(id).await)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_does_what_the_store_in_memory_does(steps in proptest::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let path = fresh("model");
        let model = MemoryEventStore::new();
        let mut store = RedbStore::open(&path).unwrap();
        for (other, step) in steps {
            let id = if other { "cart/1" } else { "cart/10" };
            if matches!(step, Step::Reopen) {
                drop(store);
                store = RedbStore::open(&path).unwrap();
            }
            let (said, expected) = runtime.block_on(async {
                (take(&store, id, &step).await, take(&model, id, &step).await)
            });
            prop_assert_eq!(said, expected, "{:?}", step);
        }
    }
}

#[derive(Clone, Debug)]
enum Turn {
    Fence,
    Commit { fence: u64, expected: u64, write: Write },
    Find { prefix: &'static str, after: Option<&'static str>, limit: usize },
    Reopen,
}

fn change() -> impl Strategy<Value = Change> {
    let save = (0..3_u32, 0..3_usize)
        .prop_map(|(schema, bytes)| Change::Save(Saved { schema, bytes: Bytes::from(vec![7; bytes]) }));
    prop_oneof![Just(Change::Nothing), Just(Change::Delete), save]
}

fn turn() -> impl Strategy<Value = (&'static str, Turn)> {
    let text = || proptest::sample::select(vec!["", "a", "a/1", "a/10", "b"]);
    let texts = || proptest::collection::vec(text(), 0..3);
    let write = (change(), texts(), texts()).prop_map(|(state, remove, put)| Write {
        state,
        remove: remove.into_iter().map(Into::into).collect(),
        put: put.into_iter().map(|name| Row { name: name.into(), bytes: Bytes::from(name) }).collect(),
    });
    let turn =
        prop_oneof![
            Just(Turn::Fence),
            (0..4_u64, 0..4_u64, write).prop_map(|(fence, expected, write)| Turn::Commit {
                fence,
                expected,
                write
            }),
            (text(), proptest::option::of(text()), 0..3_usize)
                .prop_map(|(prefix, after, limit)| Turn::Find { prefix, after, limit }),
            Just(Turn::Reopen),
        ];
    (text(), turn)
}

async fn obey(store: &impl StateStore, id: &str, turn: &Turn) -> String {
    let said = match turn {
        Turn::Fence => format!("{:?}", store.fence(id).await),
        Turn::Commit { fence, expected, write } => {
            format!("{:?}", store.commit(id, Fence(*fence), *expected, write.clone()).await)
        }
        Turn::Find { prefix, after, limit } => {
            format!("{:?}", store.ids_with_row(prefix, *after, *limit).await)
        }
        Turn::Reopen => String::new(),
    };
    format!("{said} {:?}", store.load(id).await)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn it_does_with_states_what_the_store_in_memory_does(turns in proptest::collection::vec(turn(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let path = fresh("states");
        let model = MemoryStateStore::new();
        let mut store = RedbStore::open(&path).unwrap();
        for (id, turn) in turns {
            if matches!(turn, Turn::Reopen) {
                drop(store);
                store = RedbStore::open(&path).unwrap();
            }
            let (said, expected) = runtime.block_on(async {
                (obey(&store, id, &turn).await, obey(&model, id, &turn).await)
            });
            prop_assert_eq!(said, expected, "{:?}", turn);
        }
    }
}
