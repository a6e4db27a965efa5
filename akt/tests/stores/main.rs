//! What outlives a process: the file of a node, reminders, events of grains.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../it/contracts.rs"]
mod contracts;
mod event_sourced;
#[path = "../it/mill.rs"]
mod mill;
mod redb;
mod reminder_races;
mod reminder_stores;
mod reminders;
