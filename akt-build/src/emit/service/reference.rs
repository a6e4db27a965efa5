//! The typed reference.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{Call, Contract};
use crate::emit::message::ident;
use crate::options::Key;

impl Contract<'_> {
    pub(super) fn reference(&self) -> TokenStream {
        let Self { message, reference, .. } = self;
        let doc =
            format!(" Reference to an actor that serves `{}`: typed, cheap to clone.", self.model.full_name);
        let methods = self.calls.iter().map(|call| reference_method(call, message));
        let answered = self.has_oneway().then(|| {
            quote!(
                where
                    T::Answer: ::akt::__private::Answered,
            )
        });
        let grains = self.grains();
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone)]
            pub struct #reference(::akt::Ref<#message>);
            impl #reference {
                #(#methods)*
                /// Asks with a message that only one rpc takes.
                pub fn ask<T: ::akt::Accepts<#message>>(&self, message: T) -> ::akt::Call<'_, T::Request>
                #answered
                {
                    self.0.ask(message)
                }
                /// Tells a message that only one rpc takes.
                pub fn tell<T: ::akt::Accepts<#message>>(
                    &self,
                    message: T,
                ) -> ::core::result::Result<(), ::akt::TellError<T>> {
                    self.0.tell(message)
                }
                /// The actor itself: path, stop, watch.
                pub fn actor(&self) -> ::akt::AnyRef {
                    self.0.actor()
                }
            }
            impl ::akt::ActorRef for #reference {
                type Message = #message;
                fn from_ref(reference: ::akt::Ref<#message>) -> Self {
                    Self(reference)
                }
                fn as_ref(&self) -> &::akt::Ref<#message> {
                    &self.0
                }
            }
            impl ::core::fmt::Debug for #reference {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(&self.0, f)
                }
            }
            #grains
        }
    }

    /// How its grains are found, if the contract has a key.
    fn grains(&self) -> Option<TokenStream> {
        let key = self.key_type()?;
        let reference = &self.reference;
        let doc = format!(
            " The grain with this key that serves `{}`, of the kind that the system's builder was told of by \
             `.grain::<..>()`. Its first message activates it.",
            self.model.full_name
        );
        let found = quote! {
            impl #reference {
                #[doc = #doc]
                pub fn grain(system: &::akt::ActorSystem, key: impl ::akt::IntoKey<#key>) -> Self {
                    let key = ::akt::IntoKey::<#key>::into_key(key);
                    Self(::akt::__private::grain_of_contract(system, ::core::option::Option::None, key))
                }
                /// As `grain`, where grains of several kinds serve the contract: of the one called `kind`.
                pub fn grain_of(
                    system: &::akt::ActorSystem,
                    kind: &str,
                    key: impl ::akt::IntoKey<#key>,
                ) -> Self {
                    let key = ::akt::IntoKey::<#key>::into_key(key);
                    Self(::akt::__private::grain_of_contract(system, ::core::option::Option::Some(kind), key))
                }
            }
        };
        match self.model.key? {
            Key::Uuid => Some(quote!(::akt::__private::with_uuid! { #found })),
            Key::String | Key::Int64 | Key::Uint64 => Some(found),
        }
    }

    /// The type of the key of its grains.
    pub(super) fn key_type(&self) -> Option<TokenStream> {
        Some(match self.model.key? {
            Key::String => quote!(::std::string::String),
            Key::Int64 => quote!(i64),
            Key::Uint64 => quote!(u64),
            Key::Uuid => quote!(::akt::__private::UuidKey),
        })
    }
}

/// The method of the reference for one rpc.
fn reference_method(call: &Call<'_>, message: &Ident) -> TokenStream {
    let Call { docs, marker, .. } = call;
    let (name, asked) = (call.asked_name(), call.asked());
    let method = ident(&call.rpc.reference_method);
    let deprecated = call.deprecated.then(|| quote!(#[deprecated]));
    let (returned, new) = match call.rpc.shape {
        _ if call.rpc.oneway => (quote!(OneWay<'_, #message, #asked>), quote!(OneWay::new::<#marker>)),
        shape if shape.answers_with_stream() => (quote!(Opening<'_, #marker>), quote!(Opening::new)),
        _ => (quote!(Call<'_, #marker>), quote!(Call::new)),
    };
    quote! {
        #(#[doc = #docs])*
        #deprecated
        pub fn #method(&self, #name: #asked) -> ::akt::#returned {
            ::akt::#new(&self.0, #name)
        }
    }
}
