//! What stands in after mistakes, so that only our errors show.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::actor::{actor_impl, user};
use super::{copies, event_sourced, flight, grain, handler, reference};
use crate::diag::Diag;
use crate::model::{Actor, Handler, Options, Reply};
use crate::{check, parse};

/// The errors, and the user's item as it is.
pub(super) fn untouched(input: &TokenStream, diag: Diag) -> TokenStream {
    let errors = diag.into_tokens();
    quote!(#input #errors)
}

/// Expands an attribute that only means something inside `#[actor]`.
pub(crate) fn inner(attribute: &str, args: &TokenStream, input: TokenStream) -> TokenStream {
    if parse::is_spent(args) {
        return input;
    }
    let mut diag = Diag::default();
    diag.error(TokenStream::new(), format!("`#[{attribute}]` must be inside an `#[akt::actor] impl`"));
    untouched(&input, diag)
}

/// The errors, the user's block, and items of the right names whose bodies do nothing.
pub(super) fn actor(actor: Actor, diag: Diag) -> TokenStream {
    let user = user(&actor);
    let stand_in = stand_in(actor);
    let errors = diag.into_tokens();
    quote!(#errors #[allow(dead_code)] #user #stand_in)
}

/// The generated items, as far as they can be there.
fn stand_in(mut actor: Actor) -> TokenStream {
    let mut seen = HashSet::new();
    actor.handlers.retain(|handler| !check::is_reserved(&handler.name()) && seen.insert(handler.variant()));
    actor.handlers.iter_mut().filter(|handler| handler.broken).for_each(blank);
    let own = actor.has_own_messages().then(|| {
        let messages = handler::messages(&actor);
        let copies = copies::stand_in(&actor);
        let reference = reference::reference(&actor);
        quote!(#messages #copies #reference)
    });
    let implementation = implementation(&actor);
    let grain = grain::grain(&actor);
    let events = event_sourced::stand_in(&actor);
    quote!(#own #implementation #grain #events)
}

/// Forgets what a broken handler cannot reply.
fn blank(handler: &mut Handler) {
    let reply = parse::lifetimes(handler.reply.out());
    if reply.borrows || reply.opaque {
        handler.reply = Reply::Unit;
    }
}

/// `impl Actor` whose dispatch never runs.
fn implementation(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let flight = flight::none(&actor.subject);
    let body = quote! {
        #flight

        fn dispatch_sync(
            &mut self,
            _: Self::Msg,
            _: &mut #krate::Ctx<Self>,
        ) -> ::core::result::Result<(), Self::Msg> {
            ::core::unimplemented!()
        }

        async fn dispatch(&mut self, _: Self::Msg, _: &mut #krate::Ctx<Self>) {
            ::core::unimplemented!()
        }
    };
    actor_impl(actor, &Options::default(), &body)
}
