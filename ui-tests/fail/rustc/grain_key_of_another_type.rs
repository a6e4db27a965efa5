use akt::handler;

#[derive(Clone, PartialEq, Eq, Hash)]
struct User(u32);

#[derive(Default)]
struct Counter;

#[akt::grain(kind = "counter", key = User)]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

fn main() {}
