//! Random runs, each drawn from a seed.

use super::shorten::{replay, shorten, tell};
use super::state::State;
use super::{Model, Step, Violation, Walked, World};
use crate::testkit::variable::number;

impl<M: Model> World<M> {
    /// Takes up to `steps` steps by chance, for each of `seeds`, then none but those that must happen until the world is at
    /// rest.
    ///
    /// Where the environment variable `AKT_SEED` is set, that seed is the only one.
    ///
    /// # Errors
    ///
    /// [`Violation`]: what does not hold, its seed, and the steps of it that are needed.
    ///
    /// # Panics
    ///
    /// If `AKT_SEED` is not a number.
    pub fn walk(&self, seeds: impl IntoIterator<Item = u64>, steps: usize) -> Result<Walked, Violation> {
        let mut walked = Walked::default();
        if let Some(seed) = number("AKT_SEED") {
            self.walk_one(seed, steps, &mut walked)?;
            return Ok(walked);
        }
        for seed in seeds {
            self.walk_one(seed, steps, &mut walked)?;
        }
        Ok(walked)
    }

    fn walk_one(&self, seed: u64, limit: usize, walked: &mut Walked) -> Result<(), Violation> {
        let steps = self.draw(seed, limit);
        let run = replay(&self.model, self.begin(), &steps);
        walked.runs += 1;
        walked.steps += run.steps().count();
        walked.rested += usize::from(run.has_rested);
        if run.wrong.is_none() {
            return Ok(());
        }
        let length = run.steps().count();
        let short = shorten(&self.model, &self.begin(), run);
        let steps: Vec<_> = short.steps().cloned().collect();
        let trace = tell(&self.model, self.begin(), &steps);
        Err(Violation::walked(short.wrong.unwrap_or_default(), trace, seed, length))
    }

    /// Draws the steps of a run; the last one may be where it goes wrong.
    fn draw(&self, seed: u64, limit: usize) -> Vec<Step<M::Message, M::Act>> {
        let mut rng = fastrand::Rng::with_seed(seed);
        let (mut state, mut taken) = (self.begin(), Vec::new());
        while taken.len() < limit {
            let Some(step) = choose(&mut rng, &self.model, &state) else { break };
            let next = state.after(&self.model, &step);
            taken.push(step);
            match next {
                Ok(next) => state = next,
                Err(_) => break,
            }
        }
        taken
    }
}

/// One step by chance; one in sixteen is a fault. None at rest, sooner or later.
fn choose<M: Model>(
    rng: &mut fastrand::Rng,
    model: &M,
    state: &State<M>,
) -> Option<Step<M::Message, M::Act>> {
    let (mut faults, mut others): (Vec<_>, Vec<_>) = state.steps(model).into_iter().partition(Step::is_fault);
    let wants_fault = rng.u8(..16) == 0 || (others.is_empty() && rng.bool());
    let from = if wants_fault && !faults.is_empty() { &mut faults } else { &mut others };
    (!from.is_empty()).then(|| from.swap_remove(rng.usize(..from.len())))
}
