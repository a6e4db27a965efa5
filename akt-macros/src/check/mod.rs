//! The rules of the language, one function each; a broken rule is reported on the user's token.

mod contract;
mod event_sourced;
mod grain;
mod test;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, GenericParam, Generics, Ident, Item, Pat, Path, ReturnType, Signature, Type, TypeReference,
};

use crate::diag::Diag;
use crate::model::{
    Actor, Arg, Conditions, Event, Guard, Handler, HandlerOptions, Hook, Injected, Options, Receiver, Run,
};
use crate::parse::{is_turn, lifetimes, returned, typed, ungroup};

pub(crate) use self::contract::{
    forward, is_forward, is_in_contract, no_handler_in_contract, not_an_rpc, rpc_arguments, rpc_receiver,
};
pub(crate) use self::event_sourced::{apply, event_sourced, events, is_persist, schema};
pub(crate) use self::grain::{activate, grain_hooks, grain_state, is_context_argument, is_result, stateless};
pub(crate) use self::test::{is_function, test};

/// Methods that every reference has.
const RESERVED: &[&str] = &["actor", "ask", "clone", "grain", "into", "tell", "try_into"];

/// `#[actor]` and `#[grain]` go on an impl block.
pub(crate) fn is_impl_block(item: &Item, attribute: &str, diag: &mut Diag) {
    let (at, hint) = match item {
        Item::Fn(item) => (heading(item.sig.fn_token, &item.sig.ident), String::new()),
        Item::Trait(item) => (heading(item.trait_token, &item.ident), String::new()),
        Item::Struct(item) => {
            (heading(item.struct_token, &item.ident), format!(": `impl {} {{ .. }}`", item.ident))
        }
        Item::Enum(item) => {
            (heading(item.enum_token, &item.ident), format!(": `impl {} {{ .. }}`", item.ident))
        }
        item => (item.to_token_stream(), String::new()),
    };
    diag.error(at, format!("`#[akt::{attribute}]` goes on an `impl` block{hint}"));
}

/// An actor has no lifetime parameters.
pub(crate) fn owns_its_data(generics: &Generics, diag: &mut Diag) {
    for lifetime in generics.lifetimes() {
        diag.error(lifetime, "an actor owns its data and cannot have a lifetime parameter");
    }
}

/// The arguments of an injected actor are a struct of their own, without parameters.
pub(crate) fn injected(injected: &Injected, diag: &mut Diag) {
    if injected.has_args() && !injected.generics.params.is_empty() {
        let text = "arguments of a generic actor are not supported: provide them with `#[dep]`, or spawn it \
                    with a closure";
        diag.error(&injected.generics, text);
    }
}

/// A guard looks at a message and decides at once.
pub(crate) fn guard(sig: &Signature, diag: &mut Diag) {
    const SHAPE: &str = "a guard is `fn admit(&self, message: &Message) -> Admit`";
    not_generic(sig, diag);
    if let Some(asyncness) = &sig.asyncness {
        diag.error(asyncness, format!("{SHAPE}: it decides at once"));
    }
    match sig.receiver() {
        Some(receiver) if borrows_self(receiver) != Some(false) => {
            diag.error(receiver, format!("{SHAPE}: it takes `&self`"));
        }
        Some(_) => {}
        None => diag.error(&sig.ident, format!("{SHAPE}: it takes `&self`")),
    }
    let mut messages = typed(sig);
    match messages.next() {
        None => diag.error(&sig.ident, format!("{SHAPE}: it takes the message")),
        Some(message) if borrowed(&message.ty).is_none() => {
            diag.error(&message.ty, format!("{SHAPE}: the message is borrowed"));
        }
        Some(_) => {}
    }
    for surplus in messages {
        diag.error(surplus, format!("{SHAPE}: it takes nothing else"));
    }
    if returned(&sig.output).is_none() {
        diag.error(&sig.ident, format!("{SHAPE}: it returns whether the message is admitted"));
    }
}

/// One guard an actor.
pub(crate) fn guards(guards: &[Guard], diag: &mut Diag) {
    for (index, guard) in guards.iter().enumerate() {
        if let Some(first) = guards[..index].iter().find(|first| !exclusive(&first.cfgs, &guard.cfgs)) {
            let text = "`#[guard]` given twice; call one guard from the other";
            diag.twice(&guard.ident, text, &first.ident, "first given here");
        }
    }
}

/// What hooks and rpcs have in common: `&mut self`, not generic, safe.
pub(crate) fn signature(sig: &Signature, what: &str, diag: &mut Diag) {
    match sig.receiver() {
        None => diag.error(&sig.ident, format!("{what} takes `&mut self`; add it as the first argument")),
        Some(receiver) if borrows_self(receiver) != Some(true) => {
            diag.error(receiver, format!("{what} takes `&mut self`"));
        }
        Some(_) => {}
    }
    callable(sig, diag);
}

/// The runtime can call it: it is not generic, and safe.
pub(crate) fn callable(sig: &Signature, diag: &mut Diag) {
    not_generic(sig, diag);
    if let Some(unsafety) = &sig.unsafety {
        diag.error(unsafety, "the runtime calls this method; it cannot be `unsafe`");
    }
}

/// How a handler has its actor: its receiver says it, and `reentrant` beside it.
pub(crate) fn receiver(sig: &Signature, options: &mut HandlerOptions, diag: &mut Diag) -> Receiver {
    const ALL: &str = "handlers take `&mut self`, `&self` or `this: Turn<Self>`";
    const REENTRANT: &str = "a reentrant handler takes `this: Turn<Self>`";
    let reentrant = options.reentrant.is_some();
    if let (Some((key, _)), false) = (&options.max, reentrant) {
        diag.error(key, "`max` counts reentrant handlers: `#[handler(reentrant, max = 32)]`");
    }
    let Some(receiver) = sig.receiver() else {
        let turn = typed(sig).next().filter(|arg| is_turn(sig, arg));
        match turn {
            Some(_) if reentrant && sig.asyncness.is_none() => {
                let text = "a reentrant handler is an `async fn`: others run while it awaits; a `fn` takes `&mut self`";
                diag.error(&sig.ident, text);
            }
            Some(turn) if !reentrant => {
                diag.error(turn, "a handler with `Turn<Self>` lets others in while it waits; add `reentrant`: `#[handler(reentrant)]`");
            }
            None if reentrant => diag.error(&sig.ident, format!("{REENTRANT} as its first argument")),
            None => diag.error(&sig.ident, format!("{ALL}; the last with `#[handler(reentrant)]`")),
            Some(_) => {}
        }
        return Receiver::Turn(options.max.take().map(|(_, max)| max));
    };
    if reentrant {
        diag.error(receiver, REENTRANT);
        return Receiver::Exclusive;
    }
    match borrows_self(receiver) {
        Some(false) => return Receiver::Shared(receiver.self_token.span),
        Some(true) => {}
        None => diag.error(receiver, ALL),
    }
    Receiver::Exclusive
}

/// Whether it is `&mut self` rather than `&self`, if it is one of them.
fn borrows_self(receiver: &syn::Receiver) -> Option<bool> {
    match ungroup(&receiver.ty) {
        Type::Reference(reference) if is_self(&reference.elem) => Some(reference.mutability.is_some()),
        _ => None,
    }
}

/// What is said about the future of a handler that has one.
pub(crate) fn run(run: &Run, defer: bool, sig: &Signature, diag: &mut Diag) {
    let Some(key) = &run.abort_on_cancel else { return };
    if sig.asyncness.is_none() {
        diag.error(key, "`abort_on_cancel` drops a handler at an await: make it an `async fn`");
    } else if defer {
        diag.error(
            key,
            "a deferred handler may end before its asker has an answer; remove `abort_on_cancel`",
        );
    }
}

/// `private` stands at handlers beside a contract.
pub(crate) fn no_private(key: Option<&Ident>, diag: &mut Diag) {
    if let Some(key) = key {
        let text =
            "`private` is for handlers beside a contract; here the method's visibility says who may send it";
        diag.error(key, text);
    }
}

fn not_generic(sig: &Signature, diag: &mut Diag) {
    for param in &sig.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            diag.error(param, "a message can't be generic; make the actor generic");
        }
    }
}

/// Finds the one reference argument, the context; gives the places of arguments that are not in the message.
pub(crate) fn context(sig: &Signature, receiver: &Receiver, diag: &mut Diag) -> Vec<usize> {
    let (owner, expected, mutable) = match receiver {
        Receiver::Exclusive => ("an `&mut self`", "cx: &mut Ctx<Self>", true),
        Receiver::Shared(_) => ("an `&self`", "cx: &Ctx<Self>", false),
        Receiver::Turn(_) => ("a reentrant", "cx: &TurnCtx<Self>", false),
    };
    let references: Vec<_> = typed(sig)
        .enumerate()
        .filter_map(|(index, arg)| Some((index, arg, borrowed(&arg.ty)?)))
        .filter(|(_, _, reference)| reference.mutability.is_some() || is_context(&reference.elem))
        .filter(|(_, _, reference)| matches!(ungroup(&reference.elem), Type::Path(_)))
        .collect();
    let chosen = references.iter().position(|(_, _, reference)| is_context(&reference.elem)).unwrap_or(0);
    for (place, (_, arg, reference)) in references.iter().enumerate() {
        if place != chosen {
            diag.error(&arg.ty, format!("only one reference argument is allowed: the context, `{expected}`"));
        } else if reference.mutability.is_some() != mutable {
            diag.error(&arg.ty, format!("the context of {owner} handler is `{expected}`"));
        }
    }
    references.iter().map(|(index, ..)| *index).collect()
}

/// A message owns what it carries, and has one type.
pub(crate) fn owned(ty: &Type, diag: &mut Diag) {
    let ty = ungroup(ty);
    let inside = lifetimes(ty.to_token_stream());
    if inside.opaque {
        diag.error(ty, "message arguments need a concrete type");
    } else if let Some(reference) = borrowed(ty) {
        diag.error(ty, format!("message arguments are owned; use `{}`", owned_form(&reference.elem)));
    } else if inside.borrows {
        diag.error(ty, "message arguments are owned; this type borrows");
    }
}

/// An argument's name is the name of a field.
pub(crate) fn named(pat: &Pat, diag: &mut Diag) -> Ident {
    match pat {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => return name.ident.clone(),
        Pat::Wild(_) => diag.error(pat, "name the argument: it is a field of the message"),
        _ => diag.error(pat, "name the argument; destructure in the body"),
    }
    Ident::new("unnamed", Span::mixed_site())
}

/// A reply is owned and has one type.
pub(crate) fn reply(output: &ReturnType, diag: &mut Diag) {
    let Some(ty) = returned(output) else { return };
    let inside = lifetimes(ty.to_token_stream());
    if inside.opaque {
        diag.error(ty, "replies need a concrete type; for streams take `out: StreamSink<T>`");
    } else if let Some(reference) = borrowed(ty) {
        diag.error(ty, format!("replies are owned; return `{}`", owned_form(&reference.elem)));
    } else if inside.borrows {
        diag.error(ty, "replies are owned; this type borrows");
    }
}

/// A deferred handler answers through its reply.
pub(crate) fn returns_nothing(output: &ReturnType, diag: &mut Diag) {
    if let Some(ty) = returned(output) {
        let text = format!("the reply type is taken from `Reply<T>`; remove `-> {}`", compact(ty));
        diag.error(ty, text);
    }
}

/// A deferred handler has a reply to keep.
pub(crate) fn no_reply_argument(sig: &Signature, diag: &mut Diag) {
    diag.error(&sig.ident, "a deferred handler's last argument is `reply: Reply<T>`");
}

/// A timer has nothing to put into a message.
pub(crate) fn no_message(sig: &Signature, args: &[Arg], diag: &mut Diag) {
    for (surplus, arg) in typed(sig).zip(args) {
        if matches!(arg, Arg::Field { .. } | Arg::Reply) {
            diag.error(surplus, "a timer handler takes no message arguments");
        }
    }
}

/// A hook takes what its event carries.
pub(crate) fn hook_arguments(event: Event, sig: &Signature, args: &[Arg], diag: &mut Diag) {
    let fields: Vec<_> = typed(sig).zip(args).filter(|(_, arg)| matches!(arg, Arg::Field { .. })).collect();
    match (event, fields.as_slice()) {
        (Event::Terminated | Event::Heard, [_])
        | (Event::Start | Event::Restart | Event::Stop | Event::Deactivate | Event::Enter, []) => {}
        // Read in its own way.
        (Event::Activate, _) => {}
        (Event::Heard, _) => diag.error(&sig.ident, "`#[on(event)]` takes what happened: `event: Event`"),
        (Event::Terminated, _) => {
            diag.error(
                &sig.ident,
                "`#[on(terminated)]` takes the actor that stopped: `terminated: Terminated`",
            );
        }
        (
            Event::Start | Event::Restart | Event::Stop | Event::Deactivate | Event::Enter,
            [(surplus, _), ..],
        ) => {
            let text = format!("`#[on({})]` takes no arguments but the context", event.name());
            diag.error(surplus, text);
        }
    }
}

/// What is heard is heard at once: the next event waits for it.
pub(crate) fn hears_at_once(event: Event, sig: &Signature, diag: &mut Diag) {
    if let (Event::Heard, Some(asyncness)) = (event, &sig.asyncness) {
        let text =
            "`#[on(event)]` is a `fn`; begin what takes time with `cx.pipe`, or send yourself a message";
        diag.error(asyncness, text);
    }
}

/// A hook returns nothing or a fault.
pub(crate) fn hook_reply(event: Event, output: &ReturnType, diag: &mut Diag) {
    let Some(ty) = returned(output) else { return };
    if last_segment(ty).is_none_or(|name| name != "Result") {
        diag.error(ty, format!("`#[on({})]` returns `()` or `Result<(), Fault>`", event.name()));
    }
}

/// Rules about all handlers of an actor together.
pub(crate) fn handlers(actor: &Actor, diag: &mut Diag) {
    if actor.handlers.is_empty() && actor.served.is_none() {
        let attribute = if actor.options.grain.is_some() { "grain" } else { "actor" };
        let text = format!("no `#[handler]` methods; add one or remove `#[akt::{attribute}]`");
        diag.error(&actor.subject.ty, text);
    }
    for (index, handler) in actor.handlers.iter().enumerate() {
        not_reserved(handler, diag);
        actor.served.iter().for_each(|served| not_an_rpc(handler, served, diag));
        let earlier = &actor.handlers[..index];
        if let Some(first) = earlier.iter().find(|first| same_message(first, handler)) {
            let message = handler.variant();
            let text = format!("message `{message}` is handled twice; rename one handler");
            let first_text = format!("message `{message}` already handled here");
            diag.twice(handler.method(), &text, first.method(), &first_text);
        }
    }
}

/// `concurrency` counts handlers that run beside each other.
pub(crate) fn concurrency(actor: &Actor, diag: &mut Diag) {
    let counts = |receiver: &Receiver, is_async| matches!(receiver, Receiver::Shared(_)) && is_async;
    let rpcs = actor.served.iter().flat_map(|served| &served.methods);
    if let Some((key, _)) = &actor.options.concurrency
        && !actor.handlers.iter().any(|handler| counts(&handler.receiver, handler.is_async))
        && !rpcs.into_iter().any(|rpc| counts(&rpc.receiver, rpc.is_async()))
    {
        diag.error(key, "`concurrency` counts handlers that are `async` and take `&self`; there is none");
    }
}

/// States are those of a behaviour, and what is put aside needs a stash. `conditions` are those of all handlers.
pub(crate) fn behavior<'a>(
    options: &Options,
    conditions: impl Iterator<Item = &'a Conditions>,
    hooks: &[Hook],
    diag: &mut Diag,
) {
    const BEHAVIOR: &str = "add `behavior = field` to `#[akt::actor(..)]`";
    if options.broken {
        return;
    }
    let without = |what: &str| format!("`{what}` needs a behaviour; {BEHAVIOR}");
    for conditions in conditions {
        for (key, _) in conditions.given().filter(|_| options.behavior.is_none()) {
            diag.error(key, without(&key.to_string()));
        }
        if let (Some((key, _)), None) = (&conditions.stash_when, &options.stash) {
            let text = "`stash_when` needs a stash; set `stash = N` in `#[akt::actor(..)]`, the number of messages \
                        it holds";
            diag.error(key, text);
        }
    }
    if options.behavior.is_some() {
        return;
    }
    if let Some((key, _)) = &options.unhandled {
        diag.error(key, without("unhandled"));
    }
    for hook in hooks.iter().filter(|hook| hook.event == Event::Enter) {
        diag.error(&hook.ident, without("#[on(enter)]"));
    }
}

/// One hook an event; of those that enter states, the first that fits counts.
pub(crate) fn hooks(hooks: &[Hook], diag: &mut Diag) {
    for (index, hook) in hooks.iter().enumerate() {
        let same = |first: &&Hook| {
            first.event == hook.event
                && first.pattern.is_none()
                && hook.pattern.is_none()
                && !exclusive(&first.copied.cfgs, &hook.copied.cfgs)
        };
        if let Some(first) = hooks[..index].iter().find(same) {
            let text = format!("`#[on({})]` given twice; call one hook from the other", hook.event.name());
            diag.twice(&hook.ident, &text, &first.ident, "first given here");
        }
    }
}

fn not_reserved(handler: &Handler, diag: &mut Diag) {
    let name = handler.name();
    if is_reserved(&name) {
        let text = format!("`{name}` exists on every reference; rename or `#[handler(name = \"..\")]`");
        diag.error(handler.method(), text);
    }
}

/// A reference has a method of this name.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

fn same_message(first: &Handler, second: &Handler) -> bool {
    first.variant() == second.variant() && !exclusive(&first.copied.cfgs, &second.copied.cfgs)
}

/// Two methods of one name may be there for different configurations.
fn exclusive(first: &[Attribute], second: &[Attribute]) -> bool {
    !first.is_empty() && !second.is_empty()
}

/// The callback macro of a contract has its trait's path, to which nothing can be added.
pub(crate) fn is_contract(negative: bool, path: &Path, diag: &mut Diag) {
    let plain = path.segments.iter().all(|segment| segment.arguments.is_none());
    if negative || !plain {
        diag.error(path, "a contract is a trait without arguments: `impl shop::Cart for MyCart`");
    }
}

fn heading(keyword: impl ToTokens, ident: &Ident) -> TokenStream {
    quote!(#keyword #ident)
}

/// The reference, unless it is `'static` and so can be part of a message.
fn borrowed(ty: &Type) -> Option<&TypeReference> {
    match ungroup(ty) {
        Type::Reference(reference)
            if reference.lifetime.as_ref().is_none_or(|name| name.ident != "static") =>
        {
            Some(reference)
        }
        _ => None,
    }
}

fn owned_form(ty: &Type) -> String {
    match ungroup(ty) {
        Type::Slice(slice) => format!("Vec<{}>", compact(&slice.elem)),
        ty => match last_segment(ty).map(ToString::to_string).as_deref() {
            Some("str") => "String".to_owned(),
            Some("Path") => "PathBuf".to_owned(),
            _ => compact(ty),
        },
    }
}

fn is_self(ty: &Type) -> bool {
    matches!(ungroup(ty), Type::Path(path) if path.path.is_ident("Self"))
}

fn is_context(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name == "Ctx" || name == "TurnCtx")
}

fn last_segment(ty: &Type) -> Option<&Ident> {
    match ungroup(ty) {
        Type::Path(path) => last_of(&path.path),
        _ => None,
    }
}

fn last_of(path: &Path) -> Option<&Ident> {
    path.segments.last().map(|segment| &segment.ident)
}

/// Tokens as people write them.
pub(crate) fn compact(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    text.replace(" ,", ",")
        .replace(" :: ", "::")
        .replace(":: ", "::")
        .replace(" <", "<")
        .replace("< ", "<")
        .replace(" >", ">")
}
