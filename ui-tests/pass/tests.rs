//! Tests, also with akt under another path.

mod framework {
    pub use akt::*;
}

#[framework::test(crate = crate::framework)]
async fn counts(kit: framework::testkit::TestKit) -> Result<(), String> {
    kit.settle().await;
    Ok(())
}

#[akt::test]
#[ignore]
async fn waits(mut _kit: akt::testkit::TestKit) {}

fn main() {}
