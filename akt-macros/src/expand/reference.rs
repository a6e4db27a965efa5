//! The typed reference: one method a handler, and what every reference has.

use proc_macro2::TokenStream;
use quote::quote;

use super::actor::local;
use super::handler::{declared, marker};
use crate::model::{Actor, Handler, plain};

/// `CounterRef`.
pub(super) fn reference(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (name, message) = (actor.reference(), actor.message());
    let docs = format!(" Reference to a `{}`: typed, cheap to clone.", actor.subject.name);
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let methods = actor.handlers.iter().map(|handler| method(actor, handler));
    let contract = actor.served.as_ref().map(|served| &served.contract.reference);
    // What every reference has, that of the contract has.
    let common = contract.is_none().then(|| common(actor));
    let nested = contract.map(|contract| quote!(, #contract));
    let traits = traits(actor);
    let widened = contract.map(|contract| widened(actor, contract));
    quote! {
        #[doc = #docs]
        #[allow(unnameable_types, unreachable_pub)]
        pub struct #name #generics(#krate::Ref<#message #args> #nested) #clause;

        #[automatically_derived]
        #[allow(
            dead_code,
            private_interfaces,
            unreachable_pub,
            clippy::should_implement_trait,
            clippy::too_many_arguments,
            clippy::wrong_self_convention
        )]
        impl #generics #name #args #clause {
            #(#methods)*
            #common
        }

        #traits
        #widened
    }
}

/// The reference of a contract's actor with private handlers is one of the contract too.
fn widened(actor: &Actor, contract: &TokenStream) -> TokenStream {
    let name = actor.reference();
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let reference = local("reference");
    quote! {
        #[automatically_derived]
        impl #generics ::core::ops::Deref for #name #args #clause {
            type Target = #contract;

            fn deref(&self) -> &#contract {
                &self.1
            }
        }

        #[automatically_derived]
        impl #generics ::core::convert::From<#name #args> for #contract #clause {
            fn from(#reference: #name #args) -> Self {
                #reference.1
            }
        }
    }
}

fn method(actor: &Actor, handler: &Handler) -> TokenStream {
    let krate = &actor.subject.krate;
    let (Handler { vis, copied, .. }, ident) = (handler, handler.method());
    let (docs, cfgs, deprecated) = (&copied.docs, &copied.cfgs, &copied.deprecated);
    let missing = docs.is_empty().then(|| {
        let docs = format!(" Calls `{}::{}`.", actor.subject.name, plain(&handler.ident));
        quote!(#[doc = #docs])
    });
    let payload = actor.payload(handler);
    let payload_args = actor.subject.type_args();
    let marker = marker(&actor.subject).map(|(marker, _)| quote!(#marker: ::core::marker::PhantomData,));
    let (params, body) = if handler.broken {
        let params = handler.fields().map(|_| quote!(_: impl ::core::marker::Sized)).collect::<Vec<_>>();
        (params, quote!(::core::unimplemented!()))
    } else {
        let params = handler.fields().map(|(ident, ty)| quote!(#ident: #ty)).collect();
        let fields = handler.fields().map(|(ident, _)| ident);
        (params, quote!(#krate::Call::new(&self.0, #payload { #(#fields,)* #marker })))
    };
    quote! {
        #(#cfgs)*
        #(#docs)*
        #missing
        #(#deprecated)*
        #vis fn #ident(&self, #(#params),*) -> #krate::Call<'_, #payload #payload_args> {
            #body
        }
    }
}

fn common(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (message, args) = (actor.message(), actor.subject.type_args());
    let taken = actor.subject.generics.type_params().any(|param| param.ident == "T");
    let (message_arg, ty) = (local("message"), local(if taken { "Sent" } else { "T" }));
    quote! {
        /// Asks by message type.
        pub fn ask<#ty: #krate::Accepts<#message #args>>(&self, #message_arg: #ty) -> #krate::Call<'_, #ty::Request> {
            self.0.ask(#message_arg)
        }

        /// Tells by message type, at once.
        ///
        /// # Errors
        ///
        /// Hands the message back if it was not accepted.
        pub fn tell<#ty: #krate::Accepts<#message #args>>(
            &self,
            #message_arg: #ty,
        ) -> ::core::result::Result<(), #krate::TellError<#ty>> {
            self.0.tell(#message_arg)
        }

        /// The actor itself: its path, its life.
        #[must_use]
        pub fn actor(&self) -> #krate::AnyRef {
            self.0.actor()
        }
    }
}

/// Written out: a derived `Clone` asks for parameters that are `Clone`, and needs the prelude.
fn traits(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (name, message) = (actor.reference(), actor.message());
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let (reference, formatter, system) = (local("reference"), local("formatter"), local("system"));
    let (cloned, narrowed) = match actor.served {
        Some(_) => (
            quote!(, ::core::clone::Clone::clone(&self.1)),
            quote! {
                let #reference = (#krate::__private::narrow(&#reference), #reference);
                Self(#reference.1, #krate::ActorRef::from_ref(#reference.0))
            },
        ),
        None => (TokenStream::new(), quote!(Self(#reference))),
    };
    quote! {
        #[automatically_derived]
        impl #generics ::core::clone::Clone for #name #args #clause {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0) #cloned)
            }
        }

        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #name #args #clause {
            fn fmt(&self, #formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.0, #formatter)
            }
        }

        #[automatically_derived]
        impl #generics #krate::ActorRef for #name #args #clause {
            type Message = #message #args;

            fn from_ref(#reference: #krate::Ref<Self::Message>) -> Self {
                #narrowed
            }

            fn as_ref(&self) -> &#krate::Ref<Self::Message> {
                &self.0
            }
        }

        #krate::__private::probe! {
            #[automatically_derived]
            impl #generics #krate::testkit::Probed for #name #args #clause {
                type Probe = #krate::Probe<Self>;

                fn probe(#system: &#krate::ActorSystem) -> (Self, Self::Probe) {
                    #krate::Probe::begin(#system)
                }
            }
        }
    }
}
