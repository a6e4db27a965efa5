#[path = "../../../akt-build/tests/golden/till.rs"]
mod till;

use till::till::v2::{Coins, TillRef};

async fn client(till: &TillRef) {
    till.open(Coins::default()).await.unwrap();
}

fn main() {}
