impl Cart {
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn wake(key: &String, items: Items) -> Self {
        Self { items }
    }
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn leave(&mut self, cx: &mut Ctx<Self>) {}
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn add(&mut self, item: Item, cx: &mut Ctx<Self>) {}
}
#[allow(dead_code)]
const _: () = {
    trait Argument<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::MessageArg<'any> + ?::core::marker::Sized;
    }
    trait Answer<const HANDLER: usize, const FIELD: usize> {
        type Is: for<'any> ::akt::__private::ReplyType<'any> + ?::core::marker::Sized;
    }
    impl Argument<0usize, 0usize> for Cart {
        type Is = Item;
    }
    fn required() {
        ::akt::__private::require_state::<Cart>();
    }
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Cart: () = ();
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __CartAdd {
    item: Item,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __CartBody {
    Add(__CartAdd, ::akt::Reply<()>),
}
/// Messages of `Cart`.
#[allow(unnameable_types, unreachable_pub)]
pub struct CartMsg(__CartBody);
#[automatically_derived]
impl ::akt::Message for CartMsg {
    fn name(&self) -> &'static str {
        match self.0 {
            __CartBody::Add(..) => "add",
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __CartBody::Add(ref payload, _) => payload,
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __CartBody::Add(_, ref reply) => reply.slot(),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __CartBody::Add(_, reply) => reply.erase(),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for CartMsg {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __CartAdd {
    type Message = CartMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "add";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        CartMsg(__CartBody::Add(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __CartBody::Add(payload, reply) => {
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
impl ::akt::Accepts<CartMsg> for __CartAdd {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl ::akt::CloneMessage for CartMsg
where
    for<'any> Item: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __CartBody::Add(message, reply) => {
                opener
                    .open::<
                        __CartAdd,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __CartAdd {
                                item: ::akt::__private::CloneArg::clone_arg(&message.item),
                            },
                            join: ::akt::__private::good,
                        },
                    )
            }
        }
    }
}
/// Reference to a `Cart`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct CartRef(::akt::Ref<CartMsg>);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl CartRef {
    /// Calls `Cart::add`.
    fn add(&self, item: Item) -> ::akt::Call<'_, __CartAdd> {
        ::akt::Call::new(&self.0, __CartAdd { item })
    }
    /// Asks by message type.
    pub fn ask<T: ::akt::Accepts<CartMsg>>(
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
    pub fn tell<T: ::akt::Accepts<CartMsg>>(
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
impl ::core::clone::Clone for CartRef {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0))
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for CartRef {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl ::akt::ActorRef for CartRef {
    type Message = CartMsg;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        Self(reference)
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl ::akt::testkit::Probed for CartRef { type Probe =
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
impl ::akt::Actor for Cart
where
    for<'any> Cart: ::akt::__private::ActorState<'any>,
{
    type Msg = CartMsg;
    type Ref = CartRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "Cart";
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: CartMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), CartMsg> {
        ::core::result::Result::Err(message)
    }
    async fn dispatch(&mut self, message: CartMsg, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            __CartBody::Add(message, reply) => {
                ::akt::__private::sendable(self.add(message.item, cx)).await;
                ::akt::__private::answer(cx, reply, ())
            }
            _ => ::core::unreachable!(),
        }
    }
    async fn activate(
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<Self, ::akt::Fault> {
        let state = ::akt::__private::load_state::<Self>(cx).await?;
        let key = ::core::clone::Clone::clone(::akt::Ctx::key(cx));
        ::core::result::Result::Ok(Self::wake(&key, state))
    }
    async fn on_stop(
        &mut self,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        #[allow(unused_mut)]
        let mut ended: ::core::result::Result<(), ::akt::Fault> = ::core::result::Result::Ok(());
        {
            ended = async {
                self.leave(cx);
                ::core::result::Result::Ok(())
            }
                .await;
        }
        let saved = ::akt::__private::save_at_end(self, cx).await;
        ended.and(saved)
    }
}
#[automatically_derived]
impl ::akt::Grain for Cart
where
    for<'any> Cart: ::akt::__private::ActorState<'any>,
{
    type Key = String;
    const KIND: &'static str = "cart";
    const PLACEMENT: ::akt::Placement = ::akt::Placement::Hash;
    const CONSISTENCY: ::akt::Consistency = ::akt::Consistency::Fenced;
}
#[automatically_derived]
impl ::akt::Stateful for Cart
where
    for<'any> Cart: ::akt::__private::ActorState<'any>,
{
    type State = Items;
    const SCHEMA: u32 = 2;
    fn kept(&self) -> &Self::State {
        &self.items
    }
    fn kept_mut(&mut self) -> &mut Self::State {
        &mut self.items
    }
    fn upcast(
        schema: u32,
        bytes: ::akt::bytes::Bytes,
    ) -> ::core::result::Result<Self::State, ::akt::Fault> {
        older(schema, bytes)
    }
}
#[allow(dead_code, unreachable_pub)]
impl Cart
where
    for<'any> Cart: ::akt::__private::ActorState<'any>,
{
    /// The grain with this key: the first message activates it.
    pub fn grain(
        system: &::akt::ActorSystem,
        key: impl ::akt::IntoKey<String>,
    ) -> CartRef {
        system.grain::<Self>(key)
    }
}
