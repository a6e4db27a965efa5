use akt::prelude::*;
use akt::Admit;

struct Door;

#[akt::actor]
impl Door {
    #[handler]
    fn enter(&mut self) {}

    #[guard]
    async fn admit(&mut self, message: DoorMsg, cx: &mut Ctx<Self>) -> Admit {
        Admit::Pass
    }

    #[guard]
    fn refuse() {}

    #[guard]
    #[on(start)]
    fn watch(&self, _: &DoorMsg) -> Admit {
        Admit::Pass
    }
}

fn main() {}
