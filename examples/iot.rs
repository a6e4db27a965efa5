//! A hundred thousand devices and their twins: grains that are there while their device reports, and passivate.
//!
//! Each twin keeps what its device last said. It is in memory for ten seconds after that, and its value in the store for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use akt::prelude::*;
use akt::{Evict, GrainOptions, StopReason};

const DEVICES: u64 = 100_000;
/// How many twins may be in memory at once.
const MOST: usize = 20_000;
/// Devices that report in the same second.
const PER_SECOND: u64 = 5_000;

/// What is kept of twins while they are not there.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<HashMap<u64, Reading>>>);

/// What a device has said so far.
#[derive(Clone, Copy, Default)]
struct Reading {
    reports: u64,
    highest: i64,
}

struct Twin {
    reading: Reading,
}

#[akt::grain(kind = "twin", key = u64, passivate = "10s")]
impl Twin {
    #[on(activate)]
    fn wake(device: &u64, cx: &mut Ctx<Self>) -> Self {
        let kept = cx.dep::<Store>().0.lock().unwrap().get(device).copied();
        Self { reading: kept.unwrap_or_default() }
    }

    /// A device reports its temperature.
    #[handler]
    fn report(&mut self, degrees: i64) {
        self.reading.reports += 1;
        self.reading.highest = self.reading.highest.max(degrees);
    }

    #[handler]
    fn reading(&self) -> Reading {
        self.reading
    }

    #[on(deactivate)]
    fn keep(&mut self, cx: &mut Ctx<Self>) {
        cx.dep::<Store>().0.lock().unwrap().insert(*cx.key(), self.reading);
    }
}

/// What the device says in this round.
fn temperature(device: u64, round: u64) -> i64 {
    i64::try_from((device * 7 + round * 13) % 60).unwrap_or(0) - 20
}

/// All devices report once, so many in each second.
async fn round(system: &ActorSystem, round: u64) -> Result<u64, Box<dyn std::error::Error>> {
    let mut most = 0;
    for device in 0..DEVICES {
        Twin::grain(system, device).report(temperature(device, round)).send().await?;
        if device % PER_SECOND == PER_SECOND - 1 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            most = most.max(twins(system));
        }
    }
    Ok(most)
}

/// How many twins are in memory.
fn twins(system: &ActorSystem) -> u64 {
    system.metrics().kind("Twin").map_or(0, |kind| kind.actors)
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::default();
    let limit = GrainOptions::new().evict(Evict::least_recently_used(MOST));
    let builder = ActorSystem::builder("home").provide(store.clone()).grain_with::<Twin>(limit);
    let system = builder.start().await?;

    for number in 1..=2 {
        let most = round(&system, number).await?;
        println!("# round {number}: {DEVICES} devices have reported");
        println!("at most {MOST} twins in memory at a time: {}", most <= MOST as u64);
    }

    println!("# nobody reports for a minute");
    tokio::time::sleep(Duration::from_secs(60)).await;
    println!("twins in memory: {}", twins(&system));
    println!("twins in the store: {}", store.0.lock().unwrap().len());

    println!("# device 4711 is looked at: its twin comes back");
    let reading = Twin::grain(&system, 4_711_u64).reading().await?;
    println!("{} reports, at most {} degrees", reading.reports, reading.highest);
    println!("twins in memory: {}", twins(&system));

    let metrics = system.metrics();
    let kind = metrics.kind("Twin").ok_or("there were twins")?;
    let passivated = kind.stopped.get(&StopReason::Passivated).copied().unwrap_or(0);
    println!("activations: {}, of which passivated: {passivated}", kind.spawned);
    println!("dead letters: {}", system.dead_letters());
    system.shutdown().await;
    Ok(())
}
