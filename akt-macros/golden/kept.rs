impl shop::Cart for MyCart {
    #[allow(unused_variables, clippy::unused_async, clippy::unused_unit)]
    async fn add(
        &mut self,
        request: shop::v1::AddItem,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<shop::v1::CartView, shop::v1::CartError> {
        let decided = self.__akt_add(request);
        ::akt::__private::commit(self, cx, decided).await
    }
    #[allow(unused_variables, clippy::unused_async, clippy::unused_unit)]
    async fn watch(
        &mut self,
        request: shop::v1::Watch,
        sink: ::akt::StreamSink<shop::v1::CartEvent>,
        cx: &mut ::akt::Ctx<Self>,
    ) -> () {
        let decided = self.__akt_watch(request, cx, sink).await;
        ::akt::__private::commit(self, cx, decided).await
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
    fn __akt_add(&mut self, req: AddItem) -> Persist<Self, Result<CartView, CartError>> {
        Persist::one(CartEvent::added(req)).then(|cart| Ok(cart.view_of()))
    }
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn __akt_watch(
        &mut self,
        _: Watch,
        cx: &mut Ctx<Self>,
        out: StreamSink<CartEvent>,
    ) -> Persist<Self> {
        Persist::none(())
    }
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
    #[apply(__akt_spent)]
    #[allow(clippy::ptr_arg, clippy::trivially_copy_pass_by_ref)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn apply(&mut self, event: &CartEvent) {
        self.items.push(event.item);
    }
}
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_MyCart: () = ();
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
{
    type Msg = shop::v1::CartMsg;
    type Ref = shop::v1::CartRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "MyCart";
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: shop::v1::CartMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), shop::v1::CartMsg> {
        match message {
            shop::v1::CartMsg::View(message, reply) => {
                let out = <Self as shop::v1::Cart>::view(self, message, cx).into_inner();
                ::akt::__private::answer(cx, reply, out)
            }
            message => return ::core::result::Result::Err(message),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: shop::v1::CartMsg, cx: &mut ::akt::Ctx<Self>) {
        match message {
            shop::v1::CartMsg::Add(message, reply) => {
                let out = self.__akt_add(message);
                ::akt::__private::persist(
                        self,
                        cx,
                        reply,
                        out,
                        ::akt::__private::answer_result,
                    )
                    .await
            }
            shop::v1::CartMsg::Watch(message, reply) => {
                let (message, sink) = message.into_parts();
                let kept = ::core::clone::Clone::clone(&sink);
                let out = self.__akt_watch(message, cx, sink).await;
                ::akt::__private::persist(self, cx, reply, out, ::akt::__private::answer)
                    .await;
                ::akt::__private::answered(cx, kept)
            }
            message => ::core::mem::drop(message),
        }
    }
    const RECOVERS: bool = true;
    async fn recover(
        &mut self,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        ::akt::__private::recover(self, cx).await
    }
    const CONTRACT: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
        <shop::v1::CartMsg as ::akt::Protocol>::NAME,
    );
    const CONTRACT_DIGEST: ::core::primitive::u64 = <shop::v1::CartMsg as ::akt::Protocol>::DIGEST;
    fn receive(me: &::akt::Ref<Self::Msg>, incoming: ::akt::__private::Incoming) {
        ::akt::__private::receive::<shop::v1::CartMsg, Self>(me, incoming);
    }
}
#[automatically_derived]
impl ::akt::persistence::EventSourced for MyCart
where
    for<'any> MyCart: ::akt::__private::ActorState<'any>,
{
    type Event = CartEvent;
    const KIND: &'static str = "MyCart";
    fn apply(&mut self, event: &Self::Event) {
        Self::apply(self, event);
    }
}
#[automatically_derived]
impl ::akt::__private::EventOf<MyCart> for CartEvent
where
    for<'any> MyCart: ::akt::__private::ActorState<'any>,
{}
