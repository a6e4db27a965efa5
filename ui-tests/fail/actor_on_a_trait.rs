#[akt::actor]
trait Count {
    fn add(&mut self);
}

fn main() {}
