use akt::{apply, handler};

#[derive(Default)]
struct Endless;

#[akt::grain(kind = "endless", key = String, stateless)]
impl Endless {
    #[handler]
    fn work(&mut self) {}
}

#[derive(Default)]
struct Idle;

#[akt::grain(kind = "idle", key = String, stateless, max = 0)]
impl Idle {
    #[handler]
    fn work(&mut self) {}
}

#[derive(Default)]
struct Single;

#[akt::grain(kind = "single", key = String, max = 8)]
impl Single {
    #[handler]
    fn work(&mut self) {}
}

#[derive(Default)]
struct Keeper;

#[akt::grain(kind = "keeper", key = String, stateless, max = 8, event_sourced(event = u64))]
impl Keeper {
    #[apply]
    fn apply(&mut self, _event: &u64) {}

    #[handler]
    fn work(&self) {}
}

#[derive(Default)]
struct Stateful {
    state: String,
}

#[akt::grain(kind = "stateful", key = String, stateless, max = 8, state = String)]
impl Stateful {
    #[handler]
    fn work(&self) {}
}

fn main() {}
