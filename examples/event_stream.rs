//! What a system tells: events, dead letters with their reasons, and how much a slow subscriber has missed.

use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Event, EventStream};

struct Desk;

#[akt::actor]
impl Desk {
    #[handler]
    async fn letter(&mut self, pages: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(10 * pages)).await;
        pages
    }

    #[handler]
    fn stamp(&mut self, twice: bool) -> Result<(), String> {
        if twice { Err("stamped before".to_owned()) } else { Ok(()) }
    }

    #[handler]
    fn spill(&mut self) {
        panic!("coffee");
    }
}

/// Prints what has happened so far, without starts and stops of actors.
fn read(events: &mut EventStream) {
    while let Some(event) = events.try_next() {
        match event {
            Event::DeadLetter(letter) => {
                println!("dead letter: `{}` for {}: {}", letter.message, letter.target, letter.reason);
            }
            Event::HandlerFailed { actor, message } => {
                println!("nobody hears why `{message}` of {actor} failed")
            }
            Event::Fault(fault) => println!("fault: {}", fault.text),
            _ => {}
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::panic::set_hook(Box::new(|_| {}));
    let system = ActorSystem::builder("events").start().await?;
    let mut events = system.events();
    let mut slow = system.events_with_capacity(2);

    println!("# a stop in the midst of work");
    let desk = system.spawn("desk", || Desk).await?;
    desk.letter(1).tell()?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    desk.letter(2).tell()?;
    desk.actor().stop();
    println!("stopped: {}", desk.actor().stopped().await);
    read(&mut events);

    println!("# a kill");
    let desk = system.spawn("desk", || Desk).await?;
    desk.letter(3).tell()?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    desk.actor().kill();
    desk.actor().stopped().await;
    read(&mut events);

    println!("# an asker that goes away, an error that nobody hears, a panic");
    let desk = system.spawn("desk", || Desk).await?;
    desk.letter(1).tell()?;
    drop(desk.letter(4).start());
    desk.stamp(true).tell()?;
    desk.spill().tell()?;
    desk.actor().stopped().await;
    read(&mut events);

    println!("# what is handed back is no dead letter");
    println!("{}", desk.letter(5).tell().unwrap_err());
    read(&mut events);

    println!("# counted, whoever listens");
    for reason in [DeadLetterReason::Stopped, DeadLetterReason::Killed, DeadLetterReason::Cancelled] {
        println!("{reason}: {}", system.dead_letters_of(reason));
    }
    println!("all: {}", system.dead_letters());
    system.shutdown().await;

    println!("# a subscriber with room for two, until the end");
    let mut kept = 0;
    while let Some(event) = slow.next().await {
        match event {
            Event::Lagged(missed) => println!("after {kept} events, {missed} are missing"),
            _ => kept += 1,
        }
    }
    Ok(())
}
