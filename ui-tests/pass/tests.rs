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

#[framework::sim_test(nodes = 2, seeds = 4, crate = crate::framework)]
async fn talk(kit: framework::testkit::cluster::ClusterKit) -> Result<(), std::num::ParseIntError> {
    kit.note(0, "a word");
    Ok(())
}

#[akt::test(nodes = 2)]
#[should_panic]
async fn stands(kit: akt::testkit::cluster::ClusterKit) {
    kit.kill(7);
}

fn main() {}
