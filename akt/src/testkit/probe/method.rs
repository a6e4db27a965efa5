//! Handlers by the name of their method on a reference, and references that have a probe.

use super::Probe;
use crate::actor::{ActorRef, Call, FnRef, Request};
use crate::system::ActorSystem;

/// A method of a reference, `CounterRef::add`: it names a handler, and says what it takes and answers.
///
/// Not to be implemented: every method of a reference that makes a [`Call`] is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a method that calls a handler of `{R}`",
    note = "name the method of the reference that the probe was made for: `probe.expect(CounterRef::add)`"
)]
pub trait Method<R: ActorRef, Args> {
    /// The handler.
    type Request: Request<Message = R::Message>;
}

macro_rules! methods {
    ($($arg:ident)*) => {
        impl<R, Q, F $(, $arg)*> Method<R, ($($arg,)*)> for F
        where
            R: ActorRef,
            Q: Request<Message = R::Message>,
            F: for<'a> Fn(&'a R $(, $arg)*) -> Call<'a, Q>,
        {
            type Request = Q;
        }
    };
}

methods!();
methods!(A);
methods!(A B);
methods!(A B C);
methods!(A B C D);
methods!(A B C D E);
methods!(A B C D E G);
methods!(A B C D E G H);
methods!(A B C D E G H I);

/// A reference for which a probe can stand in: that of every actor, and that of every contract with `configure().probe(true)`
/// in its `build.rs`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no probe",
    note = "for a contract, akt-build writes one if `build.rs` says `configure().probe(true)`; \
            without, there is `kit.probe_of::<{Self}>()`"
)]
pub trait Probed: ActorRef {
    /// Its probe: `CartProbe`, or [`Probe`] itself.
    type Probe;

    #[doc(hidden)]
    fn probe(system: &ActorSystem) -> (Self, Self::Probe);
}

impl<M: Send + 'static, R: Send + 'static> Probed for FnRef<M, R> {
    type Probe = Probe<Self>;

    fn probe(system: &ActorSystem) -> (Self, Probe<Self>) {
        Probe::begin(system)
    }
}
