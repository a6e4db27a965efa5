impl<K: Key> Ledger<K> {
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn add(&mut self, key: K, cents: u64) -> Persist<Self, Result<u64, Full>> {
        Persist::one(LedgerEvent::added(cents)).then(|ledger| Ok(ledger.sum()))
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn close(&mut self, cx: &mut Ctx<Self>) -> Persist<Self> {
        self.closing(cx).await
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn sum(&self) -> u64 {
        self.cents
    }
    #[apply(__akt_spent)]
    #[allow(clippy::ptr_arg, clippy::trivially_copy_pass_by_ref)]
    fn noted(&mut self, event: &LedgerEvent) {
        self.cents += event.cents;
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
    impl<K: Key> Argument<0usize, 0usize> for Ledger<K> {
        type Is = K;
    }
    impl<K: Key> Argument<0usize, 1usize> for Ledger<K> {
        type Is = u64;
    }
    impl<K: Key> Answer<0usize, 0usize> for Ledger<K> {
        type Is = Result<u64, Full>;
    }
    impl<K: Key> Answer<2usize, 0usize> for Ledger<K> {
        type Is = u64;
    }
    fn required<K: Key>() {
        ::akt::__private::require_send::<Ledger<K>>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Ledger: () = ();
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LedgerAdd<K: Key> {
    key: K,
    cents: u64,
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LedgerClose<K: Key> {
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LedgerSum<K: Key> {
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __LedgerBody<K: Key> {
    Add(__LedgerAdd<K>, ::akt::Reply<Result<u64, Full>>),
    Close(__LedgerClose<K>, ::akt::Reply<()>),
    Sum(__LedgerSum<K>, ::akt::Reply<u64>),
}
/// Messages of `Ledger`.
#[allow(unnameable_types, unreachable_pub)]
pub struct LedgerMsg<K: Key>(__LedgerBody<K>);
#[automatically_derived]
impl<K: Key> ::akt::Message for LedgerMsg<K> {
    fn name(&self) -> &'static str {
        match self.0 {
            __LedgerBody::Add(..) => "add",
            __LedgerBody::Close(..) => "close",
            __LedgerBody::Sum(..) => "sum",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __LedgerBody::Add(ref payload, _) => payload,
            __LedgerBody::Close(ref payload, _) => payload,
            __LedgerBody::Sum(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __LedgerBody::Add(_, ref reply) => reply.slot(),
            __LedgerBody::Close(_, ref reply) => reply.slot(),
            __LedgerBody::Sum(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __LedgerBody::Add(_, reply) => reply.erase(),
            __LedgerBody::Close(_, reply) => reply.erase(),
            __LedgerBody::Sum(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl<K: Key> ::core::fmt::Debug for LedgerMsg<K> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LedgerAdd<K> {
    type Message = LedgerMsg<K>;
    type Payload = Self;
    type Out = Result<u64, Full>;
    type Ok = u64;
    type Err = Full;
    const NAME: &'static str = "add";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LedgerMsg(__LedgerBody::Add(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LedgerBody::Add(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LedgerMsg<K>> for __LedgerAdd<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LedgerClose<K> {
    type Message = LedgerMsg<K>;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "close";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LedgerMsg(__LedgerBody::Close(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LedgerBody::Close(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LedgerMsg<K>> for __LedgerClose<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LedgerSum<K> {
    type Message = LedgerMsg<K>;
    type Payload = Self;
    type Out = u64;
    type Ok = u64;
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "sum";
    const SHARED: bool = true;
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LedgerMsg(__LedgerBody::Sum(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LedgerBody::Sum(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LedgerMsg<K>> for __LedgerSum<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl<K: Key> ::akt::CloneMessage for LedgerMsg<K>
where
    for<'any> K: ::akt::__private::CloneArg<'any>,
    for<'any> u64: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __LedgerBody::Add(message, reply) => {
                opener
                    .open::<
                        __LedgerAdd<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __LedgerAdd::<K> {
                                key: ::akt::__private::CloneArg::clone_arg(&message.key),
                                cents: ::akt::__private::CloneArg::clone_arg(
                                    &message.cents,
                                ),
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: |out| out,
                        },
                    )
            }
            __LedgerBody::Close(message, reply) => {
                opener
                    .open::<
                        __LedgerClose<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __LedgerClose::<K> {
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
            __LedgerBody::Sum(message, reply) => {
                opener
                    .open::<
                        __LedgerSum<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __LedgerSum::<K> {
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Ledger`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct LedgerRef<K: Key>(::akt::Ref<LedgerMsg<K>>);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl<K: Key> LedgerRef<K> {
    /// Calls `Ledger::add`.
    fn add(&self, key: K, cents: u64) -> ::akt::Call<'_, __LedgerAdd<K>> {
        ::akt::Call::new(
            &self.0,
            __LedgerAdd {
                key,
                cents,
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Calls `Ledger::close`.
    fn close(&self) -> ::akt::Call<'_, __LedgerClose<K>> {
        ::akt::Call::new(
            &self.0,
            __LedgerClose {
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Calls `Ledger::sum`.
    fn sum(&self) -> ::akt::Call<'_, __LedgerSum<K>> {
        ::akt::Call::new(
            &self.0,
            __LedgerSum {
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Asks by message type.
    pub fn ask<T: ::akt::Accepts<LedgerMsg<K>>>(
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
    pub fn tell<T: ::akt::Accepts<LedgerMsg<K>>>(
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
impl<K: Key> ::core::clone::Clone for LedgerRef<K> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<K: Key> ::core::fmt::Debug for LedgerRef<K> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl<K: Key> ::akt::ActorRef for LedgerRef<K> {
    type Message = LedgerMsg<K>;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl < K : Key > ::akt::testkit::Probed for LedgerRef < K >
    { type Probe = ::akt::Probe < Self >; fn probe(system : & ::akt::ActorSystem) ->
    (Self, Self::Probe) { ::akt::Probe::begin(system) } }
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
impl<K: Key> ::akt::Actor for Ledger<K>
where
    Ledger<K>: ::core::marker::Send,
{
    type Msg = LedgerMsg<K>;
    type Ref = LedgerRef<K>;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "Ledger";
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: LedgerMsg<K>,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), LedgerMsg<K>> {
        match message.0 {
            __LedgerBody::Sum(_, reply) => {
                let out = self.sum();
                ::akt::__private::answer(cx, reply, out)
            }
            message => return ::core::result::Result::Err(LedgerMsg(message)),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: LedgerMsg<K>, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            __LedgerBody::Add(message, reply) => {
                let out = self.add(message.key, message.cents);
                ::akt::__private::persist(
                        self,
                        cx,
                        reply,
                        out,
                        ::akt::__private::answer_result,
                    )
                    .await
            }
            __LedgerBody::Close(_, reply) => {
                if let ::core::option::Option::Some(out) = ::akt::__private::unless_cancelled(
                        &reply,
                        ::akt::__private::sendable(self.close(cx)),
                    )
                    .await
                {
                    ::akt::__private::persist(
                            self,
                            cx,
                            reply,
                            out,
                            ::akt::__private::answer,
                        )
                        .await;
                }
            }
            _ => ::core::unreachable!(),
        }
    }
    const RECOVERS: bool = true;
    async fn recover(
        &mut self,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        ::akt::__private::recover(self, cx).await
    }
}
#[automatically_derived]
impl<K: Key> ::akt::persistence::EventSourced for Ledger<K>
where
    Ledger<K>: ::core::marker::Send,
{
    type Event = LedgerEvent;
    const KIND: &'static str = "ledger";
    const SCHEMA: u32 = 2;
    fn apply(&mut self, event: &Self::Event) {
        Self::noted(self, event);
    }
    fn upcast(
        schema: u32,
        bytes: ::akt::bytes::Bytes,
    ) -> ::core::result::Result<Self::Event, ::akt::Fault> {
        old::event(schema, bytes)
    }
    fn snapshots() -> ::core::option::Option<::akt::__private::Snapshots<Self>> {
        ::akt::__private::snapshots_every::<Self>(100)
    }
}
#[automatically_derived]
impl<K: Key> ::akt::__private::EventOf<Ledger<K>> for LedgerEvent
where
    Ledger<K>: ::core::marker::Send,
{}
