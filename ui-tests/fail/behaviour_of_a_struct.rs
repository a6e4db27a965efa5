#[derive(akt::Behavior)]
struct Phase {
    open: bool,
}

#[derive(akt::Behavior)]
enum Nothing {}

fn main() {}
