use std::cell::Cell;

struct Cache {
    hits: Cell<u64>,
}

#[akt::actor]
impl Cache {
    #[akt::handler]
    async fn load(&self, key: String) -> usize {
        self.hits.set(self.hits.get() + 1);
        key.len()
    }
}

fn main() {}
