//! A small HTTP endpoint that serves the metrics of a system: `GET /metrics`, and nothing else.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::system::{ActorSystem, Extension, StartError, SystemBuilder};

/// The longest request that is read, in bytes.
const MAX_REQUEST: usize = 8 * 1_024;
/// How many requests are served at a time; who comes then waits.
const AT_ONCE: usize = 8;
/// How long a request may take, from its first byte to the last of its answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nothing is accepted when the operating system has no more sockets.
const PAUSE: Duration = Duration::from_millis(100);

/// The endpoint that [`SystemBuilder::prometheus`] starts, as an extension of the system.
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Prometheus {
    /// Where it listens: with the port that the operating system chose, if it was to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    async fn start(system: ActorSystem, address: SocketAddr) -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        system.runtime().spawn("prometheus", serve(system.clone(), listener, stopped));
        tracing::info!(%address, "metrics are served");
        Ok(Arc::new(Self { address, stop }))
    }
}

impl Extension for Prometheus {
    /// Lets requests that are there have their answer; who has not asked yet gets none.
    async fn stop(&self, _system: &ActorSystem) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}

impl SystemBuilder {
    /// Serves the metrics as [`Metrics::prometheus_text`](crate::Metrics::prometheus_text) at
    /// `http://{address}/metrics`, until the system is shut down. Port 0 lets the operating system choose.
    ///
    /// There is neither TLS nor a password: `address` is one that only those can reach who may read it. A request
    /// has at most 8 KiB and 10 s; eight are served at a time. A system that cannot listen there does not start:
    /// [`StartError::Part`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let system = akt::ActorSystem::builder("shop").prometheus("127.0.0.1:0".parse()?).start().await?;
    /// println!("http://{}/metrics", system.extension::<akt::Prometheus>().unwrap().address());
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn prometheus(self, address: SocketAddr) -> Self {
        self.part(async move |system| {
            let started = Prometheus::start(system, address).await;
            started.map_err(|error| StartError::Part { part: "prometheus", source: error.into() })
        })
    }
}

/// Accepts until it is to stop. Its tasks hold `stopped`, by which the extension knows when they have ended.
async fn serve(system: ActorSystem, listener: TcpListener, mut stopped: watch::Receiver<bool>) {
    let free = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let permit = free.clone().acquire_owned();
        let accepted = async { (permit.await, listener.accept().await) };
        let (permit, accepted) = tokio::select! { biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            accepted = accepted => accepted,
        };
        let Ok((stream, _)) = accepted else {
            system.runtime().sleep(PAUSE).await;
            continue;
        };
        let (running, mut stopped) = (system.clone(), stopped.clone());
        system.runtime().spawn("prometheus request", async move {
            let answered = answer(&running, stream, &mut stopped);
            tokio::select! { biased;
                answered = answered => if let Err(error) = answered {
                    tracing::debug!(%error, "a request for metrics broke off");
                },
                () = running.runtime().sleep(PATIENCE) => {}
            }
            drop((permit, stopped));
        });
    }
}

async fn answer(
    system: &ActorSystem,
    mut stream: TcpStream,
    stopped: &mut watch::Receiver<bool>,
) -> io::Result<()> {
    let asked = tokio::select! { biased;
        asked = request(&mut stream) => asked?,
        _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
    };
    let response = match asked {
        None => response("431 Request Header Fields Too Large", "", "the request is too long\n"),
        Some(line) => respond(system, &line),
    };
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

/// The first line of the request, once all of it is there; none if it is too long.
async fn request(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    let mut part = [0; 1_024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&part[..read]);
        if head.len() > MAX_REQUEST {
            return Ok(None);
        }
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    Ok(Some(String::from_utf8_lossy(line).into_owned()))
}

fn respond(system: &ActorSystem, line: &str) -> String {
    let mut words = line.split(' ');
    let (method, target, version) = (words.next(), words.next(), words.next());
    let path = target.and_then(|target| target.split('?').next());
    match (method, path, version) {
        (Some("GET"), Some("/metrics"), Some("HTTP/1.1" | "HTTP/1.0")) => {
            response("200 OK", "", &system.metrics().prometheus_text())
        }
        (Some("GET"), Some(_), Some("HTTP/1.1" | "HTTP/1.0")) => {
            response("404 Not Found", "", "there is only /metrics\n")
        }
        (Some(_), Some(_), Some("HTTP/1.1" | "HTTP/1.0")) => {
            response("405 Method Not Allowed", "Allow: GET\r\n", "there is only GET\n")
        }
        _ => response("400 Bad Request", "", "this is not HTTP/1.1\n"),
    }
}

fn response(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{header}Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
