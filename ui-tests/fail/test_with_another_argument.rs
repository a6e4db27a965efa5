use akt::testkit::TestKit;

#[akt::test]
async fn counts(_kit: &TestKit) {}

#[akt::test]
async fn counts_twice(_kit: TestKit, _by: u64) {}

fn main() {}
