#[path = "../../../akt-build/tests/golden/oneway.rs"]
mod oneway;

use oneway::oneway::{Coins, DrawerRef};

async fn client(drawer: &DrawerRef) {
    drawer.tell(Coins::default()).unwrap();
    drawer.ask(Coins::default()).await.unwrap();
}

fn main() {}
