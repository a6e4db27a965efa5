impl Store {
    #[every(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn evict(&mut self) {}
    #[cron(__akt_spent)]
    #[cron(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn compact(&mut self) {}
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn wait_for(
        &mut self,
        key: String,
        cx: &mut Ctx<Self>,
        reply: Reply<Result<u8, Gone>>,
    ) {}
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn route(&mut self, job: Job, cx: &mut Ctx<Self>) -> Forward<Done> {
        cx.forward(self.worker.run(job))
    }
}
#[allow(dead_code)]
const _: () = {
    trait Argument<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::MessageArg<'any> + ?::core::marker::Sized;
    }
    trait Answer<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::ReplyType<'any> + ?::core::marker::Sized;
    }
    impl Argument<2usize, 0usize> for Store {
        type Is = String;
    }
    impl Answer<2usize, 0usize> for Store {
        type Is = Result<u8, Gone>;
    }
    impl Argument<3usize, 0usize> for Store {
        type Is = Job;
    }
    impl Answer<3usize, 0usize> for Store {
        type Is = Done;
    }
    fn required() {
        ::akt::__private::require_state::<Store>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Store: () = ();
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __StoreEvict {}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __StoreCompact {}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __StoreWaitFor {
    key: String,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __StoreRoute {
    job: Job,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __StoreBody {
    Evict(__StoreEvict, ::akt::Reply<()>),
    Compact(__StoreCompact, ::akt::Reply<()>),
    WaitFor(__StoreWaitFor, ::akt::Reply<Result<u8, Gone>>),
    Route(__StoreRoute, ::akt::Reply<Done>),
}
/// Messages of `Store`.
#[allow(unnameable_types, unreachable_pub)]
pub struct StoreMsg(__StoreBody);
#[automatically_derived]
impl ::akt::Message for StoreMsg {
    fn name(&self) -> &'static str {
        match self.0 {
            __StoreBody::Evict(..) => "evict",
            __StoreBody::Compact(..) => "compact",
            __StoreBody::WaitFor(..) => "wait_for",
            __StoreBody::Route(..) => "route",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __StoreBody::Evict(ref payload, _) => payload,
            __StoreBody::Compact(ref payload, _) => payload,
            __StoreBody::WaitFor(ref payload, _) => payload,
            __StoreBody::Route(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __StoreBody::Evict(_, ref reply) => reply.slot(),
            __StoreBody::Compact(_, ref reply) => reply.slot(),
            __StoreBody::WaitFor(_, ref reply) => reply.slot(),
            __StoreBody::Route(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __StoreBody::Evict(_, reply) => reply.erase(),
            __StoreBody::Compact(_, reply) => reply.erase(),
            __StoreBody::WaitFor(_, reply) => reply.erase(),
            __StoreBody::Route(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for StoreMsg {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __StoreEvict {
    type Message = StoreMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "evict";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        StoreMsg(__StoreBody::Evict(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __StoreBody::Evict(payload, reply) => {
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
impl ::akt::Accepts<StoreMsg> for __StoreEvict {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __StoreCompact {
    type Message = StoreMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "compact";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        StoreMsg(__StoreBody::Compact(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __StoreBody::Compact(payload, reply) => {
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
impl ::akt::Accepts<StoreMsg> for __StoreCompact {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __StoreWaitFor {
    type Message = StoreMsg;
    type Payload = Self;
    type Out = Result<u8, Gone>;
    type Ok = u8;
    type Err = Gone;
    const NAME: &'static str = "wait_for";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        StoreMsg(__StoreBody::WaitFor(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __StoreBody::WaitFor(payload, reply) => {
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
impl ::akt::Accepts<StoreMsg> for __StoreWaitFor {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __StoreRoute {
    type Message = StoreMsg;
    type Payload = Self;
    type Out = Done;
    type Ok = Done;
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "route";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        StoreMsg(__StoreBody::Route(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __StoreBody::Route(payload, reply) => {
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
impl ::akt::Accepts<StoreMsg> for __StoreRoute {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl ::akt::CloneMessage for StoreMsg
where
    for<'any> String: ::akt::__private::CloneArg<'any>,
    for<'any> Job: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __StoreBody::Evict(message, reply) => {
                opener
                    .open::<
                        __StoreEvict,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __StoreEvict {},
                            join: ::akt::__private::good,
                        },
                    )
            }
            __StoreBody::Compact(message, reply) => {
                opener
                    .open::<
                        __StoreCompact,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __StoreCompact {},
                            join: ::akt::__private::good,
                        },
                    )
            }
            __StoreBody::WaitFor(message, reply) => {
                opener
                    .open::<
                        __StoreWaitFor,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __StoreWaitFor {
                                key: ::akt::__private::CloneArg::clone_arg(&message.key),
                            },
                            join: |out| out,
                        },
                    )
            }
            __StoreBody::Route(message, reply) => {
                opener
                    .open::<
                        __StoreRoute,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __StoreRoute {
                                job: ::akt::__private::CloneArg::clone_arg(&message.job),
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Store`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct StoreRef(::akt::Ref<StoreMsg>);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl StoreRef {
    /// Calls `Store::evict`.
    fn evict(&self) -> ::akt::Call<'_, __StoreEvict> {
        ::akt::Call::new(&self.0, __StoreEvict {})
    }
    /// Calls `Store::compact`.
    fn compact(&self) -> ::akt::Call<'_, __StoreCompact> {
        ::akt::Call::new(&self.0, __StoreCompact {})
    }
    /// Calls `Store::wait_for`.
    fn wait_for(&self, key: String) -> ::akt::Call<'_, __StoreWaitFor> {
        ::akt::Call::new(&self.0, __StoreWaitFor { key })
    }
    /// Calls `Store::route`.
    fn route(&self, job: Job) -> ::akt::Call<'_, __StoreRoute> {
        ::akt::Call::new(&self.0, __StoreRoute { job })
    }
    /// Asks by message type.
    pub fn ask<T: ::akt::Accepts<StoreMsg>>(
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
    pub fn tell<T: ::akt::Accepts<StoreMsg>>(
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
impl ::core::clone::Clone for StoreRef {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for StoreRef {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl ::akt::ActorRef for StoreRef {
    type Message = StoreMsg;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl ::akt::testkit::Probed for StoreRef { type Probe =
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
impl ::akt::Actor for Store
where
    for<'any> Store: ::akt::__private::ActorState<'any>,
{
    type Msg = StoreMsg;
    type Ref = StoreRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "Store";
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: StoreMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), StoreMsg> {
        match message.0 {
            __StoreBody::Evict(_, reply) => {
                self.evict();
                ::akt::__private::answer(cx, reply, ())
            }
            __StoreBody::Route(message, reply) => {
                let out = self.route(message.job, cx);
                ::akt::__private::forward(cx, reply, out)
            }
            message => return ::core::result::Result::Err(StoreMsg(message)),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: StoreMsg, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            __StoreBody::Compact(_, reply) => {
                ::akt::__private::sendable(self.compact()).await;
                ::akt::__private::answer(cx, reply, ())
            }
            __StoreBody::WaitFor(message, reply) => {
                ::akt::__private::sendable(self.wait_for(message.key, cx, reply)).await;
            }
            _ => ::core::unreachable!(),
        }
    }
    fn set_timers(cx: &mut ::akt::Ctx<Self>) {
        ::akt::__private::every(
                cx,
                ::core::time::Duration::from_millis(10000u64),
                ::core::time::Duration::from_millis(1000u64),
                |me| me.evict().post(),
            )
            .detach();
        ::akt::__cron_timer!(cx, "0 0 3 * * *", UTC, | me | me.compact().post())
            .detach();
        ::akt::__cron_timer!(
            cx, "@monthly", America__PortauPrince, | me | me.compact().post()
        )
            .detach();
    }
}
