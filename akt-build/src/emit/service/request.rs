//! The hidden types that stand for rpcs.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use super::{Call, Contract, text};
use crate::emit::message::ident;
use crate::model::{Receiver, Shape};

impl Contract<'_> {
    pub(super) fn markers(&self) -> TokenStream {
        let markers = self.calls.iter().map(|call| {
            let (marker, request) = (self.marker(call), self.request(call));
            let (accepts, opens) = (self.accepts(call), call.opens());
            quote!(#marker #request #opens #accepts)
        });
        quote!(#(#markers)*)
    }

    fn marker(&self, call: &Call<'_>) -> TokenStream {
        let Call { marker, rpc, .. } = call;
        let doc = format!(" Wire id of `{}`.", rpc.path);
        let id = hexadecimal(rpc.id);
        let former = call.former().map(|former| {
            let id = hexadecimal(former.id);
            let doc = format!(" Wire id from when it was called `{}`.", former.name);
            quote! {
                #[doc = #doc]
                pub const WAS: u32 = #id;
            }
        });
        let docs = format!(" Stands for the rpc `{}` of `{}`.", rpc.name, self.model.full_name);
        quote! {
            #[doc = #docs]
            #[doc(hidden)]
            #[derive(Debug)]
            pub struct #marker;
            impl #marker {
                #[doc = #doc]
                pub const ID: u32 = #id;
                #former
            }
        }
    }

    fn request(&self, call: &Call<'_>) -> TokenStream {
        let Self { message, .. } = self;
        let Call { rpc, variant, marker, error, .. } = call;
        let (out, name) = (call.out(), &rpc.name);
        let (payload, answer, tie) = (call.payload(), call.answer(), call.tie());
        let failure =
            error.as_ref().map_or_else(|| quote!(::core::convert::Infallible), |error| quote!(#error));
        let split = if error.is_some() { quote!(out) } else { quote!(::core::result::Result::Ok(out)) };
        let timeout = rpc.timeout.map(|timeout| {
            let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            quote! {
                const TIMEOUT: ::core::option::Option<::core::time::Duration> =
                    ::core::option::Option::Some(::core::time::Duration::from_millis(#millis));
            }
        });
        let shared = (rpc.receiver == Receiver::Shared).then(|| {
            quote!(
                const SHARED: bool = true;
            )
        });
        quote! {
            impl ::akt::Request for #marker {
                type Message = #message;
                type Payload = #payload;
                type Out = #out;
                type Ok = #answer;
                type Err = #failure;
                const NAME: &'static str = #name;
                #timeout
                #shared
                fn wrap(payload: Self::Payload, reply: ::akt::Reply<Self::Out>) -> Self::Message {
                    #tie
                    #message::#variant(payload, reply)
                }
                fn unwrap(
                    message: Self::Message,
                ) -> ::core::option::Option<(Self::Payload, ::akt::Reply<Self::Out>)> {
                    match message {
                        #message::#variant(payload, reply) => ::core::option::Option::Some((payload, reply)),
                        _ => ::core::option::Option::None,
                    }
                }
                fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
                    #split
                }
            }
        }
    }

    /// By message type only where the type says which rpc is meant.
    fn accepts(&self, call: &Call<'_>) -> Option<TokenStream> {
        let Call { marker, request, .. } = call;
        if call.rpc.shape != Shape::Unary {
            return None;
        }
        let unit = matches!(request, Type::Tuple(tuple) if tuple.elems.is_empty());
        let takers = self.calls.iter().filter(|other| other.rpc.shape == Shape::Unary);
        let takers = takers.filter(|other| text(&other.request) == text(request)).count();
        let (message, answer) = (&self.message, ident(if call.rpc.oneway { "ToldRpc" } else { "AskedRpc" }));
        (takers == 1 && !unit).then(|| {
            quote! {
                impl ::akt::Accepts<#message> for #request {
                    type Request = #marker;
                    type Answer = ::akt::__private::#answer;
                }
            }
        })
    }
}

fn hexadecimal(id: u32) -> TokenStream {
    format!("{:#06x}_{:04x}", id >> 16, id & 0xffff).parse().unwrap_or_default()
}
