//! The message enum, and how it travels.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Call, Contract};

impl Contract<'_> {
    pub(super) fn messages(&self) -> TokenStream {
        let Self { message, .. } = self;
        let doc = format!(" Messages of `{}`.", self.model.full_name);
        let variants = self.calls.iter().map(|call| {
            let Call { docs, variant, .. } = call;
            let (payload, out) = (call.payload(), call.out());
            quote!(#(#[doc = #docs])* #variant(#payload, ::akt::Reply<#out>),)
        });
        let variant: Vec<_> = self.calls.iter().map(|call| &call.variant).collect();
        let name = self.calls.iter().map(|call| &call.rpc.name);
        let carried = self.calls.iter().map(Call::carried);
        quote! {
            #[doc = #doc]
            pub enum #message {
                #(#variants)*
            }
            impl ::core::fmt::Debug for #message {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(::akt::Message::name(self))
                }
            }
            impl ::akt::Message for #message {
                fn name(&self) -> &'static str {
                    match self {
                        #(Self::#variant(..) => #name,)*
                    }
                }
                fn carried(&self) -> &dyn ::core::any::Any {
                    match self {
                        #(Self::#variant(payload, _) => #carried,)*
                    }
                }
                fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
                    match self {
                        #(Self::#variant(_, reply) => reply.slot(),)*
                    }
                }
                fn into_reply(self) -> ::akt::__private::AnyReply {
                    match self {
                        #(Self::#variant(_, reply) => reply.erase(),)*
                    }
                }
            }
        }
    }

    /// Messages of prost are `Clone`.
    pub(super) fn copies(&self) -> TokenStream {
        let Self { message, .. } = self;
        let arms = self.calls.iter().map(|call| {
            let Call { variant, marker, .. } = call;
            let copied = call.copied();
            let join = match call.error {
                Some(_) => quote!(|out| out),
                None => quote!(::akt::__private::good),
            };
            quote! {
                Self::#variant(payload, reply) => opener.open::<#marker>(
                    payload,
                    reply,
                    ::akt::__private::Copying { clone: #copied, join: #join },
                ),
            }
        });
        quote! {
            impl ::akt::CloneMessage for #message {
                fn open<O: ::akt::__private::Opener<Self>>(self, opener: O) -> O::Out {
                    match self {
                        #(#arms)*
                    }
                }
            }
        }
    }

    pub(super) fn protocol(&self) -> TokenStream {
        let Self { message, .. } = self;
        let full_name = &self.model.full_name;
        let variant: Vec<_> = self.calls.iter().map(|call| &call.variant).collect();
        let marker: Vec<_> = self.calls.iter().map(|call| &call.marker).collect();
        let name: Vec<_> = self.calls.iter().map(|call| &call.rpc.name).collect();
        let length = self.calls.iter().map(Call::length);
        let outgoing = self.calls.iter().map(Call::outgoing);
        let incoming = self.calls.iter().map(Call::incoming);
        quote! {
            impl ::akt::Protocol for #message {
                const NAME: &'static str = #full_name;
                const RPCS: &'static [::akt::RpcInfo] =
                    &[#(::akt::RpcInfo { name: #name, id: #marker::ID }),*];
                fn encoded_len(&self) -> usize {
                    match self {
                        #(#length)*
                    }
                }
                fn encode(self) -> ::akt::__private::Outgoing {
                    match self {
                        #(Self::#variant(payload, reply) => ::akt::__private::#outgoing,)*
                    }
                }
                fn decode(
                    rpc: u32,
                    body: ::akt::bytes::Bytes,
                    reply: ::akt::__private::WireReply,
                ) -> ::core::result::Result<Self, ::akt::__private::Undecoded> {
                    match rpc {
                        #(#marker::ID => ::akt::__private::#incoming
                            .map(|(payload, reply)| Self::#variant(payload, reply)),)*
                        _ => ::core::result::Result::Err(::akt::__private::unknown_rpc(rpc, reply)),
                    }
                }
            }
        }
    }
}
