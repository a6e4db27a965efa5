//! How actors end and begin again, as a test expects it.

use std::future::Future;
use std::panic::Location;

use super::{PATIENCE, Subject, TestKit};
use crate::actor::{AnyRef, StopReason};
use crate::system::Event;

impl TestKit {
    /// An actor ends, for whatever reason.
    ///
    /// # Panics
    ///
    /// If it has not within five seconds: it says what the actor does instead.
    #[track_caller]
    pub fn expect_terminated<'a, S: Subject>(
        &'a self,
        actor: &S,
    ) -> impl Future<Output = StopReason> + Send + use<'a, S> {
        self.end_of(actor.subject(), "has ended", |_| true, Location::caller())
    }

    /// An actor ends because it was told to, or stopped itself.
    ///
    /// # Panics
    ///
    /// If it has not within five seconds, or for another reason.
    #[track_caller]
    pub fn expect_stopped<'a, S: Subject>(
        &'a self,
        actor: &S,
    ) -> impl Future<Output = StopReason> + Send + use<'a, S> {
        let stopped = |reason| reason == StopReason::Requested;
        self.end_of(actor.subject(), "has stopped", stopped, Location::caller())
    }

    /// An actor ends because nobody used it, or there were too many.
    ///
    /// # Panics
    ///
    /// If it has not within five seconds, or for another reason: let [time pass](Self::advance) first.
    #[track_caller]
    pub fn expect_passivated<'a, S: Subject>(
        &'a self,
        actor: &S,
    ) -> impl Future<Output = StopReason> + Send + use<'a, S> {
        let passivated = |reason| reason == StopReason::Passivated;
        self.end_of(actor.subject(), "was passivated", passivated, Location::caller())
    }

    /// An actor restarts, or did so before; each restart is expected once.
    ///
    /// # Panics
    ///
    /// If it has not within five seconds: it says what happened instead.
    #[track_caller]
    pub fn expect_restarted<'a, S: Subject>(
        &'a self,
        actor: &S,
    ) -> impl Future<Output = ()> + Send + use<'a, S> {
        let path = actor.subject().path();
        let place = Location::caller();
        async move {
            let what = format!("a restart of {path}");
            let restarted = |event: &Event| matches!(event, Event::Restarted { actor, .. } if *actor == path);
            self.await_event(&what, restarted, place).await;
        }
    }

    async fn end_of(
        &self,
        actor: AnyRef,
        what: &str,
        wanted: fn(StopReason) -> bool,
        place: &'static Location<'static>,
    ) -> StopReason {
        let ended = tokio::select! { biased;
            reason = actor.stopped() => Some(reason),
            () = self.system().runtime().sleep(PATIENCE) => None,
        };
        match ended {
            Some(reason) if wanted(reason) => reason,
            Some(reason) => panic!("expected that {} {what}, and {reason} ({place})", actor.path()),
            None => panic!(
                "expected that {} {what}, and it is there after {PATIENCE:?}; {} ({place})",
                actor.path(),
                doing(&actor)
            ),
        }
    }
}

/// What an actor does that is there.
fn doing(actor: &AnyRef) -> String {
    let target = actor.target();
    let last = match target.doing() {
        Some(name) => format!("it is or was in `{name}`"),
        None => "it handled nothing".to_owned(),
    };
    match target.depth() {
        0 => last,
        depth => format!("{last}, and {depth} messages wait"),
    }
}
