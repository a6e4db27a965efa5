#[akt::actor]
fn count() {}

fn main() {
    count();
}
