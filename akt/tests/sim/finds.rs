//! A simulation finds what is wrong, says which faults are needed for it, and replays.

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use akt::testkit::cluster::{Chaos, ClusterKit, Failure, Simulated, Simulation};

use crate::contracts::chat::v1 as chat;
use crate::room::with_room;

/// Wrong: a room forgets when its node is killed, and the test says that it does not.
async fn remembers(kit: ClusterKit) {
    let chaos = Chaos::new().cuts(3).severs(3).kills(2).within(Duration::from_secs(15));
    let storm = kit.unleash(&chaos);
    let mut heard = 0;
    for number in 0..10 {
        kit.advance(Duration::from_secs(2)).await;
        // Another that is killed says nothing.
        if !kit.is_up(0) {
            return storm.over().await;
        }
        let room: chat::RoomRef = kit.actor(0, 1, "/user/room");
        if room.say(chat::Line { author: 0, number }).await.is_ok() {
            heard += 1;
        }
    }
    storm.over().await;
    kit.advance(Duration::from_secs(10)).await;
    let room: chat::RoomRef = kit.actor(0, 1, "/user/room");
    let lines = room.count(()).await.unwrap().lines;
    assert!(lines >= heard, "{heard} lines were heard, and the room knows of {lines}");
}

fn forgetful() -> Result<Simulated, Failure> {
    Simulation::new("forgetful").nodes(4).seeds(0..50).start(with_room).run(remembers)
}

#[test]
fn the_one_fault_that_is_needed_is_found_among_eight() {
    let failure = forgetful().unwrap_err();

    assert!(failure.reason().contains("lines were heard, and the room knows of"), "{failure}");
    let text = failure.to_string();
    let needed = text.lines().filter(|line| line.contains(": after ")).collect::<Vec<_>>();
    assert!(matches!(needed[..], [fault] if fault.contains("b is killed")), "{text}");
    assert!(text.contains("of 8 faults, 1 is needed"), "{text}");
    let log = failure.flow().to_string();
    assert!(log.contains(" b down killed"), "{log}");
    assert!(!log.contains("stopped"), "what comes after the failure is not of the run: {log}");
}

#[test]
#[ignore = "run by the next, in a process of its own"]
fn forgets() {
    forgetful().unwrap();
}

#[test]
fn the_seed_and_its_faults_replay_the_same_log_in_another_process() {
    let failure = forgetful().unwrap_err();
    let text = failure.to_string();
    let replay = text.lines().last().unwrap();
    let faults = replay.split("AKT_FAULTS=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();

    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["finds::forgets", "--exact", "--ignored"]);
    again.env("AKT_SEED", failure.seed().to_string()).env("AKT_FAULTS", faults);
    let again = again.output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout) + String::from_utf8_lossy(&again.stderr);

    assert!(!again.status.success(), "{said}");
    let log = text.lines().filter(|line| line.starts_with("  ")).collect::<Vec<_>>().join("\n");
    let log = log.lines().filter(|line| !line.contains(": after ")).collect::<Vec<_>>();
    assert!(log.len() > 10 && log.iter().all(|line| said.contains(line)), "{said}\nis not\n{text}");
}

#[test]
fn what_does_not_come_from_the_seed_is_noticed() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let simulation = Simulation::new("counts_runs").nodes(1).seeds(0..16);
    let failure = simulation.run(|kit: ClusterKit| async move {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        kit.note(0, format!("run {run}"));
    });

    let text = failure.unwrap_err().to_string();
    assert!(text.contains("was run twice, and went differently: line 3 of the log was"), "{text}");
}

#[test]
fn an_order_of_tasks_that_does_not_come_from_the_seed_is_noticed_too() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let simulation = Simulation::new("asks_more_each_time").nodes(1).seeds(0..1).start(with_room);
    let failure = simulation.run(|kit: ClusterKit| async move {
        let room: chat::RoomRef = kit.actor(0, 0, "/user/room");
        for _ in 0..RUNS.fetch_add(1, Ordering::Relaxed) {
            room.count(()).await.unwrap();
        }
    });

    assert_eq!(failure.unwrap_err().reason(), "the logs are the same, but tasks ran in another order");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it is what must not be done")]
fn a_task_that_belongs_to_no_node_is_noticed() {
    let simulation = Simulation::new("strays").nodes(1).seeds(0..4);
    let failure = simulation.run(|kit: ClusterKit| async move {
        let wait = Duration::from_secs(if kit.seed() == 2 { 3_600 } else { 0 });
        let there = kit.clone();
        tokio::spawn(async move { there.advance(wait).await });
        kit.advance(Duration::from_secs(1)).await;
    });

    let failure = failure.unwrap_err();
    assert_eq!(failure.seed(), 2);
    assert!(failure.reason().starts_with("1 task of `tokio::spawn` left: no kill"), "{failure}");
}

#[test]
fn a_test_that_waits_for_what_never_comes_fails() {
    let simulation = Simulation::new("waits").nodes(1).seeds(0..1).limit(Duration::from_secs(60));
    let failure = simulation.run(|_kit: ClusterKit| std::future::pending::<()>()).unwrap_err();

    assert_eq!(failure.reason(), "it does not end within 60s of virtual time");
}

#[test]
fn an_error_that_the_test_returns_fails_it() {
    let simulation = Simulation::new("returns").nodes(1).seeds(0..4);
    let failure =
        simulation.run(|kit: ClusterKit| async move { if kit.seed() == 2 { Err("no") } else { Ok(()) } });

    let failure = failure.unwrap_err();
    assert_eq!((failure.seed(), failure.reason()), (2, "the test returned \"no\""));
}
