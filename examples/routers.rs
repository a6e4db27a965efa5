//! Many workers behind one reference: who gets which job, what a crash changes, all of them at once.

use std::time::Duration;

use akt::prelude::*;
use akt::{Routees, Router};

#[derive(Default)]
struct Worker {
    done: u32,
}

#[akt::actor]
impl Worker {
    #[handler]
    fn work(&mut self, job: u32, cx: &mut Ctx<Self>) -> String {
        self.done += 1;
        format!("job {job}: worker {}, its {}.", cx.path().name(), self.done)
    }

    /// The first worker is slow.
    #[handler]
    async fn fetch(&mut self, page: &'static str, cx: &mut Ctx<Self>) -> Result<String, String> {
        match (cx.path().name(), page) {
            ("1", _) => tokio::time::sleep(Duration::from_millis(300)).await,
            ("2", "lost") => return Err("not here".to_owned()),
            _ => {}
        }
        Ok(format!("{page} from {}", cx.path().name()))
    }

    #[handler]
    fn crash(&mut self) {
        std::panic::panic_any("a bug");
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let system = ActorSystem::builder("routers").start().await?;
    to_one(&system).await?;
    to_several(&system).await?;
    from_one_queue(&system).await?;
    system.shutdown().await;
    Ok(())
}

/// Each message goes to one worker.
async fn to_one(system: &ActorSystem) -> Result<(), Box<dyn std::error::Error>> {
    println!("# one after the other");
    let workers = system.spawn_router("workers", Router::round_robin(2), Worker::default).await?;
    for job in 1..=3 {
        println!("{}", workers.work(job).await?);
    }

    println!("# a worker that crashed is replaced");
    let mut events = system.events();
    println!("{}", workers.crash().await.unwrap_err());
    while let Some(event) = events.next().await {
        if let akt::Event::Started { actor, .. } = event {
            println!("started {actor}");
            break;
        }
    }
    println!("{}", workers.work(4).await?);
    println!("{}", workers.work(5).await?);

    println!("# equal keys go to one worker");
    let anna = workers.work(6).key("anna").await?;
    let again = workers.work(7).key("anna").await?;
    println!("the same one: {}", anna.split(' ').nth(3) == again.split(' ').nth(3));

    println!("# nobody is left");
    let routees = Routees::of(&workers.actor()).expect("it is a router");
    routees.resize(0).await?;
    println!("{}", workers.work(8).await.unwrap_err());
    Ok(())
}

/// Clones of a message go to several workers.
async fn to_several(system: &ActorSystem) -> Result<(), Box<dyn std::error::Error>> {
    println!("# all do it, and have done it when the answer comes");
    let all = system.spawn_router("all", Router::fan_out(3), Worker::default).await?;
    println!("{}", all.work(1).await?);
    println!("{}", all.fetch("lost").await.map_err(|error| format!("{error:?}")).unwrap_err());
    let each: Vec<WorkerRef> = Routees::of(&all.actor()).expect("it is a router").refs();
    for answer in akt::batch(each.iter().map(|worker| worker.work(2))).await {
        println!("{}", answer?);
    }

    println!("# the first good answer counts");
    let second = Duration::from_secs(1);
    let race = system.spawn_router("race", Router::scatter_gather(3, second), Worker::default).await?;
    println!("{}, {}", race.fetch("index").await.unwrap(), race.fetch("lost").await.unwrap());

    println!("# one is asked, and after 100 ms another");
    let router = Router::tail_chopping(3, second, Duration::from_millis(100));
    let chopped = system.spawn_router("chopped", router, Worker::default).await?;
    println!("{}", chopped.fetch("index").await.unwrap());
    Ok(())
}

/// Workers take from one queue when they are free.
async fn from_one_queue(system: &ActorSystem) -> Result<(), Box<dyn std::error::Error>> {
    println!("# a slow worker holds up nobody");
    let pool = system.spawn_router("pool", Router::pull(2), Worker::default).await?;
    let slow = pool.fetch("index").start();
    for answer in akt::batch((1..=3).map(|job| pool.work(job))).await {
        println!("{}", answer?);
    }
    println!("{}", slow.await.unwrap());
    Ok(())
}
