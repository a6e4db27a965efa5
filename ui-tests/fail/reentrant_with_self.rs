struct Cache;

#[akt::actor]
impl Cache {
    #[akt::handler(reentrant)]
    async fn load(&mut self, key: String) -> usize {
        key.len()
    }
}

fn main() {}
