use akt::prelude::*;

struct Cache;

#[akt::actor]
impl Cache {
    #[every("10s", jitter = "1s")]
    fn evict(&mut self, keep: usize, cx: &mut Ctx<Self>) {
        drop((keep, cx.now()));
    }

    #[handler]
    #[every(10)]
    fn sweep(&mut self) {}

    #[every("0s", jiter = "1s")]
    fn spin(&mut self) {}
}

fn main() {}
