//! The message enum, and how it travels.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Call, Contract};
use crate::options::Key;

impl Contract<'_> {
    pub(super) fn messages(&self) -> TokenStream {
        let Self { message, unknown, .. } = self;
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
                /// An rpc of a newer contract, as it came.
                #unknown(::akt::UnknownRpc),
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
                        Self::#unknown(_) => ::akt::UnknownRpc::NAME,
                    }
                }
                fn carried(&self) -> &dyn ::core::any::Any {
                    match self {
                        #(Self::#variant(payload, _) => #carried,)*
                        Self::#unknown(unknown) => unknown,
                    }
                }
                fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
                    match self {
                        #(Self::#variant(_, reply) => reply.slot(),)*
                        Self::#unknown(unknown) => unknown.slot(),
                    }
                }
                fn into_reply(self) -> ::akt::__private::AnyReply {
                    match self {
                        #(Self::#variant(_, reply) => reply.erase(),)*
                        Self::#unknown(unknown) => unknown.erase(),
                    }
                }
            }
            impl ::akt::__private::HoldsUnknown for #message {
                fn hold(unknown: ::akt::UnknownRpc) -> Self {
                    Self::#unknown(unknown)
                }
                fn release(self) -> ::core::option::Option<::akt::UnknownRpc> {
                    match self {
                        Self::#unknown(unknown) => ::core::option::Option::Some(unknown),
                        _ => ::core::option::Option::None,
                    }
                }
            }
        }
    }

    /// Messages of prost are `Clone`.
    pub(super) fn copies(&self) -> TokenStream {
        let Self { message, unknown, .. } = self;
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
                        Self::#unknown(unknown) => unknown.open(opener),
                    }
                }
            }
        }
    }

    pub(super) fn protocol(&self) -> TokenStream {
        let Self { message, unknown, .. } = self;
        let (full_name, digest) = (&self.model.full_name, self.model.digest);
        let variant: Vec<_> = self.calls.iter().map(|call| &call.variant).collect();
        let marker: Vec<_> = self.calls.iter().map(|call| &call.marker).collect();
        let name: Vec<_> = self.calls.iter().map(|call| &call.rpc.name).collect();
        let known = self.calls.iter().map(|call| {
            let marker = &call.marker;
            let former = call.former().map(|_| quote!(| #marker::WAS));
            quote!(#marker::ID #former)
        });
        let key = self.key();
        let length = self.calls.iter().map(Call::length);
        let outgoing = self.calls.iter().map(Call::outgoing);
        let incoming = self.calls.iter().map(Call::incoming);
        quote! {
            impl ::akt::Protocol for #message {
                const NAME: &'static str = #full_name;
                const DIGEST: u64 = #digest;
                const RPCS: &'static [::akt::RpcInfo] =
                    &[#(::akt::RpcInfo { name: #name, id: #marker::ID }),*];
                #key
                fn encoded_len(&self) -> usize {
                    match self {
                        #(#length)*
                        Self::#unknown(unknown) => unknown.body().len(),
                    }
                }
                fn encode(self) -> ::akt::__private::Outgoing {
                    match self {
                        #(Self::#variant(payload, reply) => ::akt::__private::#outgoing,)*
                        Self::#unknown(unknown) => unknown.encode(),
                    }
                }
                fn decode(
                    rpc: u32,
                    body: ::akt::bytes::Bytes,
                    reply: ::akt::__private::WireReply,
                ) -> ::core::result::Result<Self, ::akt::__private::Undecoded> {
                    match rpc {
                        #(#known => ::akt::__private::#incoming
                            .map(|(payload, reply)| Self::#variant(payload, reply)),)*
                        _ => ::core::result::Result::Ok(Self::#unknown(::akt::UnknownRpc::decode(
                            <Self as ::akt::Protocol>::NAME,
                            rpc,
                            body,
                            reply,
                        ))),
                    }
                }
            }
        }
    }

    /// By what grains are found.
    fn key(&self) -> Option<TokenStream> {
        let key = match self.model.key? {
            Key::String => quote!(String),
            Key::Int64 => quote!(Int64),
            Key::Uint64 => quote!(Uint64),
            Key::Uuid => quote!(Uuid),
        };
        Some(quote! {
            const KEY: ::core::option::Option<::akt::ContractKey> =
                ::core::option::Option::Some(::akt::ContractKey::#key);
        })
    }
}
