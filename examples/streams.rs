//! Rpcs with streams, across two nodes: stories that are followed, filed and shouted back.

use akt::prelude::*;
use akt::{Network, Remote, StreamSink, Streaming, Turn};

use news::v1 as desk;

akt::include_contracts!();

/// Who follows which topic.
#[derive(Default)]
struct Desk {
    followers: Vec<(String, StreamSink<desk::Story, desk::NoSuchTopic>)>,
}

#[akt::actor]
impl desk::Desk for Desk {
    /// The sink outlives the handler: the desk keeps it.
    fn follow(
        &mut self,
        topic: desk::Topic,
        out: StreamSink<desk::Story, desk::NoSuchTopic>,
    ) -> Result<(), desk::NoSuchTopic> {
        if topic.name == "weather" {
            return Err(desk::NoSuchTopic { name: topic.name });
        }
        self.followers.push((topic.name, out));
        Ok(())
    }

    async fn file(&mut self, mut input: Streaming<desk::Story>) -> desk::Filed {
        let mut stories = 0;
        while let Some(Ok(story)) = input.next().await {
            stories += 1;
            self.publish(&story).await;
        }
        desk::Filed { stories }
    }

    async fn shout(_: Turn<Self>, mut input: Streaming<desk::Story>, out: StreamSink<desk::Story>) {
        while let Some(Ok(story)) = input.next().await {
            let title = story.title.to_uppercase();
            if out.send(desk::Story { title, ..story }).await.is_err() {
                return;
            }
        }
    }
}

impl Desk {
    /// Who does not read, holds the reporter; who is gone, is forgotten.
    async fn publish(&mut self, story: &desk::Story) {
        for (topic, out) in &self.followers {
            if *topic == story.topic {
                let _ = out.send(story.clone()).await;
            }
        }
        self.followers.retain(|(_, out)| !out.is_closed());
    }
}

fn story(topic: &str, title: &str) -> desk::Story {
    desk::Story { topic: topic.to_owned(), title: title.to_owned() }
}

fn topic(name: &str) -> desk::Topic {
    desk::Topic { name: name.to_owned() }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let network = Network::new();
    let office = ActorSystem::builder("news").remote(Remote::memory(&network)).start().await?;
    let home = ActorSystem::builder("news").remote(Remote::memory(&network)).start().await?;
    let desk = office.spawn("desk", Desk::default).await?;
    let address = office.address().ok_or("the office is a node")?;
    let far: desk::DeskRef = home.actor_at(&format!("akt://{address}/user/desk"))?;

    println!("# a stream comes out");
    let mut stories = far.follow(topic("tea")).buffer(4).open().await?;

    println!("# a stream goes in");
    let (items, input) = akt::stream(4);
    let filed = far.file(input).start();
    for title in ["first flush", "second flush"] {
        items.send(story("tea", title)).await?;
    }
    items.send(story("coffee", "espresso")).await?;
    drop(items);
    println!("filed: {}", filed.await?.stories);
    for _ in 0..2 {
        println!("followed: {}", stories.next().await.ok_or("it goes on")??.title);
    }

    println!("# both at once");
    let (items, input) = akt::stream(4);
    let mut echo = far.shout(input).open().await?;
    items.send(story("tea", "oolong")).await?;
    println!("shouted: {}", echo.next().await.ok_or("it goes on")??.title);
    items.finish();
    println!("ended: {}", echo.next().await.is_none());

    println!("# how streams end otherwise");
    let mut nothing = far.follow(topic("weather")).open().await?;
    println!("refused: {:?}", nothing.next().await.ok_or("an error comes")?.unwrap_err());
    desk.actor().stop();
    println!("stopped: {}", stories.next().await.ok_or("an error comes")?.unwrap_err());

    home.shutdown().await;
    office.shutdown().await;
    Ok(())
}
