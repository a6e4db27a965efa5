//! What one handler becomes: payload, variant, `impl Request`; and all of them together: the message.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::GenericParam;
use syn::spanned::Spanned;

use super::actor::local;
use crate::model::{Actor, Handler, Receiver, Reply, Subject, generated};

/// The payloads, the body enum and the opaque message around it.
pub(super) fn messages(actor: &Actor) -> TokenStream {
    let payloads = actor.handlers.iter().map(|handler| payload(actor, handler));
    let requests = actor.handlers.iter().map(|handler| request(actor, handler));
    let body = body(actor);
    let message = message(actor);
    quote!(#(#payloads)* #body #message #(#requests)*)
}

fn payload(actor: &Actor, handler: &Handler) -> TokenStream {
    let Handler { vis, copied, .. } = handler;
    let (docs, cfgs) = (&copied.docs, &copied.cfgs);
    let name = actor.payload(handler);
    let (generics, clause) = declared(&actor.subject);
    let fields = handler.fields().filter(|_| !handler.broken).map(|(ident, ty)| quote!(#vis #ident: #ty,));
    let marker = marker(&actor.subject).map(|(marker, ty)| quote!(#marker: #ty,));
    quote! {
        #(#cfgs)*
        #(#docs)*
        #[doc(hidden)]
        #[allow(missing_debug_implementations, private_interfaces, unnameable_types, unreachable_pub)]
        #vis struct #name #generics #clause {
            #(#fields)*
            #marker
        }
    }
}

fn body(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let name = actor.body();
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let variants = actor.handlers.iter().map(|handler| {
        let cfgs = &handler.copied.cfgs;
        let (variant, payload, out) = (handler.variant(), actor.payload(handler), handler.reply.out());
        let payload = quote!(#payload #args);
        let payload = if handler.is_boxed() { quote!(#krate::__private::Box<#payload>) } else { payload };
        quote!(#(#cfgs)* #variant(#payload, #krate::Reply<#out>),)
    });
    let contract = actor.served.as_ref().map(|served| {
        let message = &served.contract.message;
        quote!(__Contract(#message),)
    });
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, clippy::large_enum_variant)]
        enum #name #generics #clause {
            #(#variants)*
            #contract
        }
    }
}

fn message(actor: &Actor) -> TokenStream {
    let (krate, name, body) = (&actor.subject.krate, actor.message(), actor.body());
    let docs = format!(" Messages of `{}`.", actor.subject.name);
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let formatter = local("formatter");
    let methods = message_methods(actor);
    let wraps = wraps(actor);
    quote! {
        #[doc = #docs]
        #[allow(unnameable_types, unreachable_pub)]
        pub struct #name #generics(#body #args) #clause;

        #[automatically_derived]
        impl #generics #krate::Message for #name #args #clause {
            #methods
        }

        #[automatically_derived]
        impl #generics ::core::fmt::Debug for #name #args #clause {
            fn fmt(&self, #formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #formatter.write_str(#krate::Message::name(self))
            }
        }

        #wraps
    }
}

fn message_methods(actor: &Actor) -> TokenStream {
    let (krate, body) = (&actor.subject.krate, actor.body());
    let (payload, reply, inner) = (local("payload"), local("reply"), local("inner"));
    let arms = |each: &dyn Fn(&Handler) -> TokenStream, nested: TokenStream| {
        let arm = |handler: &Handler| {
            let (cfgs, variant, rest) = (&handler.copied.cfgs, handler.variant(), each(handler));
            quote!(#(#cfgs)* #body::#variant #rest,)
        };
        let nested = actor.served.is_some().then(|| quote!(#body::__Contract #nested,));
        actor.handlers.iter().map(arm).chain(nested).collect::<TokenStream>()
    };
    let named = |handler: &Handler| {
        let name = handler.name();
        quote!((..) => #name)
    };
    let carried = |handler: &Handler| {
        let unboxed = handler.is_boxed().then(|| quote!(&**));
        quote!((ref #payload, _) => #unboxed #payload)
    };
    let names = arms(&named, quote!((ref #inner) => #krate::Message::name(#inner)));
    let carried = arms(&carried, quote!((ref #inner) => #krate::Message::carried(#inner)));
    let replies = arms(
        &|_| quote!((_, ref #reply) => #reply.slot()),
        quote!((ref #inner) => #krate::Message::reply(#inner)),
    );
    let erased = arms(
        &|_| quote!((_, #reply) => #reply.erase()),
        quote!((#inner) => #krate::Message::into_reply(#inner)),
    );
    quote! {
        fn name(&self) -> &'static str {
            match self.0 { #names }
        }

        fn carried(&self) -> &dyn ::core::any::Any {
            match self.0 { #carried }
        }

        fn reply(&self) -> ::core::option::Option<&dyn #krate::__private::Slot> {
            match self.0 { #replies }
        }

        fn into_reply(self) -> #krate::__private::AnyReply {
            match self.0 { #erased }
        }
    }
}

/// Messages of the contract are among those of an actor with private handlers.
fn wraps(actor: &Actor) -> Option<TokenStream> {
    let served = actor.served.as_ref()?;
    let (krate, contract) = (&actor.subject.krate, &served.contract.message);
    let (name, body, message) = (actor.message(), actor.body(), local("message"));
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let other = local("other");
    Some(quote! {
        #[automatically_derived]
        impl #generics #krate::__private::Wraps<#contract> for #name #args #clause {
            fn wrap(#message: #contract) -> Self {
                Self(#body::__Contract(#message))
            }

            fn unwrap(self) -> ::core::result::Result<#contract, Self> {
                match self.0 {
                    #body::__Contract(#message) => ::core::result::Result::Ok(#message),
                    #other => ::core::result::Result::Err(Self(#other)),
                }
            }
        }
    })
}

fn request(actor: &Actor, handler: &Handler) -> TokenStream {
    let krate = &actor.subject.krate;
    let cfgs = &handler.copied.cfgs;
    let (payload, message, body, variant) =
        (actor.payload(handler), actor.message(), actor.body(), handler.variant());
    let (generics, clause) = declared(&actor.subject);
    let args = actor.subject.type_args();
    let types = sides(&handler.reply, krate);
    let split = split(&handler.reply);
    let name = handler.name();
    let timeout = timeout(handler);
    let shared = matches!(handler.receiver, Receiver::Shared(_)).then(|| {
        quote!(
            const SHARED: bool = true;
        )
    });
    let (message_arg, payload_arg, reply) = (local("message"), local("payload"), local("reply"));
    let (kept, taken) = match handler.is_boxed() {
        true => (quote!(#krate::__private::Box::new(#payload_arg)), quote!(*#payload_arg)),
        false => (payload_arg.to_token_stream(), payload_arg.to_token_stream()),
    };
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(unreachable_patterns)]
        impl #generics #krate::Request for #payload #args #clause {
            type Message = #message #args;
            type Payload = Self;
            #types
            const NAME: &'static str = #name;
            #timeout
            #shared

            fn wrap(#payload_arg: Self, #reply: #krate::Reply<Self::Out>) -> Self::Message {
                #message(#body::#variant(#kept, #reply))
            }

            fn unwrap(
                #message_arg: Self::Message,
            ) -> ::core::option::Option<(Self, #krate::Reply<Self::Out>)> {
                match #message_arg.0 {
                    #body::#variant(#payload_arg, #reply) => ::core::option::Option::Some((#taken, #reply)),
                    _ => ::core::option::Option::None,
                }
            }

            #split
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #generics #krate::Accepts<#message #args> for #payload #args #clause {
            type Request = Self;
            type Answer = #krate::__private::AskedRpc;
        }
    }
}

fn sides(reply: &Reply, krate: &TokenStream) -> TokenStream {
    let out = reply.out();
    // A reply that is more private than its handler is reported where it stands.
    let place = generated(out.span());
    match reply {
        Reply::Result { ok, err, .. } => {
            quote_spanned!(place=> type Out = #out; type Ok = #ok; type Err = #err;)
        }
        Reply::Alias(_) => quote_spanned!(place=>
            type Out = #out;
            type Ok = <#out as #krate::__private::IsResult>::Ok;
            type Err = <#out as #krate::__private::IsResult>::Err;
        ),
        _ => quote_spanned!(place=> type Out = #out; type Ok = #out; type Err = ::core::convert::Infallible;),
    }
}

fn split(reply: &Reply) -> TokenStream {
    let out = local("out");
    let body = if reply.is_fallible() { quote!(#out) } else { quote!(::core::result::Result::Ok(#out)) };
    quote! {
        fn split(#out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
            #body
        }
    }
}

fn timeout(handler: &Handler) -> Option<TokenStream> {
    let millis = u64::try_from(handler.timeout?.as_millis()).ok()?;
    Some(quote! {
        const TIMEOUT: ::core::option::Option<::core::time::Duration> =
            ::core::option::Option::Some(::core::time::Duration::from_millis(#millis));
    })
}

/// Parameters and where clause of a generated item, `Self` spelled out.
pub(super) fn declared(subject: &Subject) -> (TokenStream, TokenStream) {
    let (generics, _, clause) = subject.generics.split_for_impl();
    (subject.spell(generics), clause.map(|clause| subject.spell(clause)).unwrap_or_default())
}

/// The field that uses a generic actor's parameters in payloads that do not.
pub(super) fn marker(subject: &Subject) -> Option<(syn::Ident, TokenStream)> {
    let types: Vec<_> = subject
        .generics
        .params
        .iter()
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(param.ident.to_token_stream()),
            _ => None,
        })
        .collect();
    let ty = quote!(::core::marker::PhantomData<fn() -> (#(#types,)*)>);
    (!types.is_empty()).then(|| (local("__akt_actor"), ty))
}
