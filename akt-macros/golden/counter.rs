impl Counter {
    /// Adds `by`, returns the new value.
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    pub fn add(&mut self, by: i64) -> i64 {
        self.value += by;
        self.value
    }
    #[handler(__akt_spent)]
    #[cfg(feature = "load")]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn load(
        &mut self,
        cx: &mut Ctx<Self>,
        url: String,
    ) -> Result<usize, LoadError> {
        cx.me().add(1).tell().ok();
        Ok(url.len())
    }
    #[akt::handler(__akt_spent)]
    #[deprecated]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn r#move(&mut self, to: [u8; Self::N]) {}
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn started(&mut self) {}
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn gone(&mut self, _: Terminated, cx: &mut Ctx<Self>) -> Result<(), Fault> {
        cx.stop();
        Ok(())
    }
    fn helper(&self) {}
}
#[allow(dead_code)]
const _: () = {
    trait Argument<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::MessageArg<'any> + ?::core::marker::Sized;
    }
    trait Answer<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::ReplyType<'any> + ?::core::marker::Sized;
    }
    impl Argument<0usize, 0usize> for Counter {
        type Is = i64;
    }
    impl Answer<0usize, 0usize> for Counter {
        type Is = i64;
    }
    #[cfg(feature = "load")]
    impl Argument<1usize, 0usize> for Counter {
        type Is = String;
    }
    #[cfg(feature = "load")]
    impl Answer<1usize, 0usize> for Counter {
        type Is = Result<usize, LoadError>;
    }
    impl Argument<2usize, 0usize> for Counter {
        type Is = [u8; <Counter>::N];
    }
    fn required() {
        ::akt::__private::require_state::<Counter>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Counter: () = ();
/// Adds `by`, returns the new value.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
pub struct __CounterAdd {
    pub by: i64,
}
#[cfg(feature = "load")]
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __CounterLoad {
    url: String,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __CounterMove {
    to: [u8; <Counter>::N],
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __CounterBody {
    Add(__CounterAdd, ::akt::Reply<i64>),
    #[cfg(feature = "load")]
    Load(__CounterLoad, ::akt::Reply<Result<usize, LoadError>>),
    Move(__CounterMove, ::akt::Reply<()>),
}
/// Messages of `Counter`.
#[allow(unnameable_types, unreachable_pub)]
pub struct CounterMsg(__CounterBody);
#[automatically_derived]
impl ::akt::Message for CounterMsg {
    fn name(&self) -> &'static str {
        match self.0 {
            __CounterBody::Add(..) => "add",
            #[cfg(feature = "load")]
            __CounterBody::Load(..) => "load",
            __CounterBody::Move(..) => "move",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __CounterBody::Add(ref payload, _) => payload,
            #[cfg(feature = "load")]
            __CounterBody::Load(ref payload, _) => payload,
            __CounterBody::Move(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __CounterBody::Add(_, ref reply) => reply.slot(),
            #[cfg(feature = "load")]
            __CounterBody::Load(_, ref reply) => reply.slot(),
            __CounterBody::Move(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __CounterBody::Add(_, reply) => reply.erase(),
            #[cfg(feature = "load")]
            __CounterBody::Load(_, reply) => reply.erase(),
            __CounterBody::Move(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for CounterMsg {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __CounterAdd {
    type Message = CounterMsg;
    type Payload = Self;
    type Out = i64;
    type Ok = i64;
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "add";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        CounterMsg(__CounterBody::Add(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __CounterBody::Add(payload, reply) => {
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
impl ::akt::Accepts<CounterMsg> for __CounterAdd {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[cfg(feature = "load")]
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __CounterLoad {
    type Message = CounterMsg;
    type Payload = Self;
    type Out = Result<usize, LoadError>;
    type Ok = usize;
    type Err = LoadError;
    const NAME: &'static str = "load";
    const TIMEOUT: ::core::option::Option<::core::time::Duration> = ::core::option::Option::Some(
        ::core::time::Duration::from_millis(2000u64),
    );
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        CounterMsg(__CounterBody::Load(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __CounterBody::Load(payload, reply) => {
                ::core::option::Option::Some((payload, reply))
            }
            _ => ::core::option::Option::None,
        }
    }
    fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
        out
    }
}
#[cfg(feature = "load")]
#[automatically_derived]
impl ::akt::Accepts<CounterMsg> for __CounterLoad {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __CounterMove {
    type Message = CounterMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "move";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        CounterMsg(__CounterBody::Move(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __CounterBody::Move(payload, reply) => {
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
impl ::akt::Accepts<CounterMsg> for __CounterMove {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[doc(hidden)]
#[allow(unnameable_types, unreachable_pub)]
pub trait __CounterConfigured<const HANDLER: usize, const FIELD: usize> {
    type Is: for<'any> ::akt::__private::MessageArg<'any>;
}
#[cfg(feature = "load")]
impl __CounterConfigured<1usize, 0usize> for Counter {
    type Is = String;
}
#[cfg(not(all(feature = "load")))]
impl __CounterConfigured<1usize, 0usize> for Counter {
    type Is = ();
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl ::akt::CloneMessage for CounterMsg
where
    for<'any> i64: ::akt::__private::CloneArg<'any>,
    for<'any> <Counter as __CounterConfigured<
        1usize,
        0usize,
    >>::Is: ::akt::__private::CloneArg<'any>,
    for<'any> [u8; <Counter>::N]: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __CounterBody::Add(message, reply) => {
                opener
                    .open::<
                        __CounterAdd,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __CounterAdd {
                                by: ::akt::__private::CloneArg::clone_arg(&message.by),
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
            #[cfg(feature = "load")]
            __CounterBody::Load(message, reply) => {
                opener
                    .open::<
                        __CounterLoad,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __CounterLoad {
                                url: ::akt::__private::CloneArg::clone_arg(&message.url),
                            },
                            join: |out| out,
                        },
                    )
            }
            __CounterBody::Move(message, reply) => {
                opener
                    .open::<
                        __CounterMove,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __CounterMove {
                                to: ::akt::__private::CloneArg::clone_arg(&message.to),
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Counter`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct CounterRef(::akt::Ref<CounterMsg>);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl CounterRef {
    /// Adds `by`, returns the new value.
    pub fn add(&self, by: i64) -> ::akt::Call<'_, __CounterAdd> {
        ::akt::Call::new(&self.0, __CounterAdd { by })
    }
    #[cfg(feature = "load")]
    /// Calls `Counter::load`.
    fn load(&self, url: String) -> ::akt::Call<'_, __CounterLoad> {
        ::akt::Call::new(&self.0, __CounterLoad { url })
    }
    /// Calls `Counter::move`.
    #[deprecated]
    fn r#move(&self, to: [u8; <Counter>::N]) -> ::akt::Call<'_, __CounterMove> {
        ::akt::Call::new(&self.0, __CounterMove { to })
    }
    /// Asks by message type.
    pub fn ask<T: ::akt::Accepts<CounterMsg>>(
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
    pub fn tell<T: ::akt::Accepts<CounterMsg>>(
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
impl ::core::clone::Clone for CounterRef {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for CounterRef {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl ::akt::ActorRef for CounterRef {
    type Message = CounterMsg;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl ::akt::testkit::Probed for CounterRef { type Probe =
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
impl ::akt::Actor for Counter
where
    for<'any> Counter: ::akt::__private::ActorState<'any>,
{
    type Msg = CounterMsg;
    type Ref = CounterRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "Counter";
    fn options() -> ::akt::ActorOptions {
        ::akt::ActorOptions::new()
            .mailbox(::akt::Mailbox::bounded(64).when_full(::akt::Overflow::DropOldest))
    }
    fn mailbox_order() -> ::core::option::Option<::akt::MailboxOrder<Self::Msg>> {
        ::core::option::Option::Some(::akt::MailboxOrder::<Self::Msg>::priority(urgency))
    }
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: CounterMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), CounterMsg> {
        match message.0 {
            __CounterBody::Add(message, reply) => {
                let out = self.add(message.by);
                ::akt::__private::answer(cx, reply, out)
            }
            __CounterBody::Move(message, reply) => {
                self.r#move(message.to);
                ::akt::__private::answer(cx, reply, ())
            }
            message => return ::core::result::Result::Err(CounterMsg(message)),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: CounterMsg, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            #[cfg(feature = "load")]
            __CounterBody::Load(message, reply) => {
                let out = ::akt::__private::sendable(self.load(cx, message.url)).await;
                ::akt::__private::answer_result(cx, reply, out)
            }
            _ => ::core::unreachable!(),
        }
    }
    async fn on_start(
        &mut self,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        self.started();
        ::core::result::Result::Ok(())
    }
    async fn on_terminated(
        &mut self,
        terminated: ::akt::Terminated,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        ::akt::__private::sendable(self.gone(terminated, cx)).await?;
        ::core::result::Result::Ok(())
    }
}
