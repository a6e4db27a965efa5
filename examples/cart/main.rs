//! A cart behind a contract, served by one process and called over QUIC by another.

mod client;
mod server;

use std::error::Error;
use std::process::{ExitCode, Stdio};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

akt::include_contracts!();

const USAGE: &str = "\
usage: cart                                   run the tour: a server in a process of its own, and its client
       cart serve [--listen 127.0.0.1:7400]   serve one cart until Ctrl-C
       cart call --sku SKU --qty N [--checkout] [--to akt://shop@127.0.0.1:7400/user/cart]";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1).map(String::as_str)
    };
    match args.first().map(String::as_str) {
        None => tour().await,
        Some("serve") => {
            let listen = option("--listen").unwrap_or("127.0.0.1:7400");
            if args.iter().any(|arg| arg == "--until-stdin-closes") {
                server::serve(listen, stdin_closed()).await
            } else {
                server::serve(listen, tokio::signal::ctrl_c()).await
            }
        }
        Some("call") => {
            let to = option("--to").unwrap_or("akt://shop@127.0.0.1:7400/user/cart");
            let (sku, qty) = option("--sku").zip(option("--qty")).ok_or(USAGE)?;
            let checkout = args.iter().any(|arg| arg == "--checkout");
            client::call(to, sku, qty.parse()?, checkout).await
        }
        Some(_) => Err(USAGE.into()),
    }
}

/// Starts the server's half as a second process, calls it, and lets it end.
async fn tour() -> Result<(), Box<dyn Error>> {
    let mut server = Command::new(std::env::current_exe()?)
        .args(["serve", "--listen", "127.0.0.1:0", "--until-stdin-closes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = server.stdout.take().ok_or("the server's output is piped")?;
    let address = BufReader::new(stdout).lines().next_line().await?.ok_or("the server did not start")?;

    client::tour(&address).await?;

    drop(server.stdin.take());
    let status = server.wait().await?;
    println!("stop   the server       -> {}", if status.success() { "clean" } else { "failed" });
    Ok(())
}

async fn stdin_closed() {
    let mut ignored = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut ignored).await;
}
