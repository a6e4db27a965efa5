//! From tokens to the model: attributes, methods, types.

mod attrs;
mod behavior;
mod contract;
mod cron;
mod event_sourced;
mod expression;
mod grain;
mod handler;
mod inject;
mod item;
mod mailbox;
mod passivate;
mod spell;
mod supervise;
mod test;

pub(crate) use attrs::is_spent;
pub(crate) use behavior::states_of;
pub(crate) use contract::contract;
pub(crate) use grain::marked;
pub(crate) use inject::{derived, injected};
pub(crate) use item::{actor, impl_block, is_turn, returned, typed};
pub(crate) use spell::{lifetimes, respan, spell_self, ungroup};
pub(crate) use test::{sim_test, test, type_name};
