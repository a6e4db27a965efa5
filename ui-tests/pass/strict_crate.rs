//! A crate that denies what can be denied.
#![deny(
    warnings,
    missing_debug_implementations,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused_qualifications,
    unused_results
)]

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::Future;

use akt::prelude::*;
use akt::{Call, Message, Ref, Reply, Request};

/// Private things used by a public actor.
mod private {
    use super::{Ctx, actor, handler, on};

    #[derive(Debug)]
    struct Secret;

    /// Keeps secrets.
    #[derive(Debug, Default)]
    pub struct Vault {
        secrets: Vec<Secret>,
    }

    #[actor(mailbox = bounded(16))]
    impl Vault {
        #[handler]
        fn put(&mut self, secret: Secret) -> Option<Secret> {
            let old = self.secrets.pop();
            self.secrets.push(secret);
            old
        }

        #[handler(timeout = "250ms")]
        pub(crate) async fn count(&mut self, _least: usize, cx: &mut Ctx<Self>) -> Result<usize, String> {
            cx.stop();
            Ok(self.secrets.len())
        }

        /// Of old.
        #[handler]
        #[deprecated = "use `count`"]
        pub fn size(&mut self, message: u8, reply: u8, cx: u8) -> usize {
            usize::from(message + reply + cx)
        }

        #[on(stop)]
        fn stopped(&mut self) {
            self.secrets.clear();
        }
    }
}

pub use private::Vault;

/// Imports that generated paths must not make redundant.
pub fn uses<M: Message, Q: Request, F: Future, D: Debug>(_: &Ref<M>, _: Reply<Infallible>, _: Call<'_, Q>, _: F, _: D) {
}

fn main() {
    let _ = Vault::default();
}
