use akt::{handler, on};

struct Started;

#[akt::grain(kind = "started", key = String)]
impl Started {
    #[on(start)]
    fn start(&mut self) {}

    #[on(activate)]
    fn activate(&mut self) {}

    #[handler]
    fn add(&mut self) {}
}

struct Activated;

#[akt::actor]
impl Activated {
    #[on(activate)]
    fn activate(_key: &String) -> Self {
        Self
    }

    #[on(deactivate)]
    fn deactivate(&mut self) {}

    #[handler]
    fn add(&mut self) {}
}

struct Nameless;

#[akt::grain(kind = "a b", keys = String)]
impl Nameless {
    #[handler]
    fn add(&mut self) {}
}

#[akt::grain(kind = "struct", key = String)]
struct Struct;

fn main() {}
