//! What `derive(Inject)` takes: every kind of field, visibility and type parameter.
#![no_implicit_prelude]
#![deny(missing_docs, missing_debug_implementations, unused_qualifications, unreachable_pub)]

use ::std::string::String;
use ::std::sync::Arc;
use ::std::vec::Vec;

mod framework {
    pub(crate) use ::akt::*;
}

/// Everything at once.
#[derive(::core::fmt::Debug, framework::Inject)]
#[inject(crate = crate::framework)]
pub struct Orders {
    #[dep]
    db: Arc<String>,
    #[dep(named = "eu")]
    r#type: String,
    /// Which shard.
    #[arg]
    shard: u32,
    #[arg]
    r#match: Option<u8>,
    #[cfg(any())]
    absent: Missing,
    pending: Vec<u64>,
}

use ::std::option::Option;

#[framework::actor(crate = crate::framework)]
impl Orders {
    #[framework::handler]
    fn all(&mut self) -> String {
        ::std::format!("{self:?}")
    }
}

/// Nothing but dependencies, of any type.
#[derive(::core::fmt::Debug, ::akt::Inject)]
pub struct Cache<V>
where
    V: ::akt::Dependency,
{
    #[dep]
    first: V,
}

#[::akt::actor]
impl<V: ::akt::Dependency> Cache<V> {
    #[::akt::handler]
    fn first(&mut self) -> V {
        ::core::clone::Clone::clone(&self.first)
    }
}

#[allow(unused_must_use)]
fn spawn(system: &::akt::ActorSystem) {
    let args = OrdersArgs { shard: 7, r#match: Option::None };
    system.spawn_injected::<Orders>("orders", ::core::clone::Clone::clone(&args));
    system.spawn_injected::<Cache<u8>>("cache", ());
}

fn main() {
    let _ = spawn;
}
