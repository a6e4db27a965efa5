use akt::testkit::TestKit;

#[akt::test(sytem = akt::ActorSystem::builder("shop"))]
async fn counts(_kit: TestKit) {}

#[akt::test(system = akt::ActorSystem::builder("shop"))]
async fn counts_without_a_kit() {}

#[akt::test(1)]
async fn counts_one(_kit: TestKit) {}

fn main() {}
