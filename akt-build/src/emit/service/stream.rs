//! What is different about rpcs with streams: what they carry, what their handlers take, how they travel.

use proc_macro2::TokenStream;
use quote::quote;

use super::Call;
use crate::model::Shape;

impl Call<'_> {
    /// What is asked for: the request, or the stream of requests.
    pub(super) fn asked(&self) -> TokenStream {
        let request = &self.request;
        match self.rpc.shape {
            Shape::Unary | Shape::Server => quote!(#request),
            Shape::Client | Shape::Both => quote!(::akt::Streaming<#request>),
        }
    }

    /// The name of what is asked for.
    pub(super) fn asked_name(&self) -> TokenStream {
        match self.rpc.shape {
            Shape::Unary | Shape::Server => quote!(req),
            Shape::Client | Shape::Both => quote!(input),
        }
    }

    /// The arguments of the handler beside the context.
    pub(super) fn arguments(&self) -> TokenStream {
        let (name, asked) = (self.asked_name(), self.asked());
        let out = self.rpc.shape.answers_with_stream().then(|| {
            let item = self.item();
            quote!(out: ::akt::StreamSink<#item>,)
        });
        quote!(#name: #asked, #out)
    }

    /// What its message carries.
    pub(super) fn payload(&self) -> TokenStream {
        let asked = self.asked();
        if !self.rpc.shape.answers_with_stream() {
            return asked;
        }
        let item = self.item();
        quote!(::akt::__private::Opened<#asked, #item>)
    }

    /// The items that come out, and the domain error that may come behind them.
    pub(super) fn item(&self) -> TokenStream {
        let response = &self.response;
        let error = self.error.as_ref().map(|error| quote!(, #error));
        quote!(#response #error)
    }

    /// What the handler answers with, beside its stream.
    pub(super) fn answer(&self) -> TokenStream {
        let response = &self.response;
        if self.rpc.shape.answers_with_stream() { quote!(()) } else { quote!(#response) }
    }

    /// What a message says that it carries.
    pub(super) fn carried(&self) -> TokenStream {
        if self.rpc.shape.answers_with_stream() { quote!(payload.request()) } else { quote!(payload) }
    }

    /// How its payload is copied.
    pub(super) fn copied(&self) -> TokenStream {
        match self.rpc.shape {
            Shape::Unary => quote!(::core::clone::Clone::clone),
            Shape::Server | Shape::Client | Shape::Both => quote!(::akt::__private::one_reader),
        }
    }

    /// How long its `payload` is on the wire, streams aside.
    pub(super) fn length(&self) -> TokenStream {
        let variant = &self.variant;
        match self.rpc.shape {
            Shape::Unary | Shape::Server => {
                let carried = self.carried();
                quote!(Self::#variant(payload, _) => ::akt::prost::Message::encoded_len(#carried),)
            }
            Shape::Client | Shape::Both => quote!(Self::#variant(..) => 0,),
        }
    }

    /// Makes bytes of `payload` and `reply`.
    pub(super) fn outgoing(&self) -> TokenStream {
        let (marker, ways) = (&self.marker, self.ways());
        let function = match (self.rpc.shape, &self.error) {
            (Shape::Unary, None) => return quote!(outgoing(#marker::ID, &payload, reply)),
            (Shape::Unary, Some(_)) => return quote!(outgoing_result(#marker::ID, &payload, reply)),
            (Shape::Server, _) => quote!(outgoing_server),
            (Shape::Client, _) => quote!(outgoing_client),
            (Shape::Both, _) => quote!(outgoing_both),
        };
        quote!(#function(#marker::ID, payload, reply, #ways))
    }

    /// Makes a payload and a reply of `body` and `reply`.
    pub(super) fn incoming(&self) -> TokenStream {
        let (name, ways) = (&self.rpc.name, self.ways());
        match (self.rpc.shape, &self.error) {
            (Shape::Unary, None) => quote!(incoming(#name, body, reply)),
            (Shape::Unary, Some(_)) => quote!(incoming_result(#name, body, reply)),
            (Shape::Server, _) => quote!(incoming_server(#name, body, reply, #ways)),
            (Shape::Client, _) => quote!(incoming_client(#name, reply, #ways)),
            (Shape::Both, _) => quote!(incoming_both(#name, reply, #ways)),
        }
    }

    fn ways(&self) -> TokenStream {
        let ways = if self.error.is_some() { quote!(fallible) } else { quote!(plain) };
        quote!(::akt::__private::#ways())
    }

    /// What its marker says besides, if it answers with a stream.
    pub(super) fn opens(&self) -> Option<TokenStream> {
        let (marker, asked, response) = (&self.marker, self.asked(), &self.response);
        let input = match self.rpc.shape {
            Shape::Unary | Shape::Client => return None,
            Shape::Server => None,
            Shape::Both => Some(quote! {
                fn input(open: &Self::Open) -> ::core::option::Option<::akt::__private::Input> {
                    ::core::option::Option::Some(open.input())
                }
            }),
        };
        Some(quote! {
            impl ::akt::Opens for #marker {
                type Open = #asked;
                type Item = #response;
                #input
            }
        })
    }

    /// Lets an input end when its asker gives up; in the marker's `wrap`.
    pub(super) fn tie(&self) -> Option<TokenStream> {
        (self.rpc.shape == Shape::Client).then(|| quote!(::akt::__private::tie(&payload, &reply);))
    }
}
