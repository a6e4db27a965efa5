impl shop::Cart for MyCart {
    #[handler(__akt_spent)]
    async fn add(
        &mut self,
        req: AddItem,
        _cx: &mut ::akt::Ctx<Self>,
    ) -> Result<CartView, CartError> {
        self.put(req).await
    }
    #[allow(refining_impl_trait, unused_variables)]
    fn view(
        &self,
        request: (),
        cx: &::akt::Ctx<Self>,
    ) -> ::core::future::Ready<shop::v1::CartView> {
        let out: shop::v1::CartView = self.__akt_view(request);
        ::core::future::ready(out)
    }
    async fn find(&self, req: Find, cx: &Ctx<Self>) -> Found {
        self.search(req, cx).await
    }
    async fn checkout(
        this: Turn<Self>,
        req: Checkout,
        _cx: &::akt::TurnCtx<Self>,
    ) -> Receipt {
        this.with(|cart| cart.pay(req))
    }
}
#[allow(dead_code)]
impl MyCart {
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn __akt_view(&self, _: ()) -> CartView {
        self.view_of()
    }
    /// Drops what is too old.
    #[handler(__akt_spent)]
    #[every(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn expire(&mut self) {
        self.items.clear();
    }
    #[handler(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn load(&mut self, path: PathBuf) -> io::Result<usize> {
        read(path).await
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
    impl Argument<1usize, 0usize> for MyCart {
        type Is = PathBuf;
    }
    impl Answer<1usize, 0usize> for MyCart {
        type Is = io::Result<usize>;
    }
    fn required() {}
};
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_MyCart: () = ();
/// Drops what is too old.
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __MyCartExpire {}
#[doc(hidden)]
#[allow(
    missing_debug_implementations,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
struct __MyCartLoadAll {
    path: PathBuf,
}
#[doc(hidden)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum __MyCartBody {
    Expire(__MyCartExpire, ::akt::Reply<()>),
    LoadAll(::akt::__private::Box<__MyCartLoadAll>, ::akt::Reply<io::Result<usize>>),
    __Contract(shop::v1::CartMsg),
}
/// Messages of `MyCart`.
#[allow(unnameable_types, unreachable_pub)]
pub struct MyCartMsg(__MyCartBody);
#[automatically_derived]
impl ::akt::Message for MyCartMsg {
    fn name(&self) -> &'static str {
        match self.0 {
            __MyCartBody::Expire(..) => "expire",
            __MyCartBody::LoadAll(..) => "load_all",
            __MyCartBody::__Contract(ref inner) => ::akt::Message::name(inner),
        }
    }
    fn carried(&self) -> &dyn ::core::any::Any {
        match self.0 {
            __MyCartBody::Expire(ref payload, _) => payload,
            __MyCartBody::LoadAll(ref payload, _) => &**payload,
            __MyCartBody::__Contract(ref inner) => ::akt::Message::carried(inner),
        }
    }
    fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
        match self.0 {
            __MyCartBody::Expire(_, ref reply) => reply.slot(),
            __MyCartBody::LoadAll(_, ref reply) => reply.slot(),
            __MyCartBody::__Contract(ref inner) => ::akt::Message::reply(inner),
        }
    }
    fn into_reply(self) -> ::akt::__private::AnyReply {
        match self.0 {
            __MyCartBody::Expire(_, reply) => reply.erase(),
            __MyCartBody::LoadAll(_, reply) => reply.erase(),
            __MyCartBody::__Contract(inner) => ::akt::Message::into_reply(inner),
        }
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for MyCartMsg {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        formatter.write_str(::akt::Message::name(self))
    }
}
#[automatically_derived]
impl ::akt::__private::Wraps<shop::v1::CartMsg> for MyCartMsg {
    fn wrap(message: shop::v1::CartMsg) -> Self {
        Self(__MyCartBody::__Contract(message))
    }
    fn unwrap(self) -> ::core::result::Result<shop::v1::CartMsg, Self> {
        match self.0 {
            __MyCartBody::__Contract(message) => ::core::result::Result::Ok(message),
            other => ::core::result::Result::Err(Self(other)),
        }
    }
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __MyCartExpire {
    type Message = MyCartMsg;
    type Payload = Self;
    type Out = ();
    type Ok = ();
    type Err = ::core::convert::Infallible;
    const NAME: &'static str = "expire";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        MyCartMsg(__MyCartBody::Expire(payload, reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __MyCartBody::Expire(payload, reply) => {
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
impl ::akt::Accepts<MyCartMsg> for __MyCartExpire {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(unreachable_patterns)]
impl ::akt::Request for __MyCartLoadAll {
    type Message = MyCartMsg;
    type Payload = Self;
    type Out = io::Result<usize>;
    type Ok = <io::Result<usize> as ::akt::__private::IsResult>::Ok;
    type Err = <io::Result<usize> as ::akt::__private::IsResult>::Err;
    const NAME: &'static str = "load_all";
    fn wrap(payload: Self, reply: ::akt::Reply<Self::Out>) -> Self::Message {
        MyCartMsg(__MyCartBody::LoadAll(::akt::__private::Box::new(payload), reply))
    }
    fn unwrap(
        message: Self::Message,
    ) -> ::core::option::Option<(Self, ::akt::Reply<Self::Out>)> {
        match message.0 {
            __MyCartBody::LoadAll(payload, reply) => {
                ::core::option::Option::Some((*payload, reply))
            }
            _ => ::core::option::Option::None,
        }
    }
    fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
        out
    }
}
#[automatically_derived]
impl ::akt::Accepts<MyCartMsg> for __MyCartLoadAll {
    type Request = Self;
    type Answer = ::akt::__private::AskedRpc;
}
#[automatically_derived]
#[allow(private_bounds, private_interfaces)]
impl ::akt::CloneMessage for MyCartMsg
where
    for<'any> PathBuf: ::akt::__private::CloneArg<'any>,
{
    fn open<__AktOpener: ::akt::__private::Opener<Self>>(
        self,
        opener: __AktOpener,
    ) -> __AktOpener::Out {
        let message = self;
        match message.0 {
            __MyCartBody::Expire(message, reply) => {
                opener
                    .open::<
                        __MyCartExpire,
                    >(
                        message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |_| __MyCartExpire {},
                            join: ::akt::__private::good,
                        },
                    )
            }
            __MyCartBody::LoadAll(message, reply) => {
                opener
                    .open::<
                        __MyCartLoadAll,
                    >(
                        *message,
                        reply,
                        ::akt::__private::Copying {
                            clone: |message| __MyCartLoadAll {
                                path: ::akt::__private::CloneArg::clone_arg(&message.path),
                            },
                            join: |out| out,
                        },
                    )
            }
            __MyCartBody::__Contract(message) => {
                ::akt::__private::open_nested::<Self, _, _>(message, opener)
            }
        }
    }
}
/// Reference to a `MyCart`: typed, cheap to clone.
#[allow(unnameable_types, unreachable_pub)]
pub struct MyCartRef(::akt::Ref<MyCartMsg>, shop::v1::CartRef);
#[automatically_derived]
#[allow(
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::should_implement_trait,
    clippy::too_many_arguments,
    clippy::wrong_self_convention
)]
impl MyCartRef {
    /// Drops what is too old.
    fn expire(&self) -> ::akt::Call<'_, __MyCartExpire> {
        ::akt::Call::new(&self.0, __MyCartExpire {})
    }
    /// Calls `MyCart::load`.
    fn load_all(&self, path: PathBuf) -> ::akt::Call<'_, __MyCartLoadAll> {
        ::akt::Call::new(&self.0, __MyCartLoadAll { path })
    }
}
#[automatically_derived]
impl ::core::clone::Clone for MyCartRef {
    fn clone(&self) -> Self {
        Self(::core::clone::Clone::clone(&self.0), ::core::clone::Clone::clone(&self.1))
    }
}
#[automatically_derived]
impl ::core::fmt::Debug for MyCartRef {
    fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        ::core::fmt::Debug::fmt(&self.0, formatter)
    }
}
#[automatically_derived]
impl ::akt::ActorRef for MyCartRef {
    type Message = MyCartMsg;
    fn from_ref(reference: ::akt::Ref<Self::Message>) -> Self {
        let reference = (::akt::__private::narrow(&reference), reference);
        Self(reference.1, ::akt::ActorRef::from_ref(reference.0))
    }
    fn as_ref(&self) -> &::akt::Ref<Self::Message> {
        &self.0
    }
}
::akt::__private::probe! {
    #[automatically_derived] impl ::akt::testkit::Probed for MyCartRef { type Probe =
    ::akt::Probe < Self >; fn probe(system : & ::akt::ActorSystem) -> (Self, Self::Probe)
    { ::akt::Probe::begin(system) } }
}
#[automatically_derived]
impl ::core::ops::Deref for MyCartRef {
    type Target = shop::v1::CartRef;
    fn deref(&self) -> &shop::v1::CartRef {
        &self.1
    }
}
#[automatically_derived]
impl ::core::convert::From<MyCartRef> for shop::v1::CartRef {
    fn from(reference: MyCartRef) -> Self {
        reference.1
    }
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
impl ::akt::Actor for MyCart
where
    for<'any> MyCart: ::akt::__private::ActorState<'any>,
    for<'any> MyCart: ::akt::__private::SharedState<'any>,
{
    type Msg = MyCartMsg;
    type Ref = MyCartRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "MyCart";
    type Flight = ::akt::__private::Flight<Self>;
    fn mode(message: &Self::Msg) -> ::akt::__private::Mode {
        match message.0 {
            __MyCartBody::__Contract(shop::v1::CartMsg::View(..)) => {
                ::akt::__private::Mode::Peek
            }
            __MyCartBody::__Contract(shop::v1::CartMsg::Find(..)) => {
                ::akt::__private::Mode::Shared
            }
            __MyCartBody::__Contract(shop::v1::CartMsg::Checkout(..)) => {
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
        match message.0 {
            __MyCartBody::__Contract(shop::v1::CartMsg::View(message, reply)) => {
                let out = <Self as shop::v1::Cart>::view(self, message, cx).into_inner();
                ::akt::__private::answer(&mut owned, reply, out)
            }
            __MyCartBody::__Contract(shop::v1::CartMsg::Find(message, reply)) => {
                let out = <Self as shop::v1::Cart>::find(self, message, cx).await;
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
        match message.0 {
            __MyCartBody::__Contract(shop::v1::CartMsg::Checkout(message, reply)) => {
                let out = <Self as shop::v1::Cart>::checkout(this, message, cx).await;
                ::akt::__private::answer(owned.closing(), reply, out)
            }
            _ => ::core::unreachable!(),
        }
        owned.finish()
    }
    fn dispatch_sync(
        &mut self,
        message: MyCartMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), MyCartMsg> {
        match message.0 {
            __MyCartBody::__Contract(shop::v1::CartMsg::View(message, reply)) => {
                let out = <Self as shop::v1::Cart>::view(self, message, cx).into_inner();
                ::akt::__private::answer(cx, reply, out)
            }
            __MyCartBody::Expire(_, reply) => {
                self.expire();
                ::akt::__private::answer(cx, reply, ())
            }
            message => return ::core::result::Result::Err(MyCartMsg(message)),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: MyCartMsg, cx: &mut ::akt::Ctx<Self>) {
        match message.0 {
            __MyCartBody::__Contract(shop::v1::CartMsg::Add(message, reply)) => {
                if let ::core::option::Option::Some(out) = ::akt::__private::unless_cancelled(
                        &reply,
                        ::akt::__private::Box::pin(
                            <Self as shop::v1::Cart>::add(self, message, cx),
                        ),
                    )
                    .await
                {
                    ::akt::__private::answer_result(cx, reply, out);
                }
            }
            __MyCartBody::LoadAll(message, reply) => {
                let message = *message;
                let out = ::akt::__private::sendable(
                        ::akt::__private::Box::pin(self.load(message.path)),
                    )
                    .await;
                ::akt::__private::answer_result(cx, reply, out)
            }
            message => ::core::mem::drop(message),
        }
    }
    fn set_timers(cx: &mut ::akt::Ctx<Self>) {
        ::akt::__private::every(
                cx,
                ::core::time::Duration::from_millis(30000u64),
                ::core::time::Duration::from_millis(0u64),
                |me| me.expire().post(),
            )
            .detach();
    }
    const CONTRACT: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
        <shop::v1::CartMsg as ::akt::Protocol>::NAME,
    );
    const CONTRACT_DIGEST: ::core::primitive::u64 = <shop::v1::CartMsg as ::akt::Protocol>::DIGEST;
    fn receive(me: &::akt::Ref<Self::Msg>, incoming: ::akt::__private::Incoming) {
        ::akt::__private::receive::<shop::v1::CartMsg, Self>(me, incoming);
    }
    fn contract(
        me: &::akt::Ref<Self::Msg>,
    ) -> ::core::option::Option<
        ::akt::__private::Box<dyn ::core::any::Any + ::core::marker::Send>,
    > {
        let me: ::akt::Ref<shop::v1::CartMsg> = ::akt::__private::narrow(me);
        ::core::option::Option::Some(::akt::__private::Box::new(me))
    }
}
const _: () = {
    ::core::assert!(
        ::core::mem::size_of:: < MyCartMsg > () <= 128,
        "`MyCartMsg` is larger than `max_message`: keep the largest message of this actor on the heap with `#[handler(boxed)]`"
    );
};
