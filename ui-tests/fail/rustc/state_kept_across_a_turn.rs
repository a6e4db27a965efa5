use akt::Turn;

struct Cache {
    keys: Vec<String>,
}

#[akt::actor]
impl Cache {
    #[akt::handler(reentrant)]
    async fn load(this: Turn<Self>) -> usize {
        let keys = this.with(|me| &mut me.keys);
        std::future::ready(()).await;
        keys.len()
    }
}

fn main() {}
