//! The simulations of the depot that answers before it has saved, and a test of several nodes.

#[path = "../lost_update/depot.rs"]
mod depot;

use std::time::Duration;

use akt::AskError;
use akt::testkit::cluster::{ClusterKit, NodeStart, Simulation};
use depot::{Saves, loses_nothing};
use shop::v1 as shop_v1;

akt::include_contracts!();

type Error = Box<dyn std::error::Error + Send + Sync>;

async fn hasty(start: NodeStart) -> Result<akt::ActorSystem, Error> {
    depot::node(start, Saves::EverySecond).await
}

async fn careful(start: NodeStart) -> Result<akt::ActorSystem, Error> {
    depot::node(start, Saves::BeforeItAnswers).await
}

#[akt::sim_test(nodes = 3, seeds = 200, start = hasty)]
#[should_panic(expected = "pieces, and said of")]
async fn a_depot_that_saves_later_loses_what_it_answered(kit: ClusterKit) {
    loses_nothing(kit).await;
}

#[akt::sim_test(nodes = 3, seeds = 200, start = careful)]
async fn a_depot_that_saves_first_loses_nothing(kit: ClusterKit) {
    loses_nothing(kit).await;
}

#[test]
fn the_page_about_tests_shows_what_a_failure_says() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let simulation = Simulation::new("lost_update").nodes(3).seeds(0..200).start(hasty).logs(folder);
    let failure = simulation.run(loses_nothing).unwrap_err().to_string();

    let said = failure.replace(&folder.display().to_string(), "target/tmp").replace("tests/../", "");
    let said: Vec<_> = said.lines().map(shape).collect();
    let page = include_str!("../../docs/testing.md");
    let shown = page.split("```text\n").nth(1).and_then(|block| block.split("\n```").next()).unwrap();
    assert!(shown.starts_with("seed "), "{shown}");
    for line in shown.lines().filter(|line| *line != "  ..") {
        assert!(said.contains(&shape(line)), "docs/testing.md shows `{line}`, which is not in:\n{failure}");
    }
}

/// What a line says besides its numbers.
fn shape(line: &str) -> String {
    let words = line.split_inclusive(|c: char| !c.is_ascii_digit() && c != '.');
    let words = words.map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    words.collect::<String>().replace("ms", "s")
}

#[akt::test(nodes = 3, start = careful)]
async fn a_cut_heals(kit: ClusterKit) {
    let depot: shop_v1::DepotRef = kit.actor(0, 1, "/user/depot");
    kit.cut(0, 1);
    let refused = depot.store(shop_v1::Goods { pieces: 1 }).await.unwrap_err();
    assert!(matches!(refused, AskError::Unreachable { .. } | AskError::Timeout { .. }), "{refused:?}");
    kit.heal(0, 1);
    kit.advance(Duration::from_secs(5)).await;
    assert_eq!(depot.store(shop_v1::Goods { pieces: 1 }).await.unwrap().pieces, 1);
}
