//! The other processes: one that works, one that counts.

use std::error::Error;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use akt::persistence::{RedbStore, StateStore};
use akt::prelude::*;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::account::Account;
use crate::bank::v1::{Money, Transfer};

pub const ACCOUNTS: u64 = 10;
pub const TRANSFERS: u32 = 1_000;
const FIRST_MONEY: u64 = 1_000;

/// How many tellers ask at once.
const TELLERS: usize = 16;

async fn open(file: &Path) -> Result<(ActorSystem, RedbStore), Box<dyn Error>> {
    let store = RedbStore::open(file)?;
    let system = ActorSystem::builder("bank").grain::<Account>().state_store(store.clone()).start().await?;
    Ok((system, store))
}

/// Opens the accounts and makes the transfers; prints the number of each one that is acknowledged. All of it can be asked
/// again: a request that was answered is answered as before.
#[allow(clippy::disallowed_methods, reason = "the tellers are tasks of this program, not of its system")]
pub async fn work(file: &Path) -> Result<(), Box<dyn Error>> {
    let (system, _) = open(file).await?;
    for number in 0..ACCOUNTS {
        let account = Account::grain(&system, number);
        account.open(Money { cents: FIRST_MONEY }).request_id(format!("open {number}")).await?;
    }
    let next = Arc::new(AtomicU32::new(0));
    let tellers: Vec<_> = (0..TELLERS).map(|_| tokio::spawn(teller(system.clone(), next.clone()))).collect();
    for teller in tellers {
        teller.await?;
    }
    system.shutdown().await;
    Ok(())
}

async fn teller(system: ActorSystem, next: Arc<AtomicU32>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= TRANSFERS {
            return;
        }
        let (from, to) = (u64::from(number) % ACCOUNTS, u64::from(number * 7 + 1) % ACCOUNTS);
        let transfer = Transfer { number, to, cents: u64::from(number) % 5 + 1 };
        let sent =
            Account::grain(&system, from).send(transfer).request_id(format!("transfer {number}")).await;
        match sent {
            Ok(_) => println!("{number}"),
            Err(error) => eprintln!("{number}: {error}"),
        }
    }
}

/// Counts what there is, once all that was sent has arrived.
pub async fn audit(file: &Path) -> Result<(), Box<dyn Error>> {
    let (system, store) = open(file).await?;
    while !store.ids_with_row("out/", None, 1).await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (mut sum, mut sent) = (0, Vec::new());
    for number in 0..ACCOUNTS {
        let balance = Account::grain(&system, number).view(()).await?;
        sum += balance.cents;
        sent.extend(balance.sent);
    }
    println!("sum {sum}");
    println!("sent {}", sent.len());
    sent.iter().for_each(|number| println!("{number}"));
    system.shutdown().await;
    Ok(())
}

/// This program again, with a word for what it does.
pub struct OtherProcess {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl OtherProcess {
    pub fn start(word: &str, file: &Path) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(word).arg(file).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or("its output is piped")?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    pub async fn line(&mut self) -> Result<Option<String>, Box<dyn Error>> {
        Ok(self.lines.next_line().await?)
    }

    /// What it prints until it ends.
    pub async fn rest(mut self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut rest = Vec::new();
        while let Some(line) = self.line().await? {
            rest.push(line);
        }
        if !self.child.wait().await?.success() {
            return Err("the other process has failed".into());
        }
        Ok(rest)
    }

    /// Ends it as the loss of power would: SIGKILL.
    pub async fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.child.kill().await?)
    }
}
