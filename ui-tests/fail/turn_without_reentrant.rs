use akt::Turn;

struct Cache;

#[akt::actor]
impl Cache {
    #[akt::handler]
    async fn load(this: Turn<Self>, key: String) -> usize {
        key.len()
    }

    #[akt::handler(max = 3)]
    async fn read(&self, key: String) -> usize {
        key.len()
    }
}

fn main() {}
