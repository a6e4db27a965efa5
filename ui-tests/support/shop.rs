//! What akt-build writes for `service Cart`, without the parts that need prost.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_docs,
    missing_debug_implementations,
    unnameable_types,
    unused_qualifications,
    clippy::nursery,
    clippy::pedantic,
    clippy::use_self,
    reason = "generated code is not our style"
)]

use std::convert::Infallible;

use akt::__private::{AnyReply, Outgoing, Slot, Undecoded, WireReply};
use akt::{Reply, RpcInfo};

pub struct AddItem {
    pub sku: String,
}

pub struct ClearCart {
    pub reason: String,
}

pub struct Checkout;

#[derive(Debug)]
pub struct CartView;

#[derive(Debug)]
pub struct CartError;

#[derive(Debug)]
pub struct Receipt;

pub trait Cart: ::akt::Actor {
    fn add(
        &mut self,
        req: AddItem,
        cx: &mut ::akt::Ctx<Self>,
    ) -> impl Future<Output = Result<CartView, CartError>> + Send;

    fn clear(&mut self, req: ClearCart, cx: &mut ::akt::Ctx<Self>) -> impl Future<Output = ()> + Send;

    fn checkout(&mut self, req: Checkout, cx: &mut ::akt::Ctx<Self>) -> impl Future<Output = Receipt> + Send;
}

pub enum CartMsg {
    Add(AddItem, Reply<Result<CartView, CartError>>),
    Clear(ClearCart, Reply<()>),
    Checkout(Checkout, Reply<Receipt>),
}

impl akt::Message for CartMsg {
    fn name(&self) -> &'static str {
        match self {
            Self::Add(..) => "Add",
            Self::Clear(..) => "Clear",
            Self::Checkout(..) => "Checkout",
        }
    }

    fn carried(&self) -> &dyn std::any::Any {
        match self {
            Self::Add(payload, _) => payload,
            Self::Clear(payload, _) => payload,
            Self::Checkout(payload, _) => payload,
        }
    }

    fn reply(&self) -> Option<&dyn Slot> {
        match self {
            Self::Add(_, reply) => reply.slot(),
            Self::Clear(_, reply) => reply.slot(),
            Self::Checkout(_, reply) => reply.slot(),
        }
    }

    fn into_reply(self) -> AnyReply {
        match self {
            Self::Add(_, reply) => reply.erase(),
            Self::Clear(_, reply) => reply.erase(),
            Self::Checkout(_, reply) => reply.erase(),
        }
    }
}

impl akt::CloneMessage for CartMsg {
    fn open<O: akt::__private::Opener<Self>>(self, _: O) -> O::Out {
        unimplemented!()
    }
}

impl akt::Protocol for CartMsg {
    const NAME: &'static str = "shop.v1.Cart";
    const RPCS: &'static [RpcInfo] = &[];

    fn encoded_len(&self) -> usize {
        unimplemented!()
    }

    fn encode(self) -> Outgoing {
        unimplemented!()
    }

    fn decode(_: u32, _: akt::bytes::Bytes, _: WireReply) -> Result<Self, Undecoded> {
        unimplemented!()
    }
}

#[derive(Clone, Debug)]
pub struct CartRef(akt::Ref<CartMsg>);

impl akt::ActorRef for CartRef {
    type Message = CartMsg;

    fn from_ref(reference: akt::Ref<CartMsg>) -> Self {
        Self(reference)
    }

    fn as_ref(&self) -> &akt::Ref<CartMsg> {
        &self.0
    }
}

impl CartRef {
    pub fn add(&self, req: AddItem) -> akt::Call<'_, __CartAdd> {
        akt::Call::new(&self.0, req)
    }

    pub fn clear(&self, req: ClearCart) -> akt::Call<'_, __CartClear> {
        akt::Call::new(&self.0, req)
    }

    pub fn checkout(&self, req: Checkout) -> akt::Call<'_, __CartCheckout> {
        akt::Call::new(&self.0, req)
    }

    pub fn actor(&self) -> akt::AnyRef {
        self.0.actor()
    }
}

macro_rules! request {
    ($marker:ident $variant:ident $payload:ty, $out:ty, $ok:ty, $err:ty, $value:ident => $split:expr) => {
        pub struct $marker;

        impl akt::Request for $marker {
            type Message = CartMsg;
            type Payload = $payload;
            type Out = $out;
            type Ok = $ok;
            type Err = $err;
            const NAME: &'static str = stringify!($variant);

            fn wrap(payload: $payload, reply: Reply<$out>) -> CartMsg {
                CartMsg::$variant(payload, reply)
            }

            fn unwrap(message: CartMsg) -> Option<($payload, akt::Reply<$out>)> {
                match message {
                    CartMsg::$variant(payload, reply) => Some((payload, reply)),
                    _ => None,
                }
            }

            fn split($value: $out) -> Result<$ok, $err> {
                $split
            }
        }
    };
}

request!(__CartAdd Add AddItem, Result<CartView, CartError>, CartView, CartError, out => out);
request!(__CartClear Clear ClearCart, (), (), Infallible, out => Ok(out));
request!(__CartCheckout Checkout Checkout, Receipt, Receipt, Infallible, out => Ok(out));

#[doc(hidden)]
#[macro_export]
macro_rules! __akt_shop_v1_cart {
    ($($item:tt)*) => {
        ::akt::__private::contract_actor! {
            contract {
                trait [ $crate::shop::Cart ] message [ $crate::shop::CartMsg ] reference [ $crate::shop::CartRef ] key [ ::std::string::String ]
                rpc add Add exclusive unary [ $crate::shop::AddItem ] -> [ $crate::shop::CartView ] error [ $crate::shop::CartError ]
                rpc clear Clear exclusive unary [ $crate::shop::ClearCart ] -> [ () ] error [ ]
                rpc checkout Checkout exclusive unary [ $crate::shop::Checkout ] -> [ $crate::shop::Receipt ] error [ ]
            }
            $($item)*
        }
    };
}

#[doc(hidden)]
pub use __akt_shop_v1_cart as Cart;
