//! *Pure.* One answer out of those of several routees.

use crate::actor::{AskError, Delivery, PartlyInfo, Request};

/// What the routees that were asked have said so far.
pub(super) struct Verdict<Q: Request> {
    /// The good answer of the foremost routee.
    good: Option<(usize, Q::Ok)>,
    /// The error that says most.
    error: Option<AskError<Q::Err>>,
    heard: usize,
    failed: usize,
}

impl<Q: Request> Default for Verdict<Q> {
    fn default() -> Self {
        Self { good: None, error: None, heard: 0, failed: 0 }
    }
}

impl<Q: Request> Verdict<Q> {
    /// The routee at `place` has ended.
    pub(super) fn heard(&mut self, place: usize, answer: Result<Q::Ok, AskError<Q::Err>>) {
        self.heard += 1;
        match answer {
            Ok(ok) if self.good.as_ref().is_none_or(|(foremost, _)| place < *foremost) => {
                self.good = Some((place, ok));
            }
            Ok(_) => {}
            Err(error) => {
                self.failed += 1;
                if self.error.as_ref().is_none_or(|known| weight(&error) >= weight(known)) {
                    self.error = Some(error);
                }
            }
        }
    }

    pub(super) fn has_good(&self) -> bool {
        self.good.is_some()
    }

    /// The good answer if there is one, else the error that says most.
    pub(super) fn of_any(self) -> Result<Result<Q::Ok, Q::Err>, AskError> {
        match (self.good, self.error) {
            (Some((_, ok)), _) => Ok(Ok(ok)),
            (None, Some(error)) => error.narrow().map(Err),
            (None, None) => Err(AskError::Unanswered),
        }
    }

    /// The answer of the foremost routee if nobody failed; else what was wrong, the actors' own words first.
    pub(super) fn of_all(self) -> Result<Result<Q::Ok, Q::Err>, AskError> {
        let Self { good, error, heard: asked, failed } = self;
        match (good, error.map(AskError::narrow)) {
            (Some(_), Some(Err(error))) => {
                Err(AskError::Partly(Box::new(PartlyInfo { asked, failed, error })))
            }
            (Some((_, ok)), None) => Ok(Ok(ok)),
            (_, Some(failure)) => failure.map(Err),
            (None, None) => Err(AskError::Unanswered),
        }
    }
}

/// How much an error says: the actor's own words most, then what may have been handled.
fn weight<E>(error: &AskError<E>) -> u8 {
    match error {
        AskError::Handler(_) => 3,
        AskError::Fault(_) => 2,
        error if error.delivery() == Delivery::Maybe => 1,
        _ => 0,
    }
}
