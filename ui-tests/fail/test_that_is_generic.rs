#[akt::test]
async fn counts<T>() {}

fn main() {}
