//! The trait that an actor of a service implements.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Call, Contract};

impl Contract<'_> {
    pub(super) fn definition(&self) -> TokenStream {
        let Self { definition, docs, .. } = self;
        let methods = self.calls.iter().map(|call| {
            let Call { docs, method, request, .. } = call;
            let out = call.out();
            quote! {
                #(#[doc = #docs])*
                fn #method(
                    &mut self,
                    req: #request,
                    cx: &mut ::akt::Ctx<Self>,
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
