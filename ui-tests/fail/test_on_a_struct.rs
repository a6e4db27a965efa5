#[akt::test]
struct Counter;

fn main() {}
