use akt::prelude::*;

struct Added;

struct Cart(u64);

#[akt::actor(event_sourced(event = Added))]
impl Cart {
    #[handler]
    fn items(&self) -> u64 {
        self.0
    }

    #[apply]
    fn apply(&mut self, _: &Added) {
        self.0 += 1;
    }
}

fn main() {
    let _ = (Cart(0), Added);
}
