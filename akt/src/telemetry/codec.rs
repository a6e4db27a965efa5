//! *Pure.* What a system measures, as the messages of OTLP.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::transform::common::tonic::{Attributes, ResourceAttributesWithSchema};
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;

use super::family::{FAMILIES, Family, Name, Numbers, Point, Source, below, bounds, histograms, per_peer};
use crate::system::{Histogram as Measured, Metrics};
use crate::time::Wall;

/// The name and the version of what measures.
pub(super) const SCOPE: [&str; 2] = ["akt", env!("CARGO_PKG_VERSION")];

/// Writes for one system.
pub(super) struct Codec {
    /// What the system is called, and what else is known of it.
    pub(super) resource: Vec<(String, String)>,
    /// When counting began.
    pub(super) began: Wall,
}

/// What a collector did not accept of a request that it accepted.
pub(super) struct Rejected {
    pub(super) count: u64,
    pub(super) reason: String,
}

impl Codec {
    pub(super) fn metrics(&self, metrics: &Metrics, now: Wall) -> Vec<u8> {
        let reading = Reading { metrics, began: self.began.as_nanos(), now: now.as_nanos() };
        let [name, version] = SCOPE.map(str::to_owned);
        let scope_metrics = ScopeMetrics {
            scope: Some(InstrumentationScope { name, version, ..Default::default() }),
            metrics: FAMILIES.iter().filter_map(|family| reading.family(family)).collect(),
            ..Default::default()
        };
        let resource_metrics = ResourceMetrics {
            resource: Some(Resource { attributes: self.attributes(), ..Default::default() }),
            scope_metrics: vec![scope_metrics],
            ..Default::default()
        };
        ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }.encode_to_vec()
    }

    pub(super) fn spans(&self, spans: Vec<SpanData>) -> Vec<u8> {
        let attributes = Attributes(self.attributes());
        let resource = ResourceAttributesWithSchema { attributes, schema_url: None };
        let resource_spans = group_spans_by_resource_and_scope(spans, &resource);
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    fn attributes(&self) -> Vec<KeyValue> {
        self.resource.iter().map(|(name, value)| attribute(name, value)).collect()
    }
}

/// What an answer says was rejected. The answers to metrics and to traces are written alike.
pub(super) fn rejected(answer: &[u8]) -> Option<Rejected> {
    let partly = ExportTraceServiceResponse::decode(answer).ok()?.partial_success?;
    let count = u64::try_from(partly.rejected_spans).ok().filter(|count| *count > 0)?;
    Some(Rejected { count, reason: partly.error_message })
}

/// The metrics of one moment.
struct Reading<'a> {
    metrics: &'a Metrics,
    began: u64,
    now: u64,
}

impl Reading<'_> {
    /// One family, unless nothing of it was measured.
    fn family(&self, family: &Family) -> Option<Metric> {
        let aggregation_temporality = AggregationTemporality::Cumulative.into();
        let data = match &family.source {
            Source::Gauge(numbers) => Data::Gauge(Gauge { data_points: self.numbers(family, numbers)? }),
            Source::Counter(numbers) => {
                let data_points = self.numbers(family, numbers)?;
                Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
            }
            Source::Time(of) => {
                let data_points =
                    some(per_peer(self.metrics, *of).map(|point| self.time(family, &point)).collect())?;
                Data::Gauge(Gauge { data_points })
            }
            Source::Histogram(of) => {
                let points = histograms(self.metrics, *of).map(|point| self.histogram(family, &point));
                let data_points = some(points.collect())?;
                Data::Histogram(Histogram { data_points, aggregation_temporality })
            }
        };
        let Name(name, unit) = family.name;
        let (name, unit, description) = (name.to_owned(), unit.to_owned(), family.help.to_owned());
        Some(Metric { name, unit, description, data: Some(data), ..Default::default() })
    }

    fn numbers(&self, family: &Family, numbers: &Numbers) -> Option<Vec<NumberDataPoint>> {
        let point = |point: Point<u64>| NumberDataPoint {
            attributes: self.labels(family, &point),
            start_time_unix_nano: self.began,
            time_unix_nano: self.now,
            value: Some(Number::AsInt(i64::try_from(point.value).unwrap_or(i64::MAX))),
            ..Default::default()
        };
        some(numbers.of(self.metrics).into_iter().map(point).collect())
    }

    fn time(&self, family: &Family, point: &Point<Duration>) -> NumberDataPoint {
        NumberDataPoint {
            attributes: self.labels(family, point),
            start_time_unix_nano: self.began,
            time_unix_nano: self.now,
            value: Some(Number::AsDouble(point.value.as_secs_f64())),
            ..Default::default()
        }
    }

    fn histogram(&self, family: &Family, point: &Point<&Measured>) -> HistogramDataPoint {
        let count = point.value.count();
        let ends = bounds().map(|bound| below(point.value, bound)).chain([count]);
        let bucket_counts = ends.scan(0, |before, end| Some(end - std::mem::replace(before, end)));
        HistogramDataPoint {
            attributes: self.labels(family, point),
            start_time_unix_nano: self.began,
            time_unix_nano: self.now,
            count,
            sum: Some(point.value.sum().as_secs_f64()),
            bucket_counts: bucket_counts.collect(),
            explicit_bounds: bounds().map(|bound| bound.as_secs_f64()).collect(),
            ..Default::default()
        }
    }

    fn labels<V>(&self, family: &Family, point: &Point<V>) -> Vec<KeyValue> {
        let named = family.labels.iter().zip(&point.labels).map(|(label, value)| attribute(label, value));
        [attribute("system", &self.metrics.system)].into_iter().chain(named).collect()
    }
}

fn some<T>(points: Vec<T>) -> Option<Vec<T>> {
    (!points.is_empty()).then_some(points)
}

fn attribute(name: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(value.to_owned())) };
    KeyValue { key: name.to_owned(), value: Some(value), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_of_a_histogram_are_apart_and_together_are_all() {
        let mut measured = Measured::default();
        let samples = [500, 3_000, 3_500, 1 << 40].map(Duration::from_nanos);
        samples.iter().for_each(|sample| measured.record(*sample));
        let reading = Reading { metrics: &Metrics::default(), began: 1, now: 2 };

        let point = reading.histogram(&FAMILIES[7], &Point { labels: Vec::new(), value: &measured });

        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
        assert_eq!(point.bucket_counts[..3], [1, 2, 0]);
        assert_eq!(point.bucket_counts.last(), Some(&1), "what exceeds the last bound");
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    }
}
