impl shop::Cart for Desk {
    #[allow(unused_variables, clippy::unused_async, clippy::unused_unit)]
    async fn add(
        &mut self,
        request: shop::v1::AddItem,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<shop::v1::CartView, shop::v1::CartError> {
        let decided: ::akt::Forward<
            ::core::result::Result<shop::v1::CartView, shop::v1::CartError>,
        > = self.__akt_add(request, cx);
        ::akt::__private::answer_of(decided)
    }
    #[allow(unused_variables, clippy::unused_async, clippy::unused_unit)]
    async fn view(&self, request: (), cx: &::akt::Ctx<Self>) -> shop::v1::CartView {
        let decided: ::akt::Forward<shop::v1::CartView> = self
            .__akt_view(request, cx)
            .await;
        ::akt::__private::answer_of(decided)
    }
}
#[allow(dead_code)]
impl Desk {
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn __akt_add(
        &mut self,
        req: AddItem,
        cx: &mut Ctx<Self>,
    ) -> Forward<Result<CartView, CartError>> {
        cx.forward(self.cart.add(req))
    }
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    async fn __akt_view(&self, _: (), cx: &Ctx<Self>) -> akt::Forward<CartView> {
        cx.forward(self.cart.view(()))
    }
}
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_Desk: () = ();
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
impl ::akt::Actor for Desk
where
    for<'any> Desk: ::akt::__private::ActorState<'any>,
    for<'any> Desk: ::akt::__private::SharedState<'any>,
{
    type Msg = shop::v1::CartMsg;
    type Ref = shop::v1::CartRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "Desk";
    type Flight = ::akt::__private::Flight<Self>;
    fn mode(message: &Self::Msg) -> ::akt::__private::Mode {
        match *message {
            shop::v1::CartMsg::View(..) => ::akt::__private::Mode::Shared,
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
        match message {
            shop::v1::CartMsg::View(message, reply) => {
                let out = self.__akt_view(message, cx).await;
                ::akt::__private::forward(&mut owned, reply, out)
            }
            _ => ::core::unreachable!(),
        }
        owned
    }
    fn dispatch_sync(
        &mut self,
        message: shop::v1::CartMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), shop::v1::CartMsg> {
        match message {
            shop::v1::CartMsg::Add(message, reply) => {
                let out = self.__akt_add(message, cx);
                ::akt::__private::forward_result(cx, reply, out)
            }
            message => return ::core::result::Result::Err(message),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(&mut self, message: shop::v1::CartMsg, cx: &mut ::akt::Ctx<Self>) {
        ::core::mem::drop(message);
    }
    const CONTRACT: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
        <shop::v1::CartMsg as ::akt::Protocol>::NAME,
    );
    const CONTRACT_DIGEST: ::core::primitive::u64 = <shop::v1::CartMsg as ::akt::Protocol>::DIGEST;
    fn receive(me: &::akt::Ref<Self::Msg>, incoming: ::akt::__private::Incoming) {
        ::akt::__private::receive::<shop::v1::CartMsg, Self>(me, incoming);
    }
}
