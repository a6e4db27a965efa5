use akt::persistence::Persist;
use akt::prelude::*;

struct Missing;

#[akt::actor(event_sourced(event = u64))]
impl Missing {
    #[handler]
    fn add(&mut self, items: u64) -> Persist<Self> {
        Persist::one(items)
    }
}

struct Twice;

#[akt::actor(event_sourced(event = u32))]
impl Twice {
    #[handler]
    fn add(&mut self, items: u32) -> Persist<Self> {
        Persist::one(items)
    }

    #[apply]
    fn first(&mut self, _: &u32) {}

    #[apply]
    fn second(&mut self, _: &u32) {}
}

struct Plain;

#[akt::actor]
impl Plain {
    #[handler]
    fn add(&mut self, items: i64) -> Persist<Self> {
        Persist::one(items)
    }

    #[apply]
    fn apply(&mut self, _: &i64) {}
}

struct Persisting;

#[akt::actor]
impl Persisting {
    #[handler]
    fn add(&mut self) -> Persist<Self> {
        Persist::none(())
    }
}

struct Outside;

impl Outside {
    #[akt::apply]
    fn apply(&mut self, _: &u64) {}
}

fn main() {
    let _ = (Missing, Twice, Plain, Persisting, Outside);
}
