//! A bank that is killed in the middle of its work: gates, on a file of redb. What was acknowledged is there, and no cent is
//! lost or made.

mod account;
mod teller;

use std::error::Error;
use std::path::Path;

use teller::{OtherProcess, TRANSFERS};

akt::include_contracts!();

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some("work"), Some(file)) => return teller::work(Path::new(&file)).await,
        (Some("audit"), Some(file)) => return teller::audit(Path::new(&file)).await,
        _ => {}
    }
    let file = std::env::temp_dir().join(format!("akt-bank-{}.redb", std::process::id()));

    let mut bank = OtherProcess::start("work", &file)?;
    for _ in 0..TRANSFERS / 3 {
        bank.line().await?.ok_or("it is at work")?;
    }
    bank.kill().await?;
    println!("killed after {} of {TRANSFERS} transfers were acknowledged", TRANSFERS / 3);

    let audit = OtherProcess::start("audit", &file)?.rest().await?;
    let (sum, sent) = (number(&audit, "sum"), number(&audit, "sent"));
    println!("there are {sum} cents, and at least as many transfers: {}", sent >= u64::from(TRANSFERS / 3));

    let done = OtherProcess::start("work", &file)?.rest().await?;
    println!("asked again, by the same requests: {} are acknowledged", done.len());
    let audit = OtherProcess::start("audit", &file)?.rest().await?;
    println!("there are {} cents, and {} transfers", number(&audit, "sum"), number(&audit, "sent"));
    std::fs::remove_file(file)?;
    Ok(())
}

/// What the line says that begins with `word`.
fn number(lines: &[String], word: &str) -> u64 {
    let rest = lines.iter().find_map(|line| line.strip_prefix(word));
    rest.and_then(|rest| rest.trim().parse().ok()).unwrap_or_default()
}
