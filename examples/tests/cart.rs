//! The cart's halves as two processes: a call, a domain error, a server that is killed in mid-call.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

struct Server {
    child: Child,
    address: String,
    stderr: Lines<BufReader<ChildStderr>>,
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_cart"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        stdout.read_line(&mut address).unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, address: address.trim().to_owned(), stderr, _stdout: stdout }
    }

    fn call(&self, args: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_cart"))
            .args(["call", "--to", &self.address])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `test` on a thread of its own; fails if it takes longer than a minute.
fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        test();
        done.send(()).unwrap();
    });
    let waited = ended.recv_timeout(Duration::from_secs(60));
    assert!(waited != Err(std::sync::mpsc::RecvTimeoutError::Timeout), "it hangs");
    thread.join().unwrap();
}

fn text(output: &Output) -> (String, String) {
    (String::from_utf8(output.stdout.clone()).unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn a_call_from_another_process_shows_its_article_and_quantity() {
    within_a_minute(|| {
        let server = Server::start();

        let first = server.call(&["--sku", "pear", "--qty", "7"]).wait_with_output().unwrap();
        let second = server.call(&["--sku", "pear", "--qty", "7"]).wait_with_output().unwrap();

        assert_eq!(text(&first).0, "pear x7\nok\n");
        assert_eq!(text(&second).0, "out of stock: 3 pear left\n");
        assert!(first.status.success() && second.status.success());
    });
}

#[test]
fn a_server_killed_in_mid_call_is_unreachable_and_the_call_maybe_delivered() {
    within_a_minute(|| {
        let mut server = Server::start();
        let call = server.call(&["--sku", "fig", "--qty", "1", "--checkout"]);
        server
            .stderr
            .find(|line| line.as_ref().is_ok_and(|line| line == "cart: checking out"))
            .unwrap()
            .unwrap();

        server.child.kill().unwrap();

        let output = call.wait_with_output().unwrap();
        let (stdout, stderr) = text(&output);
        assert_eq!(stdout, "fig x1\n");
        assert!(stderr.contains("error: node unreachable, delivered: Maybe"), "{stderr}");
        assert!(!output.status.success());
    });
}
