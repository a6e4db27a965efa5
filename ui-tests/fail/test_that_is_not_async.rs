#[akt::test]
fn counts() {}

fn main() {}
