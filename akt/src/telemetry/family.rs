//! *Pure.* The names under which metrics leave a system, and where each number comes from.

use crate::system::{Histogram, KindMetrics, MessageMetrics, Metrics};

/// All metrics of one name.
pub(super) struct Family {
    pub(super) name: &'static str,
    /// Its labels besides `system`.
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
    pub(super) source: Source,
}

/// Where the numbers of a family are found.
pub(super) enum Source {
    Counter(Numbers),
    Gauge(Numbers),
    Histogram(fn(&MessageMetrics) -> &Histogram),
}

/// The numbers of a family: one of a kind, of a message, of a reason, or of the system.
pub(super) enum Numbers {
    Kind(fn(&KindMetrics) -> u64),
    Message(fn(&MessageMetrics) -> u64),
    KindReason,
    Reason,
    System(fn(&Metrics) -> u64),
}

impl Source {
    /// The type as Prometheus calls it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Counter(_) => "counter",
            Self::Gauge(_) => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

const KIND: &[&str] = &["kind"];
const MESSAGE: &[&str] = &["kind", "message"];

const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    numbers: Numbers,
) -> Family {
    Family { name, labels, help, source: Source::Counter(numbers) }
}

const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    numbers: Numbers,
) -> Family {
    Family { name, labels, help, source: Source::Gauge(numbers) }
}

const fn histogram(name: &'static str, help: &'static str, of: fn(&MessageMetrics) -> &Histogram) -> Family {
    Family { name, labels: MESSAGE, help, source: Source::Histogram(of) }
}

/// Every family, in the order of the documented table, `docs/metrics.md`.
pub(super) const FAMILIES: &[Family] = &[
    gauge("akt_actors", KIND, "actors that were spawned and are not gone", Numbers::Kind(|kind| kind.actors)),
    counter(
        "akt_actors_spawned_total",
        KIND,
        "actors that were ever spawned",
        Numbers::Kind(|kind| kind.spawned),
    ),
    counter("akt_actor_restarts_total", KIND, "restarts that succeeded", Numbers::Kind(|kind| kind.restarts)),
    gauge("akt_mailbox_messages", KIND, "messages that wait in mailboxes", Numbers::Kind(|kind| kind.queued)),
    gauge(
        "akt_mailbox_deepest_messages",
        KIND,
        "messages in the fullest mailbox",
        Numbers::Kind(|kind| kind.deepest),
    ),
    counter(
        "akt_messages_handled_total",
        MESSAGE,
        "handlers that ended, well or not",
        Numbers::Message(|message| message.handled),
    ),
    counter(
        "akt_messages_failed_total",
        MESSAGE,
        "handlers that panicked or failed",
        Numbers::Message(|message| message.failed),
    ),
    histogram(
        "akt_message_wait_seconds",
        "from acceptance to the start of the handler, sampled",
        |message| &message.wait,
    ),
    histogram(
        "akt_message_handling_seconds",
        "from the start of the handler to its end, sampled",
        |message| &message.time,
    ),
    counter(
        "akt_actor_dead_letters_total",
        &["kind", "reason"],
        "dead letters that were for actors of this node",
        Numbers::KindReason,
    ),
    counter("akt_dead_letters_total", &["reason"], "all dead letters of the node", Numbers::Reason),
    gauge(
        "akt_event_subscribers",
        &[],
        "event streams that somebody holds",
        Numbers::System(|metrics| metrics.events.subscribers),
    ),
    gauge(
        "akt_event_backlog_events",
        &[],
        "events that the slowest subscriber has not read",
        Numbers::System(|metrics| metrics.events.backlog),
    ),
    counter(
        "akt_events_missed_total",
        &[],
        "events that subscribers missed because they were too slow",
        Numbers::System(|metrics| metrics.events.missed),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_and_the_code_agree() {
        let labels = |family: &Family| {
            family.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ")
        };
        let row = |family: &Family| {
            let (name, kind, help) = (family.name, family.source.name(), family.help);
            format!("| `{name}` | {kind} | {} | {help} |", labels(family)).replace("|  |", "| |")
        };

        let table = include_str!("../docs/metrics.md").lines().filter(|line| line.starts_with("| `"));

        assert_eq!(table.collect::<Vec<_>>(), FAMILIES.iter().map(row).collect::<Vec<_>>());
    }
}
