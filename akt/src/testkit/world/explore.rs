//! Every order of events, breadth first, so that the first violation has the fewest steps.

use std::collections::HashSet;

use super::fingerprint::{ByFingerprint, fingerprint};
use super::shorten::tell;
use super::{Explored, Model, State, Violation, World};

/// How far to explore.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    states: usize,
    depth: u32,
}

impl Bound {
    /// Up to about this many states. Each takes 30 to 50 bytes, those at the edge what the machines take besides.
    pub fn states(states: usize) -> Self {
        Self { states, depth: u32::MAX }
    }

    /// No more than this many steps from the beginning.
    #[must_use]
    pub fn depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }
}

impl<M: Model> World<M> {
    /// Visits every state within `bound`, those with the fewest steps first.
    ///
    /// # Errors
    ///
    /// [`Violation`]: what does not hold, and one of the shortest ways there.
    pub fn explore(&self, bound: Bound) -> Result<Explored, Violation> {
        let mut search = Search {
            model: &self.model,
            seen: HashSet::default(),
            ways: Vec::new(),
            edge: Vec::new(),
            report: Explored::default(),
        };
        search.explore(self.begin(), bound).map_err(|wrong| search.violation(self.begin(), wrong))
    }
}

struct Search<'a, M: Model> {
    model: &'a M,
    seen: HashSet<u128, ByFingerprint>,
    /// Of each state, the state before it and which of its steps led here.
    ways: Vec<(u32, u32)>,
    /// The states that are as far from the beginning as any, with their numbers.
    edge: Vec<(u32, State<M>)>,
    report: Explored,
}

/// What does not hold in a state, or in what would be the state after the last step.
struct Wrong {
    reason: String,
    state: u32,
    step: Option<u32>,
}

impl<M: Model> Search<'_, M> {
    fn explore(&mut self, begin: State<M>, bound: Bound) -> Result<Explored, Wrong> {
        self.visit((0, 0), begin)?;
        while !self.edge.is_empty() {
            if self.report.depth == bound.depth {
                return Ok(self.report);
            }
            self.report.edge = self.report.edge.max(self.edge.len());
            for (number, state) in std::mem::take(&mut self.edge) {
                if self.seen.len() > bound.states {
                    return Ok(self.report);
                }
                self.expand(number, &state)?;
            }
            self.report.depth += u32::from(!self.edge.is_empty());
        }
        self.report.exhausted = true;
        Ok(self.report)
    }

    fn expand(&mut self, number: u32, state: &State<M>) -> Result<(), Wrong> {
        let steps = state.steps(self.model);
        if state.is_at_rest(&steps) {
            let wrong = |reason| Wrong { reason, state: number, step: None };
            self.model.finally(state).map_err(wrong)?;
        }
        self.report.expanded += 1;
        self.report.steps += steps.len();
        self.report.widest = self.report.widest.max(steps.len());
        for (choice, step) in (0..).zip(&steps) {
            let wrong = |reason| Wrong { reason, state: number, step: Some(choice) };
            let next = state.after(self.model, step).map_err(wrong)?;
            self.visit((number, choice), next)?;
        }
        Ok(())
    }

    fn visit(&mut self, way: (u32, u32), state: State<M>) -> Result<(), Wrong> {
        if !self.seen.insert(fingerprint(&state)) {
            return Ok(());
        }
        let number = u32::try_from(self.ways.len()).expect("memory ends before four billion states");
        self.ways.push(way);
        self.report.states += 1;
        let wrong = |reason| Wrong { reason, state: number, step: None };
        self.model.always(&state).map_err(wrong)?;
        self.edge.push((number, state));
        Ok(())
    }

    fn violation(&self, begin: State<M>, wrong: Wrong) -> Violation {
        let mut choices = Vec::from_iter(wrong.step);
        let mut number = wrong.state;
        while number != 0 {
            let (before, choice) = self.ways[number as usize];
            choices.push(choice);
            number = before;
        }
        let (mut state, mut steps) = (begin.clone(), Vec::new());
        for choice in choices.into_iter().rev() {
            let step = state.steps(self.model).swap_remove(choice as usize);
            state = state.after(self.model, &step).unwrap_or(state);
            steps.push(step);
        }
        Violation::explored(wrong.reason, tell(self.model, begin, &steps), self.report.states)
    }
}
