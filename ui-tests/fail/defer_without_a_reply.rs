use akt::prelude::*;

struct Store;

#[akt::actor]
impl Store {
    #[handler(defer)]
    fn wait_for(&mut self, key: String) {
        drop(key);
    }

    #[handler(defer)]
    fn wait_in_front(&mut self, reply: Reply<u8>, key: String) {
        drop((key, reply));
    }
}

fn main() {}
