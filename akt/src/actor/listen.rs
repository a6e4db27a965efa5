//! `#[on(event = ..)]`: an actor hears what happens in its system, one event at a time, on its own turn.

use std::sync::Arc;

use tokio::sync::{Notify, oneshot};

use super::context::Ctx;
use super::error::Fault;
use super::scope::Member;
use super::traits::Actor;
use crate::system::Event;

/// Has the present value of the actor hear each event that is `wanted`, until it is gone.
#[doc(hidden)]
pub fn listen<A: Actor>(
    cx: &mut Ctx<A>,
    wanted: fn(&Event) -> bool,
    hear: fn(&mut A, Event, &mut Ctx<A>) -> Result<(), Fault>,
) {
    let ear = Arc::new(Ear::default());
    let scope = cx.scope().clone();
    if scope.join(ear.clone()).is_none() {
        return;
    }
    let (mut events, cell, value) = (cx.system().events(), cx.cell.clone(), scope.value());
    cx.system().runtime().spawn("listen", async move {
        let listening = async {
            while let Some(event) = events.next().await {
                if !wanted(&event) {
                    continue;
                }
                let (heard, until_heard) = oneshot::channel::<()>();
                cell.errand(None, move |this, cx| {
                    let _heard = heard;
                    if cx.scope().value() == value {
                        cx.message = "on(event)";
                        if let Err(fault) = hear(this, event, cx) {
                            cx.fail(fault);
                        }
                    }
                    None
                });
                // Dropped in either case: what comes meanwhile waits in the stream, which is bounded.
                let _ = until_heard.await;
            }
        };
        tokio::select! { biased;
            () = ear.0.notified() => {}
            () = listening => {}
        }
    });
}

/// Told when the value of its actor is gone.
#[derive(Default)]
struct Ear(Notify);

impl Member for Ear {
    fn outlives_value(&self) -> bool {
        false
    }

    fn end(&self) {
        self.0.notify_one();
    }
}
