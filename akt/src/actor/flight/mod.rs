//! Handlers under way beside each other: those with `&self`, and those with `this: Turn<Self>`.
//!
//! An actor whose handlers all run alone has [`NoFlight`], which takes no space and no code. Another has a
//! [`Flight`]: messages whose handlers run beside others line up in it, `group.rs` runs a group of `&self`
//! handlers, `turns.rs` those that have turns. What both keep of one handler is a `Member`.

mod deck;
mod flock;
mod group;
mod member;
#[cfg(all(test, loom))]
mod model;
mod returns;
mod start;
mod turns;

pub use self::deck::{Concurrent, Deck, Flights, Mode, NoFlight};
pub use self::group::share;
pub use self::member::{Lost, Next};
pub use self::returns::{Full, NoReturns, Returning, Returns};

pub(super) use self::returns::Parked;
pub use self::turns::Flight;

pub(super) use self::start::runs_beside;
pub(super) use self::turns::{Absent, Table};
