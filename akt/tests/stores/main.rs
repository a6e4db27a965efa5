//! What outlives a process: the file of a node, reminders, events of grains.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod redb;
mod reminder_stores;
