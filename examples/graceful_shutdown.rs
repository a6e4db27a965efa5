//! A service that ends in phases, and says what did not end in time.

use std::time::Duration;

use akt::Phase;
use akt::prelude::*;

/// Takes orders until it is told not to.
#[derive(Default)]
struct Orders {
    open: u32,
}

#[akt::actor]
impl Orders {
    #[handler]
    fn place(&mut self) -> u32 {
        self.open += 1;
        self.open
    }

    #[handler]
    async fn ship(&mut self) -> u32 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        std::mem::take(&mut self.open)
    }

    #[on(stop)]
    fn stopping(&mut self) {
        println!("orders: stopped with {} open", self.open);
    }
}

/// Waits for a printer that is out of paper.
struct Printer;

#[akt::actor]
impl Printer {
    #[handler]
    async fn print(&mut self) {
        std::future::pending::<()>().await;
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("shop").start().await?;
    let orders = system.spawn("orders", Orders::default).await?;
    let printer = system.spawn("printer", || Printer).await?;
    for _ in 0..3 {
        orders.place().await?;
    }
    printer.print().tell()?;

    // A service says `run_until_signal()` here, and ends at SIGTERM or Ctrl-C.
    let closing = async { println!("closing time") };
    let report = system
        .run_until(closing)
        .on_phase(Phase::BeforeActorsStop, async move || {
            println!("shipped {:?}", orders.ship().await.ok());
        })
        .on_phase(Phase::AfterActorsStop, async || println!("flushing the books"))
        .on_phase(Phase::AfterSystemStop, async || std::future::pending().await)
        .phase_timeout(Phase::AfterSystemStop, Duration::from_millis(10))
        .grace(Duration::from_millis(200))
        .await;

    for actor in &report.actors {
        let (message, _) = actor.handling.ok_or("it awaits")?;
        println!("killed: {} in `{message}`", actor.actor);
    }
    for step in &report.steps {
        println!("late: a step of {:?} {}", step.phase, step.problem);
    }
    Ok(())
}
