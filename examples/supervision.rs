//! A family of actors under supervision: siblings that restart together, a budget, a start that is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use akt::prelude::*;

#[derive(Debug)]
struct ConnectionLost;

impl std::fmt::Display for ConnectionLost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("connection lost")
    }
}

impl std::error::Error for ConnectionLost {}

/// Reads lines for the parser after it: when it loses its connection, what the parser has is worthless.
#[derive(Default)]
struct Reader;

#[akt::actor(supervise(
    strategy = rest_for_one,
    on(ConnectionLost) = restart { max = 2, within = "1m", backoff = "20ms..100ms" },
    on(panic) = resume,
    else = stop,
))]
impl Reader {
    #[on(restart)]
    fn connected_again(&mut self) {
        println!("reader: connected again");
    }

    #[handler]
    fn read(&mut self, line: u32, cx: &mut Ctx<Self>) -> u32 {
        assert!(line != 13, "line 13 is unlucky");
        if line == 0 {
            cx.fail(ConnectionLost);
        }
        line
    }
}

/// Counts what it has parsed.
#[derive(Default)]
struct Parser {
    parsed: u32,
}

#[akt::actor]
impl Parser {
    #[on(restart)]
    fn begin_again(&mut self) {
        println!("parser: begins again");
    }

    #[handler]
    fn parse(&mut self) -> u32 {
        self.parsed += 1;
        self.parsed
    }
}

/// Its factory fails twice.
struct Slow;

#[akt::actor]
impl Slow {
    #[handler]
    fn ping(&mut self) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Panics are part of the show; their text is in the errors below.
    std::panic::set_hook(Box::new(|_| {}));
    let system = ActorSystem::builder("supervision").start().await?;
    let reader = system.spawn("reader", Reader::default).await?;
    let parser = system.spawn("parser", Parser::default).await?;
    println!("parsed {}", parser.parse().await?);
    println!("parsed {}", parser.parse().await?);

    for line in [13, 0, 0, 0] {
        match reader.read(line).await {
            Err(AskError::Fault(fault)) => println!("read {line}: {}; {}", fault.text, fault.directive),
            other => println!("read {line}: {other:?}"),
        }
        if line == 0 && reader.read(1).await.is_ok() {
            println!("parsed {}", parser.parse().await?);
        }
    }
    println!("reader: {:?}", reader.actor().stopped().await);
    println!("parser: {:?}", parser.actor().stopped().await);

    let tries = Arc::new(AtomicU32::new(0));
    let count = tries.clone();
    let factory = move || {
        assert!(count.fetch_add(1, Ordering::Relaxed) >= 2, "not yet");
        Slow
    };
    let waits = Duration::from_millis(1)..=Duration::from_millis(5);
    let slow = system.spawn("slow", factory).start_retries(5, waits).await?;
    slow.ping().await?;
    println!("slow: started at try {}", tries.load(Ordering::Relaxed));
    system.shutdown().await;
    Ok(())
}
