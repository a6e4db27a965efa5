//! The two children of a run: `serve NAME`, `measure NAME ADDRESS SERVER BENCH N` and `beside NAME ADDRESS WHAT`.

use std::future::Future;
use std::io::Write as _;
use std::pin::Pin;

use tokio::io::AsyncReadExt as _;

use crate::bench::Bench;
use crate::beside::Beside;
use crate::remoting::Remoting;

type Done<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A column of the table.
#[derive(Clone, Copy)]
pub struct Program {
    /// The name on the command line and in JSON.
    pub name: &'static str,
    /// Whether it sends without waiting for an answer.
    pub tells: bool,
    serve: fn() -> Done<()>,
    measure: fn(String, Bench, u64, u32) -> Done<String>,
    beside: fn(String, Beside) -> Done<String>,
}

impl Program {
    /// The column of `R`.
    pub const fn of<R: Remoting>() -> Self {
        Self {
            name: R::NAME,
            tells: R::TELLS,
            serve: || Box::pin(serve::<R>()),
            measure: |address, bench, n, server| {
                Box::pin(async move {
                    let sample = bench.run(R::connect(&address).await, n, server).await;
                    format!("{} {} {}", sample.elapsed, sample.sender, sample.receiver)
                })
            },
            beside: |address, beside| {
                Box::pin(async move {
                    let delays = beside.run(R::connect(&address).await).await;
                    format!("{} {} {} {}", delays.p50, delays.p99, delays.max, delays.throughput)
                })
            },
        }
    }
}

/// Serves until standard input ends.
async fn serve<R: Remoting>() {
    let (server, address) = R::serve().await;
    println!("{address}");
    std::io::stdout().flush().expect("the address can be written");
    // Whatever it says, nobody is there any more.
    let _ = tokio::io::stdin().read_to_end(&mut Vec::new()).await;
    drop(server);
}

/// Does what a child's arguments say, and gives its last line.
pub fn child(programs: &[Program], args: &[String]) -> Option<String> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let program = *programs.iter().find(|program| args.get(1) == Some(&program.name))?;
    let done: Done<String> = match args[..] {
        ["serve", _] => Box::pin(async move {
            (program.serve)().await;
            String::new()
        }),
        ["measure", _, address, server, bench, n] => {
            (program.measure)(address.to_owned(), Bench::of(bench)?, n.parse().ok()?, server.parse().ok()?)
        }
        ["beside", _, address, what] => (program.beside)(address.to_owned(), Beside::of(what)?),
        _ => return None,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime can be built");
    // In a task: the thread that blocks is no worker, and a wake of it is dear.
    let last = runtime.block_on(async { tokio::spawn(done).await.expect("the child does not panic") });
    runtime.shutdown_background();
    Some(last)
}
