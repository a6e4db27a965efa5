use std::sync::Arc;

#[derive(akt::Inject)]
struct Orders(#[dep] Arc<String>);

#[derive(akt::Inject)]
struct Nothing;

#[derive(akt::Inject)]
enum State {
    Open,
}

fn main() {}
