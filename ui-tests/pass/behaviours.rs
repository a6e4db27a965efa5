//! States with data and without, in every form that patterns have; denied what can be denied.
#![deny(warnings, missing_debug_implementations, missing_docs, unnameable_types, unreachable_pub, unused_qualifications)]
#![no_implicit_prelude]

use ::akt::{handler, on};
use ::std::string::String;
use ::std::vec::Vec;

mod framework {
    pub(crate) use ::akt::*;
}

/// With data, and generic.
#[derive(framework::Behavior, Debug)]
#[behavior(crate = crate::framework)]
enum Phase<T> {
    Connecting { attempt: u32 },
    Ready(T, u8),
    #[cfg(any())]
    Never,
    Draining,
}

/// Handles what it can.
#[derive(Debug)]
pub struct Session<T> {
    phase: ::akt::BehaviorStack<Phase<T>>,
}

#[framework::actor(crate = crate::framework, behavior = phase, unhandled = deny, stash = 2 * 8)]
impl<T: ::std::marker::Send + 'static> Session<T> {
    #[handler(when = Phase::Connecting { attempt }, reject_when = Phase::Ready(..) | Phase::Draining)]
    fn connected(&mut self, value: T) {
        *self.phase.top_mut() = Phase::Ready(value, 0);
    }

    /// Half of a state is enough.
    #[handler(when = Phase::Ready(_, 0..=9), stash_when = Phase::Connecting { .. }, reject_when = _)]
    async fn query(&mut self, sql: String) -> ::std::result::Result<Vec<u8>, String> {
        ::std::result::Result::Err(sql)
    }

    #[handler(reject_when = | Phase::Draining | Phase::Ready(_, 9))]
    fn drain(&mut self, cx: &mut ::akt::Ctx<Self>) -> ::akt::Forward<()> {
        if ::std::matches!(self.phase.top(), Phase::Connecting { .. }) {
            return cx.stash(cx.me().drain());
        }
        self.phase.push(Phase::Draining);
        ::akt::Forward::answer(())
    }

    #[handler]
    fn lose(&mut self, attempt: u32) {
        self.phase.set(Phase::Connecting { attempt });
    }

    #[on(enter = Phase::Connecting { attempt })]
    async fn dial(&mut self, cx: &mut ::akt::Ctx<Self>) -> ::std::result::Result<(), ::akt::Fault> {
        ::std::future::ready(()).await;
        cx.stop();
        ::std::result::Result::Ok(())
    }

    #[on(enter = Phase::Ready(..))]
    fn ready(&mut self) {}

    #[on(enter)]
    fn otherwise(&mut self) {}
}

/// No state is left out where nothing is said.
#[derive(::akt::Behavior, Debug)]
enum Only {
    State,
}

/// Without a stash.
#[derive(Debug)]
pub struct Tuple(Only);

#[::akt::actor(behavior = 0, unhandled = reject)]
impl Tuple {
    #[handler(when = Only::State)]
    fn handled(&mut self) {}
}

fn main() {
    let _ = Session::<u8> { phase: ::akt::BehaviorStack::new(Phase::Connecting { attempt: 0 }) };
    let _ = Tuple(Only::State);
}
