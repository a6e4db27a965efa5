use akt::persistence::Persist;
use akt::prelude::*;

#[derive(Default)]
struct Cart {
    items: u64,
}

#[akt::actor(event_sourced(event = u64))]
impl Cart {
    #[handler]
    fn add(&mut self, items: u64) -> u64 {
        self.items += items;
        self.items
    }

    #[handler]
    fn take(&mut self, items: u64) -> Persist<Self, u64> {
        Persist::one(items).then(|cart| cart.items)
    }

    #[handler]
    fn items(&self) -> u64 {
        self.items
    }

    #[apply]
    fn apply(&mut self, items: &u64) {
        self.items -= items;
    }
}

fn main() {
    let _ = Cart::default();
}
