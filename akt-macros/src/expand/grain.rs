//! What a grain has beyond an actor: its kind, its key, how it is referred to and how its value is made.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::actor::{context, hook_call, local};
use super::assertions;
use super::case;
use crate::model::{
    Actor, Arg, Consistency, Event, Grain, Hook, Kept, Placement, Stateless, Subject, generated,
};

/// `impl Grain for ..`, and `fn grain` of the type.
pub(super) fn grain(actor: &Actor) -> Option<TokenStream> {
    let said = actor.options.grain.as_ref()?;
    let Grain { kind: Some(kind), key: Some(key), .. } = said else { return None };
    let Subject { krate, ty, generics, .. } = &actor.subject;
    let key = actor.subject.spell(key);
    let clause = assertions::clause(actor);
    let (generics, ..) = generics.split_for_impl();
    let (system, id, reference) = (local("system"), local("key"), actor.reference_type());
    let placement = said
        .placement
        .as_ref()
        .map(|Placement(variant)| quote!(const PLACEMENT: #krate::Placement = #krate::Placement::#variant;));
    let consistency = said.consistency.as_ref().map(|Consistency(variant)| {
        quote!(const CONSISTENCY: #krate::Consistency = #krate::Consistency::#variant;)
    });
    let workers = said.stateless.as_ref().map(|Stateless { max, .. }| {
        quote! {
            const WORKERS: ::core::option::Option<::core::primitive::usize> = ::core::option::Option::Some(#max);
        }
    });
    let kept = said.state.as_ref().map(|state| stateful(actor, state));
    let same = key_of_contract(actor).map(|said| {
        quote! {
            #[allow(dead_code)]
            const _: () = {
                fn required #generics() #clause {
                    #krate::__private::require_key::<#key, #said>();
                }
            };
        }
    });
    Some(quote! {
        #same

        #[automatically_derived]
        impl #generics #krate::Grain for #ty #clause {
            type Key = #key;
            const KIND: &'static str = #kind;
            #placement
            #consistency
            #workers
        }

        #kept

        #[allow(dead_code, unreachable_pub)]
        impl #generics #ty #clause {
            /// The grain with this key: the first message activates it.
            pub fn grain(#system: &#krate::ActorSystem, #id: impl #krate::IntoKey<#key>) -> #reference {
                #system.grain::<Self>(#id)
            }
        }
    })
}

/// The key that its contract says.
fn key_of_contract(actor: &Actor) -> Option<&TokenStream> {
    actor.served.as_ref()?.contract.key.as_ref()
}

/// `impl Stateful for ..`
fn stateful(actor: &Actor, Kept { field, ty: state, schema, upcast, .. }: &Kept) -> TokenStream {
    let Subject { krate, ty, generics, .. } = &actor.subject;
    let (state, clause) = (actor.subject.spell(state), assertions::clause(actor));
    let (generics, ..) = generics.split_for_impl();
    let schema = schema.as_ref().map(|schema| quote!(const SCHEMA: u32 = #schema;));
    let gated = actor.is_gated().then(|| {
        quote! {
            #[automatically_derived]
            impl #generics #krate::Gated for #ty #clause {}
        }
    });
    let upcast = upcast.as_ref().map(|upcast| {
        let (schema, bytes) = (local("schema"), local("bytes"));
        let call = quote_spanned!(generated(upcast.span())=> #upcast(#schema, #bytes));
        quote! {
            fn upcast(
                #schema: u32,
                #bytes: #krate::bytes::Bytes,
            ) -> ::core::result::Result<Self::State, #krate::Fault> {
                #call
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #generics #krate::Stateful for #ty #clause {
            type State = #state;
            #schema

            fn kept(&self) -> &Self::State {
                &self.#field
            }

            fn kept_mut(&mut self) -> &mut Self::State {
                &mut self.#field
            }

            #upcast
        }

        #gated
    }
}

/// A value whose turn was not committed is not to be gone on with.
pub(super) fn recovers(actor: &Actor) -> Option<TokenStream> {
    actor.is_gated().then(|| {
        quote!(
            const RECOVERS: bool = true;
        )
    })
}

/// What an activation does last: the hook, then what is left to be saved.
pub(super) fn deactivate(actor: &Actor) -> Option<TokenStream> {
    let save = if actor.kept()?.gates { quote!(close_gates) } else { quote!(save_at_end) };
    let krate = &actor.subject.krate;
    let (cx, ended, saved) = (local("cx"), local("ended"), local("saved"));
    let hooks = actor.hooks.iter().filter(|hook| hook.event == Event::Deactivate).map(|hook| {
        let (cfgs, call) = (&hook.copied.cfgs, hook_call(hook, krate));
        quote! {
            #(#cfgs)*
            {
                #ended = async { #call; ::core::result::Result::Ok(()) }.await;
            }
        }
    });
    Some(quote! {
        async fn on_stop(&mut self, #cx: &mut #krate::Ctx<Self>) -> ::core::result::Result<(), #krate::Fault> {
            #[allow(unused_mut)]
            let mut #ended: ::core::result::Result<(), #krate::Fault> = ::core::result::Result::Ok(());
            #(#hooks)*
            let #saved = #krate::__private::#save(self, #cx).await;
            #ended.and(#saved)
        }
    })
}

/// How the value of an activation is made: by the hook, or by `Default`; with the state that was kept.
pub(super) fn activate(actor: &Actor) -> Option<TokenStream> {
    actor.options.grain.as_ref()?;
    let krate = &actor.subject.krate;
    let (cx, state, value) = (local("cx"), local("state"), local("value"));
    let hook = actor.hooks.iter().find(|hook| hook.event == Event::Activate);
    let made = match hook {
        Some(hook) => made(hook, krate),
        None => {
            let place = generated(actor.subject.ty.span());
            let made = quote_spanned!(place=> #krate::__private::made_by_default::<Self>());
            quote!(::core::result::Result::Ok(#made))
        }
    };
    let taken = hook.is_some_and(|hook| takes(hook, "state"));
    let load = actor.kept().map(|kept| {
        let load = match kept.gates {
            true => quote!(open_gates),
            false => quote!(load_state),
        };
        let place = generated(kept.state.ty.span());
        quote_spanned!(place=> let #state = #krate::__private::#load::<Self>(#cx).await?;)
    });
    let body = match (&load, taken) {
        (Some(_), false) => quote! {
            let #value: ::core::result::Result<Self, #krate::Fault> = { #made };
            let mut #value = #value?;
            *#krate::Stateful::kept_mut(&mut #value) = #state;
            ::core::result::Result::Ok(#value)
        },
        _ => made,
    };
    Some(quote! {
        async fn activate(#cx: &mut #krate::Ctx<Self>) -> ::core::result::Result<Self, #krate::Fault> {
            #load
            #body
        }
    })
}

fn takes(hook: &Hook, name: &str) -> bool {
    hook.args.iter().any(|arg| matches!(arg, Arg::Field { ident, .. } if ident == name))
}

fn made(hook: &Hook, krate: &TokenStream) -> TokenStream {
    let (cx, key, ident) = (local("cx"), local("key"), &hook.ident);
    let args = hook.args.iter().map(|arg| match arg {
        Arg::Context(place) => context(*place).into_token_stream(),
        Arg::Field { ident, .. } if ident == "state" => local("state").into_token_stream(),
        Arg::Field { .. } | Arg::Reply | Arg::Turn => quote!(&#key),
    });
    // The hook has the context to itself.
    let key =
        takes(hook, "key").then(|| quote!(let #key = ::core::clone::Clone::clone(#krate::Ctx::key(#cx));));
    let call = quote_spanned!(generated(ident.span())=> Self::#ident(#(#args),*));
    let call = if hook.is_async { case::awaited(ident, &case::sendable(ident, &call, krate)) } else { call };
    let made = if hook.fallible { call } else { quote!(::core::result::Result::Ok(#call)) };
    quote!(#key #made)
}
