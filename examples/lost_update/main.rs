//! A depot that answers before it has saved, and the simulation that finds out. With a path, the picture of it is written there.

mod depot;

use std::error::Error;

use akt::testkit::cluster::Simulation;
use depot::{Saves, loses_nothing, node};

akt::include_contracts!();

fn main() -> Result<(), Box<dyn Error>> {
    for saves in [Saves::EverySecond, Saves::BeforeItAnswers] {
        let simulation = Simulation::new("lost_update").nodes(3).seeds(0..200);
        match simulation.start(move |start| node(start, saves)).run(loses_nothing) {
            Ok(simulated) => println!("{saves:?}: {} seeds, nothing is lost", simulated.seeds),
            Err(failure) => {
                // The seed and the log are in the failure's text.
                println!("{saves:?}: {}", failure.reason().lines().next().unwrap_or_default());
                if let Some(picture) = std::env::args().nth(1) {
                    std::fs::write(picture, failure.flow().chart().to_string())?;
                }
            }
        }
    }
    Ok(())
}
