//! Work beside an actor: results come back as messages, failures are typed, a breaker stops what fails too often.

use std::time::Duration;

use akt::prelude::*;
use akt::{Breaker, BreakerOptions, PipeError, Work};
use tokio::sync::mpsc;

/// A service elsewhere.
async fn fetch(url: &'static str) -> Result<usize, String> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    match url {
        "slow" => std::future::pending().await,
        "wrong" => Err("no such page".to_owned()),
        "broken" => panic!("the parser gave up"),
        url => Ok(url.len()),
    }
}

struct Crawler {
    found: usize,
    breaker: Breaker,
    log: mpsc::Sender<String>,
}

#[akt::actor]
impl Crawler {
    /// The crawler handles other messages while the page is fetched.
    #[handler]
    fn crawl(&mut self, url: &'static str, cx: &mut Ctx<Self>) {
        let work = Work::of(fetch(url)).timeout(Duration::from_millis(50)).breaker(&self.breaker);
        cx.pipe(work, move |me, fetched| match fetched {
            Ok(bytes) => me.found(url, bytes).post(),
            Err(problem) => me.missed(url, problem).post(),
        });
    }

    /// A continuation needs no message: it has the state itself.
    #[handler]
    fn count(&mut self, url: &'static str, cx: &mut Ctx<Self>) {
        cx.then(fetch(url), |this, fetched, _| {
            this.found += fetched.unwrap_or_default();
            this.log.try_send(format!("counted, {} bytes by now", this.found)).ok();
        });
    }

    #[handler]
    fn found(&mut self, url: &'static str, bytes: usize) {
        self.found += bytes;
        self.log.try_send(format!("{url}: {bytes} bytes")).ok();
    }

    #[handler]
    fn missed(&mut self, url: &'static str, problem: PipeError<String>) {
        let text = match &problem {
            PipeError::Failed(cause) => format!("{problem}: {cause}"),
            problem => problem.to_string(),
        };
        self.log.try_send(format!("{url}: {text}")).ok();
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Nobody works here without having been heard.
    let panics = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if info.payload().downcast_ref::<&str>() != Some(&"the parser gave up") {
            panics(info);
        }
    }));
    let system = ActorSystem::builder("pipe").start().await?;
    let (log, mut said) = mpsc::channel(8);
    let breaker = Breaker::new(BreakerOptions::default().at_least(5).failure_rate(0.6));
    let factory = move || Crawler { found: 0, breaker: breaker.clone(), log: log.clone() };
    let crawler = system.spawn("crawler", factory).await?;

    for url in ["akt", "docs.rs", "wrong", "broken", "slow", "akt"] {
        crawler.crawl(url).await?;
        println!("{}", said.recv().await.ok_or("the crawler is gone")?);
    }
    crawler.count("crates.io").await?;
    println!("{}", said.recv().await.ok_or("the crawler is gone")?);

    system.shutdown().await;
    Ok(())
}
