//! Encoding and decoding a small contract message, as akt does at the edge of a node.

use akt::bytes::Bytes;
use akt::prost::Message;
use akt_benches::bench::v1::AddLine;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn codec(c: &mut Criterion) {
    let message = AddLine {
        sku: "pear-williams-1kg".to_owned(),
        quantity: 7,
        cents: 1_990,
        tags: vec!["fruit".to_owned(), "fresh".to_owned()],
    };
    let body = Bytes::from(message.encode_to_vec());
    let mut group = c.benchmark_group("codec");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("encode", |b| b.iter(|| Bytes::from(message.encode_to_vec())));
    group.bench_function("decode", |b| {
        b.iter(|| AddLine::decode(body.clone()).expect("it was encoded above"));
    });
    group.finish();
}

criterion_group!(benches, codec);
criterion_main!(benches);
