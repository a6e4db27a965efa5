//! An ask until it is answered: alone, and with others under way.

use akt_benches::Home;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const ASKS: u64 = 1_000;
const IN_FLIGHT: u64 = 64;

fn ask(c: &mut Criterion) {
    let home = Home::new();
    let sink = home.sink("sink");
    let mut group = c.benchmark_group("ask");
    group.throughput(Throughput::Elements(ASKS));
    group.bench_function("one at a time", |b| {
        b.iter(|| {
            home.block_on(async {
                for n in 0..ASKS {
                    sink.add(n).await.expect("the sink answers");
                }
            });
        });
    });
    group.throughput(Throughput::Elements(IN_FLIGHT));
    group.bench_function("64 at a time", |b| {
        b.iter(|| {
            home.block_on(async {
                let calls: Vec<_> = (0..IN_FLIGHT).map(|n| sink.add(n).start()).collect();
                for call in calls {
                    call.await.expect("the sink answers");
                }
            });
        });
    });
    group.finish();
}

criterion_group!(benches, ask);
criterion_main!(benches);
