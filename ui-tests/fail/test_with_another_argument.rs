use akt::testkit::TestKit;

#[akt::test]
async fn counts(kit: &TestKit) {}

#[akt::test]
async fn counts_twice(kit: TestKit, by: u64) {}

fn main() {}
