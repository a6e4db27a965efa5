//! *Pure.* The names under which metrics leave a system, and where each number comes from.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::system::{DeadLetterReason, Histogram, KindMetrics, MessageMetrics, Metrics, PeerMetrics};

/// All metrics of one name.
pub(super) struct Family {
    pub(super) name: Name,
    /// Its labels besides `system`.
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
    pub(super) source: Source,
}

/// What OTLP calls a family, and its unit.
pub(super) struct Name(pub(super) &'static str, pub(super) &'static str);

/// Where the numbers of a family are found.
pub(super) enum Source {
    Counter(Numbers),
    Gauge(Numbers),
    Histogram(fn(&MessageMetrics) -> &Histogram),
    /// A gauge of time, one for each peer of which it is known.
    Time(fn(&PeerMetrics) -> Option<Duration>),
}

/// The numbers of a family: one of a kind, of a message, of a reason, of a peer, or of the system.
pub(super) enum Numbers {
    Kind(fn(&KindMetrics) -> u64),
    Message(fn(&MessageMetrics) -> u64),
    KindReason,
    Stopped,
    Reason,
    Peer(fn(&PeerMetrics) -> Option<u64>),
    PeerReason,
    System(fn(&Metrics) -> u64),
}

/// One measured value, with the values of its family's labels.
pub(super) struct Point<V> {
    pub(super) labels: Vec<String>,
    pub(super) value: V,
}

impl Family {
    /// What Prometheus calls it: by the rule that everybody has who turns the one name into the other.
    pub(super) fn prometheus(&self) -> String {
        let Name(name, unit) = self.name;
        let unit = match unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let total = if matches!(self.source, Source::Counter(_)) { "_total" } else { "" };
        format!("{}{unit}{total}", name.replace('.', "_"))
    }
}

impl Source {
    /// The type as Prometheus calls it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Counter(_) => "counter",
            Self::Gauge(_) | Self::Time(_) => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

impl Numbers {
    pub(super) fn of(&self, metrics: &Metrics) -> Vec<Point<u64>> {
        match self {
            Self::System(of) => vec![point(&[], of(metrics))],
            Self::Reason => reasons(None, &metrics.dead_letters).collect(),
            Self::Kind(of) => metrics.kinds.iter().map(|kind| point(&[kind.kind], of(kind))).collect(),
            Self::KindReason => {
                let kinds = metrics.kinds.iter();
                kinds.flat_map(|kind| reasons(Some(kind.kind), &kind.dead_letters)).collect()
            }
            Self::Stopped => metrics.kinds.iter().flat_map(stopped).collect(),
            Self::Peer(of) => per_peer(metrics, *of).collect(),
            Self::PeerReason => {
                let peers = metrics.peers.iter();
                peers.flat_map(|peer| reasons(Some(&peer.peer), &peer.dead_letters)).collect()
            }
            Self::Message(of) => messages(metrics)
                .map(|(kind, message)| point(&[kind, message.message], of(message)))
                .collect(),
        }
    }
}

/// One value for each peer of which it is known.
pub(super) fn per_peer<V>(
    metrics: &Metrics,
    of: fn(&PeerMetrics) -> Option<V>,
) -> impl Iterator<Item = Point<V>> {
    metrics.peers.iter().filter_map(move |peer| Some(point(&[&peer.peer], of(peer)?)))
}

/// One histogram for each message.
pub(super) fn histograms(
    metrics: &Metrics,
    of: fn(&MessageMetrics) -> &Histogram,
) -> impl Iterator<Item = Point<&Histogram>> {
    messages(metrics).map(move |(kind, message)| point(&[kind, message.message], of(message)))
}

fn messages(metrics: &Metrics) -> impl Iterator<Item = (&'static str, &MessageMetrics)> {
    metrics.kinds.iter().flat_map(|kind| kind.messages.iter().map(|message| (kind.kind, message)))
}

fn reasons<'a>(
    of: Option<&'a str>,
    reasons: &'a BTreeMap<DeadLetterReason, u64>,
) -> impl Iterator<Item = Point<u64>> + 'a {
    reasons.iter().map(move |(reason, count)| {
        let labels = of.map(str::to_owned).into_iter().chain([reason.to_string()]);
        Point { labels: labels.collect(), value: *count }
    })
}

fn stopped(kind: &KindMetrics) -> impl Iterator<Item = Point<u64>> {
    kind.stopped.iter().map(|(reason, count)| point(&[kind.kind, &format!("{reason:?}")], *count))
}

fn point<V>(labels: &[&str], value: V) -> Point<V> {
    Point { labels: labels.iter().map(ToString::to_string).collect(), value }
}

/// The ends of a histogram's buckets: every second power of two of nanoseconds, from about a microsecond to a
/// minute.
pub(super) fn bounds() -> impl Iterator<Item = Duration> {
    (5..=18).map(|power| Duration::from_nanos(1 << (2 * power)))
}

/// How many samples of `histogram` did not exceed `bound`.
pub(super) fn below(histogram: &Histogram, bound: Duration) -> u64 {
    histogram.buckets().filter(|(end, _)| *end <= bound).map(|(_, count)| count).sum()
}

const KIND: &[&str] = &["kind"];
const MESSAGE: &[&str] = &["kind", "message"];
const PEER: &[&str] = &["peer"];

const fn counter(
    name: Name,
    labels: &'static [&'static str],
    help: &'static str,
    numbers: Numbers,
) -> Family {
    Family { name, labels, help, source: Source::Counter(numbers) }
}

const fn gauge(name: Name, labels: &'static [&'static str], help: &'static str, numbers: Numbers) -> Family {
    Family { name, labels, help, source: Source::Gauge(numbers) }
}

const fn histogram(name: Name, help: &'static str, of: fn(&MessageMetrics) -> &Histogram) -> Family {
    Family { name, labels: MESSAGE, help, source: Source::Histogram(of) }
}

/// Every family, in the order of the documented table, `docs/metrics.md`.
pub(super) const FAMILIES: &[Family] = &[
    gauge(
        Name("akt.actors", "{actor}"),
        KIND,
        "actors that were spawned and are not gone",
        Numbers::Kind(|kind| kind.actors),
    ),
    counter(
        Name("akt.actors.spawned", "{actor}"),
        KIND,
        "actors that were ever spawned",
        Numbers::Kind(|kind| kind.spawned),
    ),
    counter(
        Name("akt.actor.restarts", "{restart}"),
        KIND,
        "restarts that succeeded",
        Numbers::Kind(|kind| kind.restarts),
    ),
    counter(
        Name("akt.actor.start_failures", "{actor}"),
        KIND,
        "actors that did not start, activations of grains that failed",
        Numbers::Kind(|kind| kind.start_failures),
    ),
    counter(
        Name("akt.actors.stopped", "{actor}"),
        &["kind", "reason"],
        "actors that had started and are gone, grains that were deactivated",
        Numbers::Stopped,
    ),
    gauge(
        Name("akt.mailbox.messages", "{message}"),
        KIND,
        "messages that wait in mailboxes",
        Numbers::Kind(|kind| kind.queued),
    ),
    gauge(
        Name("akt.mailbox.deepest.messages", "{message}"),
        KIND,
        "messages in the fullest mailbox",
        Numbers::Kind(|kind| kind.deepest),
    ),
    counter(
        Name("akt.messages.handled", "{message}"),
        MESSAGE,
        "handlers that ended, well or not",
        Numbers::Message(|message| message.handled),
    ),
    counter(
        Name("akt.messages.failed", "{message}"),
        MESSAGE,
        "handlers that panicked or failed",
        Numbers::Message(|message| message.failed),
    ),
    histogram(
        Name("akt.message.wait", "s"),
        "from acceptance to the start of the handler, sampled",
        |message| &message.wait,
    ),
    histogram(
        Name("akt.message.handling", "s"),
        "from the start of the handler to its end, sampled",
        |message| &message.time,
    ),
    counter(
        Name("akt.actor.dead_letters", "{message}"),
        &["kind", "reason"],
        "dead letters that were for actors of this node",
        Numbers::KindReason,
    ),
    counter(
        Name("akt.dead_letters", "{message}"),
        &["reason"],
        "all dead letters of the node",
        Numbers::Reason,
    ),
    counter(
        Name("akt.maybe_delivered", "{message}"),
        &[],
        "tells to other nodes that may or may not have been delivered: their connection was lost",
        Numbers::System(|metrics| metrics.maybe_delivered),
    ),
    gauge(
        Name("akt.event.subscribers", "{subscriber}"),
        &[],
        "event streams that somebody holds",
        Numbers::System(|metrics| metrics.events.subscribers),
    ),
    gauge(
        Name("akt.event.backlog.events", "{event}"),
        &[],
        "events that the slowest subscriber has not read",
        Numbers::System(|metrics| metrics.events.backlog),
    ),
    counter(
        Name("akt.events.missed", "{event}"),
        &[],
        "events that subscribers missed because they were too slow",
        Numbers::System(|metrics| metrics.events.missed),
    ),
    gauge(
        Name("akt.peer.connections", "{connection}"),
        PEER,
        "connections to another node that carry messages",
        Numbers::Peer(|peer| Some(peer.connections)),
    ),
    counter(
        Name("akt.peer.connections.made", "{connection}"),
        PEER,
        "connections that began to carry messages",
        Numbers::Peer(|peer| Some(peer.made)),
    ),
    counter(
        Name("akt.peer.connections.lost", "{connection}"),
        PEER,
        "connections that have ended",
        Numbers::Peer(|peer| Some(peer.lost)),
    ),
    Family {
        name: Name("akt.peer.round_trip", "s"),
        labels: PEER,
        help: "how long a packet takes there and back, over QUIC",
        source: Source::Time(|peer| peer.round_trip),
    },
    counter(
        Name("akt.peer.packets.lost", "{packet}"),
        PEER,
        "packets that were lost and sent again, over QUIC",
        Numbers::Peer(|peer| peer.packets_lost),
    ),
    counter(
        Name("akt.peer.sent", "By"),
        PEER,
        "bytes of frames to another node",
        Numbers::Peer(|peer| Some(peer.bytes_sent)),
    ),
    counter(
        Name("akt.peer.received", "By"),
        PEER,
        "bytes of frames from another node",
        Numbers::Peer(|peer| Some(peer.bytes_received)),
    ),
    counter(
        Name("akt.peer.messages.sent", "{message}"),
        PEER,
        "tells and asks to another node",
        Numbers::Peer(|peer| Some(peer.messages_sent)),
    ),
    counter(
        Name("akt.peer.messages.received", "{message}"),
        PEER,
        "tells and asks from another node",
        Numbers::Peer(|peer| Some(peer.messages_received)),
    ),
    gauge(
        Name("akt.peer.waiting.messages", "{message}"),
        PEER,
        "messages that wait for a connection or for credit",
        Numbers::Peer(|peer| Some(peer.waiting)),
    ),
    gauge(
        Name("akt.peer.waiting", "By"),
        PEER,
        "what these count against their limit",
        Numbers::Peer(|peer| Some(peer.waiting_bytes)),
    ),
    gauge(
        Name("akt.peer.held", "By"),
        PEER,
        "bytes of messages of another node that wait for room in mailboxes",
        Numbers::Peer(|peer| Some(peer.held_bytes)),
    ),
    counter(
        Name("akt.peer.answers.full", "{answer}"),
        PEER,
        "asks that another node answered with `Full`",
        Numbers::Peer(|peer| Some(peer.full)),
    ),
    counter(
        Name("akt.peer.dead_letters", "{message}"),
        &["peer", "reason"],
        "dead letters that were for actors of another node",
        Numbers::PeerReason,
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
            let (prometheus, Name(name, unit)) = (family.prometheus(), &family.name);
            let (kind, help) = (family.source.name(), family.help);
            format!("| `{prometheus}` | `{name}` | `{unit}` | {kind} | {} | {help} |", labels(family))
                .replace("|  |", "| |")
        };

        let table = include_str!("../docs/metrics.md").lines().filter(|line| line.starts_with("| `"));

        assert_eq!(table.collect::<Vec<_>>(), FAMILIES.iter().map(row).collect::<Vec<_>>());
    }
}
