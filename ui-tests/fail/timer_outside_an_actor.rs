use akt::prelude::*;

struct Cache;

impl Cache {
    #[every("10s")]
    fn evict(&mut self) {}
}

fn main() {}
