//! A world of machines does every order of messages, timers and faults, and says the shortest way to what is wrong.

use std::time::Duration;

use akt::Instant;
use akt::testkit::world::{Bound, Change, Machine, Model, State, Violation, World};

const SECOND: Duration = Duration::from_secs(1);

/// A asks B, every second until it has an answer if it is impatient; B counts.
#[derive(Clone, Debug, Hash)]
struct Player {
    again: Option<Instant>,
    is_patient: bool,
    asked: u8,
    answers: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Word {
    Begin,
    Ask,
    Answer,
}

impl Machine for Player {
    type Input = Word;
    type Output = Word;

    fn handle(&mut self, now: Instant, word: Word, out: &mut Vec<Word>) {
        match word {
            Word::Begin => {
                self.again = (!self.is_patient).then(|| now + SECOND);
                out.push(Word::Ask);
            }
            Word::Ask => {
                self.asked += 1;
                assert!(self.asked < 4, "asked {} times", self.asked);
                out.push(Word::Answer);
            }
            Word::Answer => {
                self.answers += 1;
                self.again = None;
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.again
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Word>) {
        self.again = Some(now + SECOND);
        out.push(Word::Ask);
    }
}

#[derive(Clone, Copy)]
struct Game {
    is_patient: bool,
    /// B is asked so often at most.
    at_most: u8,
    /// B knows after a crash how often it was asked.
    keeps: bool,
}

const PATIENT: Game = Game { is_patient: true, at_most: u8::MAX, keeps: true };
const IMPATIENT: Game = Game { is_patient: false, ..PATIENT };

#[derive(Clone, Debug, PartialEq)]
struct Begin;

#[derive(Clone, Hash)]
struct Seen {
    has_begun: bool,
    asks: u8,
}

impl Model for Game {
    type Machine = Player;
    type Message = Word;
    type Shared = Seen;
    type Act = Begin;

    fn begin(&self) -> (Vec<Player>, Seen) {
        let player = Player { again: None, is_patient: self.is_patient, asked: 0, answers: 0 };
        (vec![player; 2], Seen { has_begun: false, asks: 0 })
    }

    fn receive(&self, _from: usize, word: Word) -> Word {
        word
    }

    fn perform(&self, node: usize, word: Word, change: &mut Change<'_, Self>) {
        change.shared_mut().asks += u8::from(word == Word::Answer);
        change.send(node, 1 - node, word);
    }

    fn acts(&self, state: &State<Self>, acts: &mut Vec<Begin>) {
        if !state.shared().has_begun && state.is_up(0) {
            acts.push(Begin);
        }
    }

    fn act(&self, Begin: &Begin, change: &mut Change<'_, Self>) {
        change.shared_mut().has_begun = true;
        change.input(0, Word::Begin);
    }

    fn after_crash(&self, _node: usize, crashed: &Player) -> Player {
        Player { asked: if self.keeps { crashed.asked } else { 0 }, ..crashed.clone() }
    }

    fn always(&self, state: &State<Self>) -> Result<(), String> {
        let (asked, asks) = (state.machine(1).asked, state.shared().asks);
        if asked != asks {
            return Err(format!("B counts {asked} of {asks}"));
        }
        if asked > self.at_most { Err(format!("asked {asked} times")) } else { Ok(()) }
    }

    fn finally(&self, state: &State<Self>) -> Result<(), String> {
        if state.machine(0).answers > 0 { Ok(()) } else { Err("no answer".to_owned()) }
    }
}

fn explored(world: &World<Game>) -> Result<usize, Violation> {
    world.explore(Bound::states(100_000)).map(|explored| {
        assert!(explored.exhausted, "{explored}");
        explored.states
    })
}

#[test]
fn a_world_without_faults_has_one_way() {
    assert_eq!(explored(&World::new(PATIENT)).unwrap(), 4);
}

#[test]
fn a_lost_message_is_noticed_at_rest_and_asking_again_helps() {
    let lost = explored(&World::new(PATIENT).lose(1)).unwrap_err();

    assert_eq!(
        lost.to_string(),
        "no answer\n2 steps, found after 6 states:\n   1. Begin; A sends Ask to B\n   2. lost: Ask from A to B\n"
    );
    // Where no tick is left, a timer still waits: that is no rest.
    explored(&World::new(IMPATIENT).lose(9).ticks(2)).unwrap();
}

#[test]
fn a_message_said_twice_arrives_twice() {
    let twice = explored(&World::new(Game { at_most: 1, ..PATIENT }).duplicate(1)).unwrap_err();

    assert_eq!(twice.reason(), "asked 2 times");
    assert_eq!(twice.trace()[1], "once more: Ask from A to B");
    assert_eq!(twice.trace().len(), 4);
}

#[test]
fn a_crash_leaves_what_the_model_says() {
    explored(&World::new(PATIENT).crash(2)).unwrap();
    let forgotten = explored(&World::new(Game { keeps: false, ..PATIENT }).crash(1)).unwrap_err();

    assert_eq!(forgotten.reason(), "B counts 0 of 1");
    assert_eq!(forgotten.trace()[2..], ["B crashes"]);
}

#[test]
fn a_node_that_is_down_gets_what_is_under_way_once_it_runs_again() {
    let again = Game { at_most: 0, ..PATIENT };
    let violation = World::new(again).crash(1).walk(0..200, 20).unwrap_err();

    // What the crash has to do with it was left out.
    assert_eq!(violation.trace(), ["Begin; A sends Ask to B", "B gets Ask from A; B sends Answer to A"]);
}

#[test]
fn a_panic_is_a_violation_with_its_way() {
    let panic = explored(&World::new(IMPATIENT).ticks(3)).unwrap_err();

    assert_eq!(panic.reason(), "panicked: asked 4 times");
    assert_eq!(panic.trace().last().unwrap(), "B gets Ask from A");
    assert_eq!(panic.trace().len(), 8, "{panic}");
}

#[test]
fn a_bound_is_reached_and_says_so() {
    let world = World::new(PATIENT).duplicate(1).lose(1);
    let shallow = world.explore(Bound::states(1_000).depth(1)).unwrap();
    let small = World::new(Game { is_patient: false, ..PATIENT }).ticks(2).explore(Bound::states(3)).unwrap();

    assert_eq!((shallow.states, shallow.depth, shallow.exhausted), (2, 1, false), "{shallow}");
    assert!(!small.exhausted && small.states < 8, "{small}");
}

#[test]
fn the_same_seeds_take_the_same_steps_and_a_violation_replays() {
    let world = World::new(Game { at_most: 2, ..IMPATIENT }).duplicate(2).lose(2).crash(1).ticks(4);

    let one = world.walk(0..500, 60).unwrap_err();
    let other = world.walk(0..500, 60).unwrap_err();
    let replayed = world.walk(one.seed(), 60).unwrap_err();

    assert!(one == other && one == replayed, "{one}\n{other}\n{replayed}");
    assert_eq!(one.reason(), "asked 3 times");
    assert!(one.to_string().contains(&format!("AKT_SEED={} replays them", one.seed().unwrap())), "{one}");
    // Begin, twice as much of an ask, and three arrivals: nothing else is needed.
    assert_eq!(one.trace().len(), 6, "{one}");
}

#[test]
fn runs_come_to_rest_and_say_how_many_did() {
    let walked = World::new(IMPATIENT).lose(1).ticks(2).walk(0..100, 30).unwrap();

    assert_eq!((walked.runs, walked.rested), (100, 100), "{walked}");
    assert!(walked.steps >= 400, "{walked}");
}

/// Two timers, after one second and after two.
#[derive(Clone, Hash)]
struct Alarm(Option<Instant>);

impl Machine for Alarm {
    type Input = ();
    type Output = Instant;

    fn handle(&mut self, _now: Instant, (): (), _out: &mut Vec<Instant>) {}

    fn deadline(&self) -> Option<Instant> {
        self.0
    }

    fn handle_timeout(&mut self, now: Instant, out: &mut Vec<Instant>) {
        self.0 = None;
        out.push(now);
    }
}

struct Alarms;

impl Model for Alarms {
    type Machine = Alarm;
    type Message = ();
    type Shared = Vec<usize>;
    type Act = std::convert::Infallible;

    fn begin(&self) -> (Vec<Alarm>, Vec<usize>) {
        ([1, 2].map(|seconds| Alarm(Some(Instant::ZERO + seconds * SECOND))).to_vec(), Vec::new())
    }

    fn receive(&self, _from: usize, (): ()) {}

    fn perform(&self, node: usize, at: Instant, change: &mut Change<'_, Self>) {
        assert_eq!(change.now(node), at);
        change.shared_mut().push(node);
    }

    fn act(&self, act: &Self::Act, _change: &mut Change<'_, Self>) {
        match *act {}
    }

    fn always(&self, state: &State<Self>) -> Result<(), String> {
        if state.shared().first() == Some(&1) { Err("the later one was first".to_owned()) } else { Ok(()) }
    }
}

#[test]
fn timers_fire_in_order_unless_clocks_are_apart() {
    let together = World::new(Alarms).explore(Bound::states(100)).unwrap();
    let apart = World::new(Alarms).clocks_apart().explore(Bound::states(100)).unwrap_err();

    assert_eq!((together.states, together.exhausted), (3, true));
    assert_eq!(apart.trace(), ["B's timers fire at +2s"]);
}
