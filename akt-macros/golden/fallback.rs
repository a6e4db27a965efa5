::core::compile_error! {
    "message arguments are owned; use `String`"
}
::core::compile_error! {
    "name the argument; destructure in the body"
}
::core::compile_error! {
    "replies are owned; return `String`"
}
::core::compile_error! {
    "`ask` exists on every reference; rename or `#[handler(name = \"..\")]`"
}
::core::compile_error! {
    "message `Add` is handled twice; rename one handler"
}
::core::compile_error! {
    "message `Add` already handled here"
}
#[allow(dead_code)]
impl Counter {
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn rename(&mut self, name: &str, (a, b): (u8, u8)) -> &str {
        name
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn add(&mut self, by: i64) -> i64 {
        by
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn ask(&mut self) {}
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn add(&mut self) {}
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __CounterRename {}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __CounterAdd {
    by: i64,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __CounterBody {
    Rename(__CounterRename, ::akt::Reply<()>),
    Add(__CounterAdd, ::akt::Reply<i64>),
}
/// Messages of `Counter`.
#[allow(unnameable_types, unreachable_pub)]
pub struct CounterMsg(__CounterBody);
#[automatically_derived]
impl ::akt::Message for CounterMsg {
    fn name(&self) -> &'static str {
        match self.0 {
            __CounterBody::Rename(..) => "rename",
            __CounterBody::Add(..) => "add",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __CounterBody::Rename(ref payload, _) => payload,
            __CounterBody::Add(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __CounterBody::Rename(_, ref reply) => reply.slot(),
            __CounterBody::Add(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __CounterBody::Rename(_, reply) => reply.erase(),
            __CounterBody::Add(_, reply) => reply.erase(),
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
impl ::akt::Request for __CounterRename {
    type Message = CounterMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "rename";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        CounterMsg(__CounterBody::Rename(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __CounterBody::Rename(payload, reply) => {
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
impl ::akt::Accepts<CounterMsg> for __CounterRename {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
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
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl ::akt::CloneMessage for CounterMsg {
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        _opener: __AktOpener,
    ) -> __AktOpener::Out {
        ::core::unimplemented!()
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
    /// Calls `Counter::rename`.
    fn rename(
        &self,
        _: impl ::core::marker::Sized,
        _: impl ::core::marker::Sized,
    ) -> ::akt::Call<'_, __CounterRename> {
        ::core::unimplemented!()
    }
    /// Calls `Counter::add`.
    fn add(&self, by: i64) -> ::akt::Call<'_, __CounterAdd> {
        ::akt::Call::new(&self.0, __CounterAdd { by })
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
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        _: Self::Msg,
        _: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), Self::Msg> {
        ::core::unimplemented!()
    }
    async fn dispatch(&mut self, _: Self::Msg, _: &mut ::akt::Ctx<Self>) {
        ::core::unimplemented!()
    }
}
