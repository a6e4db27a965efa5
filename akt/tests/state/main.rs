//! What grains keep: state stores, states, gates.

mod stores;
