use akt::prelude::*;

struct Door;

#[akt::actor]
impl Door {
    #[handler]
    fn enter(&mut self, cx: &mut Ctx<Self>) -> Forward<()> {
        cx.stash(cx.me().enter())
    }

    #[handler]
    fn open(&mut self, cx: &mut Ctx<Self>) {
        cx.unstash_all();
    }
}

fn main() {}
