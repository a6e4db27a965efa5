//! What happens to nodes happens to them, and to no other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use akt::testkit::cluster::{Chaos, ClusterKit, NodeStart, Simulation};
use akt::{ActorSystem, AskError};

use crate::contracts::chat::v1 as chat;
use crate::room::{Books, with_room};

const SECOND: Duration = Duration::from_secs(1);

fn simulation(name: &str) -> Simulation {
    Simulation::new(name).nodes(3).seeds(0..24).start(with_room)
}

fn line(number: u32) -> chat::Line {
    chat::Line { author: 0, number }
}

fn room(kit: &ClusterKit, from: usize, at: usize) -> chat::RoomRef {
    kit.actor(from, at, "/user/room")
}

#[track_caller]
fn check<B: Future<Output = ()> + 'static>(name: &str, body: impl Fn(ClusterKit) -> B + Sync) {
    simulation(name).run(body).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn nodes_reach_each_other_and_an_hour_passes() {
    check("nodes_reach_each_other", |kit| async move {
        kit.set_latency(Duration::from_millis(1)..Duration::from_millis(20));
        for from in 0..3 {
            for at in 0..3 {
                room(&kit, from, at).say(line(1)).await.unwrap();
            }
        }
        kit.advance(3_600 * SECOND).await;
        assert_eq!(room(&kit, 0, 2).count(()).await.unwrap().lines, 3);
    });
}

#[test]
fn what_is_cut_is_unreachable_until_it_is_healed() {
    check("cut", |kit| async move {
        room(&kit, 0, 1).say(line(1)).await.unwrap();
        kit.cut(0, 1);
        let asked = room(&kit, 0, 1).say(line(2)).timeout(20 * SECOND).await;
        assert!(matches!(asked, Err(AskError::Unreachable { .. } | AskError::Timeout { .. })), "{asked:?}");
        room(&kit, 2, 1).say(line(3)).await.unwrap();
        kit.heal(0, 1);
        kit.advance(5 * SECOND).await;
        room(&kit, 0, 1).say(line(4)).await.unwrap();
    });
}

#[test]
fn a_killed_node_says_nothing_and_comes_back_without_what_it_knew() {
    check("kill", |kit| async move {
        room(&kit, 0, 1).say(line(1)).await.unwrap();
        let address = kit.address(1);
        kit.kill(1);
        assert!(!kit.is_up(1));
        let asked = room(&kit, 0, 1).say(line(2)).timeout(20 * SECOND).await;
        assert!(matches!(asked, Err(AskError::Unreachable { .. } | AskError::Timeout { .. })), "{asked:?}");
        kit.restart(1).await;
        kit.advance(5 * SECOND).await;
        assert_eq!(kit.address(1), address);
        assert_eq!(room(&kit, 0, 1).say(line(3)).await.unwrap().lines, 1);
    });
}

#[test]
fn a_node_that_stands_still_answers_when_it_goes_on() {
    check("pause", |kit| async move {
        room(&kit, 0, 1).say(line(1)).await.unwrap();
        kit.pause(1);
        let asked = room(&kit, 0, 1).say(line(2)).timeout(30 * SECOND).start();
        kit.advance(2 * SECOND).await;
        kit.resume(1);
        assert_eq!(asked.await.unwrap().lines, 2);
    });
}

#[test]
fn ten_minutes_of_timers_on_three_nodes() {
    let simulation = Simulation::new("timers").nodes(3).seeds(0..1).start(with_room);
    let simulated = simulation.run(|kit: ClusterKit| async move {
        for _ in 0..600 {
            kit.advance(SECOND).await;
            for node in 0..3 {
                room(&kit, node, (node + 1) % 3).say(line(1)).await.unwrap();
            }
        }
        assert!(kit.now().as_nanos() >= 600_000_000_000);
    });
    simulated.unwrap_or_else(|failure| panic!("{failure}"));
}

/// One that takes its time.
async fn slow(start: NodeStart) -> Result<ActorSystem, Box<dyn std::error::Error + Send + Sync>> {
    let kit = start.kit.clone();
    let system = with_room(start).await?;
    kit.advance(SECOND / 10).await;
    Ok(system)
}

#[track_caller]
fn check_slow<B: Future<Output = ()> + 'static>(name: &str, body: impl Fn(ClusterKit) -> B + Sync) {
    simulation(name).start(slow).run(body).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn a_node_that_the_test_and_its_chaos_start_at_once_starts_once() {
    check_slow("starts_once", |kit| async move {
        let kill = Chaos::new().kills(1).on(1..2).within(Duration::ZERO).lasting(SECOND..SECOND);
        let storm = kit.unleash(&kill);
        kit.advance(SECOND).await;

        kit.restart(1).await;
        assert!(kit.is_up(1));
        tokio::join!(kit.restart(1), storm.over());

        assert!(kit.shared::<Books>().lives(1) <= 2, "it started twice");
        room(&kit, 0, 1).say(line(1)).await.unwrap();
    });
}

#[test]
fn a_node_that_is_killed_while_it_starts_is_down_and_starts_again() {
    check_slow("killed_in_its_start", |kit| async move {
        kit.kill(1);
        let killed = async {
            kit.advance(SECOND / 20).await;
            kit.kill(1);
        };
        tokio::join!(kit.restart(1), killed);
        assert!(!kit.is_up(1));

        tokio::select! { biased;
            () = kit.restart(1) => panic!("a tenth of a second has not passed"),
            () = kit.advance(SECOND / 20) => {}
        }
        assert!(!kit.is_up(1), "a restart that is dropped is none");

        kit.restart(1).await;
        room(&kit, 0, 1).say(line(1)).await.unwrap();
    });
}

struct Nosy(ClusterKit);

#[akt::actor]
impl Nosy {
    #[akt::handler]
    fn nothing(&mut self) {}
}

impl Drop for Nosy {
    fn drop(&mut self) {
        let seen = self.0.shared::<AtomicUsize>();
        seen.fetch_add(self.0.nodes(), Ordering::SeqCst);
    }
}

#[test]
fn the_destructor_of_a_killed_actor_may_ask_the_kit() {
    check("destructor", |kit| async move {
        let nosy = kit.clone();
        kit.system(1).spawn("nosy", move || Nosy(nosy.clone())).await.unwrap();
        kit.kill(1);
        assert_eq!(kit.shared::<AtomicUsize>().load(Ordering::SeqCst), 3);
    });
}
