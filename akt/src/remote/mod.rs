//! Calls between nodes.

mod association;
mod refusals;
mod requests;
