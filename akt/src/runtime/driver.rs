//! Runs a machine: feeds it its inbox and its timeouts, performs what it answers.

use tokio::sync::mpsc;

use super::Runtime;
use crate::machine::Machine;

/// Runs `machine` until its inbox closes.
///
/// For machines with an agent of their own; those on the way of messages are driven by their owner.
#[allow(dead_code, reason = "the cluster's machines are the first with an inbox")]
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::time::Instant;

    /// Says every input, and after a second of silence that it is bored.
    #[derive(Default)]
    struct Echo {
        bored_at: Option<Instant>,
    }

    impl Machine for Echo {
        type Input = u8;
        type Output = String;

        fn handle(&mut self, now: Instant, input: u8, out: &mut Vec<String>) {
            self.bored_at = Some(now + Duration::from_secs(1));
            out.push(format!("{input}"));
        }

        fn deadline(&self) -> Option<Instant> {
            self.bored_at
        }

        fn handle_timeout(&mut self, now: Instant, out: &mut Vec<String>) {
            self.bored_at = None;
            out.push(format!("bored at {now:?}"));
        }
    }

    #[akt::test]
    async fn a_machine_gets_its_inputs_and_its_timeouts_until_its_inbox_closes() {
        let runtime = Runtime::current().expect("inside tokio");
        let (inbox, inputs) = mpsc::channel(1);
        let mut said = Vec::new();
        let driven = drive(runtime.clone(), Echo::default(), inputs, async |output| said.push(output));

        let fed = async {
            inbox.send(1).await.expect("it listens");
            runtime.sleep(Duration::from_secs(3)).await;
            inbox.send(2).await.expect("it listens");
            drop(inbox);
        };
        tokio::join!(driven, fed);

        assert_eq!(said, ["1", "bored at +1s", "2"]);
    }
}
