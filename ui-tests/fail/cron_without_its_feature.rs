use akt::prelude::*;

struct Store;

#[akt::actor]
impl Store {
    #[cron("0 0 3 * * *", zone = "Europe/Berlin")]
    fn compact(&mut self) {}
}

fn main() {}
