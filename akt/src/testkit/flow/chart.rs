//! *Pure.* A log as a picture: nodes are columns, messages arrows, time goes down. SVG, without scripts or fonts.

use std::collections::BTreeMap;
use std::fmt;

use super::{Flow, What};
use crate::time::Instant;

const LEFT: usize = 150;
/// Room for words beside the last column.
const RIGHT: usize = 260;
const COLUMN: usize = 220;
const TOP: usize = 54;
const ROW: usize = 20;
/// Longer labels end in `…`.
const LABEL: usize = 34;

const STYLE: &str = "\
    text{font:11px ui-monospace,monospace;fill:#222}\
    .n{font-weight:bold;font-size:13px;text-anchor:middle}\
    .t{fill:#888;text-anchor:end}\
    .m{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:3px}\
    .f{fill:#b00020}.o{fill:#1b7a34}\
    line{stroke:#3465a4;stroke-width:1.3}\
    .l{stroke:#bbb}.d{stroke:#b00020;stroke-dasharray:2 3}\
    .x,.c{stroke:#b00020}.c,.h,.u{stroke-dasharray:5 3}.h{stroke:#1b7a34}.u{stroke:#888}\
    .w{marker-end:url(#a)}";

/// The picture of a [`Flow`]: an SVG by its `Display`, to be written to a file and looked at in a browser.
///
/// Blue arrows are messages, from where they were sent to where they arrived. A red one with a cross was lost; a grey one was
/// still under way at the end. Between two nodes a red line is where they were cut or their connections broken, a green one
/// where that was healed; with a head if only one way. A full dot is an actor that began, a ring one that stopped. A node that is down or paused has a red column.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    flow: &'a Flow,
    columns: BTreeMap<&'a str, usize>,
    /// Of each message that was sent: in which row, and what it says.
    sent: BTreeMap<u64, Departure<'a>>,
}

#[derive(Clone, Debug)]
struct Departure<'a> {
    row: usize,
    from: &'a str,
    to: &'a str,
    label: &'a str,
    has_end: bool,
}

impl<'a> Chart<'a> {
    pub(super) fn new(flow: &'a Flow) -> Self {
        let mut chart = Self { flow, columns: BTreeMap::new(), sent: BTreeMap::new() };
        for (row, entry) in flow.entries().iter().enumerate() {
            chart.add_column(&entry.node);
            match &entry.what {
                What::Sent { message, to, label } => {
                    chart.add_column(to);
                    let departure = Departure { row, from: &entry.node, to, label, has_end: false };
                    chart.sent.insert(*message, departure);
                }
                What::Delivered { message, from: peer } | What::Lost { message, to: peer } => {
                    chart.add_column(peer);
                    if let Some(departure) = chart.sent.get_mut(message) {
                        departure.has_end = true;
                    }
                }
                What::Cut { peer }
                | What::CutTo { peer }
                | What::Healed { peer }
                | What::HealedTo { peer }
                | What::Severed { peer } => chart.add_column(peer),
                _ => {}
            }
        }
        chart
    }

    /// Columns stand in the order in which nodes are first seen.
    fn add_column(&mut self, node: &'a str) {
        let next = self.columns.len();
        self.columns.entry(node).or_insert(next);
    }

    fn x(&self, node: &str) -> usize {
        LEFT + COLUMN * self.columns.get(node).copied().unwrap_or_default()
    }

    fn height(&self) -> usize {
        y(self.flow.entries().len()) + ROW
    }

    fn draw_columns(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns: Vec<_> = self.columns.iter().map(|(node, place)| (*place, *node)).collect();
        columns.sort_unstable();
        for (_, node) in columns {
            let x = self.x(node);
            writeln!(f, "<text class=\"n\" x=\"{x}\" y=\"24\">{}</text>", Escaped(node))?;
            let mut from = (TOP - ROW, "l");
            for (row, entry) in self.flow.entries().iter().enumerate().filter(|(_, entry)| entry.node == node)
            {
                let class = match entry.what {
                    What::Up | What::Resumed => "l",
                    What::Down { .. } | What::Paused => "d",
                    _ => continue,
                };
                line(f, from.1, (x, from.0), (x, y(row)))?;
                from = (y(row), class);
            }
            line(f, from.1, (x, from.0), (x, self.height()))?;
        }
        Ok(())
    }

    fn draw_row(&self, f: &mut fmt::Formatter<'_>, row: usize, what: &What, node: &str) -> fmt::Result {
        let (x, y) = (self.x(node), y(row));
        match what {
            What::Sent { message, .. } => self.draw_unended(f, *message, row),
            What::Delivered { message, .. } => self.draw_delivered(f, *message, (x, y)),
            What::Lost { message, .. } => self.draw_lost(f, *message, y),
            What::Cut { peer } => self.draw_between(f, "c", ("f", "cut"), (x, self.x(peer), y)),
            What::Severed { peer } => self.draw_between(f, "c", ("f", "severed"), (x, self.x(peer), y)),
            What::Healed { peer } => self.draw_between(f, "h", ("o", "healed"), (x, self.x(peer), y)),
            What::CutTo { peer } => self.draw_between(f, "c w", ("f", "cut one way"), (x, self.x(peer), y)),
            What::HealedTo { peer } => {
                self.draw_between(f, "h w", ("o", "healed one way"), (x, self.x(peer), y))
            }
            What::Isolated => beside(f, "f", (x, y), "isolated"),
            What::Rejoined => beside(f, "o", (x, y), "rejoined"),
            What::Paused => beside(f, "f", (x, y), "paused"),
            What::Resumed => beside(f, "o", (x, y), "resumed"),
            What::Up => beside(f, "o", (x, y), "up"),
            What::Down { reason } => beside(f, "f", (x, y), &format!("down: {reason}")),
            What::Spawned { actor } => dot(f, "#222", (x, y), actor),
            What::Restarted { actor } => dot(f, "#b00020", (x, y), &format!("{actor} restarted")),
            What::Stopped { actor, reason } => dot(f, "#fff", (x, y), &format!("{actor}: {reason}")),
            What::DeadLetter { actor, label } => {
                beside(f, "f", (x, y), &format!("dead letter for {actor}: {label}"))
            }
            What::Note { text } => beside(f, "", (x, y), text),
        }
    }

    fn draw_delivered(&self, f: &mut fmt::Formatter<'_>, message: u64, end: (usize, usize)) -> fmt::Result {
        // What was sent before the log begins comes from nowhere.
        let Some(sent) = self.sent.get(&message) else { return beside(f, "", end, "arrived") };
        let start = (self.x(sent.from), y(sent.row));
        writeln!(
            f,
            "<line marker-end=\"url(#a)\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            start.0, start.1, end.0, end.1
        )?;
        between(f, "m", (start.0, self.x(sent.to), start.1), sent.label)
    }

    fn draw_lost(&self, f: &mut fmt::Formatter<'_>, message: u64, at: usize) -> fmt::Result {
        let Some(sent) = self.sent.get(&message) else { return Ok(()) };
        let start = (self.x(sent.from), y(sent.row));
        let end = (middle(start.0, self.x(sent.to)), at);
        line(f, "x", start, end)?;
        line(f, "x", (end.0 - 5, end.1 - 5), (end.0 + 5, end.1 + 5))?;
        line(f, "x", (end.0 - 5, end.1 + 5), (end.0 + 5, end.1 - 5))?;
        between(f, "m f", (start.0, self.x(sent.to), start.1), sent.label)
    }

    /// What neither arrives nor is lost is still under way at the end.
    fn draw_unended(&self, f: &mut fmt::Formatter<'_>, message: u64, row: usize) -> fmt::Result {
        let Some(sent) = self.sent.get(&message).filter(|sent| !sent.has_end && sent.row == row) else {
            return Ok(());
        };
        let start = (self.x(sent.from), y(sent.row));
        let end = (middle(start.0, self.x(sent.to)), y(sent.row) + ROW / 2);
        line(f, "u", start, end)?;
        between(f, "m", (start.0, self.x(sent.to), start.1), sent.label)
    }

    fn draw_between(
        &self,
        f: &mut fmt::Formatter<'_>,
        class: &str,
        (color, text): (&str, &str),
        place: (usize, usize, usize),
    ) -> fmt::Result {
        let (one, other, y) = place;
        line(f, class, (one, y), (other, y))?;
        between(f, &format!("m {color}"), place, text)
    }
}

impl fmt::Display for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.columns.len().saturating_sub(1);
        let (width, height) = (LEFT + COLUMN * last + RIGHT, self.height() + ROW);
        writeln!(
            f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">"
        )?;
        writeln!(f, "<style>{STYLE}</style>")?;
        writeln!(
            f,
            "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" \
             markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"#3465a4\"/></marker></defs>"
        )?;
        writeln!(f, "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>")?;
        self.draw_columns(f)?;
        let mut last = None;
        for (row, entry) in self.flow.entries().iter().enumerate() {
            if last.replace(entry.at) != Some(entry.at) {
                let time = Seconds(entry.at);
                writeln!(f, "<text class=\"t\" x=\"{}\" y=\"{}\">{time}</text>", LEFT - 36, y(row) + 4)?;
            }
            self.draw_row(f, row, &entry.what, &entry.node)?;
        }
        writeln!(f, "</svg>")
    }
}

fn y(row: usize) -> usize {
    TOP + ROW * row
}

fn middle(one: usize, other: usize) -> usize {
    usize::midpoint(one, other)
}

fn line(f: &mut fmt::Formatter<'_>, class: &str, from: (usize, usize), to: (usize, usize)) -> fmt::Result {
    let ((x1, y1), (x2, y2)) = (from, to);
    writeln!(f, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>")
}

/// Words between two columns, above the row: nothing else has its words there.
fn between(
    f: &mut fmt::Formatter<'_>,
    class: &str,
    (one, other, y): (usize, usize, usize),
    text: &str,
) -> fmt::Result {
    let (x, y) = (middle(one, other), y - 3);
    writeln!(f, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", Shown(text))
}

fn beside(f: &mut fmt::Formatter<'_>, class: &str, (x, y): (usize, usize), text: &str) -> fmt::Result {
    writeln!(f, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>", x + 8, y + 4, Shown(text))
}

fn dot(f: &mut fmt::Formatter<'_>, fill: &str, (x, y): (usize, usize), text: &str) -> fmt::Result {
    writeln!(f, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{fill}\" stroke=\"#222\"/>")?;
    beside(f, "", (x, y), text)
}

/// Text of XML, shortened; the whole of it when the pointer rests on it.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(LABEL) {
            Some((end, _)) => {
                write!(f, "{}…<title>{}</title>", Escaped(&self.0[..end]), Escaped(self.0))
            }
            None => Escaped(self.0).fmt(f),
        }
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                // XML has no other control characters, not even escaped.
                c if c.is_control() => f.write_str(" ")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// Seconds, to the microsecond.
struct Seconds(Instant);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_nanos() / 1_000;
        write!(f, "{}.{:06} s", micros / 1_000_000, micros % 1_000_000)
    }
}
