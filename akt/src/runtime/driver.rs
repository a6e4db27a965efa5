//! Runs a machine: feeds it its inbox and its timeouts, performs what it answers.

use tokio::sync::mpsc;

use super::Runtime;
use crate::machine::Machine;

/// Runs `machine` until its inbox closes.
pub(crate) async fn drive<M: Machine>(
    runtime: Runtime,
    mut machine: M,
    mut inbox: mpsc::Receiver<M::Input>,
    mut perform: impl AsyncFnMut(M::Output),
) {
    let mut out = Vec::new();
    loop {
        tokio::select! { biased;
            input = inbox.recv() => match input {
                Some(input) => machine.handle(runtime.now(), input, &mut out),
                None => return,
            },
            () = runtime.sleep_until(machine.deadline()) => machine.handle_timeout(runtime.now(), &mut out),
        }
        for output in out.drain(..) {
            perform(output).await;
        }
    }
}
