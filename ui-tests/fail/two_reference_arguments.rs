use akt::prelude::*;

struct Counter {
    value: i64,
}

#[akt::actor]
impl Counter {
    #[handler]
    fn load(&mut self, cx: &mut Ctx<Self>, into: &mut Vec<u8>) {
        cx.stop();
        into.clear();
    }
}

fn main() {}
