use akt::prelude::*;

struct Store;

#[akt::actor]
impl Store {
    #[handler(defer)]
    fn wait_for(&mut self, key: String, reply: Reply<u8>) -> u8 {
        drop((key, reply));
        0
    }
}

async fn client(store: StoreRef) -> Result<u8, AskError> {
    store.wait_for("key".to_owned()).await
}

fn main() {}
