//! Pipes: the result of work comes back to its actor, as a message or as a continuation on its turn.

use super::context::Ctx;
use super::current::{self, Handling, throughout, within};
use super::post::Post;
use super::scope::Member;
use super::traits::{Actor, Message};
use super::work::{Job, PipeError, Work};
use crate::system::DeadLetterReason;

impl<A: Actor> Ctx<A> {
    /// Runs `work` beside the actor and sends what `done` makes of its result.
    ///
    /// The actor handles other messages meanwhile. `done` runs on its turn, with its own reference; a panic in
    /// the work comes to it as [`PipeError::Panicked`], a panic in `done` is a fault of the actor. The result
    /// comes on the control lane: a full mailbox does not refuse it. It comes to the actor's next value if the
    /// actor restarts. When the actor stops, the work is dropped at its next await, and it is a dead letter
    /// `pipe`.
    ///
    /// ```
    /// use akt::prelude::*;
    /// # async fn load(key: &str) -> Result<String, std::io::Error> { Ok(key.to_owned()) }
    ///
    /// #[derive(Default)]
    /// struct Page(String);
    ///
    /// #[akt::actor]
    /// impl Page {
    ///     #[handler]
    ///     fn refresh(&mut self, key: String, cx: &mut Ctx<Self>) {
    ///         cx.pipe(async move { load(&key).await }, |me, loaded| match loaded {
    ///             Ok(text) => me.loaded(text).post(),
    ///             Err(problem) => me.failed(problem.to_string()).post(),
    ///         });
    ///     }
    ///
    ///     #[handler]
    ///     fn loaded(&mut self, text: String) {
    ///         self.0 = text;
    ///     }
    ///
    ///     #[handler]
    ///     fn failed(&mut self, problem: String) {}
    /// }
    /// ```
    pub fn pipe<F, T, E, M>(
        &mut self,
        work: impl Into<Work<F>>,
        done: impl FnOnce(&A::Ref, Result<T, PipeError<E>>) -> Post<M> + Send + 'static,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
        M: Message,
    {
        self.begin("pipe", true, work.into(), move |_, result, cx| done(&cx.me(), result).claim(&cx.cell));
    }

    /// Runs `work` beside the actor and then `done` on its turn, with its state.
    ///
    /// As [`pipe`](Self::pipe), without a message in between. It belongs to the actor's present value: when the
    /// actor restarts or stops, the work is dropped at its next await, and it is a dead letter `then`.
    ///
    /// ```
    /// # use akt::prelude::*;
    /// # async fn sync() -> Result<u64, std::io::Error> { Ok(7) }
    /// # struct Disk { synced: u64 }
    /// # #[akt::actor]
    /// # impl Disk {
    /// #[handler]
    /// fn flush(&mut self, cx: &mut Ctx<Self>) {
    ///     cx.then(sync(), |this, synced, cx| match synced {
    ///         Ok(bytes) => this.synced += bytes,
    ///         Err(_) => cx.stop(),
    ///     });
    /// }
    /// # }
    /// ```
    pub fn then<F, T, E>(
        &mut self,
        work: impl Into<Work<F>>,
        done: impl FnOnce(&mut A, Result<T, PipeError<E>>, &mut Self) + Send + 'static,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let value = self.scope().value();
        self.begin("then", false, work.into(), move |this, result, cx| {
            if cx.scope().value() == value {
                done(this, result, cx);
            } else {
                cx.system().dead_letter(&cx.cell.core, "then", DeadLetterReason::Cancelled);
            }
            None
        });
    }

    fn begin<F, T, E>(
        &mut self,
        name: &'static str,
        outlives_value: bool,
        work: Work<F>,
        done: impl FnOnce(&mut A, Result<T, PipeError<E>>, &mut Self) -> Option<A::Msg> + Send + 'static,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let meta = current::for_tell(self.system(), None);
        let job = Job::new(outlives_value);
        let place = self.scope().join(job.clone());
        let (cell, scope) = (self.cell.clone(), self.scope().clone());
        let system = self.system().clone();
        if place.is_none() {
            // The actor is on its way out.
            job.end();
        }
        system.clone().runtime().spawn(name, async move {
            let handling = Handling::beside(meta);
            let result = throughout(system.clone(), handling.clone(), job.run(system.clone(), work)).await;
            let leave = move || place.into_iter().for_each(|place| scope.leave(place));
            match result {
                // It keeps its actor until its turn has come.
                Some(result) => cell.errand(Some(name), move |this, cx| {
                    leave();
                    within(&system, handling, || done(this, result, cx))
                }),
                None => {
                    leave();
                    cell.core.give_up(name, done);
                }
            }
        });
    }
}
