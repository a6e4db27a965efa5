//! The rules about event-sourced actors: only events change them.

use proc_macro2::Ident;
use syn::{LitInt, Path, Signature, Type};

use super::{borrowed, borrows_self, compact, exclusive, not_generic};
use crate::diag::Diag;
use crate::model::{Actor, Answer, EventSourced, Receiver};
use crate::parse::{returned, typed};

/// What `event_sourced(..)` says fits together.
pub(crate) fn events(said: &EventSourced, diag: &mut Diag) {
    let EventSourced { word, event, schema, upcast, .. } = said;
    if event.is_none() {
        diag.error(word, "say what is persisted: `event_sourced(event = CartEvent)`");
    }
    self::schema("events", "Event", schema.as_ref(), upcast.as_ref(), diag);
}

/// Older schemas can be read, if there are any.
pub(crate) fn schema(what: &str, ty: &str, schema: Option<&LitInt>, upcast: Option<&Path>, diag: &mut Diag) {
    let first = schema.is_none_or(|schema| schema.base10_digits() == "1");
    match (schema, upcast) {
        (Some(schema), None) if !first => {
            let text = format!(
                "there may be {what} of schema 1: say how they are read, `upcast = path`, a `fn(u32, Bytes) -> Result<{ty}, Fault>`"
            );
            diag.error(schema, text);
        }
        (_, Some(upcast)) if first => {
            let text = format!("`upcast` reads {what} of older schemas; say which this one is: `schema = 2`");
            diag.error(upcast, text);
        }
        _ => {}
    }
}

/// `#[apply]` changes the state, and does nothing else.
pub(crate) fn apply(sig: &Signature, diag: &mut Diag) {
    const SHAPE: &str = "`#[apply]` is `fn apply(&mut self, event: &Event)`";
    not_generic(sig, diag);
    if let Some(asyncness) = &sig.asyncness {
        diag.error(asyncness, format!("{SHAPE}: it changes the state at once"));
    }
    match sig.receiver() {
        Some(receiver) if borrows_self(receiver) != Some(true) => {
            diag.error(receiver, format!("{SHAPE}: it takes `&mut self`"));
        }
        Some(_) => {}
        None => diag.error(&sig.ident, format!("{SHAPE}: it takes `&mut self`")),
    }
    let args: Vec<_> = typed(sig).collect();
    match args[..] {
        [arg] if borrowed(&arg.ty).is_some_and(|event| event.mutability.is_none()) => {}
        [] => diag.error(&sig.ident, format!("{SHAPE}: it takes the event")),
        [first, ..] => diag.error(first, format!("{SHAPE}: it takes the event, borrowed, and nothing else")),
    }
    if let Some(ty) = returned(&sig.output) {
        diag.error(ty, format!("{SHAPE}: what has happened cannot fail, it returns nothing"));
    }
}

/// Only events change an event-sourced actor, and only such an actor has events.
pub(crate) fn event_sourced(actor: &Actor, diag: &mut Diag) {
    if actor.options.broken {
        return;
    }
    let Some(said) = &actor.options.event_sourced else { return no_events(actor, diag) };
    if actor.applies.is_empty() {
        let event = said.event.as_ref().map(compact).unwrap_or_default();
        let text = format!(
            "an event-sourced actor applies its events: add `#[apply] fn apply(&mut self, event: &{event})`"
        );
        diag.error(&said.word, text);
    }
    for (index, apply) in actor.applies.iter().enumerate() {
        let earlier = &actor.applies[..index];
        if let Some(first) = earlier.iter().find(|first| !exclusive(&first.cfgs, &apply.cfgs)) {
            let text = "`#[apply]` given twice; match on the event in one method";
            diag.twice(&apply.ident, text, &first.ident, "first given here");
        }
    }
    if let (Some(kind), Some(_)) = (&said.kind, &actor.options.grain) {
        diag.error(kind, "a grain has one kind, that of `#[akt::grain(kind = \"..\")]`; remove this one");
    }
    for (ident, receiver, persists) in methods(actor) {
        let text = match receiver {
            Receiver::Exclusive if !persists => {
                "event-sourced handlers return `Persist<..>`; one that only reads takes `&self`"
            }
            Receiver::Shared(_) if persists => "a handler that persists takes `&mut self`",
            Receiver::Turn(_) => {
                "an event-sourced actor has no reentrant handlers: only its events change it, one turn after the other"
            }
            Receiver::Exclusive | Receiver::Shared(_) => continue,
        };
        diag.error(ident, text);
    }
}

fn no_events(actor: &Actor, diag: &mut Diag) {
    const SAY: &str = "say `event_sourced(event = ..)` in the actor's attribute";
    for apply in &actor.applies {
        diag.error(&apply.ident, format!("`#[apply]` is for an event-sourced actor: {SAY}"));
    }
    let persist = methods(actor).find(|(_, _, persists)| *persists).filter(|_| actor.applies.is_empty());
    if let Some((ident, ..)) = persist {
        diag.error(ident, format!("`Persist<..>` is for an event-sourced actor: {SAY}"));
    }
}

/// Its handlers in which no mistake was found: each with its receiver, and whether it returns `Persist<..>`.
fn methods(actor: &Actor) -> impl Iterator<Item = (&Ident, &Receiver, bool)> {
    let rpcs = actor.served.iter().flat_map(|served| &served.methods).filter(|rpc| !rpc.broken);
    let rpcs = rpcs.map(|rpc| (&rpc.item.sig.ident, &rpc.receiver, rpc.persists));
    let handlers = actor.handlers.iter().filter(|handler| !handler.broken);
    rpcs.chain(handlers.map(|it| (&it.ident, &it.receiver, it.answer == Answer::Persisted)))
}

/// Whether a type is written `Persist<..>`.
pub(crate) fn is_persist(ty: &Type) -> bool {
    super::last_segment(ty).is_some_and(|name| name == "Persist")
}
