impl Session {
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn query(&mut self, sql: String) -> Rows {}
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn count(&mut self, cx: &mut Ctx<Self>) -> Forward<Result<u8, DbError>> {
        cx.stash(cx.me().count())
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn drain(&mut self) {}
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn dial(&mut self, cx: &mut Ctx<Self>) {}
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn entered(&mut self) -> Result<(), Fault> {}
    #[guard(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn admit(&self, message: &SessionMsg) -> Admit {}
}
#[allow(dead_code)]
const _: () = {
    trait Argument<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::MessageArg<'any> + ?::core::marker::Sized;
    }
    trait Answer<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::ReplyType<'any> + ?::core::marker::Sized;
    }
    impl Argument<0usize, 0usize> for Session {
        type Is = String;
    }
    impl Answer<0usize, 0usize> for Session {
        type Is = Rows;
    }
    impl Answer<1usize, 0usize> for Session {
        type Is = Result<u8, DbError>;
    }
    fn required() {
        ::akt::__private::require_state::<Session>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Session: () = ();
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __SessionQuery {
    sql: String,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __SessionCount {}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __SessionDrain {}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __SessionBody {
    Query(__SessionQuery, ::akt::Reply<Rows>),
    Count(__SessionCount, ::akt::Reply<Result<u8, DbError>>),
    Drain(__SessionDrain, ::akt::Reply<()>),
}
/// Messages of `Session`.
#[allow(unnameable_types, unreachable_pub)]
pub struct SessionMsg(__SessionBody);
#[automatically_derived]
impl ::akt::Message for SessionMsg {
    fn name(&self) -> &'static str {
        match self.0 {
            __SessionBody::Query(..) => "query",
            __SessionBody::Count(..) => "count",
            __SessionBody::Drain(..) => "drain",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __SessionBody::Query(ref payload, _) => payload,
            __SessionBody::Count(ref payload, _) => payload,
            __SessionBody::Drain(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __SessionBody::Query(_, ref reply) => reply.slot(),
            __SessionBody::Count(_, ref reply) => reply.slot(),
            __SessionBody::Drain(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __SessionBody::Query(_, reply) => reply.erase(),
            __SessionBody::Count(_, reply) => reply.erase(),
            __SessionBody::Drain(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for SessionMsg {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __SessionQuery {
    type Message = SessionMsg;
    type Payload = Self;
    type Out = Rows;
    type Ok = Rows;
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "query";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        SessionMsg(__SessionBody::Query(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __SessionBody::Query(payload, reply) => {
                ::core::option::Option::Some((payload, reply))
            }
            _ => ::core::option::Option::None,
        }
    }
    fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
        ::core::result::Result::Ok(out)
    }
}
#[automatically_derived]
impl ::akt::Accepts<SessionMsg> for __SessionQuery {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __SessionCount {
    type Message = SessionMsg;
    type Payload = Self;
    type Out = Result<u8, DbError>;
    type Ok = u8;
    type Err = DbError;
    const NAME: &'static str = "count";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        SessionMsg(__SessionBody::Count(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __SessionBody::Count(payload, reply) => {
                ::core::option::Option::Some((payload, reply))
            }
            _ => ::core::option::Option::None,
        }
    }
    fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
        out
    }
}
#[automatically_derived]
impl ::akt::Accepts<SessionMsg> for __SessionCount {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __SessionDrain {
    type Message = SessionMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "drain";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        SessionMsg(__SessionBody::Drain(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __SessionBody::Drain(payload, reply) => {
                ::core::option::Option::Some((payload, reply))
            }
            _ => ::core::option::Option::None,
        }
    }
    fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
        ::core::result::Result::Ok(out)
    }
}
#[automatically_derived]
impl ::akt::Accepts<SessionMsg> for __SessionDrain {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl ::akt::CloneMessage for SessionMsg
where
    for<'any> String: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __SessionBody::Query(message, reply) => {
                opener
                    .open::<
                        __SessionQuery,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __SessionQuery {
                                sql: ::akt::__private::CloneArg::clone_arg(&message.sql),
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
            __SessionBody::Count(message, reply) => {
                opener
                    .open::<
                        __SessionCount,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __SessionCount {},
                            join: |out| out,
                        },
                    )
            }
            __SessionBody::Drain(message, reply) => {
                opener
                    .open::<
                        __SessionDrain,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __SessionDrain {},
                            join: ::akt::__private::good,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Session`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct SessionRef(::akt::Ref<SessionMsg>);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl SessionRef {
    /// Calls `Session::query`.
    fn query(&self, sql: String) -> ::akt::Call<'_, __SessionQuery> {
        ::akt::Call::new(&self.0, __SessionQuery { sql })
    }
    /// Calls `Session::count`.
    fn count(&self) -> ::akt::Call<'_, __SessionCount> {
        ::akt::Call::new(&self.0, __SessionCount {})
    }
    /// Calls `Session::drain`.
    fn drain(&self) -> ::akt::Call<'_, __SessionDrain> {
        ::akt::Call::new(&self.0, __SessionDrain {})
    }
    /// Asks by message type.
    pub fn ask<T: ::akt::Accepts<SessionMsg>>(
        &self,
        message: T,
    ) -> ::akt::Call<'_, T::Request> {
        self.0.ask(message)
    }
    /// Tells by message type, at once.
    ///
    /// # Errors
    ///
    /// Hands the message back if it was not accepted.
    pub fn tell<T: ::akt::Accepts<SessionMsg>>(
        &self,
        message: T,
    ) -> ::core::result::Result<(), ::akt::TellError<T>> {
        self.0.tell(message)
    }
    /// The actor itself: its path, its life.
    #[must_use]
    pub fn actor(&self) -> ::akt::AnyRef {
        self.0.actor()
    }
}
#[automatically_derived]
impl ::core::clone::Clone for SessionRef {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for SessionRef {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl ::akt::ActorRef for SessionRef {
    type Message = SessionMsg;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl ::akt::testkit::Probed for SessionRef { type Probe =
    ::akt::Probe < Self >; fn probe(system : & ::akt::ActorSystem) -> (Self, Self::Probe)
    { ::akt::Probe::begin(system) } }
}
#[automatically_derived]
#[allow(
    deprecated,
    unreachable_code,
    unreachable_patterns,
    unused_variables,
    clippy::let_unit_value,
    clippy::used_underscore_binding,
    clippy::used_underscore_items
)]
impl ::akt::Actor for Session
where
    for<'any> Session: ::akt::__private::ActorState<'any>,
{
    type Msg = SessionMsg;
    type Ref = SessionRef;
    type Stash = ::akt::__private::Stash<Self::Msg>;
    const NAME: &'static str = "Session";
    fn options() -> ::akt::ActorOptions {
        ::akt::ActorOptions::new().stash(100)
    }
    type Flight = ::akt::__private::NoFlight;
    const BEHAVES: bool = true;
    fn state(&self) -> ::akt::__private::State {
        ::akt::Behavior::state(&self.phase)
    }
    #[deny(
        unreachable_patterns,
        reason = "what is done in a state is said once: `when`, `stash_when`, `reject_when` are tried in this order"
    )]
    #[allow(
        clippy::match_same_arms,
        clippy::match_wildcard_for_single_variants,
        clippy::single_match_else
    )]
    fn treatment(&self, message: &Self::Msg) -> ::akt::__private::Treatment {
        let behavior = ::akt::Behavior::current(&(&*self).phase);
        match message.0 {
            __SessionBody::Query(..) => {
                match behavior {
                    Phase::Ready(_) => ::akt::__private::Treatment::Handle,
                    Phase::Connecting { .. } => ::akt::__private::Treatment::Stash,
                    Phase::Draining => ::akt::__private::Treatment::Reject,
                    _ if false => ::akt::__private::Treatment::Unhandled,
                }
            }
            __SessionBody::Count(..) => {
                match behavior {
                    Phase::Draining => ::akt::__private::Treatment::Reject,
                    #[allow(unreachable_patterns)]
                    _ => ::akt::__private::Treatment::Handle,
                }
            }
            #[allow(unreachable_patterns)]
            _ => ::akt::__private::Treatment::Handle,
        }
    }
    fn dispatch_sync(
        &mut self,
        message: SessionMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), SessionMsg> {
        if let ::akt::Admit::Reject(why) = self.admit(&message) {
            ::akt::__private::reject(cx, message, why);
            return ::core::result::Result::Ok(());
        }
        match message.0 {
            __SessionBody::Count(_, reply) => {
                let out = self.count(cx);
                ::akt::__private::forward_result(cx, reply, out)
            }
            __SessionBody::Drain(_, reply) => {
                self.drain();
                ::akt::__private::answer(cx, reply, ())
            }
            message => return ::core::result::Result::Err(SessionMsg(message)),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: SessionMsg, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            __SessionBody::Query(message, reply) => {
                let out = ::akt::__private::sendable(self.query(message.sql)).await;
                ::akt::__private::answer(cx, reply, out)
            }
            _ => ::core::unreachable!(),
        }
    }
    #[deny(
        unreachable_patterns,
        reason = "what is done in a state is said once: `when`, `stash_when`, `reject_when` are tried in this order"
    )]
    #[allow(
        clippy::match_same_arms,
        clippy::match_wildcard_for_single_variants,
        clippy::single_match_else
    )]
    async fn on_enter(
        &mut self,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        let entered = {
            let behavior = ::akt::Behavior::current(&(&*self).phase);
            match behavior {
                Phase::Connecting { .. } => 0usize,
                _ => 1usize,
                #[allow(unreachable_patterns)]
                _ => 2usize,
            }
        };
        match entered {
            0usize => {
                self.dial(cx);
            }
            1usize => {
                ::akt::__private::sendable(self.entered()).await?;
            }
            _ => {}
        }
        ::core::result::Result::Ok(())
    }
}
#[automatically_derived]
impl ::akt::Stashes for Session
where
    for<'any> Session: ::akt::__private::ActorState<'any>,
{}
