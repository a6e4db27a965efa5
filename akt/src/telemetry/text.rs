//! *Pure.* Metrics as the text that Prometheus reads.

use std::fmt::{self, Write};
use std::time::Duration;

use super::family::{FAMILIES, Family, Source, below, bounds, histograms, per_peer};
use crate::system::{Histogram, Metrics};

impl Metrics {
    #[doc = include_str!("../docs/metrics.md")]
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), akt::StartError> {
    /// # let system = akt::ActorSystem::builder("shop").start().await?;
    /// let text = system.metrics().prometheus_text();
    /// assert!(text.contains("akt_event_subscribers{system=\"shop\"} 0\n"));
    /// # system.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn prometheus_text(&self) -> String {
        let mut page = Page { text: String::new(), metrics: self };
        FAMILIES.iter().for_each(|family| page.family(family));
        page.text
    }
}

/// A page being written.
struct Page<'a> {
    text: String,
    metrics: &'a Metrics,
}

impl Page<'_> {
    fn family(&mut self, family: &Family) {
        let Family { help, source, .. } = family;
        let name = &*family.prometheus();
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {}", source.name()));
        match source {
            Source::Counter(numbers) | Source::Gauge(numbers) => {
                for point in numbers.of(self.metrics) {
                    let labels = self.labels(family, &point.labels);
                    self.line(format_args!("{name}{{{labels}}} {}", point.value));
                }
            }
            Source::Time(of) => {
                for point in per_peer(self.metrics, *of) {
                    let labels = self.labels(family, &point.labels);
                    self.line(format_args!("{name}{{{labels}}} {}", Seconds(point.value)));
                }
            }
            Source::Histogram(of) => {
                for point in histograms(self.metrics, *of) {
                    let labels = self.labels(family, &point.labels);
                    self.histogram(name, &labels, point.value);
                }
            }
        }
    }

    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram) {
        for bound in bounds() {
            let below = below(histogram, bound);
            self.line(format_args!("{name}_bucket{{{labels},le=\"{}\"}} {below}", Seconds(bound)));
        }
        let count = histogram.count();
        self.line(format_args!("{name}_bucket{{{labels},le=\"+Inf\"}} {count}"));
        self.line(format_args!("{name}_sum{{{labels}}} {}", Seconds(histogram.sum())));
        self.line(format_args!("{name}_count{{{labels}}} {count}"));
    }

    fn labels(&self, family: &Family, values: &[String]) -> String {
        let named = family.labels.iter().zip(values).map(|(label, value)| (*label, &**value));
        let all = [("system", &*self.metrics.system)].into_iter().chain(named);
        all.map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect::<Vec<_>>().join(",")
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        writeln!(self.text, "{line}").expect("a string takes all");
    }
}

/// Printed to the nanosecond.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::ActorSystem;
    use akt::handler;

    #[derive(Default)]
    struct Clerk;

    #[akt::actor]
    impl Clerk {
        #[handler]
        fn file(&mut self) {}
    }

    #[akt::test]
    async fn a_page_has_every_family_and_its_numbers() {
        let system = ActorSystem::builder("shop").start().await.unwrap();
        let clerk = system.spawn("clerk", Clerk::default).await.unwrap();
        clerk.file().await.unwrap();
        clerk.file().await.unwrap();

        let text = system.metrics().prometheus_text();

        for family in FAMILIES {
            assert!(
                text.contains(&format!("# TYPE {} {}\n", family.prometheus(), family.source.name())),
                "{text}"
            );
        }
        for line in [
            "akt_actors{system=\"shop\",kind=\"Clerk\"} 1",
            "akt_messages_handled_total{system=\"shop\",kind=\"Clerk\",message=\"file\"} 2",
            "akt_message_handling_seconds_bucket{system=\"shop\",kind=\"Clerk\",message=\"file\",le=\"0.000001024\"} 2",
            "akt_message_handling_seconds_bucket{system=\"shop\",kind=\"Clerk\",message=\"file\",le=\"+Inf\"} 2",
            "akt_message_handling_seconds_sum{system=\"shop\",kind=\"Clerk\",message=\"file\"} 0.000000000",
            "akt_message_handling_seconds_count{system=\"shop\",kind=\"Clerk\",message=\"file\"} 2",
            "akt_event_subscribers{system=\"shop\"} 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        system.shutdown().await;
    }

    #[test]
    fn buckets_are_cumulative_and_end_with_all() {
        let mut histogram = Histogram::default();
        [500, 3_000, 3_500, 1 << 40]
            .map(Duration::from_nanos)
            .iter()
            .for_each(|time| histogram.record(*time));
        let metrics = Metrics::default();
        let mut page = Page { text: String::new(), metrics: &metrics };

        page.histogram("wait", "kind=\"K\"", &histogram);

        let counts: Vec<_> =
            page.text.lines().filter_map(|line| line.rsplit_once("} ")).map(|(_, n)| n).collect();
        assert_eq!(counts[..3], ["1", "3", "3"]);
        assert_eq!(counts[13..15], ["3", "4"], "the last bound, and all");
        assert_eq!(counts[15..], ["1099.511634776", "4"], "the sum and the count");
    }

    #[test]
    fn a_label_cannot_break_out_of_its_quotes() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
