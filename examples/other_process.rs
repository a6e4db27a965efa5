//! The other process of an example: the same program with the argument `serve`, which prints the address of its node.

use std::error::Error;
use std::process::Stdio;

use akt::ActorSystem;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// Another process with a node.
pub struct OtherProcess {
    child: Child,
    /// Such as `akt://shop@127.0.0.1:40123`.
    pub address: String,
}

impl OtherProcess {
    pub async fn start() -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("its output is piped")?;
        let address = BufReader::new(stdout).lines().next_line().await?.ok_or("it did not start")?;
        Ok(Self { child, address })
    }

    /// Ends it as the loss of its machine would.
    #[allow(dead_code, reason = "not every example does")]
    pub async fn kill(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(self.child.kill().await?)
    }
}

/// Whether this is the other process.
pub fn is_this() -> bool {
    std::env::args().any(|arg| arg == "serve")
}

/// Prints where `system` is, and stops it when the first process is gone.
pub async fn serve(system: ActorSystem) -> Result<(), Box<dyn Error>> {
    println!("akt://{}", system.address().ok_or("a system with remoting has an address")?);
    let mut ignored = Vec::new();
    let _ = tokio::io::stdin().read_to_end(&mut ignored).await;
    system.shutdown().await;
    Ok(())
}
