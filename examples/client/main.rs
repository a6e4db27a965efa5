//! A client, a process that is no node, and two nodes in processes of their own; one of them is killed.

use std::error::Error;
use std::process::Stdio;
use std::time::Duration;

use akt::prelude::*;
use akt::{Client, Event, Remote};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::greeter::v1::{Greeter, GreeterRef, Greeting, Guest};

akt::include_contracts!();

struct Host(String);

#[akt::actor]
impl Greeter for Host {
    fn greet(&self, guest: Guest) -> Greeting {
        Greeting { words: format!("{} greets {}", self.0, guest.name) }
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
    match std::env::args().nth(1) {
        Some(name) => serve(name).await,
        None => tour().await,
    }
}

async fn tour() -> Result<(), Box<dyn Error>> {
    let (mut first, first_address) = start("node 1").await?;
    let (_second, second_address) = start("node 2").await?;
    let client = Client::builder("hotel").node(first_address).node(second_address).connect().await?;
    let mut events = client.system().events();

    let here: GreeterRef = client.actor_at("/user/host")?;
    let there: GreeterRef = client.actor_at("/user/host")?;
    println!("ask    by one reference  -> {}", greet(&here).await);
    println!("ask    by another        -> {}", greet(&there).await);

    first.kill().await?;
    println!("kill   node 1");
    println!("ask    by the first      -> {}", greet(&here).await);
    while !matches!(events.next().await, Some(Event::PeerDown { .. }) | None) {}
    println!("ask    by the first      -> {}", greet(&here).await);

    client.close().await;
    Ok(())
}

async fn greet(host: &GreeterRef) -> String {
    match host.greet(Guest { name: "Ada".to_owned() }).timeout(Duration::from_secs(10)).await {
        Ok(greeting) => greeting.words,
        Err(error) => error.to_string(),
    }
}

/// A node in a process of its own, and where it is.
async fn start(name: &str) -> Result<(Child, String), Box<dyn Error>> {
    let mut node = Command::new(std::env::current_exe()?)
        .arg(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = node.stdout.take().ok_or("the node's output is piped")?;
    let address = BufReader::new(stdout).lines().next_line().await?.ok_or("the node did not start")?;
    Ok((node, address))
}

async fn serve(name: String) -> Result<(), Box<dyn Error>> {
    let system = ActorSystem::builder("hotel").remote(Remote::quic("127.0.0.1:0")).start().await?;
    system.spawn("host", move || Host(name.clone())).await?;
    let address = system.address().ok_or("a node has an address")?;
    println!("{}:{}", address.host, address.port);
    let mut ignored = Vec::new();
    tokio::io::stdin().read_to_end(&mut ignored).await?;
    system.shutdown().await;
    Ok(())
}
