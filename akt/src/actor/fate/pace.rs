//! How the actors of the fate test wait and work.

use std::task::Poll;
use std::time::Duration;

use super::Refused;
use crate::runtime::Runtime;

/// Waits `ms` milliseconds, or if it is even only gives way so often.
pub(super) async fn pause(runtime: &Runtime, ms: u64) {
    if ms % 2 == 1 {
        return runtime.sleep(Duration::from_millis(ms)).await;
    }
    for _ in 0..ms {
        give_way().await;
    }
}

/// Ends after a while: well, badly, or with a panic.
pub(super) async fn work(runtime: Runtime, for_ms: u64) -> Result<(), Refused> {
    runtime.sleep(Duration::from_millis(for_ms)).await;
    match for_ms {
        0 => panic!("fate: work"),
        5 => Err(Refused),
        _ => Ok(()),
    }
}

pub(super) async fn give_way() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
