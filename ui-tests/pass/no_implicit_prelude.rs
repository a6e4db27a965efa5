//! Nothing of the standard prelude is in scope.
#![no_implicit_prelude]

use ::akt::{handler, on};

pub struct Counter {
    value: i64,
}

#[::akt::actor(mailbox = unbounded)]
impl Counter {
    #[handler]
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }

    #[handler(timeout = "1h")]
    async fn load(&mut self, cx: &mut ::akt::Ctx<Self>) -> ::std::result::Result<(), ::std::string::String> {
        cx.stop();
        ::std::result::Result::Ok(())
    }

    #[on(start)]
    async fn started(&mut self) -> ::std::result::Result<(), ::akt::Fault> {
        ::std::result::Result::Ok(())
    }

    #[on(terminated)]
    fn gone(&mut self, _: ::akt::Terminated) {}
}

fn main() {
    let _ = Counter { value: 1 };
}
