//! What a grain has beyond an actor: its kind, its key, how it is referred to and how its value is made.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::actor::{context, local};
use super::assertions;
use super::case;
use crate::model::{Actor, Arg, Event, Grain, Hook, Subject, generated};

/// `impl Grain for ..`, and `fn grain` of the type.
pub(super) fn grain(actor: &Actor) -> Option<TokenStream> {
    let Grain { kind: Some(kind), key: Some(key) } = actor.options.grain.as_ref()? else { return None };
    let Subject { krate, ty, generics, .. } = &actor.subject;
    let key = actor.subject.spell(key);
    let clause = assertions::clause(actor);
    let (generics, ..) = generics.split_for_impl();
    let (system, id, reference) = (local("system"), local("key"), actor.reference_type());
    Some(quote! {
        #[automatically_derived]
        impl #generics #krate::Grain for #ty #clause {
            type Key = #key;
            const KIND: &'static str = #kind;
        }

        #[allow(dead_code, unreachable_pub)]
        impl #generics #ty #clause {
            /// The grain with this key: the first message activates it.
            pub fn grain(#system: &#krate::ActorSystem, #id: impl #krate::IntoKey<#key>) -> #reference {
                #system.grain::<Self>(#id)
            }
        }
    })
}

/// How the value of an activation is made: by the hook, or by `Default`.
pub(super) fn activate(actor: &Actor) -> Option<TokenStream> {
    actor.options.grain.as_ref()?;
    let krate = &actor.subject.krate;
    let cx = local("cx");
    let hook = actor.hooks.iter().find(|hook| hook.event == Event::Activate);
    let body = match hook {
        Some(hook) => made(hook, krate),
        None => {
            let place = generated(actor.subject.ty.span());
            let made = quote_spanned!(place=> #krate::__private::made_by_default::<Self>());
            quote!(::core::result::Result::Ok(#made))
        }
    };
    Some(quote! {
        async fn activate(#cx: &mut #krate::Ctx<Self>) -> ::core::result::Result<Self, #krate::Fault> {
            #body
        }
    })
}

fn made(hook: &Hook, krate: &TokenStream) -> TokenStream {
    let (cx, key, ident) = (local("cx"), local("key"), &hook.ident);
    let args = hook.args.iter().map(|arg| match arg {
        Arg::Context(place) => context(*place).into_token_stream(),
        Arg::Field { .. } | Arg::Reply | Arg::Turn => quote!(&#key),
    });
    let has_key = hook.args.iter().any(|arg| matches!(arg, Arg::Field { .. }));
    // The hook has the context to itself.
    let key = has_key.then(|| quote!(let #key = ::core::clone::Clone::clone(#krate::Ctx::key(#cx));));
    let call = quote_spanned!(generated(ident.span())=> Self::#ident(#(#args),*));
    let call = if hook.is_async { case::awaited(ident, &case::sendable(ident, &call, krate)) } else { call };
    let made = if hook.fallible { call } else { quote!(::core::result::Result::Ok(#call)) };
    quote!(#key #made)
}
