//! The two processes of a run.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use remoting::{Bench, Beside, Delays, Sample};

/// A column of the table, and the executable that serves and measures it.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name on the command line and in JSON.
    pub name: &'static str,
    /// Whether it sends without waiting for an answer.
    pub tells: bool,
    /// What is run.
    pub executable: PathBuf,
}

/// A process that serves, until this is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Column {
    /// One run of a bench.
    pub fn measure(&self, bench: Bench, n: u64) -> Result<Sample, String> {
        let server = self.serve()?;
        let process = server.process.id().to_string();
        let words = [&server.address, &process, bench.name(), &n.to_string()];
        let [elapsed, sender, receiver] = self.client("measure", &words)?;
        Ok(Sample { elapsed, sender, receiver })
    }

    /// Asks beside something else.
    pub fn beside(&self, beside: Beside) -> Result<Delays, String> {
        let server = self.serve()?;
        let [p50, p99, max, throughput] = self.client("beside", &[&server.address, beside.name()])?;
        Ok(Delays { p50, p99, max, throughput })
    }

    fn serve(&self) -> Result<Server, String> {
        let mut process = Command::new(&self.executable)
            .args(["serve", self.name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", self.executable.display()))?;
        let (stdout, mut address) = (process.stdout.take().expect("it is piped"), String::new());
        let read = BufReader::new(stdout).read_line(&mut address);
        let server = Server { process, address: address.trim().to_owned() };
        match read {
            Ok(1..) => Ok(server),
            _ => Err(format!("{} does not serve", self.name)),
        }
    }

    fn client<const N: usize>(&self, what: &str, words: &[&str]) -> Result<[f64; N], String> {
        let output = Command::new(&self.executable)
            .args([what, self.name])
            .args(words)
            .output()
            .map_err(|error| format!("{}: {error}", self.executable.display()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let numbers: Vec<f64> =
            said.lines().last().unwrap_or("").split(' ').flat_map(|word| word.parse()).collect();
        numbers.try_into().map_err(|_| {
            let problem = String::from_utf8_lossy(&output.stderr);
            let word = problem.lines().find(|line| !line.is_empty()).unwrap_or("no word");
            format!("{} does not measure: {word}", self.name)
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
