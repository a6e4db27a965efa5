//! Behaviours and stash: a session that is connecting, ready or draining, and what that makes of its messages.

use std::time::Duration;

use akt::prelude::*;

/// The states, each with the data that belongs to it.
#[derive(akt::Behavior)]
enum Phase {
    Connecting { attempt: u32 },
    Ready(Connection),
    Draining,
}

/// Finds the line busy twice.
struct Connection;

impl Connection {
    async fn dial(attempt: u32) -> std::io::Result<Self> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if attempt < 3 { Err(std::io::Error::other("busy")) } else { Ok(Self) }
    }

    async fn run(&self, sql: &str) -> usize {
        tokio::time::sleep(Duration::from_millis(1)).await;
        sql.len()
    }
}

struct Session {
    phase: Phase,
}

/// `deny`: rustc checks that every handler says what it does in every state.
#[akt::actor(behavior = phase, unhandled = deny, stash = 2)]
impl Session {
    /// Waits in the stash until there is a connection.
    #[handler(when = Phase::Ready(_), stash_when = Phase::Connecting { .. }, reject_when = Phase::Draining)]
    async fn query(&mut self, sql: String) -> String {
        let Phase::Ready(connection) = &self.phase else { unreachable!("`when` says so") };
        format!("{sql}: {} rows", connection.run(&sql).await)
    }

    /// In every state.
    #[handler]
    fn status(&mut self) -> String {
        match &self.phase {
            Phase::Connecting { attempt } => format!("connecting, attempt {attempt}"),
            Phase::Ready(_) => "ready".to_owned(),
            Phase::Draining => "draining".to_owned(),
        }
    }

    #[handler(when = Phase::Connecting { .. }, reject_when = Phase::Ready(_) | Phase::Draining)]
    fn dialed(&mut self, attempt: u32, connection: Option<Connection>, cx: &mut Ctx<Self>) {
        match connection {
            Some(connection) => self.phase = Phase::Ready(connection),
            // The same state with other data: nothing is entered, nothing leaves the stash.
            None => {
                self.phase = Phase::Connecting { attempt: attempt + 1 };
                self.dial(attempt + 1, cx);
            }
        }
    }

    #[handler]
    fn drain(&mut self) {
        self.phase = Phase::Draining;
    }

    /// Also at the start: it is the first state.
    #[on(enter = Phase::Connecting { .. })]
    fn connect(&mut self, cx: &mut Ctx<Self>) {
        self.dial(1, cx);
    }

    #[on(enter)]
    fn entered(&mut self, cx: &mut Ctx<Self>) {
        println!("entered `{}` with {} messages in the stash", self.status(), cx.stashed());
    }

    fn dial(&self, attempt: u32, cx: &mut Ctx<Self>) {
        println!("dialing, attempt {attempt}");
        cx.pipe(Connection::dial(attempt), move |me, dialed| me.dialed(attempt, dialed.ok()).post());
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("behaviours").start().await?;
    let session = system.spawn("session", || Session { phase: Phase::Connecting { attempt: 1 } }).await?;

    let first = session.query("select 1".to_owned()).start();
    let second = session.query("select 22".to_owned()).start();
    println!("{}", session.status().await?);
    println!("one too many: {}", session.query("select 333".to_owned()).await.unwrap_err());

    println!("{}", first.await?);
    println!("{}", second.await?);
    println!("{}", session.status().await?);

    session.drain().await?;
    println!("too late: {}", session.query("select 4444".to_owned()).await.unwrap_err());
    println!("{}", session.status().await?);

    system.shutdown().await;
    Ok(())
}
