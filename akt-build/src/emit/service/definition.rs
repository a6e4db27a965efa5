//! The trait that an actor of a service implements.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Call, Contract};
use crate::model::Receiver;

impl Contract<'_> {
    pub(super) fn definition(&self) -> TokenStream {
        let Self { definition, docs, .. } = self;
        let methods = self.calls.iter().map(|call| {
            let Call { docs, method, .. } = call;
            let (arguments, out) = (call.arguments(), call.out());
            let (receiver, cx) = match call.rpc.receiver {
                Receiver::Exclusive => (quote!(&mut self), quote!(&mut ::akt::Ctx<Self>)),
                Receiver::Shared => (quote!(&self), quote!(&::akt::Ctx<Self>)),
                Receiver::Turn => (quote!(this: ::akt::Turn<Self>), quote!(&::akt::TurnCtx<Self>)),
            };
            quote! {
                #(#[doc = #docs])*
                fn #method(
                    #receiver,
                    #arguments
                    cx: #cx,
                ) -> impl ::core::future::Future<Output = #out> + ::core::marker::Send;
            }
        });
        quote! {
            #(#[doc = #docs])*
            pub trait #definition: ::akt::Actor {
                #(#methods)*
            }
        }
    }
}
