use akt::prelude::*;

#[derive(Default)]
struct Counter(u8);

#[akt::actor]
impl Counter {
    #[handler]
    fn add(&mut self, by: u8) {
        self.0 += by;
    }
}

async fn spawn(system: ActorSystem) {
    let _ = system.spawn_injected::<Counter>("counter", ()).await;
}

fn main() {}
