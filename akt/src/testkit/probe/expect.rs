//! What a test expects of a probe, and what it is told when that does not come.

use std::fmt::Display;
use std::panic::Location;
use std::time::Duration;

use super::desk::Came;
use super::rules::Taken;
use super::{Method, Probe};
use crate::actor::{ActorRef, Message, Reply, Request, Terminated};
use crate::testkit::kit::Subject;
use crate::time::Instant;

/// Where the test expects something, and since when.
#[derive(Clone, Copy)]
struct Wait {
    place: &'static Location<'static>,
    since: Instant,
}

impl<R: ActorRef> Probe<R> {
    /// The next message, which must be for the handler of `method`: what it carries, and its reply.
    ///
    /// # Panics
    ///
    /// If another comes, or nothing does.
    #[track_caller]
    pub fn expect<Args, F: Method<R, Args>>(
        &mut self,
        _method: F,
    ) -> impl Future<Output = Taken<R, F, Args>> + Send + use<'_, R, Args, F> {
        self.request::<F::Request>()
    }

    /// As [`expect`](Self::expect), of a handler by its hidden type.
    #[doc(hidden)]
    #[track_caller]
    pub fn request<Q: Request<Message = R::Message>>(
        &mut self,
    ) -> impl Future<Output = (Q::Payload, Reply<Q::Out>)> + Send + use<'_, R, Q> {
        let place = Location::caller();
        async move {
            let wait = self.wait(place);
            let what = format!("`{}`", Q::NAME);
            let message = self.next_at(&what, self.patience, place).await;
            if message.name() != Q::NAME {
                self.fail(&what, &self.came(format_args!("`{}`", message.name())), wait);
            }
            Q::unwrap(message).expect("a message is that of its name")
        }
    }

    /// The next message.
    ///
    /// # Panics
    ///
    /// If nothing comes.
    #[track_caller]
    pub fn expect_any(&mut self) -> impl Future<Output = R::Message> + Send + use<'_, R> {
        self.next_within(self.patience)
    }

    /// The next message, which must come within `time`.
    ///
    /// # Panics
    ///
    /// If nothing does.
    #[track_caller]
    pub fn next_within(&mut self, time: Duration) -> impl Future<Output = R::Message> + Send + use<'_, R> {
        let place = Location::caller();
        async move { self.next_at("a message", time, place).await }
    }

    /// No message comes for so long, and none waits.
    ///
    /// # Panics
    ///
    /// If one does.
    #[track_caller]
    pub fn expect_none(&mut self, time: Duration) -> impl Future<Output = ()> + Send + use<'_, R> {
        let place = Location::caller();
        async move {
            let wait = self.wait(place);
            if let Some(message) = self.within(time, |_| true).await {
                self.fail(
                    &format!("no message for {time:?}"),
                    &self.came(format_args!("`{}`", message.name())),
                    wait,
                );
            }
        }
    }

    /// The first message that `wanted` wants: those before it are taken too, and dropped, so that who asked is told so.
    ///
    /// # Panics
    ///
    /// If none comes; it says what was passed over.
    #[track_caller]
    pub fn fish(
        &mut self,
        wanted: impl FnMut(&R::Message) -> bool + Send,
    ) -> impl Future<Output = R::Message> + Send {
        let place = Location::caller();
        async move { self.fish_at("a message that matches", wanted, place).await }
    }

    /// The first message for the handler of `method`, as [`fish`](Self::fish).
    ///
    /// # Panics
    ///
    /// As [`fish`](Self::fish).
    #[track_caller]
    pub fn fish_for<Args, F: Method<R, Args>>(
        &mut self,
        _method: F,
    ) -> impl Future<Output = Taken<R, F, Args>> + Send + use<'_, R, Args, F> {
        let place = Location::caller();
        let name = F::Request::NAME;
        async move {
            let message = self.fish_at(&format!("`{name}`"), |message| message.name() == name, place).await;
            F::Request::unwrap(message).expect("a message is that of its name")
        }
    }

    /// The first message for the handler of `method`, wherever it stands: those before it stay. So a test takes messages
    /// in an order of its own.
    ///
    /// # Panics
    ///
    /// If none comes.
    #[track_caller]
    pub fn pick<Args, F: Method<R, Args>>(
        &mut self,
        _method: F,
    ) -> impl Future<Output = Taken<R, F, Args>> + Send + use<'_, R, Args, F> {
        let place = Location::caller();
        let name = F::Request::NAME;
        async move {
            let wait = self.wait(place);
            let Some(message) = self.within(self.patience, |message| message.name() == name).await else {
                self.fail(&format!("`{name}`, in any place"), &self.came("none"), wait);
            };
            F::Request::unwrap(message).expect("a message is that of its name")
        }
    }

    /// The next messages, which must be for these handlers, in any order; a name may stand there more than once. They come
    /// back in the order of `names`.
    ///
    /// # Panics
    ///
    /// If one comes that is not named, or not all do; it says what is missing.
    #[track_caller]
    pub fn expect_all<'a>(
        &'a mut self,
        names: &'a [&'a str],
    ) -> impl Future<Output = Vec<R::Message>> + Send + use<'a, R> {
        let place = Location::caller();
        async move {
            let wait = self.wait(place);
            let mut found: Vec<Option<R::Message>> = names.iter().map(|_| None).collect();
            while let Some(missing) = missing(names, &found) {
                let what = format!("{missing}, in any order");
                let left = self.patience.saturating_sub(self.now().since(wait.since));
                let Some(message) = self.within(left, |_| true).await else {
                    self.fail(&what, &self.came("nothing"), wait);
                };
                let wanted = |(name, found): (&&str, &Option<_>)| *name == message.name() && found.is_none();
                match names.iter().zip(&found).position(wanted) {
                    Some(place) => found[place] = Some(message),
                    None => self.fail(&what, &self.came(format_args!("`{}`", message.name())), wait),
                }
            }
            found.into_iter().flatten().collect()
        }
    }

    /// Has the probe watch an actor, for [`expect_terminated`](Self::expect_terminated).
    pub fn watch(&self, actor: &impl Subject) {
        let watched = actor.subject();
        let target = watched.target().tenant().unwrap_or_else(|| watched.target().clone());
        let me = self.actor().target().clone();
        match target.core() {
            Some(core) => core.watch(&target, me),
            None => drop(target.watch_elsewhere(me)),
        }
    }

    /// The probe is told that an actor is gone that it [watches](Self::watch).
    ///
    /// # Panics
    ///
    /// If it is not told so; it says whether the actor is there.
    #[track_caller]
    pub fn expect_terminated<'a, S: Subject>(
        &'a mut self,
        actor: &S,
    ) -> impl Future<Output = Terminated> + Send + use<'a, R, S> {
        let place = Location::caller();
        let actor = actor.subject();
        async move {
            let wait = self.wait(place);
            let desk = self.desk.clone();
            let told = desk.find(|| desk.take_terminated(|told| told.actor.path() == actor.path()));
            if let Some(told) = self.in_time(self.patience, told).await {
                return told;
            }
            let state = if actor.is_alive() { "it is alive" } else { "the probe does not watch it" };
            self.fail(&format!("the end of {}", actor.path()), state, wait);
        }
    }

    async fn fish_at(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&R::Message) -> bool + Send,
        place: &'static Location<'static>,
    ) -> R::Message {
        let wait = self.wait(place);
        let mut passed = Vec::new();
        loop {
            let left = self.patience.saturating_sub(self.now().since(wait.since));
            match self.within(left, |_| true).await {
                Some(message) if wanted(&message) => return message,
                Some(message) => passed.push(message.name()),
                None => {
                    let instead = format!("{}; passed over: {}", self.came("none"), list(&passed));
                    self.fail(what, &instead, wait);
                }
            }
        }
    }

    async fn next_at(&mut self, what: &str, time: Duration, place: &'static Location<'static>) -> R::Message {
        let wait = self.wait(place);
        match self.within(time, |_| true).await {
            Some(message) => message,
            None => self.fail(what, &self.came("nothing"), wait),
        }
    }

    /// Takes the first message out that `wanted` wants, if it comes in time.
    async fn within(
        &mut self,
        time: Duration,
        mut wanted: impl FnMut(&R::Message) -> bool + Send,
    ) -> Option<R::Message> {
        let desk = self.desk.clone();
        let found = desk.find(|| desk.take(&mut wanted));
        let Came { message, origin } = self.in_time(time, found).await?;
        self.origin = origin;
        Some(message)
    }

    async fn in_time<T>(&self, time: Duration, found: impl Future<Output = T>) -> Option<T> {
        let runtime = self.system().runtime().clone();
        tokio::select! { biased;
            found = found => Some(found),
            () = runtime.sleep(time) => None,
        }
    }

    fn now(&self) -> Instant {
        self.system().runtime().now()
    }

    fn wait(&self, place: &'static Location<'static>) -> Wait {
        Wait { place, since: self.now() }
    }

    /// A message of this name came, or something else that is told in one word.
    fn came(&self, what: impl Display) -> String {
        format!("{what} came to the probe {}", self.path())
    }

    fn fail(&self, expected: &str, instead: &str, Wait { place, since }: Wait) -> ! {
        let (waited, queue) = (self.now().since(since), list(&self.desk.names()));
        panic!("expected {expected}, and {instead}; waited {waited:?}; in its queue: {queue} ({place})")
    }
}

/// What is missing, if something is.
fn missing<M>(names: &[&str], found: &[Option<M>]) -> Option<String> {
    let missing = names.iter().zip(found).filter(|(_, found)| found.is_none());
    let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
    (!missing.is_empty()).then(|| list(&missing))
}

fn list<T: Display>(names: &[T]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
