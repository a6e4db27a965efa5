//! What is printed: a table beside the goals, or a JSON line per pair of bench and framework.

use std::fmt::Write as _;

use crate::bench::Bench;
use crate::run::Measured;

/// What akt has set itself for a bench.
struct Goal {
    bench: Bench,
    at_most: f64,
    /// A peer, and how many times as much as akt it has to take.
    times: &'static [(&'static str, f64)],
}

const GOALS: &[Goal] = &[
    Goal {
        bench: Bench::Tell1,
        at_most: 75.0,
        times: &[("actix", 3.0), ("ractor", 5.0), ("kameo", 5.0), ("tokio_mpsc", 1.0)],
    },
    Goal { bench: Bench::Tell4, at_most: 100.0, times: &[("actix", 2.0), ("ractor", 4.0)] },
    Goal { bench: Bench::Ask1, at_most: 300.0, times: &[("ractor", 2.4), ("tokio_mpsc", 1.0)] },
    Goal {
        bench: Bench::Ask64To64,
        at_most: 130.0,
        times: &[("ractor", 2.0), ("kameo", 2.0), ("actix", 2.0), ("actix_near", 2.0)],
    },
    Goal { bench: Bench::Ring, at_most: 150.0, times: &[("ractor", 3.5)] },
    Goal { bench: Bench::Spawn, at_most: 2_500.0, times: &[] },
    Goal { bench: Bench::IdleBytes, at_most: 800.0, times: &[("actix", 1.0), ("ractor", 9.0)] },
    Goal { bench: Bench::AllocsTell, at_most: 0.0, times: &[] },
    Goal { bench: Bench::AllocsAsk, at_most: 1.0, times: &[] },
    Goal { bench: Bench::AllocsSpawn, at_most: 4.0, times: &[] },
];

/// One line per framework: the median, its range, how it compares with akt, and the goals.
pub fn table(bench: Bench, rows: &[Measured]) -> String {
    let goal = GOALS.iter().find(|goal| goal.bench == bench);
    let akt = rows.iter().find(|row| row.framework == "akt").map(Measured::median);
    let mut text = format!("{} ({})\n", bench.name(), bench.per());
    for row in rows {
        let range = format!("{}..{}", number(row.min()), number(row.max()));
        let _ = write!(text, "  {:<14}{:>10}  {range:<20}", row.framework, number(row.median()));
        if let Some(akt) = akt {
            let _ = write!(text, "{:>8}", times(row.median(), akt));
            if let Some(goal) = goal {
                text.push_str(&verdict(goal, row, akt));
            }
        }
        let trimmed = text.trim_end().len();
        text.truncate(trimmed);
        text.push('\n');
    }
    text
}

/// One JSON line per framework.
pub fn json(bench: Bench, rows: &[Measured]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = writeln!(
            text,
            r#"{{"bench":"{}","framework":"{}","unit":"{}","median":{},"min":{},"max":{},"runs":{}}}"#,
            bench.name(),
            row.framework,
            bench.unit(),
            number(row.median()),
            number(row.min()),
            number(row.max()),
            row.samples.len(),
        );
    }
    text
}

fn verdict(goal: &Goal, row: &Measured, akt: f64) -> String {
    if row.framework == "akt" {
        // Two decimals are printed; what rounds to the goal has reached it.
        let reached = akt <= goal.at_most + 0.005;
        return format!("   goal: at most {} {}", number(goal.at_most), mark(reached));
    }
    match goal.times.iter().find(|(peer, _)| *peer == row.framework) {
        Some((_, factor)) => format!("   goal: {factor} x {}", mark(row.median() >= factor * akt)),
        None => String::new(),
    }
}

fn mark(reached: bool) -> &'static str {
    if reached { "(reached)" } else { "(missed)" }
}

fn times(value: f64, akt: f64) -> String {
    if akt <= 0.005 { "-".to_owned() } else { format!("{:.2} x", value / akt) }
}

/// Enough digits to compare, no more.
fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1_000.0 => format!("{value:.0}"),
        middle if middle >= 20.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
