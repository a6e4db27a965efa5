//! From an impl block to the model of an actor.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{
    Attribute, FnArg, Ident, ImplItem, ImplItemFn, Item, ItemImpl, PatType, ReturnType, Signature, Type,
};

use super::attrs::{self, Role};
use super::cron;
use super::event_sourced;
use super::grain;
use super::spell::ungroup;
use crate::check;
use crate::diag::Diag;
use crate::model::{
    Actor, Answer, Arg, Event, Guard, Handler, HandlerOptions, Hook, Receiver, Reply, Subject, Timer,
};

/// The impl block under `#[actor]` or `#[grain]`, as `attribute` says, or a mistake.
pub(crate) fn impl_block(input: &TokenStream, attribute: &str, diag: &mut Diag) -> Option<ItemImpl> {
    match syn::parse2(input.clone()) {
        Ok(Item::Impl(item)) => return Some(item),
        Ok(other) => check::is_impl_block(&other, attribute, diag),
        Err(mistake) => diag.push(mistake),
    }
    None
}

/// Reads an inherent impl; our attributes in it are spent afterwards.
pub(crate) fn actor(args: TokenStream, item: &mut ItemImpl, diag: &mut Diag) -> Option<Actor> {
    let options = attrs::options(args, diag);
    let krate = attrs::krate(&options);
    let roles: Vec<_> =
        methods(item).map(|method| attrs::take_role(&mut method.attrs, &krate, diag)).collect();
    let subject = subject(item, krate, diag)?;
    let (mut handlers, mut hooks) = (Vec::new(), Vec::new());
    let (mut guards, mut applies) = (Vec::new(), Vec::new());
    for (role, method) in roles.into_iter().zip(methods(item)) {
        match role {
            Role::Plain => {}
            Role::Handler(attrs) => {
                let (options, timers) = self::options(&attrs, diag);
                check::no_private(options.private.as_ref(), diag);
                handlers.push(handler(options, timers, method, &subject, diag));
            }
            Role::Hook(attr) => hooks.extend(hook(&attr, method, diag)),
            Role::Guard => guards.push(guard(method, diag)),
            Role::Apply => applies.push(event_sourced::apply(method, diag)),
        }
    }
    Some(Actor { item: item.clone(), subject, options, handlers, hooks, guards, applies, served: None })
}

pub(super) fn subject(item: &ItemImpl, krate: TokenStream, diag: &mut Diag) -> Option<Subject> {
    let ty = ungroup(&item.self_ty).clone();
    let name = match &ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.clone()),
        _ => None,
    };
    let Some(name) = name else {
        diag.error(&item.self_ty, "an actor is a named type: a struct or an enum");
        return None;
    };
    check::owns_its_data(&item.generics, diag);
    Some(Subject { krate, name, ty, generics: item.generics.clone() })
}

fn methods(item: &mut ItemImpl) -> impl Iterator<Item = &mut ImplItemFn> {
    item.items.iter_mut().filter_map(|inner| match inner {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// What the attributes of one handler say.
pub(super) fn options(attrs: &[Attribute], diag: &mut Diag) -> (HandlerOptions, Vec<Timer>) {
    let (mut options, mut timers) = (HandlerOptions::default(), Vec::new());
    for attr in attrs {
        if attrs::is(attr, "every") {
            timers.extend(attrs::every(attr, diag).map(Timer::Every));
        } else if attrs::is(attr, "cron") {
            timers.extend(cron::cron(attr, diag).map(Timer::Cron));
        } else {
            options = super::handler::handler(attr, diag);
        }
    }
    (options, timers)
}

pub(super) fn handler(
    mut options: HandlerOptions,
    timers: Vec<Timer>,
    method: &ImplItemFn,
    subject: &Subject,
    diag: &mut Diag,
) -> Handler {
    let before = diag.count();
    let sig = &method.sig;
    check::callable(sig, diag);
    let receiver = check::receiver(sig, &mut options, diag);
    let field = |arg: &PatType, diag: &mut Diag| {
        if is_turn(sig, arg) {
            return Arg::Turn;
        }
        check::owned(&arg.ty, diag);
        let ident = check::named(&arg.pat, diag);
        Arg::Field { ident, ty: subject.spell(ungroup(&arg.ty)) }
    };
    let mut args = arguments(sig, &receiver, diag, &field);
    check::reply(&sig.output, diag);
    check::run(&options.run, options.defer, sig, diag);
    let returned = returned(&sig.output);
    let forwarded = returned.and_then(|ty| only_argument(ty, "Forward"));
    let persisted = returned.filter(|ty| check::is_persist(ty));
    let (answer, reply) = match (options.defer, forwarded, persisted) {
        (true, ..) => (Answer::Deferred, deferred(sig, &mut args, subject, diag)),
        (false, Some(ty), _) => (Answer::Forwarded, reply(Some(ty), subject)),
        (false, None, Some(ty)) => (Answer::Persisted, reply(answered(ty), subject)),
        (false, None, None) => match returned.and_then(unless_fault) {
            Some(ty) => (Answer::Failing, reply(Some(ty), subject)),
            None => (Answer::Returned, reply(returned, subject)),
        },
    };
    let reply = match options.result {
        Some(key) => aliased(&key, reply, sig, diag),
        None => reply,
    };
    if !timers.is_empty() {
        check::no_message(sig, &args, diag);
    }
    Handler {
        ident: sig.ident.clone(),
        vis: method.vis.clone(),
        copied: attrs::copied(&method.attrs),
        is_async: sig.asyncness.is_some(),
        receiver,
        args,
        reply,
        answer,
        timeout: options.timeout,
        timers,
        conditions: options.conditions,
        run: options.run,
        called: options.called,
        broken: diag.count() > before,
    }
}

/// `T` of `Persist<Self, T>`; nothing for `Persist<Self>`.
fn answered(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ungroup(ty) else { return None };
    let syn::PathArguments::AngleBracketed(args) = &path.path.segments.last()?.arguments else { return None };
    match args.args.iter().nth(1)? {
        syn::GenericArgument::Type(ty) => Some(ungroup(ty)),
        _ => None,
    }
}

/// `T` of a type that is written `Result<T, Fault>`.
fn unless_fault(ty: &Type) -> Option<&Type> {
    let (ok, err) = result_sides(ty)?;
    let Type::Path(err) = ungroup(err) else { return None };
    err.path.segments.last().is_some_and(|last| last.ident == "Fault").then(|| ungroup(ok))
}

/// The first argument, in place of a receiver, is `this: Turn<Self>`.
pub(crate) fn is_turn(sig: &Signature, arg: &PatType) -> bool {
    let first = typed(sig).next().is_some_and(|first| std::ptr::eq(first, arg));
    let Type::Path(path) = ungroup(&arg.ty) else { return false };
    sig.receiver().is_none() && first && path.path.segments.last().is_some_and(|last| last.ident == "Turn")
}

/// What `#[handler(result)]` makes of a reply.
fn aliased(key: &Ident, reply: Reply, sig: &Signature, diag: &mut Diag) -> Reply {
    match reply {
        Reply::Plain(out) => Reply::Alias(out),
        Reply::Unit => {
            let text = "`result` is for a handler that returns a `Result` under another name; this one returns nothing";
            diag.error(key, text);
            reply
        }
        Reply::Result { .. } | Reply::Alias(_) => {
            let out = returned(&sig.output);
            diag.error(
                key,
                format!("`{}` is read as a `Result` anyway; remove `result`", check::compact(&out)),
            );
            reply
        }
    }
}

/// What a deferred handler answers: the `T` of its last argument, `reply: Reply<T>`.
fn deferred(sig: &Signature, args: &mut [Arg], subject: &Subject, diag: &mut Diag) -> Reply {
    check::returns_nothing(&sig.output, diag);
    let last = typed(sig).zip(args.iter_mut()).filter(|(_, arg)| matches!(arg, Arg::Field { .. })).last();
    let Some((ty, arg)) = last.and_then(|(typed, arg)| Some((only_argument(&typed.ty, "Reply")?, arg)))
    else {
        check::no_reply_argument(sig, diag);
        return Reply::Unit;
    };
    *arg = Arg::Reply;
    reply(Some(ty), subject)
}

/// `T` of a type that is written `Name<T>`; nothing for `()`.
fn only_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ungroup(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    match (args.args.first(), args.args.len()) {
        (Some(syn::GenericArgument::Type(ty)), 1) => Some(ungroup(ty)),
        _ => None,
    }
}

pub(super) fn hook(attr: &Attribute, method: &ImplItemFn, diag: &mut Diag) -> Option<Hook> {
    let (event, pattern) = attrs::event(attr, diag)?;
    if event == Event::Activate {
        return grain::activate(method, diag);
    }
    let sig = &method.sig;
    let before = diag.count();
    check::signature(sig, "a hook", diag);
    let field = |arg: &PatType, _: &mut Diag| {
        let ident = Ident::new("terminated", proc_macro2::Span::mixed_site());
        Arg::Field { ident, ty: arg.ty.to_token_stream() }
    };
    let args = arguments(sig, &Receiver::Exclusive, diag, &field);
    check::hook_arguments(event, sig, &args, diag);
    check::hook_reply(event, &sig.output, diag);
    check::hears_at_once(event, sig, diag);
    (diag.count() == before).then(|| Hook {
        event,
        pattern,
        ident: sig.ident.clone(),
        copied: attrs::copied(&method.attrs),
        is_async: sig.asyncness.is_some(),
        args,
        fallible: returned(&sig.output).is_some(),
    })
}

pub(super) fn guard(method: &ImplItemFn, diag: &mut Diag) -> Guard {
    check::guard(&method.sig, diag);
    Guard { ident: method.sig.ident.clone(), cfgs: attrs::copied(&method.attrs).cfgs }
}

/// The arguments after the receiver; `field` reads one that belongs to the message.
pub(super) fn arguments(
    sig: &Signature,
    receiver: &Receiver,
    diag: &mut Diag,
    field: &dyn Fn(&PatType, &mut Diag) -> Arg,
) -> Vec<Arg> {
    let context = check::context(sig, receiver, diag);
    let arg = |(index, arg): (usize, &PatType)| {
        if context.contains(&index) { Arg::Context(arg.ty.span()) } else { field(arg, diag) }
    };
    typed(sig).enumerate().map(arg).collect()
}

/// The arguments without the receiver.
pub(crate) fn typed(sig: &Signature) -> impl Iterator<Item = &PatType> {
    sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(arg) => Some(arg),
        FnArg::Receiver(_) => None,
    })
}

fn reply(ty: Option<&Type>, subject: &Subject) -> Reply {
    let Some(ty) = ty.filter(|ty| !is_unit(ty)) else { return Reply::Unit };
    match result_sides(ty) {
        Some((ok, err)) => {
            Reply::Result { out: subject.spell(ty), ok: subject.spell(ok), err: subject.spell(err) }
        }
        None => Reply::Plain(subject.spell(ty)),
    }
}

/// The type behind `->`, unless it is `()`.
pub(crate) fn returned(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else { return None };
    Some(ungroup(ty)).filter(|ty| !is_unit(ty))
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// `T` and `E` of a type that is written `Result<T, E>`.
fn result_sides(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
    let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    let mut types = args.args.iter().map(|arg| match arg {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    match (types.next(), types.next(), types.next()) {
        (Some(Some(ok)), Some(Some(err)), None) => Some((ok, err)),
        _ => None,
    }
}
