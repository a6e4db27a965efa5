//! A tell until it is handled, in bursts that fit into the mailbox.

use akt_benches::Home;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn tell(c: &mut Criterion) {
    let home = Home::new();
    let sink = home.sink("sink");
    let mut group = c.benchmark_group("tell");
    for burst in [1, 1_000] {
        group.throughput(Throughput::Elements(burst));
        group.bench_function(format!("burst of {burst}"), |b| {
            b.iter(|| {
                home.block_on(async {
                    for n in 0..burst {
                        sink.add(n).tell().expect("the burst fits");
                    }
                    sink.add(0).await.expect("the sink answers")
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tell);
criterion_main!(benches);
