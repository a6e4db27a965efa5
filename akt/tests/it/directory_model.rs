//! The protocol of the directory keeps one activation of a name, and each of its rules is needed for it.
//!
//! One name, one partition, the nodes A, B and C, and D, which may join. The views come from one store, in order. Time is
//! left out: whoever is not in the view fences itself sooner or later, and to hold is to wait for that.

mod node;

use std::collections::BTreeSet;

use akt::testkit::world::{Bound, Change, Envelope, Explored, Model, State, Violation, World};
use node::{Entry, Input, Message, Node, Notice, Output, Part, Rules, Token, View};

const D: usize = 3;

#[derive(Clone)]
struct Directory {
    rules: Rules,
    /// How many views come after the first, tokens are handed out, and activations end by themselves.
    views: usize,
    tokens: u8,
    deactivations: u8,
}

#[derive(Clone, Hash)]
struct Shared {
    views: Vec<View>,
    /// To whoever serves.
    notices: BTreeSet<Notice>,
    tokens: u8,
    deactivations: u8,
    /// The newest token that was activated, and whether one was that is not newer.
    newest: Option<Token>,
    is_reused: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Act {
    Commit { down: usize },
    Join,
    Fence(usize),
    Learn { node: usize, epoch: usize },
    Recover(usize),
    Clear(usize),
    Allocate { owner: usize, host: usize },
    Reassign { owner: usize, host: usize },
    Migrate { owner: usize, host: usize },
    Retry(usize),
    Deactivate(usize),
    TurnAway(Envelope<Message>),
    Notice { node: usize, notice: Notice },
    Forget(Notice),
}

impl Directory {
    fn with(rules: Rules) -> Self {
        Self { rules, views: 3, tokens: 3, deactivations: 1 }
    }

    fn commits(&self, shared: &Shared, acts: &mut Vec<Act>) {
        let now = *shared.views.last().unwrap();
        if shared.views.len() > self.views {
            return;
        }
        if now.nodes().count() > 2 {
            acts.extend(now.nodes().map(|down| Act::Commit { down }));
        }
        if !shared.views.iter().any(|view| view.has(D)) {
            acts.push(Act::Join);
        }
    }

    fn of_node(&self, node: usize, state: &State<Self>, acts: &mut Vec<Act>) {
        let (machine, shared) = (state.machine(node), state.shared());
        if !shared.views.last().unwrap().has(node) {
            acts.push(Act::Fence(node));
        }
        let new = machine.epoch() + 1..shared.views.len();
        let seen = new.filter(|epoch| shared.views[*epoch].has(node));
        acts.extend(seen.map(|epoch| Act::Learn { node, epoch }));
        if let Part::Asking { epoch, replied, .. } = machine.part
            && epoch == machine.epoch()
            && machine.view().nodes().all(|other| replied.has(other))
        {
            acts.push(Act::Recover(node));
        }
        if let Some(entry) = machine.serves() {
            self.of_owner(node, entry, state, acts);
        }
        if machine.active.is_some() && shared.deactivations < self.deactivations {
            acts.push(Act::Deactivate(node));
        }
    }

    fn of_owner(&self, owner: usize, entry: Option<Entry>, state: &State<Self>, acts: &mut Vec<Act>) {
        let machine = state.machine(owner);
        let view = machine.view();
        let is_held = self.rules.hold && !all_down_are_fenced(machine, state);
        let has_tokens = state.shared().tokens < self.tokens;
        let Some(entry) = entry else {
            if !is_held && has_tokens {
                acts.extend(view.nodes().map(|host| Act::Allocate { owner, host }));
            }
            return;
        };
        if !view.has(entry.host) && !is_held {
            acts.push(Act::Clear(owner));
        }
        let others = || view.nodes().filter(|host| *host != entry.host);
        if entry.moving.is_none() && state.machine(entry.host).active != Some(entry.token) {
            if !is_under_way(state, entry.host, &machine.activate(entry.token)) {
                acts.push(Act::Retry(owner));
            }
            if !self.rules.sticky && has_tokens {
                acts.extend(others().map(|host| Act::Reassign { owner, host }));
            }
        }
        let may_move = self.rules.migration && entry.moving.is_none() && view.has(entry.host);
        if may_move && has_tokens && !is_held {
            acts.extend(others().map(|host| Act::Migrate { owner, host }));
        }
        if entry.moving.is_some() && !is_under_way(state, entry.host, &Message::Leave { token: entry.token })
        {
            acts.push(Act::Retry(owner));
        }
    }

    fn notices(state: &State<Self>, acts: &mut Vec<Act>) {
        for notice in state.shared().notices.iter().copied() {
            let (Notice::Unregistered(token) | Notice::Rejected(token) | Notice::MigratedOut(token)) = notice;
            let mut served = false;
            for (node, machine) in state.machines().enumerate() {
                if matches!(machine.part, Part::Serving(Some(entry)) if entry.token == token) {
                    acts.push(Act::Notice { node, notice });
                    served = true;
                }
            }
            if !served && matches!(notice, Notice::MigratedOut(_)) {
                acts.push(Act::Forget(notice));
            }
        }
    }
}

fn all_down_are_fenced(machine: &Node, state: &State<Directory>) -> bool {
    let was = |node| machine.history.iter().any(|view| view.has(node));
    (0..4).filter(|node| !machine.view().has(*node) && was(*node)).all(|node| !state.is_up(node))
}

fn is_under_way(state: &State<Directory>, to: usize, message: &Message) -> bool {
    state.under_way().any(|envelope| envelope.to == to && envelope.message == *message)
}

impl Model for Directory {
    type Machine = Node;
    type Message = Message;
    type Shared = Shared;
    type Act = Act;

    fn begin(&self) -> (Vec<Node>, Shared) {
        let first = View(0b0111);
        let shared = Shared {
            views: vec![first],
            notices: BTreeSet::new(),
            tokens: 0,
            deactivations: 0,
            newest: None,
            is_reused: false,
        };
        ((0..4).map(|node| Node::new(node, self.rules, first)).collect(), shared)
    }

    fn receive(&self, from: usize, message: Message) -> Input {
        Input::Received(from, message)
    }

    fn perform(&self, node: usize, output: Output, change: &mut Change<'_, Self>) {
        match output {
            // What is said again while it is under way changes nothing.
            Output::Send(to, message) => {
                // A host looks at the epoch of an activation, not at who has sent it.
                let from = match message {
                    Message::Activate { epoch, .. } => change.shared().views[epoch].owner(),
                    _ => node,
                };
                let envelope = Envelope { to, from, message };
                if !change.under_way().any(|other| *other == envelope) {
                    change.send(from, to, envelope.message);
                }
            }
            Output::Notify(notice) => drop(change.shared_mut().notices.insert(notice)),
            Output::Activated(token) => {
                let shared = change.shared_mut();
                shared.is_reused |= shared.newest.is_some_and(|newest| token <= newest);
                shared.newest = shared.newest.max(Some(token));
            }
        }
    }

    fn acts(&self, state: &State<Self>, acts: &mut Vec<Act>) {
        self.commits(state.shared(), acts);
        for node in 0..4 {
            if state.is_up(node) && state.shared().views.iter().any(|view| view.has(node)) {
                self.of_node(node, state, acts);
            }
        }
        let to_fenced = state.under_way().filter(|envelope| !state.is_up(envelope.to));
        let turned_away = to_fenced.filter(|envelope| matches!(envelope.message, Message::Activate { .. }));
        acts.extend(turned_away.cloned().map(Act::TurnAway));
        Self::notices(state, acts);
    }

    fn act(&self, act: &Act, change: &mut Change<'_, Self>) {
        let newest = *change.shared().views.last().unwrap();
        match *act {
            Act::Commit { down } => change.shared_mut().views.push(newest.without(down)),
            Act::Join => change.shared_mut().views.push(newest.with(D)),
            Act::Fence(node) => {
                change.input(node, Input::Fence);
                change.stop(node);
            }
            Act::Learn { node, epoch } => {
                let history = change.shared().views[..=epoch].to_vec();
                change.input(node, Input::Learned(history));
            }
            Act::Recover(node) => change.input(node, Input::Recovered),
            Act::Clear(node) => change.input(node, Input::Clear),
            Act::Allocate { owner, host } | Act::Reassign { owner, host } => {
                let token = next_token(owner, change);
                change.input(owner, Input::Allocate { host, token });
            }
            Act::Migrate { owner, host } => {
                let token = next_token(owner, change);
                change.input(owner, Input::Migrate { host, token });
            }
            Act::Retry(node) => change.input(node, Input::Retry),
            Act::Deactivate(node) => {
                change.shared_mut().deactivations += 1;
                change.input(node, Input::Deactivate);
            }
            Act::TurnAway(ref envelope) => drop(change.take(envelope)),
            Act::Notice { node, notice } => {
                change.shared_mut().notices.remove(&notice);
                change.input(node, Input::Noticed(notice));
            }
            Act::Forget(notice) => drop(change.shared_mut().notices.remove(&notice)),
        }
    }

    fn always(&self, state: &State<Self>) -> Result<(), String> {
        if state.machines().filter(|node| node.active.is_some()).count() > 1 {
            return Err("two activations".to_owned());
        }
        if state.shared().is_reused {
            Err("a token that is not newer was activated".to_owned())
        } else {
            Ok(())
        }
    }
}

fn next_token(owner: usize, change: &mut Change<'_, Directory>) -> Token {
    let token = (change.machine(owner).epoch(), change.shared().tokens);
    change.shared_mut().tokens += 1;
    token
}

/// Explores and says how much that was, with `--nocapture`.
#[expect(clippy::print_stdout, reason = "how much was seen is what one runs the long ones for")]
fn explore(what: &str, directory: Directory, states: usize) -> Result<Explored, Violation> {
    let explored = World::new(directory).explore(Bound::states(states));
    match &explored {
        Ok(explored) => println!("{what}: {explored}"),
        Err(violation) => println!("{what}: {violation}"),
    }
    explored
}

#[track_caller]
fn breaks(rules: Rules, reason: &str, steps: usize) {
    let violation = explore("one rule is off", Directory::with(rules), 1_000_000).unwrap_err();

    assert_eq!((violation.reason(), violation.trace().len()), (reason, steps), "{violation}");
}

#[test]
fn without_the_hold_two_are_active_after_seven_steps() {
    breaks(Rules { hold: false, ..Rules::ALL }, "two activations", 7);
}

#[test]
fn without_the_barrier_two_are_active_after_ten_steps() {
    breaks(Rules { barrier: false, ..Rules::ALL }, "two activations", 10);
}

#[test]
fn without_sticky_entries_two_are_active_after_four_steps() {
    breaks(Rules { sticky: false, ..Rules::ALL }, "two activations", 4);
}

#[test]
fn without_monotone_tokens_one_is_used_twice_after_five_steps() {
    breaks(Rules { token_monotone: false, ..Rules::ALL }, "a token that is not newer was activated", 5);
}

#[test]
fn a_migration_that_does_not_wait_makes_two_active_after_four_steps() {
    breaks(Rules { migration: true, migration_waits: false, ..Rules::ALL }, "two activations", 4);
}

#[test]
fn with_all_rules_one_is_active_in_every_order_of_one_view_change() {
    let explored =
        explore("one view change", Directory { views: 1, ..Directory::with(Rules::ALL) }, 1_000_000);

    assert!(explored.unwrap().exhausted);
}

#[test]
#[ignore = "ten seconds: `cargo test -p akt --test it directory_model -- --ignored --nocapture`"]
fn without_answers_to_rejections_too_in_every_order_of_two_view_changes() {
    let rules = Rules { rejections: false, ..Rules::ALL };
    let explored = explore("without rejections", Directory { views: 2, ..Directory::with(rules) }, 1_000_000);

    assert_eq!(explored.unwrap().states, 388_820, "what the same model in another language has");
}

#[test]
#[ignore = "minutes, and a gigabyte: `cargo test -p akt --test it directory_model -- --ignored --nocapture`"]
fn with_all_rules_one_is_active_in_every_order_of_two_view_changes() {
    let explored =
        explore("two view changes", Directory { views: 2, ..Directory::with(Rules::ALL) }, 10_000_000);

    assert!(explored.unwrap().exhausted);
}
