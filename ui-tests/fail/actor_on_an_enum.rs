#[akt::actor]
enum Counter {
    Zero,
}

fn main() {
    let _ = Counter::Zero;
}
