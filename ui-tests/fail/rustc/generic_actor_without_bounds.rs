use akt::prelude::*;

struct Cache<K> {
    keys: Vec<K>,
}

#[akt::actor]
impl<K: 'static> Cache<K> {
    #[handler]
    async fn clear(&mut self) -> usize {
        std::future::ready(self.keys.len()).await
    }
}

fn main() {}
