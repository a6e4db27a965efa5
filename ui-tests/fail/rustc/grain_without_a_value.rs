use akt::handler;

struct Counter;

#[akt::grain(kind = "counter", key = String)]
impl Counter {
    #[handler]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
}

fn main() {}
