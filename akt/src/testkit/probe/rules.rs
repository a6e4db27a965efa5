//! What a probe does by itself with messages that the test does not want to see.

use super::desk::{Rule, RuleKind};
use super::{Method, Probe};
use crate::actor::{ActorRef, Message, Reply, Request};

impl<R: ActorRef> Probe<R> {
    /// Answers every message of a handler with what `answer` returns, until [`stop_answering`](Self::stop_answering).
    ///
    /// The test does not see them: those that wait are answered too, and so is what is told, to nobody.
    ///
    /// ```test_harness
    /// # use akt::testkit::TestKit;
    /// # #[derive(Default)] struct Bank;
    /// # #[akt::actor] impl Bank { #[akt::handler] fn charge(&mut self, cents: u64) -> bool { cents < 100 } }
    /// #[akt::test]
    /// async fn the_bank_is_generous(kit: TestKit) {
    ///     let (bank, mut probe) = kit.probe::<BankRef>();
    ///     probe.answer(BankRef::charge, |request| request.cents < 1_000);
    ///
    ///     assert!(bank.charge(999).await.unwrap());
    ///     assert!(!bank.charge(1_000).await.unwrap());
    /// }
    /// # fn main() {}
    /// ```
    pub fn answer<Args, F: Method<R, Args>>(
        &mut self,
        _method: F,
        answer: impl FnMut(Payload<R, F, Args>) -> Out<R, F, Args> + Send + 'static,
    ) {
        self.desk.add(Rule { kind: RuleKind::Answer, take: answering::<F::Request>(answer) });
    }

    /// Gives every message to `pilot`, which answers it or gives it back, until [`stop_answering`](Self::stop_answering).
    ///
    /// What is given back waits for the test as any other. Several pilots see a message in the order in which they came.
    pub fn answer_all(&mut self, pilot: impl FnMut(R::Message) -> Option<R::Message> + Send + 'static) {
        self.desk.add(Rule { kind: RuleKind::Answer, take: Box::new(pilot) });
    }

    /// Takes back every [`answer`](Self::answer) and [`answer_all`](Self::answer_all): messages wait for the test again.
    pub fn stop_answering(&mut self) {
        self.desk.remove(RuleKind::Answer);
    }

    /// Lets the test not see the messages of a handler, as [`ignore_if`](Self::ignore_if).
    pub fn ignore<Args, F: Method<R, Args>>(&mut self, _method: F) {
        self.ignore_if(|message| message.name() == F::Request::NAME);
    }

    /// Lets the test not see the messages that `ignored` names, until [`ignore_nothing`](Self::ignore_nothing).
    ///
    /// They are dropped: who asks is told so at once, with [`AskError::Unanswered`](crate::AskError::Unanswered).
    pub fn ignore_if(&mut self, ignored: impl Fn(&R::Message) -> bool + Send + 'static) {
        let take = Box::new(move |message| (!ignored(&message)).then_some(message));
        self.desk.add(Rule { kind: RuleKind::Ignore, take });
    }

    /// Takes back every [`ignore`](Self::ignore) and [`ignore_if`](Self::ignore_if).
    pub fn ignore_nothing(&mut self) {
        self.desk.remove(RuleKind::Ignore);
    }
}

/// What the handler takes that a method names.
pub(super) type Payload<R, F, Args> = <<F as Method<R, Args>>::Request as Request>::Payload;

/// What it answers.
pub(super) type Out<R, F, Args> = <<F as Method<R, Args>>::Request as Request>::Out;

/// What a message of that handler is taken as: what it carries, and its reply.
pub(super) type Taken<R, F, Args> = (Payload<R, F, Args>, Reply<Out<R, F, Args>>);

fn answering<Q: Request>(
    mut answer: impl FnMut(Q::Payload) -> Q::Out + Send + 'static,
) -> Box<dyn FnMut(Q::Message) -> Option<Q::Message> + Send> {
    Box::new(move |message| {
        if message.name() != Q::NAME {
            return Some(message);
        }
        let (request, reply) = Q::unwrap(message).expect("a message is that of its name");
        reply.send(answer(request));
        None
    })
}
