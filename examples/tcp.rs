//! Two processes that talk TCP, for networks that let no UDP pass: small messages, a large one, and a node that was
//! started with the other transport.

use std::error::Error;
use std::process::Stdio;

use akt::Remote;
use akt::prelude::*;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::greeter::v1::{Greeter, GreeterRef, Greeting, Guest};

akt::include_contracts!();

struct Host(String);

#[akt::actor]
impl Greeter for Host {
    fn greet(&self, guest: Guest) -> Greeting {
        Greeting { words: format!("{}, {}", self.0, guest.name) }
    }

    fn learn(&mut self, greeting: Greeting) {
        self.0 = greeting.words;
    }

    fn recall(&self, _: ()) -> Greeting {
        Greeting { words: self.0.clone() }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve().await,
        _ => tour().await,
    }
}

/// The other process: serves until its standard input ends.
async fn serve() -> Result<(), Box<dyn Error>> {
    let system = ActorSystem::builder("inn").remote(Remote::tcp("localhost:0")).start().await?;
    let host = system.spawn("host", || Host("Hello".to_owned())).await?;
    let node = system.address().ok_or("a system with remoting has an address")?;
    println!("akt://{node}{}", host.actor().path());
    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    system.shutdown().await;
    Ok(())
}

async fn tour() -> Result<(), Box<dyn Error>> {
    let mut server = Command::new(std::env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = server.stdout.take().ok_or("the server's output is piped")?;
    let address = BufReader::new(stdout).lines().next_line().await?.ok_or("the server did not start")?;

    let system = ActorSystem::builder("inn").remote(Remote::tcp("localhost:0")).start().await?;
    let host = system.actor_at::<GreeterRef>(&address)?;
    println!("ask    Ada              -> {}", host.greet(Guest { name: "Ada".to_owned() }).await?.words);

    // Above 64 KiB, a message goes by a stream of its own; what follows for the same actor still comes after it.
    host.learn(Greeting { words: "Good evening".repeat(50_000) }).tell()?;
    println!("ask    600,000 bytes    -> {} bytes", host.recall(()).await?.words.len());
    system.shutdown().await;

    let other = ActorSystem::builder("inn").remote(Remote::quic("localhost:0")).start().await?;
    let error = other.actor_at::<GreeterRef>(&address)?.recall(()).await.expect_err("it speaks QUIC");
    println!("quic   the same server  -> {error}");
    let reason = error.source().ok_or("an unreachable node has a reason")?.to_string();
    println!("       because          -> {}", reason.split_once(": ").map_or("?", |(_peer, why)| why));
    other.shutdown().await;

    drop(server.stdin.take());
    let status = server.wait().await?;
    println!("stop   the server       -> {}", if status.success() { "clean" } else { "failed" });
    Ok(())
}
