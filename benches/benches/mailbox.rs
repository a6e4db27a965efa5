//! The mailbox by itself: pushing without a consumer, and being refused.

use akt::{Mailbox, TellError};
use akt_benches::{Home, Sink, SinkRef};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

const ROOM: u64 = 1_000;

fn mailbox(c: &mut Criterion) {
    let home = Home::new();
    let mut group = c.benchmark_group("mailbox");

    let sink = home.sink("pushed");
    // Nothing is handled while the only thread is outside of the runtime.
    group.throughput(Throughput::Elements(ROOM));
    group.bench_function("push", |b| {
        b.iter_batched(|| drain(&home, &sink), |()| fill(&sink), BatchSize::PerIteration);
    });

    group.throughput(Throughput::Elements(1));
    let full = home.sink("full");
    while full.add(0).tell().is_ok() {}
    group.bench_function("refuse when full", |b| {
        b.iter(|| matches!(full.add(0).tell(), Err(TellError::Full(_))));
    });

    let narrow = home.block_on(async {
        let spawn = home.system().spawn("narrow", Sink::default).mailbox(Mailbox::bounded(1));
        spawn.await.expect("the name is free")
    });
    group.bench_function("wait for room", |b| {
        b.iter(|| home.block_on(async { narrow.add(1).send().await.expect("there will be room") }));
    });
    group.finish();
}

fn fill(sink: &SinkRef) {
    for n in 0..ROOM {
        sink.add(n).tell().expect("there is room");
    }
}

fn drain(home: &Home, sink: &SinkRef) {
    home.block_on(async { sink.add(0).await }).expect("the sink answers");
}

criterion_group!(benches, mailbox);
criterion_main!(benches);
