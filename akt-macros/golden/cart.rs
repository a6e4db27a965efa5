impl shop::Cart for MyCart {
    #[allow(refining_impl_trait, unused_variables)]
    fn add(
        &mut self,
        request: AddItem,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::future::Ready<
        ::core::result::Result<shop::v1::CartView, shop::v1::CartError>,
    > {
        let out: ::core::result::Result<shop::v1::CartView, shop::v1::CartError> = self
            .__akt_add(cx, request);
        ::core::future::ready(out)
    }
    async fn clear(&mut self, _: ClearCart, _cx: &mut ::akt::Ctx<Self>) {
        self.items.clear();
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
    fn __akt_add(
        &mut self,
        cx: &mut Ctx<Self>,
        req: AddItem,
    ) -> Result<CartView, CartError> {
        cx.stop();
        Ok(self.view(req)?)
    }
    #[on(__akt_spent)]
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn stopped(&mut self) {}
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
    fn options() -> ::akt::ActorOptions {
        ::akt::ActorOptions::new().mailbox(::akt::Mailbox::Unbounded)
    }
    type Flight = ::akt::__private::NoFlight;
    fn dispatch_sync(
        &mut self,
        message: shop::v1::CartMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), shop::v1::CartMsg> {
        match message {
            shop::v1::CartMsg::Add(message, reply) => {
                let out = <Self as shop::v1::Cart>::add(self, message, cx).into_inner();
                ::akt::__private::answer_result(cx, reply, out)
            }
            message => return ::core::result::Result::Err(message),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: shop::v1::CartMsg, cx: &mut ::akt::Ctx<Self>) {
        match message {
            shop::v1::CartMsg::Clear(message, reply) => {
                let out = <Self as shop::v1::Cart>::clear(self, message, cx).await;
                ::akt::__private::answer(cx, reply, out)
            }
            message => ::core::mem::drop(message),
        }
    }
    async fn on_stop(
        &mut self,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), ::akt::Fault> {
        self.stopped();
        ::core::result::Result::Ok(())
    }
    const CONTRACT: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
        <shop::v1::CartMsg as ::akt::Protocol>::NAME,
    );
    const CONTRACT_DIGEST: ::core::primitive::u64 = <shop::v1::CartMsg as ::akt::Protocol>::DIGEST;
    fn receive(me: &::akt::Ref<Self::Msg>, incoming: ::akt::__private::Incoming) {
        ::akt::__private::receive::<shop::v1::CartMsg, Self>(me, incoming);
    }
}
