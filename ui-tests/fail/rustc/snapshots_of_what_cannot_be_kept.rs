use akt::persistence::Persist;
use akt::prelude::*;

struct Cart(u64);

#[akt::actor(event_sourced(event = u64, snapshot_every = 100))]
impl Cart {
    #[handler]
    fn add(&mut self, items: u64) -> Persist<Self, u64> {
        Persist::one(items).then(|cart| cart.0)
    }

    #[apply]
    fn apply(&mut self, items: &u64) {
        self.0 += items;
    }
}

fn main() {
    let _ = Cart(0);
}
