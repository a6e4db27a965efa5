use akt::{Ctx, Turn};

struct Cache;

#[akt::actor(concurrency = 4)]
impl Cache {
    #[akt::handler(reentrant)]
    async fn load(key: String) -> usize {
        key.len()
    }

    #[akt::handler(reentrant)]
    fn peek(this: Turn<Self>) -> usize {
        7
    }

    #[akt::handler(reentrant)]
    async fn fill(this: Turn<Self>, cx: &mut Ctx<Self>) {}
}

fn main() {}
