//! Runs that are taken again: as they were, with steps left out, and step by step in words.

use super::state::State;
use super::step::Name;
use super::{Envelope, Model, Step};

/// A run comes to rest within so many steps, or not at all.
const RESTLESS: usize = 10_000;

/// A run, as it went.
pub(super) struct Run<M: Model> {
    taken: Vec<Step<M::Message, M::Act>>,
    /// Those after the last that was chosen.
    rest: Vec<Step<M::Message, M::Act>>,
    pub(super) wrong: Option<String>,
    pub(super) has_rested: bool,
}

impl<M: Model> Run<M> {
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step<M::Message, M::Act>> {
        self.taken.iter().chain(&self.rest)
    }

    /// Fewer steps, or as many with fewer that were chosen.
    fn is_shorter_than(&self, other: &Self) -> bool {
        let length = |run: &Self| (run.steps().count(), run.taken.len());
        length(self) < length(other)
    }
}

/// Takes the steps that are possible, then those that must happen, until something does not hold.
pub(super) fn replay<M: Model>(model: &M, begin: State<M>, steps: &[Step<M::Message, M::Act>]) -> Run<M> {
    let (mut run, state) = retrace(model, begin, steps);
    if run.wrong.is_none() {
        rest(model, state, &mut run);
    }
    run
}

/// Takes the steps that are possible, and no others.
fn retrace<M: Model>(model: &M, begin: State<M>, steps: &[Step<M::Message, M::Act>]) -> (Run<M>, State<M>) {
    let wrong = model.always(&begin).err();
    let mut run = Run { taken: Vec::new(), rest: Vec::new(), wrong, has_rested: false };
    let mut state = begin;
    for step in steps {
        if run.wrong.is_some() {
            break;
        }
        let possible = state.steps(model).into_iter().find(|possible| is_same(possible, step));
        let Some(step) = possible else { continue };
        advance(model, &mut state, &step, &mut run.wrong);
        run.taken.push(step);
    }
    (run, state)
}

/// Takes the steps that must happen, each kind in its turn, until there are none.
fn rest<M: Model>(model: &M, mut state: State<M>, run: &mut Run<M>) {
    for turn in 0..RESTLESS {
        let mut steps = state.steps(model);
        if state.is_at_rest(&steps) {
            run.has_rested = true;
            run.wrong = model.finally(&state).err();
            return;
        }
        steps.retain(|step| !step.is_fault());
        if steps.is_empty() {
            return;
        }
        let step = steps.swap_remove(turn % steps.len());
        advance(model, &mut state, &step, &mut run.wrong);
        run.rest.push(step);
        if run.wrong.is_some() {
            return;
        }
    }
}

fn advance<M: Model>(
    model: &M,
    state: &mut State<M>,
    step: &Step<M::Message, M::Act>,
    wrong: &mut Option<String>,
) {
    match state.after(model, step) {
        Ok(next) => *state = next,
        Err(panic) => {
            *wrong = Some(panic);
            return;
        }
    }
    *wrong = model.always(state).err();
}

/// Timers fire at other times once steps are left out.
fn is_same<T: PartialEq, A: PartialEq>(possible: &Step<T, A>, step: &Step<T, A>) -> bool {
    match (possible, step) {
        (Step::Tick(one, _), Step::Tick(other, _)) => one == other,
        _ => possible == step,
    }
}

/// Leaves out what is not needed for something to go wrong: halves first, at last single steps.
pub(super) fn shorten<M: Model>(model: &M, begin: &State<M>, mut run: Run<M>) -> Run<M> {
    let is_at_rest = run.has_rested;
    if !is_at_rest {
        run.taken.append(&mut run.rest);
    }
    let again = |steps: &[_]| {
        let begin = begin.clone();
        if is_at_rest { replay(model, begin, steps) } else { retrace(model, begin, steps).0 }
    };
    let mut size = run.taken.len();
    while size > 0 {
        let before = run.taken.len();
        let mut at = 0;
        while at < run.taken.len() {
            let end = (at + size).min(run.taken.len());
            let shorter = again(&[&run.taken[..at], &run.taken[end..]].concat());
            if shorter.wrong.is_some() && shorter.is_shorter_than(&run) {
                run = shorter;
            } else {
                at += size;
            }
        }
        let is_done = run.taken.len() == before;
        size = if is_done { size / 2 } else { size.min(run.taken.len()) };
    }
    run
}

/// Each step, and what was sent by it.
pub(super) fn tell<M: Model>(model: &M, begin: State<M>, steps: &[Step<M::Message, M::Act>]) -> Vec<String> {
    let mut state = begin;
    let mut told = Vec::new();
    for step in steps {
        let Ok(next) = state.after(model, step) else {
            told.push(step.to_string());
            break;
        };
        let sent = if step.is_fault() { Vec::new() } else { new(&state, &next) };
        told.push([vec![step.to_string()], sent].concat().join("; "));
        state = next;
    }
    told
}

fn new<M: Model>(before: &State<M>, after: &State<M>) -> Vec<String> {
    let mut old: Vec<_> = before.under_way().collect();
    let mut sent = Vec::new();
    for envelope in after.under_way() {
        if let Some(place) = old.iter().position(|other| *other == envelope) {
            old.swap_remove(place);
            continue;
        }
        let Envelope { to, from, message } = envelope;
        sent.push(format!("{} sends {message:?} to {}", Name(*from), Name(*to)));
    }
    sent
}
