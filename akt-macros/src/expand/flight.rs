//! Handlers that run beside each other: what each message wants, and the futures of `&self` and `Turn<Self>`.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::actor::{guard, local};
use super::case::{Case, cases};
use crate::model::{Actor, Receiver, Subject, generated};
use crate::parse;

/// `type Flight` of an actor whose handlers run alone.
pub(super) fn none(subject: &Subject) -> TokenStream {
    let krate = &subject.krate;
    quote!(type Flight = #krate::__private::NoFlight;)
}

/// `type Flight`, and what comes with it.
pub(super) fn flight(actor: &Actor) -> TokenStream {
    if !cases(actor).any(Case::is_beside) {
        return none(&actor.subject);
    }
    let krate = &actor.subject.krate;
    let (mode, shared, turn) = (mode(actor), shared(actor), turn(actor));
    quote! {
        type Flight = #krate::__private::Flight<Self>;
        #mode
        #shared
        #turn
    }
}

fn mode(actor: &Actor) -> TokenStream {
    let (krate, message) = (&actor.subject.krate, local("message"));
    let arms = cases(actor).filter_map(|case| {
        let mode = match case.receiver() {
            Receiver::Exclusive => return None,
            Receiver::Shared(_) if case.is_async() => quote!(Shared),
            Receiver::Shared(_) => quote!(Peek),
            Receiver::Turn(max) => {
                let most = || quote!(::core::primitive::usize::MAX);
                let max = max.as_ref().map_or_else(most, ToTokens::to_token_stream);
                quote!(Turn { max: #max })
            }
        };
        let (cfgs, pattern) = (case.cfgs(), case.pattern(&quote!(..)));
        Some(quote!(#(#cfgs)* #pattern => #krate::__private::Mode::#mode,))
    });
    let part = if actor.has_own_messages() { quote!(#message.0) } else { quote!(*#message) };
    quote! {
        fn mode(#message: &Self::Msg) -> #krate::__private::Mode {
            match #part {
                #(#arms)*
                _ => #krate::__private::Mode::Exclusive,
            }
        }
    }
}

/// `fn share` and `fn shared`. A state that cannot be shared is reported at the first `&self`.
fn shared(actor: &Actor) -> Option<TokenStream> {
    let krate = &actor.subject.krate;
    let place = cases(actor).find_map(|case| match case.receiver() {
        Receiver::Shared(place) if case.is_async() => Some(generated(*place)),
        _ => None,
    })?;
    let (deck, message, owned) = (local("deck"), local("message"), local("owned"));
    let here = parse::respan(krate.clone(), place);
    let share = quote_spanned!(place=> #here::__private::share(#deck));
    let guarded = |ident: &Ident| quote_spanned!(generated(ident.span())=> self.#ident(&#message));
    let shares = cases(actor).filter(|case| matches!(case.receiver(), Receiver::Shared(_)));
    let body = body(actor, shares, &guarded, &quote!(&mut #owned), &owned.to_token_stream());
    Some(quote! {
        fn share(
            #deck: &mut #krate::__private::Deck<'_, Self>,
        ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
            #share
        }

        async fn shared(&self, #message: Self::Msg, mut #owned: #krate::Ctx<Self>) -> #krate::Ctx<Self> {
            #body
        }
    })
}

/// `fn turn`
fn turn(actor: &Actor) -> Option<TokenStream> {
    let krate = &actor.subject.krate;
    let turns = |case: &Case<'_>| matches!(case.receiver(), Receiver::Turn(_));
    cases(actor).find(turns)?;
    let (this, message, owned) = (local("this"), local("message"), local("owned"));
    let guarded = |ident: &Ident| {
        let call = quote_spanned!(generated(ident.span())=> #this.#ident(&#message));
        quote!(#this.with(|#this| #call))
    };
    let turns = cases(actor).filter(turns);
    let body = body(actor, turns, &guarded, &quote!(#owned.closing()), &quote!(#owned.finish()));
    Some(quote! {
        async fn turn(
            #this: #krate::Turn<Self>,
            #message: Self::Msg,
            mut #owned: #krate::TurnCtx<Self>,
        ) -> #krate::Ctx<Self> {
            #body
        }
    })
}

/// Asks the guard, runs the handler, answers by `answering`, a `&mut Ctx`, and returns the context.
fn body<'a>(
    actor: &Actor,
    handled: impl Iterator<Item = Case<'a>>,
    guarded: &dyn Fn(&Ident) -> TokenStream,
    answering: &TokenStream,
    returned: &TokenStream,
) -> TokenStream {
    let krate = &actor.subject.krate;
    let (message, owned, cx) = (local("message"), local("owned"), local("cx"));
    let guards = actor.guards.iter();
    let guards = guards.map(|it| guard(it, krate, &guarded(&it.ident), &quote!(return #returned;)));
    let arms = handled.map(|case| case.arm(answering));
    let part = actor.matched(&message);
    quote! {
        let #cx = &#owned;
        #(#guards)*
        match #part {
            #(#arms)*
            _ => ::core::unreachable!(),
        }
        #returned
    }
}
