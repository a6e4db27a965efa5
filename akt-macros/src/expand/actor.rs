//! The actor itself: the user's impl block and `impl Actor`.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{ImplItem, ItemImpl};

use super::behavior::{self, Case};
use super::{contract, copies, fallback, flight, handler, options, reference};
use crate::check;
use crate::diag::Diag;
use crate::model::{
    Actor, Answer, Arg, Cron, Event, Guard, Handler, Hook, Options, Receiver, Reply, Subject, Timer,
    generated,
};
use crate::parse;

/// Expands `#[actor]`.
pub(crate) fn attribute(args: TokenStream, input: &TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let Some(mut item) = parse::impl_block(input, &mut diag) else {
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
    check::handlers(&actor, &mut diag);
    check::hooks(&actor.hooks, &mut diag);
    check::guards(&actor.guards, &mut diag);
    check::concurrency(&actor, &mut diag);
    let conditions = actor.handlers.iter().map(|handler| &handler.conditions);
    check::behavior(&actor.options, conditions, &actor.hooks, &mut diag);
    if diag.count() > 0 { fallback::actor(actor, diag) } else { whole(&actor) }
}

fn whole(actor: &Actor) -> TokenStream {
    let user = user_block(actor);
    let assertions = handler::assertions(actor);
    let marker = actor.subject.marker();
    let messages = handler::messages(actor);
    let copies = copies::copies(actor);
    let reference = reference::reference(actor);
    let implementation = implementation(actor);
    quote!(#user #assertions #marker #messages #copies #reference #implementation)
}

/// The user's block, without lints about signatures that handlers and hooks cannot choose.
pub(super) fn user_block(actor: &Actor) -> ItemImpl {
    let mut item = actor.item.clone();
    for inner in &mut item.items {
        let ImplItem::Fn(method) = inner else { continue };
        let name = &method.sig.ident;
        let handler = actor.handlers.iter().any(|handler| handler.ident == *name);
        let guard = actor.guards.iter().any(|guard| guard.ident == *name);
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
    let message = actor.message();
    let reference = actor.reference();
    let args = actor.subject.type_args();
    let sync = dispatch_sync(actor);
    let future = dispatch(actor);
    let flight = flight::flight(actor);
    let hooks = hooks(&actor.hooks, &actor.subject);
    let timers = timers(actor);
    let behavior = behavior(actor);
    let entered = behavior::on_enter(&actor.options, &actor.hooks, &actor.subject);
    let body = quote!(#flight #behavior #sync #future #hooks #entered #timers);
    actor_impl(&actor.subject, &actor.options, &quote!(#message #args), &quote!(#reference #args), &body)
}

/// What the actor does with each message, by its state.
fn behavior(actor: &Actor) -> Option<TokenStream> {
    let body = actor.body();
    let cases = actor.handlers.iter().map(|handler| {
        let variant = handler.variant();
        Case {
            message: quote!(#body::#variant(..)),
            cfgs: &handler.copied.cfgs,
            ident: &handler.ident,
            conditions: &handler.conditions,
        }
    });
    behavior::behavior(&actor.options, cases, &quote!(.0), &actor.subject)
}

/// `impl Actor for ..` around the methods in `body`.
pub(super) fn actor_impl(
    subject: &Subject,
    options: &Options,
    message: &TokenStream,
    reference: &TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let Subject { krate, ty, .. } = subject;
    let name = subject.plain_name();
    let (generics, _, clause) = subject.generics.split_for_impl();
    let stash = behavior::stash(options, subject);
    let stashes = behavior::stashes(options, subject);
    let order = options::order(options, krate);
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
    }
}

/// Sets the timers of `#[every(..)]` and `#[cron(..)]` handlers.
fn timers(actor: &Actor) -> Option<TokenStream> {
    let krate = &actor.subject.krate;
    let cx = &local("cx");
    let timers = actor.handlers.iter().flat_map(|handler| {
        let cfgs = &handler.copied.cfgs;
        handler.timers.iter().map(move |timer| {
            let timer = self::timer(timer, krate, cx, &handler.ident);
            quote!(#(#cfgs)* #timer)
        })
    });
    let timers: Vec<_> = timers.collect();
    (!timers.is_empty()).then(|| {
        quote! {
            fn set_timers(#cx: &mut #krate::Ctx<Self>) {
                #(#timers)*
            }
        }
    })
}

fn timer(timer: &Timer, krate: &TokenStream, cx: &Ident, handler: &Ident) -> TokenStream {
    let me = local("me");
    let make = quote!(|#me| #me.#handler().post());
    match timer {
        Timer::Every(every) => {
            let (interval, jitter) = (millis(every.interval), millis(every.jitter));
            quote!(#krate::__private::every(#cx, #interval, #jitter, #make);)
        }
        // A macro: without the feature of akt it is an error that names it, at the attribute.
        Timer::Cron(Cron { expression, zone, place }) => {
            let place = generated(*place);
            let krate = parse::respan(krate.clone(), place);
            quote_spanned!(place=> #krate::__cron_timer! { #cx, #expression, #zone, #make })
        }
    }
}

fn millis(duration: Duration) -> TokenStream {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}

fn dispatch_sync(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (message_type, args) = (actor.message(), actor.subject.type_args());
    let (message, cx) = (local("message"), local("cx"));
    let answering = cx.to_token_stream();
    let arms: Vec<_> = actor
        .handlers
        .iter()
        .filter(|handler| !handler.is_async)
        .map(|h| arm(actor, h, &answering))
        .collect();
    let body = if arms.is_empty() {
        quote!(::core::result::Result::Err(#message))
    } else {
        let rest = (arms.len() < actor.handlers.len())
            .then(|| quote!(#message => return ::core::result::Result::Err(#message_type(#message)),));
        quote! {
            match #message.0 {
                #(#arms)*
                #rest
            }
            ::core::result::Result::Ok(())
        }
    };
    let guards = guards(&actor.guards, krate);
    quote! {
        fn dispatch_sync(
            &mut self,
            #message: #message_type #args,
            #cx: &mut #krate::Ctx<Self>,
        ) -> ::core::result::Result<(), #message_type #args> {
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
    let (message_type, args) = (actor.message(), actor.subject.type_args());
    let (message, cx) = (local("message"), local("cx"));
    let answering = cx.to_token_stream();
    let arms: Vec<_> = actor
        .handlers
        .iter()
        .filter(|h| h.is_async && !h.is_beside())
        .map(|h| arm(actor, h, &answering))
        .collect();
    let body = if arms.is_empty() {
        quote!(::core::mem::drop(#message);)
    } else {
        let sendable = sendable();
        quote! {
            #sendable
            match #message.0 {
                #(#arms)*
                _ => ::core::unreachable!(),
            }
        }
    };
    quote! {
        async fn dispatch(&mut self, #message: #message_type #args, #cx: &mut #krate::Ctx<Self>) {
            #body
        }
    }
}

/// A `!Send` future is reported at the handler that makes it, and only there.
pub(super) fn sendable() -> TokenStream {
    let future = local("future");
    quote! {
        fn sendable<F: ::core::future::Future + ::core::marker::Send>(
            #future: F,
        ) -> impl ::core::future::Future<Output = F::Output> + ::core::marker::Send {
            #future
        }
    }
}

/// One handler's arm, answered by `answering`, a `&mut Ctx`. The reply stays alive while the handler runs: its
/// drop tells of a panic.
pub(super) fn arm(actor: &Actor, handler: &Handler, answering: &TokenStream) -> TokenStream {
    let cfgs = &handler.copied.cfgs;
    let (body, variant) = (actor.body(), handler.variant());
    let (message, reply) = (local("message"), local("reply"));
    let payload = handler.fields().next().map_or_else(|| quote!(_), |_| quote!(#message));
    let called = call(handler, &message);
    let answer = answer(handler, &actor.subject.krate, &called, &reply, answering);
    quote! {
        #(#cfgs)*
        #body::#variant(#payload, #reply) => { #answer }
    }
}

/// The call of a handler, awaited if it is async.
fn call(Handler { ident, args, is_async, receiver, .. }: &Handler, message: &Ident) -> TokenStream {
    let args = args.iter().map(|arg| match arg {
        Arg::Field { ident, .. } => quote!(#message.#ident),
        Arg::Reply => local("reply").into_token_stream(),
        Arg::Turn => local("this").into_token_stream(),
        Arg::Context(place) => context(*place).into_token_stream(),
    });
    let call = match receiver {
        Receiver::Turn(_) => quote_spanned!(generated(ident.span())=> Self::#ident(#(#args),*)),
        _ => quote_spanned!(generated(ident.span())=> self.#ident(#(#args),*)),
    };
    if *is_async { sent(ident, &call) } else { call }
}

fn sent(ident: &Ident, call: &TokenStream) -> TokenStream {
    quote_spanned!(generated(ident.span())=> sendable(#call).await)
}

/// What becomes of what `call` returns; `cx` is a `&mut Ctx`.
fn answer(
    handler: &Handler,
    krate: &TokenStream,
    call: &TokenStream,
    reply: &Ident,
    cx: &TokenStream,
) -> TokenStream {
    let out = local("out");
    match handler.answer {
        Answer::Returned => {}
        Answer::Deferred => return quote!(#call;),
        Answer::Forwarded => {
            let forward = match handler.reply {
                Reply::Result { .. } => quote!(forward_result),
                _ => quote!(forward),
            };
            return quote!(let #out = #call; #krate::__private::#forward(#cx, #reply, #out));
        }
    }
    match handler.reply {
        Reply::Unit => quote!(#call; #krate::__private::answer(#cx, #reply, ())),
        Reply::Plain(_) => quote!(let #out = #call; #krate::__private::answer(#cx, #reply, #out)),
        Reply::Result { .. } => quote!(let #out = #call; #krate::__private::answer_result(#cx, #reply, #out)),
    }
}

/// The `#[on(..)]` methods that need no behaviour.
pub(super) fn hooks(hooks: &[Hook], subject: &Subject) -> TokenStream {
    hooks.iter().filter(|hook| hook.event != Event::Enter).map(|hook| self::hook(hook, subject)).collect()
}

/// One `#[on(..)]` method, called from the trait's.
fn hook(hook: &Hook, subject: &Subject) -> TokenStream {
    let krate = &subject.krate;
    let cfgs = &hook.copied.cfgs;
    let (cx, terminated) = (local("cx"), local("terminated"));
    let argument = (hook.event == Event::Terminated).then(|| quote!(#terminated: #krate::Terminated,));
    let name = Ident::new(&format!("on_{}", hook.event.name()), generated(hook.ident.span()));
    let helper = hook.is_async.then(sendable);
    let call = hook_call(hook);
    quote! {
        #(#cfgs)*
        async fn #name(
            &mut self,
            #argument
            #cx: &mut #krate::Ctx<Self>,
        ) -> ::core::result::Result<(), #krate::Fault> {
            #helper
            #call;
            ::core::result::Result::Ok(())
        }
    }
}

/// The call of a hook, in a function that returns what a hook may.
pub(super) fn hook_call(hook: &Hook) -> TokenStream {
    let args = hook.args.iter().map(|arg| match arg {
        Arg::Field { .. } | Arg::Reply | Arg::Turn => local("terminated"),
        Arg::Context(place) => context(*place),
    });
    let ident = &hook.ident;
    let call = quote_spanned!(generated(ident.span())=> self.#ident(#(#args),*));
    let call = if hook.is_async { sent(ident, &call) } else { call };
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
