use akt::prelude::*;

struct Store;

impl Store {
    #[cron("0 0 3 * * *")]
    fn compact(&mut self) {}
}

fn main() {}
