use akt::{Ctx, Fault, apply, handler, on};

#[derive(Default)]
struct Both {
    state: u64,
}

#[akt::grain(kind = "both", key = String, state = u64, event_sourced(event = u64))]
impl Both {
    #[apply]
    fn apply(&mut self, _event: &u64) {}

    #[handler]
    fn read(&self) -> u64 {
        self.state
    }
}

#[derive(Default)]
struct Bare;

#[akt::grain(kind = "bare", key = String, schema = 2, placement = nearby, consistency = eventual)]
impl Bare {
    #[handler]
    fn work(&mut self) {}
}

struct Given;

#[akt::grain(kind = "given", key = String)]
impl Given {
    #[on(activate)]
    fn wake(_key: &String, _state: u64) -> Self {
        Self
    }

    #[handler]
    fn work(&mut self) {}
}

#[derive(Default)]
struct Older {
    items: u64,
}

#[akt::grain(kind = "older", key = String, state = items: u64, schema = 2)]
impl Older {
    #[handler]
    fn work(&mut self) {
        self.items += 1;
    }
}

#[derive(Default)]
struct Gated;

#[akt::grain(kind = "gated", key = String, gates)]
impl Gated {
    #[handler]
    fn work(&mut self, _cx: &mut Ctx<Self>) -> Result<(), Fault> {
        Ok(())
    }
}

fn main() {}
