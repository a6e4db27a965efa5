impl<K: Key> Library<K> {
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    #[allow(clippy::unused_async)]
    async fn read(&self, key: K, cx: &Ctx<Self>) -> Result<String, Missing> {
        self.shelf(key).read(cx).await
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn count(&self) -> usize {
        self.books.len()
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    #[allow(clippy::unused_async)]
    async fn order(this: Turn<Self>, title: String, cx: &TurnCtx<Self>) {
        this.with(|me| me.orders.push(title));
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    #[allow(clippy::unused_async)]
    async fn lend(this: Turn<Self>, title: String, reply: Reply<u64>) {}
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn close(&mut self) {}
    #[guard(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn admit(&self, message: &LibraryMsg<K>) -> Admit {
        Admit::Pass
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
    impl<K: Key> Argument<0usize, 0usize> for Library<K> {
        type Is = K;
    }
    impl<K: Key> Answer<0usize, 0usize> for Library<K> {
        type Is = Result<String, Missing>;
    }
    impl<K: Key> Answer<1usize, 0usize> for Library<K> {
        type Is = usize;
    }
    impl<K: Key> Argument<2usize, 0usize> for Library<K> {
        type Is = String;
    }
    impl<K: Key> Argument<3usize, 0usize> for Library<K> {
        type Is = String;
    }
    impl<K: Key> Answer<3usize, 0usize> for Library<K> {
        type Is = u64;
    }
    fn required<K: Key>() {
        ::akt::__private::require_send::<Library<K>>();
        ::akt::__private::require_shared::<Library<K>>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Library: () = ();
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LibraryRead<K: Key> {
    key: K,
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LibraryCount<K: Key> {
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LibraryOrder<K: Key> {
    title: String,
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LibraryLend<K: Key> {
    title: String,
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __LibraryClose<K: Key> {
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __LibraryBody<K: Key> {
    Read(__LibraryRead<K>, ::akt::Reply<Result<String, Missing>>),
    Count(__LibraryCount<K>, ::akt::Reply<usize>),
    Order(__LibraryOrder<K>, ::akt::Reply<()>),
    Lend(__LibraryLend<K>, ::akt::Reply<u64>),
    Close(__LibraryClose<K>, ::akt::Reply<()>),
}
/// Messages of `Library`.
#[allow(unnameable_types, unreachable_pub)]
pub struct LibraryMsg<K: Key>(__LibraryBody<K>);
#[automatically_derived]
impl<K: Key> ::akt::Message for LibraryMsg<K> {
    fn name(&self) -> &'static str {
        match self.0 {
            __LibraryBody::Read(..) => "read",
            __LibraryBody::Count(..) => "count",
            __LibraryBody::Order(..) => "order",
            __LibraryBody::Lend(..) => "lend",
            __LibraryBody::Close(..) => "close",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __LibraryBody::Read(ref payload, _) => payload,
            __LibraryBody::Count(ref payload, _) => payload,
            __LibraryBody::Order(ref payload, _) => payload,
            __LibraryBody::Lend(ref payload, _) => payload,
            __LibraryBody::Close(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __LibraryBody::Read(_, ref reply) => reply.slot(),
            __LibraryBody::Count(_, ref reply) => reply.slot(),
            __LibraryBody::Order(_, ref reply) => reply.slot(),
            __LibraryBody::Lend(_, ref reply) => reply.slot(),
            __LibraryBody::Close(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __LibraryBody::Read(_, reply) => reply.erase(),
            __LibraryBody::Count(_, reply) => reply.erase(),
            __LibraryBody::Order(_, reply) => reply.erase(),
            __LibraryBody::Lend(_, reply) => reply.erase(),
            __LibraryBody::Close(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl<K: Key> ::core::fmt::Debug for LibraryMsg<K> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LibraryRead<K> {
    type Message = LibraryMsg<K>;
    type Payload = Self;
    type Out = Result<String, Missing>;
    type Ok = String;
    type Err = Missing;
    const NAME: &'static str = "read";
    const SHARED: bool = true;
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LibraryMsg(__LibraryBody::Read(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LibraryBody::Read(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LibraryMsg<K>> for __LibraryRead<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LibraryCount<K> {
    type Message = LibraryMsg<K>;
    type Payload = Self;
    type Out = usize;
    type Ok = usize;
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "count";
    const SHARED: bool = true;
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LibraryMsg(__LibraryBody::Count(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LibraryBody::Count(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LibraryMsg<K>> for __LibraryCount<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LibraryOrder<K> {
    type Message = LibraryMsg<K>;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "order";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LibraryMsg(__LibraryBody::Order(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LibraryBody::Order(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LibraryMsg<K>> for __LibraryOrder<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LibraryLend<K> {
    type Message = LibraryMsg<K>;
    type Payload = Self;
    type Out = u64;
    type Ok = u64;
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "lend";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LibraryMsg(__LibraryBody::Lend(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LibraryBody::Lend(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LibraryMsg<K>> for __LibraryLend<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Key> ::akt::Request for __LibraryClose<K> {
    type Message = LibraryMsg<K>;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "close";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        LibraryMsg(__LibraryBody::Close(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __LibraryBody::Close(payload, reply) => {
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
impl<K: Key> ::akt::Accepts<LibraryMsg<K>> for __LibraryClose<K> {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl<K: Key> ::akt::CloneMessage for LibraryMsg<K>
where
    for<'any> K: ::akt::__private::CloneArg<'any>,
    for<'any> String: ::akt::__private::CloneArg<'any>,
    for<'any> String: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __LibraryBody::Read(message, reply) => {
                opener
                    .open::<
                        __LibraryRead<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __LibraryRead::<K> {
                                key: ::akt::__private::CloneArg::clone_arg(&message.key),
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: |out| out,
                        },
                    )
            }
            __LibraryBody::Count(message, reply) => {
                opener
                    .open::<
                        __LibraryCount<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __LibraryCount::<K> {
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
            __LibraryBody::Order(message, reply) => {
                opener
                    .open::<
                        __LibraryOrder<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __LibraryOrder::<K> {
                                title: ::akt::__private::CloneArg::clone_arg(
                                    &message.title,
                                ),
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
            __LibraryBody::Lend(message, reply) => {
                opener
                    .open::<
                        __LibraryLend<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __LibraryLend::<K> {
                                title: ::akt::__private::CloneArg::clone_arg(
                                    &message.title,
                                ),
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
            __LibraryBody::Close(message, reply) => {
                opener
                    .open::<
                        __LibraryClose<K>,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __LibraryClose::<K> {
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Library`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct LibraryRef<K: Key>(::akt::Ref<LibraryMsg<K>>);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl<K: Key> LibraryRef<K> {
    /// Calls `Library::read`.
    fn read(&self, key: K) -> ::akt::Call<'_, __LibraryRead<K>> {
        ::akt::Call::new(
            &self.0,
            __LibraryRead {
                key,
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Calls `Library::count`.
    fn count(&self) -> ::akt::Call<'_, __LibraryCount<K>> {
        ::akt::Call::new(
            &self.0,
            __LibraryCount {
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Calls `Library::order`.
    fn order(&self, title: String) -> ::akt::Call<'_, __LibraryOrder<K>> {
        ::akt::Call::new(
            &self.0,
            __LibraryOrder {
                title,
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Calls `Library::lend`.
    fn lend(&self, title: String) -> ::akt::Call<'_, __LibraryLend<K>> {
        ::akt::Call::new(
            &self.0,
            __LibraryLend {
                title,
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Calls `Library::close`.
    fn close(&self) -> ::akt::Call<'_, __LibraryClose<K>> {
        ::akt::Call::new(
            &self.0,
            __LibraryClose {
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Asks by message type.
    pub fn ask<T: ::akt::Accepts<LibraryMsg<K>>>(
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
    pub fn tell<T: ::akt::Accepts<LibraryMsg<K>>>(
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
impl<K: Key> ::core::clone::Clone for LibraryRef<K> {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<K: Key> ::core::fmt::Debug for LibraryRef<K> {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl<K: Key> ::akt::ActorRef for LibraryRef<K> {
    type Message = LibraryMsg<K>;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl < K : Key > ::akt::testkit::Probed for LibraryRef < K >
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
impl<K: Key> ::akt::Actor for Library<K>
where
    Library<K>: ::core::marker::Send,
    for<'any> Library<K>: ::akt::__private::SharedState<'any>,
{
    type Msg = LibraryMsg<K>;
    type Ref = LibraryRef<K>;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "Library";
    fn options() -> ::akt::ActorOptions {
        ::akt::ActorOptions::new().concurrency(16)
    }
    type Flight = ::akt::__private::Flight<Self>;
    fn mode(message: &Self::Msg) -> ::akt::__private::Mode {
        match message.0 {
            __LibraryBody::Read(..) => ::akt::__private::Mode::Shared,
            __LibraryBody::Count(..) => ::akt::__private::Mode::Peek,
            __LibraryBody::Order(..) => {
                ::akt::__private::Mode::Turn {
                    max: 8,
                }
            }
            __LibraryBody::Lend(..) => {
                ::akt::__private::Mode::Turn {
                    max: ::core::primitive::usize::MAX,
                }
            }
            _ => ::akt::__private::Mode::Exclusive,
        }
    }
    fn share(
        deck: &mut ::akt::__private::Deck<'_, Self>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
        ::akt::__private::share(deck)
    }
    async fn shared(
        &self,
        message: Self::Msg,
        mut owned: ::akt::Ctx<Self>,
    ) -> ::akt::Ctx<Self> {
        let cx = &owned;
        if let ::akt::Admit::Reject(why) = self.admit(&message) {
            ::akt::__private::reject(cx, message, why);
            return owned;
        }
        match message.0 {
            __LibraryBody::Read(message, reply) => {
                let out = ::akt::__private::sendable(self.read(message.key, cx)).await;
                ::akt::__private::answer_result(&mut owned, reply, out)
            }
            __LibraryBody::Count(_, reply) => {
                let out = self.count();
                ::akt::__private::answer(&mut owned, reply, out)
            }
            _ => ::core::unreachable!(),
        }
        owned
    }
    async fn turn(
        this: ::akt::Turn<Self>,
        message: Self::Msg,
        mut owned: ::akt::TurnCtx<Self>,
    ) -> ::akt::Ctx<Self> {
        let cx = &owned;
        if let ::akt::Admit::Reject(why) = this.with(|this| this.admit(&message)) {
            ::akt::__private::reject(cx, message, why);
            return owned.finish();
        }
        match message.0 {
            __LibraryBody::Order(message, reply) => {
                ::akt::__private::sendable(Self::order(this, message.title, cx)).await;
                ::akt::__private::answer(owned.closing(), reply, ())
            }
            __LibraryBody::Lend(message, reply) => {
                ::akt::__private::sendable(Self::lend(this, message.title, reply)).await;
            }
            _ => ::core::unreachable!(),
        }
        owned.finish()
    }
    fn dispatch_sync(
        &mut self,
        message: LibraryMsg<K>,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), LibraryMsg<K>> {
        if let ::akt::Admit::Reject(why) = self.admit(&message) {
            ::akt::__private::reject(cx, message, why);
            return ::core::result::Result::Ok(());
        }
        match message.0 {
            __LibraryBody::Count(_, reply) => {
                let out = self.count();
                ::akt::__private::answer(cx, reply, out)
            }
            message => return ::core::result::Result::Err(LibraryMsg(message)),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: LibraryMsg<K>, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            __LibraryBody::Close(_, reply) => {
                ::akt::__private::sendable(self.close()).await;
                ::akt::__private::answer(cx, reply, ())
            }
            _ => ::core::unreachable!(),
        }
    }
}
