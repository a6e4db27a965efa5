//! The actor itself: the user's impl block and `impl Actor`.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ImplItem, ItemImpl};

use super::case::{self, Case, cases};
use super::{
    assertions, behavior, contract, copies, event_sourced, fallback, flight, grain, handler, options,
    reference,
};
use crate::check;
use crate::diag::Diag;
use crate::model::{Actor, Arg, Cron, Event, Guard, Hook, Options, Subject, Timer, generated};
use crate::parse;

/// Expands `#[actor]`.
pub(crate) fn attribute(args: TokenStream, input: &TokenStream) -> TokenStream {
    block("actor", args, input)
}

/// Expands `#[grain]`.
pub(crate) fn grain_attribute(args: &TokenStream, input: &TokenStream) -> TokenStream {
    block("grain", parse::marked(args), input)
}

fn block(attribute: &str, args: TokenStream, input: &TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let Some(mut item) = parse::impl_block(input, attribute, &mut diag) else {
        return fallback::untouched(input, diag);
    };
    if let Some((negative, path, _)) = &item.trait_ {
        check::is_contract(negative.is_some(), path, &mut diag);
        if diag.count() > 0 {
            return fallback::untouched(input, diag);
        }
        return contract::callback(path, &args, &item);
    }
    let Some(actor) = parse::actor(args, &mut item, &mut diag) else {
        return fallback::untouched(&item.into_token_stream(), diag);
    };
    checked(actor, diag)
}

/// Expands an actor that was read, or says what is wrong with it.
pub(super) fn checked(actor: Actor, mut diag: Diag) -> TokenStream {
    check::handlers(&actor, &mut diag);
    check::hooks(&actor.hooks, &mut diag);
    check::grain_hooks(&actor, &mut diag);
    check::grain_state(&actor, &mut diag);
    check::stateless(&actor.options, &mut diag);
    check::guards(&actor.guards, &mut diag);
    check::event_sourced(&actor, &mut diag);
    check::concurrency(&actor, &mut diag);
    let conditions = cases(&actor).map(Case::conditions);
    check::behavior(&actor.options, conditions, &actor.hooks, &mut diag);
    if diag.count() > 0 { fallback::actor(actor, diag) } else { whole(actor) }
}

fn whole(mut actor: Actor) -> TokenStream {
    let user = user(&actor);
    let marker = actor.subject.marker();
    let assertions = actor.has_own_messages().then(|| assertions::assertions(&actor));
    let assumed = assertions::assumed(&actor);
    if !assumed.is_empty() {
        actor.subject.generics.make_where_clause().predicates.extend(assumed);
    }
    let own = actor.has_own_messages().then(|| {
        let messages = handler::messages(&actor);
        let copies = copies::copies(&actor);
        let reference = reference::reference(&actor);
        quote!(#messages #copies #reference)
    });
    let implementation = implementation(&actor);
    let grain = grain::grain(&actor);
    let events = event_sourced::event_sourced(&actor);
    quote!(#user #assertions #marker #own #implementation #grain #events)
}

/// What the user wrote.
pub(super) fn user(actor: &Actor) -> TokenStream {
    match &actor.served {
        None => user_block(actor).into_token_stream(),
        Some(served) => contract::user(actor, served),
    }
}

/// The user's block, without lints about signatures that handlers and hooks cannot choose.
pub(super) fn user_block(actor: &Actor) -> ItemImpl {
    let mut item = actor.item.clone();
    for inner in &mut item.items {
        let ImplItem::Fn(method) = inner else { continue };
        let name = &method.sig.ident;
        let handler = actor.handlers.iter().any(|handler| handler.ident == *name);
        let guard = actor.guards.iter().any(|guard| guard.ident == *name);
        if actor.applies.iter().any(|apply| apply.ident == *name) {
            method.attrs.push(event_sourced::allowed_event());
        }
        if handler || guard || actor.hooks.iter().any(|hook| hook.ident == *name) {
            method.attrs.push(allowed_signature());
        }
        if actor.handlers.iter().any(|handler| handler.ident == *name && handler.is_beside()) {
            // That it is async says how it runs, also if it never waits.
            method.attrs.push(syn::parse_quote!(#[allow(clippy::unused_async)]));
        }
    }
    item
}

/// Lints about signatures: the message or the event decides.
pub(super) fn allowed_signature() -> syn::Attribute {
    syn::parse_quote! {
        #[allow(
            clippy::missing_const_for_fn,
            clippy::needless_pass_by_ref_mut,
            clippy::needless_pass_by_value,
            clippy::unnecessary_wraps,
            clippy::unused_self
        )]
    }
}

fn implementation(actor: &Actor) -> TokenStream {
    let sync = dispatch_sync(actor);
    let future = dispatch(actor);
    let flight = flight::flight(actor);
    let hooks = hooks(actor);
    let (recovery, recovers) = (event_sourced::recovery(actor), grain::recovers(actor));
    let activate = grain::activate(actor);
    let timers = timers(actor);
    let behavior = behavior::behavior(actor);
    let entered = behavior::on_enter(&actor.options, &actor.hooks, &actor.subject);
    let contract = actor.served.as_ref().map(|served| contract::seams(actor, served));
    let body = quote!(#flight #behavior #sync #future #activate #recovery #recovers #hooks #entered #timers #contract);
    actor_impl(actor, &actor.options, &body)
}

/// `impl Actor for ..` around the methods in `body`.
pub(super) fn actor_impl(actor: &Actor, options: &Options, body: &TokenStream) -> TokenStream {
    let (subject, message, reference) = (&actor.subject, actor.message_type(), actor.reference_type());
    let Subject { krate, ty, .. } = subject;
    let name = subject.plain_name();
    let (generics, ..) = subject.generics.split_for_impl();
    let clause = assertions::clause(actor);
    let stash = behavior::stash(options, subject);
    let stashes = behavior::stashes(options, subject, &clause);
    let order = options::order(options, krate);
    let small = options::max_message(options, &message);
    // With parameters the size is known where the actor is used.
    let (small, small_with) = if subject.generics.params.is_empty() { (small, None) } else { (None, small) };
    let small = small.map(|small| quote!(const _: () = { #small };));
    let name = small_with.map_or_else(|| quote!(#name), |small| quote!({ #small #name }));
    let options = options::options(options, krate);
    quote! {
        #[automatically_derived]
        #[allow(
            deprecated,
            unreachable_code,
            unreachable_patterns,
            unused_variables,
            clippy::let_unit_value,
            clippy::used_underscore_binding,
            clippy::used_underscore_items
        )]
        impl #generics #krate::Actor for #ty #clause {
            type Msg = #message;
            type Ref = #reference;
            #stash
            const NAME: &'static str = #name;
            #options
            #order
            #body
        }
        #stashes
        #small
    }
}

/// Sets the timers of `#[every(..)]` and `#[cron(..)]` handlers, and listens for `#[on(event)]` hooks.
fn timers(actor: &Actor) -> Option<TokenStream> {
    let krate = &actor.subject.krate;
    let cx = &local("cx");
    let timers = actor.handlers.iter().flat_map(|handler| {
        let cfgs = &handler.copied.cfgs;
        handler.timers.iter().map(move |timer| {
            let timer = self::timer(timer, krate, cx, handler.method());
            quote!(#(#cfgs)* #timer)
        })
    });
    let listeners = actor.hooks.iter().filter(|hook| hook.event == Event::Heard);
    let timers: Vec<_> = timers.chain(listeners.map(|hook| listener(hook, krate, cx))).collect();
    (!timers.is_empty()).then(|| {
        quote! {
            fn set_timers(#cx: &mut #krate::Ctx<Self>) {
                #(#timers)*
            }
        }
    })
}

/// Has an `#[on(event)]` hook hear what it names.
fn listener(hook: &Hook, krate: &TokenStream, cx: &Ident) -> TokenStream {
    let (cfgs, ident, event, me) = (&hook.copied.cfgs, &hook.ident, local("event"), local("me"));
    let args = hook.args.iter().map(|arg| match arg {
        Arg::Context(place) => context(*place),
        Arg::Field { .. } | Arg::Reply | Arg::Turn => event.clone(),
    });
    let wanted = hook.pattern.as_ref().map_or_else(|| quote!(_), |pattern| quote!(#pattern));
    let call = quote_spanned!(generated(ident.span())=> #me.#ident(#(#args),*));
    let heard = if hook.fallible { call } else { quote!({ #call; ::core::result::Result::Ok(()) }) };
    quote! {
        #(#cfgs)*
        #krate::__private::listen(#cx, |#event| ::core::matches!(#event, #wanted), |#me: &mut Self, #event, #cx| #heard);
    }
}

fn timer(timer: &Timer, krate: &TokenStream, cx: &Ident, handler: &Ident) -> TokenStream {
    let me = local("me");
    let make = quote!(|#me| #me.#handler().post());
    let keep_alive = |keeps: bool| keeps.then(|| quote!(.keep_alive()));
    match timer {
        Timer::Every(every) => {
            let (interval, jitter) = (millis(every.interval), millis(every.jitter));
            let keep_alive = keep_alive(every.keep_alive);
            quote!(#krate::__private::every(#cx, #interval, #jitter, #make) #keep_alive.detach();)
        }
        // A macro: without the feature of akt it is an error that names it, at the attribute.
        Timer::Cron(Cron { expression, zone, keep_alive: keeps, place }) => {
            let (place, keep_alive) = (generated(*place), keep_alive(*keeps));
            let krate = parse::respan(krate.clone(), place);
            quote_spanned!(place=> #krate::__cron_timer!(#cx, #expression, #zone, #make) #keep_alive.detach();)
        }
    }
}

fn millis(duration: Duration) -> TokenStream {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}

fn dispatch_sync(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (message, cx) = (local("message"), local("cx"));
    let answering = cx.to_token_stream();
    let (sync, others): (Vec<_>, Vec<_>) = cases(actor).partition(|case| !case.is_async());
    let body = if sync.is_empty() {
        quote!(::core::result::Result::Err(#message))
    } else {
        let arms = sync.into_iter().map(|case| case.arm(&answering));
        let all = others.is_empty() && actor.served.is_none();
        let rest = (!all).then(|| {
            let whole = actor.whole_message(&message);
            quote!(#message => return ::core::result::Result::Err(#whole),)
        });
        let part = actor.matched(&message);
        quote! {
            match #part {
                #(#arms)*
                #rest
            }
            ::core::result::Result::Ok(())
        }
    };
    let guards = guards(&actor.guards, krate);
    let message_type = actor.message_type();
    quote! {
        fn dispatch_sync(
            &mut self,
            #message: #message_type,
            #cx: &mut #krate::Ctx<Self>,
        ) -> ::core::result::Result<(), #message_type> {
            #guards
            #body
        }
    }
}

/// What is asked before any handler that has its actor to itself, also before an async one.
pub(super) fn guards(guards: &[Guard], krate: &TokenStream) -> TokenStream {
    let message = local("message");
    let refused = quote!(return ::core::result::Result::Ok(()););
    let of = |it: &Guard| {
        let ident = &it.ident;
        let guarded = quote_spanned!(generated(ident.span())=> self.#ident(&#message));
        guard(it, krate, &guarded, &refused)
    };
    guards.iter().map(of).collect()
}

/// One guard, asked by the call `guarded`; a message that it rejects is `refused`.
pub(super) fn guard(
    Guard { cfgs, .. }: &Guard,
    krate: &TokenStream,
    guarded: &TokenStream,
    refused: &TokenStream,
) -> TokenStream {
    let (message, cx, why) = (local("message"), local("cx"), local("why"));
    quote! {
        #(#cfgs)*
        if let #krate::Admit::Reject(#why) = #guarded {
            #krate::__private::reject(#cx, #message, #why);
            #refused
        }
    }
}

fn dispatch(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (message, cx) = (local("message"), local("cx"));
    let answering = cx.to_token_stream();
    let waiting = cases(actor).filter(|case| case.is_async() && !case.is_beside());
    let arms: Vec<_> = waiting.map(|case| case.arm(&answering)).collect();
    let body = if arms.is_empty() {
        quote!(::core::mem::drop(#message);)
    } else {
        let part = actor.matched(&message);
        let rest = match actor.served {
            // What a newer contract says, and this actor does not know.
            Some(_) => quote!(#message => ::core::mem::drop(#message),),
            None => quote!(_ => ::core::unreachable!(),),
        };
        quote! {
            match #part {
                #(#arms)*
                #rest
            }
        }
    };
    let message_type = actor.message_type();
    quote! {
        async fn dispatch(&mut self, #message: #message_type, #cx: &mut #krate::Ctx<Self>) {
            #body
        }
    }
}

/// The `#[on(..)]` methods that need no behaviour.
fn hooks(actor: &Actor) -> TokenStream {
    let deactivate = grain::deactivate(actor);
    let own = actor.hooks.iter().filter(|hook| match hook.event {
        Event::Activate | Event::Enter | Event::Heard => false,
        Event::Deactivate => deactivate.is_none(),
        Event::Start | Event::Restart | Event::Stop | Event::Terminated => true,
    });
    own.map(|hook| self::hook(hook, &actor.subject)).chain(deactivate.clone()).collect()
}

/// One `#[on(..)]` method, called from the trait's.
fn hook(hook: &Hook, subject: &Subject) -> TokenStream {
    let krate = &subject.krate;
    let cfgs = &hook.copied.cfgs;
    let (cx, terminated) = (local("cx"), local("terminated"));
    let argument = (hook.event == Event::Terminated).then(|| quote!(#terminated: #krate::Terminated,));
    let event = if hook.event == Event::Deactivate { Event::Stop } else { hook.event };
    let name = Ident::new(&format!("on_{}", event.name()), generated(hook.ident.span()));
    let call = hook_call(hook, krate);
    quote! {
        #(#cfgs)*
        async fn #name(
            &mut self,
            #argument
            #cx: &mut #krate::Ctx<Self>,
        ) -> ::core::result::Result<(), #krate::Fault> {
            #call;
            ::core::result::Result::Ok(())
        }
    }
}

/// The call of a hook, in a function that returns what a hook may.
pub(super) fn hook_call(hook: &Hook, krate: &TokenStream) -> TokenStream {
    let args = hook.args.iter().map(|arg| match arg {
        Arg::Field { .. } | Arg::Reply | Arg::Turn => local("terminated"),
        Arg::Context(place) => context(*place),
    });
    let ident = &hook.ident;
    let call = quote_spanned!(generated(ident.span())=> self.#ident(#(#args),*));
    let call = if hook.is_async { case::awaited(ident, &case::sendable(ident, &call, krate)) } else { call };
    let question = hook.fallible.then(|| quote!(?));
    quote!(#call #question)
}

/// `cx`, passed to a handler: what is wrong with its type is reported where the user wrote that.
pub(super) fn context(place: Span) -> Ident {
    Ident::new("cx", Span::mixed_site().located_at(place))
}

/// A name that the user's code cannot see.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
