//! Spawning an actor and stopping it again, and finding that it does not get dearer among many others.

use akt::prelude::*;
use akt_benches::{Home, Sink};
use criterion::{Criterion, criterion_group, criterion_main};

fn spawn(c: &mut Criterion) {
    let home = Home::new();
    let mut group = c.benchmark_group("spawn and stop");
    let mut others = Vec::new();
    for neighbours in [0, 10_000] {
        others.extend((others.len()..neighbours).map(|n| home.sink(&format!("other-{n}"))));
        group.bench_function(format!("beside {neighbours}"), |b| {
            b.iter(|| home.block_on(once(home.system())));
        });
    }
    group.finish();
}

async fn once(system: &ActorSystem) {
    let sink = system.spawn("sink", Sink::default).await.expect("the name is free again");
    let actor = sink.actor();
    actor.stop();
    actor.stopped().await;
}

criterion_group!(benches, spawn);
criterion_main!(benches);
