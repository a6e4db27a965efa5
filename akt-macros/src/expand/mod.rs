//! From the model to tokens.

mod actor;
mod assertions;
mod behavior;
mod case;
mod contract;
mod copies;
mod event_sourced;
mod fallback;
mod flight;
mod grain;
mod handler;
mod inject;
mod options;
mod reference;
mod test;

pub(crate) use actor::{attribute, grain_attribute};
pub(crate) use behavior::states;
pub(crate) use contract::contract_actor;
pub(crate) use fallback::inner;
pub(crate) use inject::inject;
pub(crate) use test::{sim_test, test};

#[cfg(test)]
mod tests;
