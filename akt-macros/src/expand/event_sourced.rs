//! What an event-sourced actor has beyond an actor: its events, and the recovery from them.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::actor::local;
use super::assertions;
use crate::model::{Actor, Subject, generated};

/// Lints about the argument of `#[apply]`: it is a reference of the event, whatever that is.
pub(super) fn allowed_event() -> syn::Attribute {
    syn::parse_quote!(#[allow(clippy::ptr_arg, clippy::trivially_copy_pass_by_ref)])
}

/// `fn recover` of the actor.
pub(super) fn recovery(actor: &Actor) -> Option<TokenStream> {
    actor.options.event_sourced.as_ref()?;
    let (krate, cx) = (&actor.subject.krate, local("cx"));
    Some(quote! {
        const RECOVERS: bool = true;

        async fn recover(&mut self, #cx: &mut #krate::Ctx<Self>) -> ::core::result::Result<(), #krate::Fault> {
            #krate::__private::recover(self, #cx).await
        }
    })
}

/// `impl EventSourced for ..`
pub(super) fn event_sourced(actor: &Actor) -> Option<TokenStream> {
    let said = actor.options.event_sourced.as_ref()?;
    let krate = &actor.subject.krate;
    let (event, schema, bytes) = (local("event"), local("schema"), local("bytes"));
    let version = said.schema.as_ref().map(|version| quote!(const SCHEMA: u32 = #version;));
    let apply = actor.applies.iter().map(|apply| {
        let (cfgs, ident) = (&apply.cfgs, &apply.ident);
        let call = quote_spanned!(generated(ident.span())=> Self::#ident(self, #event));
        quote!(#(#cfgs)* #call;)
    });
    let upcast = said.upcast.as_ref().map(|upcast| {
        let call = quote_spanned!(generated(upcast.span())=> #upcast(#schema, #bytes));
        quote! {
            fn upcast(
                #schema: u32,
                #bytes: #krate::bytes::Bytes,
            ) -> ::core::result::Result<Self::Event, #krate::Fault> {
                #call
            }
        }
    });
    let snapshots = said.snapshot_every.as_ref().map(|every| {
        let place = generated(actor.subject.ty.span());
        let snapshots = quote_spanned!(place=> #krate::__private::snapshots_every::<Self>(#every));
        quote! {
            fn snapshots() -> ::core::option::Option<#krate::__private::Snapshots<Self>> {
                #snapshots
            }
        }
    });
    Some(implementation(
        actor,
        &quote! {
            #version

            fn apply(&mut self, #event: &Self::Event) {
                #(#apply)*
            }

            #upcast
            #snapshots
        },
    ))
}

/// As [`event_sourced`], for an actor with mistakes: nothing is applied.
pub(super) fn stand_in(actor: &Actor) -> Option<TokenStream> {
    let body = quote! {
        fn apply(&mut self, _: &Self::Event) {
            ::core::unimplemented!()
        }
    };
    actor.mentions_events().then(|| implementation(actor, &body))
}

fn implementation(actor: &Actor, body: &TokenStream) -> TokenStream {
    let Subject { krate, ty, generics, .. } = &actor.subject;
    let (event, clause) = (actor.event(), assertions::clause(actor));
    let (generics, ..) = generics.split_for_impl();
    let said = actor.options.event_sourced.as_ref().and_then(|said| said.kind.as_ref());
    let grain = actor.options.grain.as_ref().and_then(|grain| grain.kind.as_ref());
    let name = actor.subject.plain_name();
    let kind = said.or(grain).map_or_else(|| quote!(#name), |kind| quote!(#kind));
    quote! {
        #[automatically_derived]
        impl #generics #krate::persistence::EventSourced for #ty #clause {
            type Event = #event;
            const KIND: &'static str = #kind;
            #body
        }

        #[automatically_derived]
        impl #generics #krate::__private::EventOf<#ty> for #event #clause {}
    }
}
