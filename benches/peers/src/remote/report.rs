//! What is printed of remote runs: tables beside the goals, or a JSON line per pair of bench and framework.

use std::fmt::Write as _;

use remoting::{Bench, Beside, Delays, Sample};

/// The runs of one program.
pub struct Row {
    /// Which program.
    pub framework: &'static str,
    /// Its runs.
    pub samples: Vec<Sample>,
}

/// What akt has set itself: so many times the rate of a peer at least.
const GOALS: &[(Bench, &str, f64)] = &[
    (Bench::Ask(1), "quinn_floor", 0.8),
    (Bench::Ask(1), "tonic_unary", 1.0 / 0.65),
    (Bench::Ask(64), "quinn_floor", 0.7),
    (Bench::Ask(64), "tonic_unary", 8.0),
    (Bench::Ask(64), "ractor_cluster", 4.0),
    (Bench::Tell(64), "quinn_floor", 0.7),
    (Bench::Tell(64), "tonic_stream", 0.6),
    (Bench::Tell(1_024), "quinn_floor", 0.8),
];

/// The head of the table of delays.
pub const BESIDE: &str = "asks of 64 bytes, beside something else by the same connection (us)
                  beside           p50       p99       max     MiB/s     p99 of idle";

/// One line per framework: the median, its range, how fast akt is beside it, the processors' time, and the goals.
pub fn table(bench: Bench, rows: &[Row]) -> String {
    let unit = if bench.tells() { "thousands of messages in a second" } else { "us per ask" };
    let mut text =
        format!("{} ({unit}; processor time of sender and receiver in us per message)\n", bench.name());
    let akt = rows.iter().find(|row| row.framework == "akt").and_then(Row::elapsed);
    for row in rows {
        let Some(elapsed) = row.elapsed() else {
            let _ = writeln!(text, "  {:<16}{:>10}", row.framework, "failed");
            continue;
        };
        let all = row.sorted(|sample| sample.elapsed);
        let ends = [bench.shown(all[0]), bench.shown(all[all.len() - 1])];
        let range = format!("{}..{}", number(ends[0].min(ends[1])), number(ends[0].max(ends[1])));
        let cpu = format!("{:.2} + {:.2}", row.median(|s| s.sender) / 1e3, row.median(|s| s.receiver) / 1e3);
        let shown = number(bench.shown(elapsed));
        let _ = write!(text, "  {:<16}{shown:>10}  {range:<18}{cpu:>16}", row.framework);
        if let Some(akt) = akt {
            let rate = elapsed / akt;
            let _ = write!(text, "   akt {rate:.2} x");
            if let Some((.., goal)) =
                GOALS.iter().find(|(of, peer, _)| *of == bench && *peer == row.framework)
            {
                let mark = if rate >= *goal { "reached" } else { "missed" };
                let _ = write!(text, ", goal {goal:.2} x ({mark})");
            }
        }
        text.push('\n');
    }
    text
}

/// One JSON line per framework.
pub fn json(bench: Bench, rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| !row.samples.is_empty()) {
        let mut all = row.sorted(|sample| bench.shown(sample.elapsed));
        all.sort_by(f64::total_cmp);
        let median = bench.shown(row.median(|sample| sample.elapsed));
        let _ = writeln!(
            text,
            r#"{{"bench":"{}","framework":"{}","unit":"{}","median":{},"min":{},"max":{},"runs":{},"sender_cpu_us":{:.3},"receiver_cpu_us":{:.3}}}"#,
            bench.name(),
            row.framework,
            if bench.tells() { "k/s" } else { "us" },
            number(median),
            number(all[0]),
            number(all[all.len() - 1]),
            all.len(),
            row.median(|sample| sample.sender) / 1e3,
            row.median(|sample| sample.receiver) / 1e3,
        );
    }
    text
}

/// Prints a line of the table of delays, and gives its p99.
pub fn beside(name: &str, beside: Beside, runs: Vec<Delays>, idle: Option<f64>) -> Option<f64> {
    let median = |of: fn(&Delays) -> f64| {
        let mut all: Vec<f64> = runs.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    let (p50, p99) = (median(|d| d.p50)?, median(|d| d.p99)?);
    let (max, throughput) = (median(|d| d.max)?, median(|d| d.throughput)?);
    let times = idle.map_or_else(String::new, |idle| {
        format!("{:.1} x, goal 3 x ({})", p99 / idle, if p99 <= 3.0 * idle { "reached" } else { "missed" })
    });
    println!(
        "  {name:<16}{:<10}{p50:>10.1}{p99:>10.1}{max:>10.0}{throughput:>10.0}     {times}",
        beside.name()
    );
    Some(p99)
}

impl Row {
    fn sorted(&self, of: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let mut all: Vec<f64> = self.samples.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    /// The middle run, or the mean of the two in the middle.
    fn median(&self, of: impl Fn(&Sample) -> f64) -> f64 {
        let all = self.sorted(of);
        let middle = all.len() / 2;
        if all.len().is_multiple_of(2) { (all[middle - 1] + all[middle]) / 2.0 } else { all[middle] }
    }

    fn elapsed(&self) -> Option<f64> {
        (!self.samples.is_empty()).then(|| self.median(|sample| sample.elapsed))
    }
}

trait Shown {
    /// Microseconds of an ask, thousands of tells in a second.
    fn shown(self, nanoseconds: f64) -> f64;
}

impl Shown for Bench {
    fn shown(self, nanoseconds: f64) -> f64 {
        if self.tells() { 1e6 / nanoseconds } else { nanoseconds / 1e3 }
    }
}

fn number(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
