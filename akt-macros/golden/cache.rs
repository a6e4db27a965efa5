impl<K: Send + 'static, const N: usize> Cache<K, N>
where
    Self: Sized,
{
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn clear(&mut self) -> Result<[K; N], Vec<Self>> {
        todo!()
    }
}
#[allow(dead_code)]
const _: () = {
    trait Argument<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> crate::reexport::__private::MessageArg<'any>
            + ?::core::marker::Sized;
    }
    trait Answer<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> crate::reexport::__private::ReplyType<'any>
            + ?::core::marker::Sized;
    }
    impl<K: Send + 'static, const N: usize> Answer<0usize, 0usize> for Cache<K, N>
    where
        Cache<K, N>: Sized,
    {
        type Is = Result<[K; N], Vec<Cache<K, N>>>;
    }
    fn required<K: Send + 'static, const N: usize>()
    where
        Cache<K, N>: Sized,
    {
        crate::reexport::__private::require_send::<Cache<K, N>>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Cache: () = ();
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __CacheClear<K: Send + 'static, const N: usize>
where
    Cache<K, N>: Sized,
{
    __akt_actor: ::core::marker::PhantomData<fn() -> (K,)>,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __CacheBody<K: Send + 'static, const N: usize>
where
    Cache<K, N>: Sized,
{
    Clear(__CacheClear<K, N>, crate::reexport::Reply<Result<[K; N], Vec<Cache<K, N>>>>),
}
/// Messages of `Cache`.
#[allow(unnameable_types, unreachable_pub)]
pub struct CacheMsg<K: Send + 'static, const N: usize>(
    __CacheBody<K, N>,
)
where
    Cache<K, N>: Sized;
#[automatically_derived]
impl<K: Send + 'static, const N: usize> crate::reexport::Message for CacheMsg<K, N>
where
    Cache<K, N>: Sized,
{
    fn name(&self) -> &'static str {
        match self.0 {
            __CacheBody::Clear(..) => "clear",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __CacheBody::Clear(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn crate::reexport::__private::Slot> {
        match self.0 {
            __CacheBody::Clear(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> crate::reexport::__private::AnyReply {
        match self.0 {
            __CacheBody::Clear(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl<K: Send + 'static, const N: usize> ::core::fmt::Debug for CacheMsg<K, N>
where
    Cache<K, N>: Sized,
{
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(crate::reexport::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl<K: Send + 'static, const N: usize> crate::reexport::Request for __CacheClear<K, N>
where
    Cache<K, N>: Sized,
{
    type Message = CacheMsg<K, N>;
    type Payload = Self;
    type Out = Result<[K; N], Vec<Cache<K, N>>>;
    type Ok = [K; N];
    type Err = Vec<Cache<K, N>>;
    const NAME: &'static str = "clear";
    fn wrap(payload: Self, reply: crate::reexport::Reply<Self::Out>) -> Self::Message {
        CacheMsg(__CacheBody::Clear(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, crate::reexport::Reply<Self::Out>)> {
        match message.0 {
            __CacheBody::Clear(payload, reply) => {
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
impl<K: Send + 'static, const N: usize> crate::reexport::Accepts<CacheMsg<K, N>>
for __CacheClear<K, N>
where
    Cache<K, N>: Sized,
{
    type Request = Self;
    type Answer = crate::reexport::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl<K: Send + 'static, const N: usize> crate::reexport::CloneMessage for CacheMsg<K, N>
where
    Cache<K, N>: Sized,
{
    fn open<__AktOpener: crate::reexport::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __CacheBody::Clear(message, reply) => {
                opener
                    .open::<
                        __CacheClear<K, N>,
                    >(
                        message,
                        reply,
                        crate::reexport::__private::Copying {
                            clone: |_| __CacheClear::<K, N> {
                                __akt_actor: ::core::marker::PhantomData,
                            },
                            join: |out| out,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Cache`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct CacheRef<K: Send + 'static, const N: usize>(
    crate::reexport::Ref<CacheMsg<K, N>>,
)
where
    Cache<K, N>: Sized;
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl<K: Send + 'static, const N: usize> CacheRef<K, N>
where
    Cache<K, N>: Sized,
{
    /// Calls `Cache::clear`.
    fn clear(&self) -> crate::reexport::Call<'_, __CacheClear<K, N>> {
        crate::reexport::Call::new(
            &self.0,
            __CacheClear {
                __akt_actor: ::core::marker::PhantomData,
            },
        )
    }
    /// Asks by message type.
    pub fn ask<T: crate::reexport::Accepts<CacheMsg<K, N>>>(
        &self,
        message: T,
    ) -> crate::reexport::Call<'_, T::Request> {
        self.0.ask(message)
    }
    /// Tells by message type, at once.
    ///
    /// # Errors
    ///
    /// Hands the message back if it was not accepted.
    pub fn tell<T: crate::reexport::Accepts<CacheMsg<K, N>>>(
        &self,
        message: T,
    ) -> ::core::result::Result<(), crate::reexport::TellError<T>> {
        self.0.tell(message)
    }
    /// The actor itself: its path, its life.
    #[must_use]
    pub fn actor(&self) -> crate::reexport::AnyRef {
        self.0.actor()
    }
}
#[automatically_derived]
impl<K: Send + 'static, const N: usize> ::core::clone::Clone for CacheRef<K, N>
where
    Cache<K, N>: Sized,
{
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl<K: Send + 'static, const N: usize> ::core::fmt::Debug for CacheRef<K, N>
where
    Cache<K, N>: Sized,
{
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl<K: Send + 'static, const N: usize> crate::reexport::ActorRef for CacheRef<K, N>
where
    Cache<K, N>: Sized,
{
    type Message = CacheMsg<K, N>;
    fn from_ref(reference: crate::reexport::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &crate::reexport::Ref<Self::Message> {
        &self.0
    }
}
crate::reexport::__private::probe! {
    #[automatically_derived] impl < K : Send + 'static, const N : usize > crate
    ::reexport::testkit::Probed for CacheRef < K, N > where Cache < K, N > : Sized { type
    Probe = crate ::reexport::Probe < Self >; fn probe(system : & crate
    ::reexport::ActorSystem) -> (Self, Self::Probe) { crate
    ::reexport::Probe::begin(system) } }
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
impl<K: Send + 'static, const N: usize> crate::reexport::Actor for Cache<K, N>
where
    Self: Sized,
    Cache<K, N>: ::core::marker::Send,
{
    type Msg = CacheMsg<K, N>;
    type Ref = CacheRef<K, N>;
    type Stash = crate::reexport::__private::NoStash;
    const NAME: &'static str = "Cache";
    type Flight = crate::reexport::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: CacheMsg<K, N>,
        cx: &mut crate::reexport::Ctx<Self>,
    ) -> ::core::result::Result<(), CacheMsg<K, N>> {
        match message.0 {
            __CacheBody::Clear(_, reply) => {
                let out = self.clear();
                crate::reexport::__private::answer_result(cx, reply, out)
            }
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(
        &mut self,
        message: CacheMsg<K, N>,
        cx: &mut crate::reexport::Ctx<Self>,
    ) {
        ::core::mem::drop(message);
    }
}
