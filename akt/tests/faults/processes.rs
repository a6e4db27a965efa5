//! A node of another process that is killed, stopped, continued and started again.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use akt::prelude::*;
use akt::{NodeAddress, StopReason, TransportOptions};
use tokio::sync::oneshot;

use crate::contracts::depot::v1 as depot;
use crate::ledger::{self, Account, Plan};
use crate::pair::{Kind, Log, Node, free_port};
use crate::way::wait;

/// What the other process is to be: its kind, its port and its idle timeout in milliseconds.
const NODE: &str = "AKT_FAULT_NODE";

const PACE: Duration = Duration::from_millis(5);

/// Another process: a node that says what it has handled, line by line.
struct Process {
    child: Child,
    address: NodeAddress,
    log: Log,
}

impl Process {
    async fn start(kind: Kind, port: u16, idle: Duration, log: &Log) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "processes::node", "--ignored", "--nocapture"])
            .env(NODE, format!("{kind:?} {port} {}", idle.as_millis()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (serves, address) = oneshot::channel();
        let (mut serves, handled) = (Some(serves), log.clone());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if let Some((_, address)) = line.split_once("serving ") {
                    let _ = serves.take().map(|serves| serves.send(address.parse().unwrap()));
                } else if let Some(number) = line.strip_prefix("handled ") {
                    handled.lock().push(number.parse().unwrap());
                }
            }
        });
        let address = address.await.expect("the process says where it serves");
        Self { child, address, log: log.clone() }
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success(), "kill {signal}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says what it has handled.
struct Speaker;

#[akt::actor]
impl depot::Depot for Speaker {
    fn add(&mut self, item: depot::Item) -> Result<depot::Stock, depot::Refused> {
        say(item.quantity);
        Ok(depot::Stock::default())
    }
    fn view(&mut self, _: ()) -> depot::Stock {
        depot::Stock::default()
    }
    async fn wait(&mut self, _: depot::Delay, cx: &mut Ctx<Self>) {
        cx.cancelled().await;
    }
    fn echo(&mut self, blob: depot::Blob) -> depot::Blob {
        say(u32::from_be_bytes(blob.bytes[..4].try_into().unwrap()));
        depot::Blob::default()
    }
    fn make(&mut self, _: depot::Delay) -> depot::Blob {
        depot::Blob::default()
    }
    fn crash(&mut self, _: depot::Delay) {}
}

fn say(number: u32) {
    // A pipe keeps what was written by one who is killed.
    writeln!(std::io::stdout().lock(), "handled {number}").unwrap();
}

/// The other process: serves until it is killed.
#[tokio::test]
#[ignore = "the other half of the tests with processes"]
async fn node() {
    let Ok(node) = std::env::var(NODE) else { return };
    let mut words = node.split(' ');
    let kind = if words.next() == Some("Quic") { Kind::Quic } else { Kind::Tcp };
    let [port, idle] = [(); 2].map(|()| words.next().unwrap().parse::<u16>().unwrap());
    let options = options(Duration::from_millis(idle.into()));
    let system =
        ActorSystem::builder("shop").remote(kind.remote(port).options(options)).start().await.unwrap();
    system.spawn("book", || Speaker).await.unwrap();
    println!("\nserving {}", system.address().unwrap());
    std::future::pending::<()>().await;
}

fn options(idle: Duration) -> TransportOptions {
    TransportOptions::default().idle_timeout(idle).keep_alive(idle / 4)
}

/// A node here, and another process.
struct Two {
    near: Node,
    far: Process,
    book: depot::DepotRef,
}

impl Two {
    async fn start(kind: Kind, idle: Duration) -> Self {
        let remote = kind.remote(0).options(options(idle)).lost_after(Duration::from_millis(500));
        let near = Node::start(remote).await.unwrap();
        let far = Process::start(kind, free_port(kind).await, idle, &Log::default()).await;
        let book = near.book_of(&far.address);
        let two = Self { near, far, book };
        two.is_quiet().await;
        two
    }

    /// Waits until the other process answers.
    async fn is_quiet(&self) {
        let mut tries = 0;
        while self.book.view(()).timeout(Duration::from_secs(1)).await.is_err() {
            tries += 1;
            assert!(tries < 500, "the other process does not answer");
            wait(20).await;
        }
    }

    /// Closes the books: what was handled has been said by now, or soon is.
    async fn close(&self, what: &str, accounts: &[Account], is_whole: bool) {
        let (dead, maybe) = (ledger::unsent(&self.near.system), self.near.system.maybe_delivered());
        // The pipe is read by a thread.
        wait(100).await;
        let balance = ledger::balance(accounts, &self.far.log.lock(), dead, maybe);
        println!("{what}: {balance:?}");
        balance.adds_up(what);
        if is_whole {
            balance.is_whole(what, true);
        }
    }
}

fn plan(sender: u32, millis: u64, timeout: u64) -> Plan {
    let messages = u32::try_from(millis / 5).unwrap();
    Plan { sender, messages, pace: PACE, timeout: Duration::from_millis(timeout) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_stands_still_for_less_than_the_idle_timeout_loses_nothing() {
    tokio::join!(stands_still(Kind::Quic, 5_000, 3_000), stands_still(Kind::Tcp, 5_000, 3_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_process_that_stands_still_for_longer_the_books_add_up() {
    tokio::join!(stands_still(Kind::Quic, 1_500, 3_000), stands_still(Kind::Tcp, 1_500, 3_000));
}

/// Stopped and continued: the times are in milliseconds.
async fn stands_still(kind: Kind, idle: u64, time: u64) {
    let two = Two::start(kind, Duration::from_millis(idle)).await;
    let stop = async {
        wait(500).await;
        two.far.signal("-STOP");
        wait(time).await;
        two.far.signal("-CONT");
    };

    let sent = time + 1_000;
    let (one, other, ()) = tokio::join!(
        ledger::send(two.book.clone(), plan(1, sent, 5_000)),
        ledger::send(two.book.clone(), plan(2, sent, 5_000)),
        stop,
    );
    two.is_quiet().await;

    two.close(&format!("{kind:?}, stopped for {time} of {idle} ms"), &[one, other], time < idle).await;
    two.near.system.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_and_comes_back_at_its_address_is_another_one() {
    tokio::join!(is_killed(Kind::Quic), is_killed(Kind::Tcp));
}

async fn is_killed(kind: Kind) {
    let idle = Duration::from_millis(1_500);
    let mut two = Two::start(kind, idle).await;
    let watched = two.book.actor().clone();
    let in_flight = two.book.wait(depot::Delay::default()).timeout(Duration::from_secs(20)).start();
    let other = two.near.book_of(&two.far.address);
    let (address, log) = (two.far.address.clone(), two.far.log.clone());

    let kill = async {
        wait(500).await;
        two.far.child.kill().unwrap();
        two.far.child.wait().unwrap();
        wait(1_000).await;
        Process::start(kind, address.port, idle, &log).await
    };
    let ends = async { tokio::join!(in_flight, watched.stopped()) };
    let ends = tokio::time::timeout(Duration::from_secs(10), ends);
    let (one, again, ends) = tokio::join!(ledger::send(other, plan(1, 4_000, 2_000)), kill, ends);
    two.far = again;
    two.is_quiet().await;

    let (lost, reason) = ends.expect("an end of the ask, and of the actor");
    let lost = lost.unwrap_err();
    assert!(matches!(lost, AskError::Unreachable { delivered: Delivery::Maybe, .. }), "{lost:?}");
    assert_eq!(reason, StopReason::NodeLost);
    two.close(&format!("{kind:?}, killed"), &[one], false).await;
    two.near.system.shutdown().await;
}
