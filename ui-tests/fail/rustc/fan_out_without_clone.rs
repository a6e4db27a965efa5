//! A router that sends each message to all of its routees clones it.

use akt::prelude::*;

struct Photo(Vec<u8>);

struct Printer;

#[akt::actor]
impl Printer {
    #[handler]
    fn print(&mut self, photo: Photo, copies: u32) -> usize {
        photo.0.len() * copies as usize
    }
}

async fn printers(system: &akt::ActorSystem) -> Result<PrinterRef, akt::SpawnError> {
    system.spawn_router("printers", akt::Router::fan_out(3), || Printer).await
}

fn main() {
    let _ = printers;
}
