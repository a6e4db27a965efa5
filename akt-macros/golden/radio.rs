impl radio::Radio for MyRadio {
    #[allow(refining_impl_trait, unused_variables)]
    fn listen(
        &mut self,
        request: Wave,
        sink: StreamSink<Sound, OffAir>,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::future::Ready<::core::result::Result<(), radio::v1::OffAir>> {
        let out: ::core::result::Result<(), radio::v1::OffAir> = self
            .__akt_listen(request, cx, sink);
        ::core::future::ready(out)
    }
    async fn speak(&mut self, mut input: Streaming<Sound>, _cx: &mut ::akt::Ctx<Self>) {
        while let Some(Ok(sound)) = input.next().await {}
    }
    async fn call(
        this: Turn<Self>,
        input: Streaming<Sound>,
        out: StreamSink<Sound>,
        _cx: &::akt::TurnCtx<Self>,
    ) {}
}
#[allow(dead_code)]
impl MyRadio {
    #[allow(
        clippy::missing_const_for_fn,
        clippy::needless_pass_by_ref_mut,
        clippy::needless_pass_by_value,
        clippy::unnecessary_wraps,
        clippy::unused_self
    )]
    fn __akt_listen(
        &mut self,
        _: Wave,
        cx: &mut Ctx<Self>,
        out: StreamSink<Sound, OffAir>,
    ) -> Result<(), OffAir> {
        self.listeners.push(out);
        Ok(())
    }
}
#[doc(hidden)]
#[allow(dead_code, non_upper_case_globals)]
const __AKT_ACTOR_FOR_MyRadio: () = ();
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
impl ::akt::Actor for MyRadio
where
    for<'any> MyRadio: ::akt::__private::ActorState<'any>,
{
    type Msg = radio::v1::RadioMsg;
    type Ref = radio::v1::RadioRef;
    type Stash = ::akt::__private::NoStash;
    const NAME: &'static str = "MyRadio";
    type Flight = ::akt::__private::Flight<Self>;
    fn mode(message: &Self::Msg) -> ::akt::__private::Mode {
        match *message {
            radio::v1::RadioMsg::Call(..) => {
                ::akt::__private::Mode::Turn {
                    max: ::core::primitive::usize::MAX,
                }
            }
            _ => ::akt::__private::Mode::Exclusive,
        }
    }
    async fn turn(
        this: ::akt::Turn<Self>,
        message: Self::Msg,
        mut owned: ::akt::TurnCtx<Self>,
    ) -> ::akt::Ctx<Self> {
        let cx = &owned;
        match message {
            radio::v1::RadioMsg::Call(message, reply) => {
                let (message, sink) = message.into_parts();
                let kept = ::core::clone::Clone::clone(&sink);
                let out = <Self as radio::v1::Radio>::call(this, message, sink, cx)
                    .await;
                ::akt::__private::answer(owned.closing(), reply, out);
                ::akt::__private::answered(owned.closing(), kept)
            }
            _ => ::core::unreachable!(),
        }
        owned.finish()
    }
    fn dispatch_sync(
        &mut self,
        message: radio::v1::RadioMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) -> ::core::result::Result<(), radio::v1::RadioMsg> {
        match message {
            radio::v1::RadioMsg::Listen(message, reply) => {
                let (message, sink) = message.into_parts();
                let kept = ::core::clone::Clone::clone(&sink);
                let out = <Self as radio::v1::Radio>::listen(self, message, sink, cx)
                    .into_inner();
                ::akt::__private::answer_result(cx, reply, out);
                ::akt::__private::answered(cx, kept)
            }
            message => return ::core::result::Result::Err(message),
        }
        ::core::result::Result::Ok(())
    }
    async fn dispatch(
        &mut self,
        message: radio::v1::RadioMsg,
        cx: &mut ::akt::Ctx<Self>,
    ) {
        match message {
            radio::v1::RadioMsg::Speak(message, reply) => {
                let out = <Self as radio::v1::Radio>::speak(self, message, cx).await;
                ::akt::__private::answer(cx, reply, out)
            }
            message => ::core::mem::drop(message),
        }
    }
    const CONTRACT: ::core::option::Option<&'static ::core::primitive::str> = ::core::option::Option::Some(
        <radio::v1::RadioMsg as ::akt::Protocol>::NAME,
    );
    const CONTRACT_DIGEST: ::core::primitive::u64 = <radio::v1::RadioMsg as ::akt::Protocol>::DIGEST;
    fn receive(me: &::akt::Ref<Self::Msg>, incoming: ::akt::__private::Incoming) {
        ::akt::__private::receive::<radio::v1::RadioMsg, Self>(me, incoming);
    }
}
