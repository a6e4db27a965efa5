struct Counter;

#[akt::actor]
impl Counter {
    #[akt::handler]
    fn value(&self) -> i64 {
        7
    }

    #[akt::on(start)]
    fn started(&self) {}
}

fn main() {}
