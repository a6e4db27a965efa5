//! What stands in the file of a store: its tables, and the version of their schema.

use std::path::Path;
use std::sync::Arc;

use redb::{Database, Error, ReadableTable, TableDefinition};

use super::error::RedbError;

/// Numbers of the file as a whole.
pub(super) const FILE: TableDefinition<'_, &str, u64> = TableDefinition::new("file");
/// The name of the version of the schema.
const SCHEMA: &str = "schema";
/// The version that this program writes.
const KNOWN: u64 = 1;
/// The name of the last version of a reminder.
pub(super) const LAST_REMINDER: &str = "last reminder";

/// By id: the highest fence, and the number of the last event, deleted or not.
pub(super) const JOURNALS: TableDefinition<'_, &str, (u64, u64)> = TableDefinition::new("journals");
/// By id and number: the schema and the bytes.
pub(super) const EVENTS: TableDefinition<'_, (&str, u64), (u32, &[u8])> = TableDefinition::new("events");
/// By id: the number of the last event in it, the schema and the bytes.
pub(super) const SNAPSHOTS: TableDefinition<'_, &str, (u64, u32, &[u8])> = TableDefinition::new("snapshots");

/// The version, the highest fence, and of the state, if there is one, the schema and the bytes.
pub(super) type State<'a> = (u64, u64, Option<(u32, &'a [u8])>);
/// By id.
pub(super) const STATES: TableDefinition<'_, &str, State<'_>> = TableDefinition::new("states");
/// By id and name.
pub(super) const ROWS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("rows");

/// The version, the shard, the milliseconds from 1970 to when it is due, and the bytes.
pub(super) type Reminder<'a> = (u64, u16, u64, &'a [u8]);
/// By id and name.
pub(super) const REMINDERS: TableDefinition<'_, (&str, &str), Reminder<'_>> =
    TableDefinition::new("reminders");
/// Those reminders again: by shard, time, id and name.
pub(super) const DUE: TableDefinition<'_, (u16, u64, &str, &str), ()> = TableDefinition::new("due reminders");

/// Makes the tables of a new file; refuses that of a newer program.
pub(super) fn prepare(database: &Database, path: &Arc<Path>) -> Result<(), RedbError> {
    let found = make(database).map_err(|error| RedbError::of(path, error))?;
    if found > KNOWN {
        return Err(RedbError::Newer { path: path.clone(), found, known: KNOWN });
    }
    Ok(())
}

/// Makes what is missing, unless another has made it; the version that is there.
fn make(database: &Database) -> Result<u64, Error> {
    let transaction = database.begin_write()?;
    let found = {
        let mut file = transaction.open_table(FILE)?;
        let found = file.get(SCHEMA)?.map(|schema| schema.value());
        if found.is_none() {
            file.insert(SCHEMA, KNOWN)?;
        }
        found.unwrap_or(KNOWN)
    };
    if found > KNOWN {
        transaction.abort()?;
        return Ok(found);
    }
    // A reader finds every table.
    transaction.open_table(JOURNALS)?;
    transaction.open_table(EVENTS)?;
    transaction.open_table(SNAPSHOTS)?;
    transaction.open_table(STATES)?;
    transaction.open_table(ROWS)?;
    transaction.open_table(REMINDERS)?;
    transaction.open_table(DUE)?;
    transaction.commit()?;
    Ok(found)
}
