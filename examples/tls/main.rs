//! Certificates of one's own, in files: a node in a process of its own, its clients, and a change of the CA.

mod authority;

use std::error::Error;
use std::path::Path;
use std::process::Stdio;

use akt::prelude::*;
use akt::{Client, ClientError, Event, Remote, Tls};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::authority::Authority;
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
    match std::env::args_os().nth(1) {
        Some(folder) => serve(folder.as_ref()).await,
        None => {
            let folder = std::env::temp_dir().join(format!("akt-tls-{}", std::process::id()));
            let toured = tour(&folder).await;
            std::fs::remove_dir_all(&folder)?;
            toured
        }
    }
}

async fn tour(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (old, new) = (Authority::new("old CA")?, Authority::new("new CA")?);
    let both = format!("{}{}", old.pem, new.pem);
    let node_files = folder.join("node");
    old.write(&node_files, &old.pem, "akt://hotel/node")?;
    let mut node = Command::new(std::env::current_exe()?)
        .arg(&node_files)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(node.stdout.take().ok_or("the node's output is piped")?).lines();
    let address = lines.next_line().await?.ok_or("the node did not start")?;

    old.write(&folder.join("early"), &old.pem, "akt://hotel/client/early")?;
    let early = connect(&address, &folder.join("early")).await?;
    println!("ask     a client of the old CA   -> {}", greet(&early).await?);

    // In one step here; with several nodes, they trust both CAs first.
    new.write(&node_files, &new.pem, "akt://hotel/node")?;
    println!("change  the node's files         -> {}", lines.next_line().await?.ok_or("the node ended")?);
    println!("ask     over the old connection  -> {}", greet(&early).await?);

    new.write(&folder.join("new"), &new.pem, "akt://hotel/client/new")?;
    let late = connect(&address, &folder.join("new")).await?;
    println!("ask     a client of the new CA   -> {}", greet(&late).await?);

    old.write(&folder.join("late"), &both, "akt://hotel/client/late")?;
    match connect(&address, &folder.join("late")).await {
        Err(ClientError::Unreachable { problems }) => {
            let problem = problems.split_once("certificate: ").map_or("", |(_, said)| said);
            println!("refuse  another of the old CA    -> {}", problem.split(';').next().unwrap_or_default());
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("a certificate of the old CA was accepted".into()),
    }

    early.close().await;
    late.close().await;
    drop(node.stdin.take());
    println!(
        "stop    the node                 -> {}",
        if node.wait().await?.success() { "clean" } else { "failed" }
    );
    Ok(())
}

async fn connect(address: &str, files: &Path) -> Result<Client, ClientError> {
    Client::builder("hotel").node(address).tls(tls(files)).connect().await
}

async fn greet(client: &Client) -> Result<String, Box<dyn Error>> {
    let host: GreeterRef = client.actor_at("/user/host")?;
    Ok(host.greet(Guest { name: "Ada".to_owned() }).await?.words)
}

fn tls(folder: &Path) -> Tls {
    Tls::files(folder.join("ca.pem"), folder.join("certificate.pem"), folder.join("key.pem"))
}

/// The node: prints where it listens, and when it has taken other certificates.
async fn serve(folder: &Path) -> Result<(), Box<dyn Error>> {
    let remote = Remote::quic("127.0.0.1:0").tls(tls(folder));
    let system = ActorSystem::builder("hotel").remote(remote).start().await?;
    system.spawn("host", || Host("Hello".to_owned())).await?;
    let address = system.address().ok_or("a node has an address")?;
    println!("{}:{}", address.host, address.port);

    let mut events = system.events();
    let mut ignored = Vec::new();
    let mut stdin = tokio::io::stdin();
    let mut end = std::pin::pin!(stdin.read_to_end(&mut ignored));
    loop {
        tokio::select! { biased;
            _ = &mut end => break,
            event = events.next() => if let Some(Event::CertificatesReplaced { .. }) = event {
                println!("replaced");
            },
        }
    }
    system.shutdown().await;
    Ok(())
}
