//! Many workers behind one reference: who gets which job, what a crash changes, more and fewer of them.

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

    #[handler]
    fn crash(&mut self) {
        std::panic::panic_any("a bug");
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let system = ActorSystem::builder("routers").start().await?;

    println!("# one after the other");
    let workers = system.spawn_router("workers", Router::round_robin(2), Worker::default).await?;
    for job in 1..=4 {
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
    for job in 5..=6 {
        println!("{}", workers.work(job).await?);
    }

    println!("# equal keys go to one worker");
    let anna = workers.work(7).key("anna").await?;
    let again = workers.work(8).key("anna").await?;
    println!("the same one: {}", anna.split(' ').nth(3) == again.split(' ').nth(3));

    println!("# nobody is left");
    let routees = Routees::of(&workers.actor()).expect("it is a router");
    routees.resize(0).await?;
    println!("{}", workers.work(9).await.unwrap_err());
    routees.resize(1).await?;
    println!("{}", workers.work(10).await?);
    system.shutdown().await;
    Ok(())
}
