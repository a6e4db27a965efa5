//! The rules about grains: which hooks they have, and how one makes its value.

use proc_macro2::Ident;
use syn::{PatType, Signature, Type};

use super::{is_context, is_self, last_segment};
use crate::diag::Diag;
use crate::model::{Actor, Answer, Arg, Event, Grain, Hook, Options, Receiver};
use crate::parse::{returned, typed, ungroup};

/// `#[on(activate)]` makes the value, from its key.
pub(crate) fn activate(sig: &Signature, diag: &mut Diag) {
    const SHAPE: &str = "`#[on(activate)]` is `async fn activate(key: &Key, state: State, cx: &mut Ctx<Self>) -> Result<Self, Fault>`";
    if let Some(receiver) = sig.receiver() {
        diag.error(receiver, format!("{SHAPE}: it makes the value, and takes no `self`"));
    }
    for param in &sig.generics.params {
        diag.error(param, format!("{SHAPE}: it is not generic"));
    }
    let (mut key, mut state, mut context) = (false, false, false);
    for arg in typed(sig) {
        let seen = match ungroup(&arg.ty) {
            Type::Reference(it) if is_context_argument(arg) == it.mutability.is_some() => {
                if is_context_argument(arg) {
                    Some(&mut context)
                } else {
                    Some(&mut key)
                }
            }
            Type::Reference(_) => None,
            _ => Some(&mut state),
        };
        if seen.is_none_or(|seen| std::mem::replace(seen, true)) {
            let text = "it takes `key: &Key`, `state: State` and `cx: &mut Ctx<Self>`, or less";
            diag.error(arg, format!("{SHAPE}: {text}"));
        }
    }
    match returned(&sig.output) {
        Some(ty) if is_result(ty) || is_value(ty) => {}
        Some(ty) => diag.error(ty, format!("{SHAPE}: it returns `Self` or `Result<Self, Fault>`")),
        None => diag.error(&sig.ident, format!("{SHAPE}: it returns `Self` or `Result<Self, Fault>`")),
    }
}

pub(crate) fn is_context_argument(arg: &PatType) -> bool {
    matches!(ungroup(&arg.ty), Type::Reference(reference) if is_context(&reference.elem))
}

pub(crate) fn is_result(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name == "Result")
}

/// `Self`, or the type by its name: rustc says whether it is the right one.
fn is_value(ty: &Type) -> bool {
    is_self(ty) || matches!(ungroup(ty), Type::Path(_))
}

/// A grain is activated and deactivated; an actor starts, restarts and stops.
pub(crate) fn grain_hooks(actor: &Actor, diag: &mut Diag) {
    for hook in &actor.hooks {
        let text = match (hook.event, actor.options.grain.is_some()) {
            (Event::Activate, false) => {
                "`#[on(activate)]` is for a grain, and makes its value: in an actor, use `#[on(start)]`; or make \
                 this one a grain, `#[akt::grain(kind = \"..\", key = String)]`"
            }
            (Event::Deactivate, false) => {
                "`#[on(deactivate)]` is for a grain: in an actor, use `#[on(stop)]`; or make this one a grain, \
                 `#[akt::grain(kind = \"..\", key = String)]`"
            }
            (Event::Start, true) => {
                "a grain does not start, it is activated: use `#[on(activate)]`, which makes its value"
            }
            (Event::Restart, true) => {
                "a grain does not restart, it is activated anew: use `#[on(activate)]`, which makes its value"
            }
            (Event::Stop, true) => "a grain does not stop, it is deactivated: use `#[on(deactivate)]`",
            _ => continue,
        };
        diag.error(&hook.ident, text);
    }
}

/// What a grain keeps, and how its handlers use that, fits together.
pub(crate) fn grain_state(actor: &Actor, diag: &mut Diag) {
    let Some(grain) = actor.options.grain.as_ref().filter(|_| !actor.options.broken) else { return };
    if let (Some(state), Some(events)) = (&grain.state, &actor.options.event_sourced) {
        let text = "a grain keeps its state, or the events that make it: remove `state` or `event_sourced`";
        diag.twice(&state.word, text, &events.word, "its state is what its events say");
    }
    let takes_state = |hook: &&Hook| {
        let state = |arg: &Arg| matches!(arg, Arg::Field { ident, .. } if ident == "state");
        hook.event == Event::Activate && hook.args.iter().any(state)
    };
    if let Some(hook) = actor.hooks.iter().find(takes_state).filter(|_| grain.state.is_none()) {
        let text = "this grain has no state that is kept: say `state = CartState` in its attribute, or take the key only";
        diag.error(&hook.ident, text);
    }
    if let Some(gates) = &grain.gates {
        self::gates(actor, grain, gates, diag);
    }
}

/// A turn of a gated grain is one commit: nothing of it may leave before, or be answered elsewhere.
fn gates(actor: &Actor, grain: &Grain, gates: &Ident, diag: &mut Diag) {
    if grain.state.is_none() {
        diag.error(gates, "a turn of a gated grain commits its state: say `state = CartState` too");
    }
    let Some(served) = &actor.served else {
        let text = "what a gated grain answers and delivers is kept, so it serves a contract: `impl bank::Account for MyAccount`";
        return diag.error(gates, text);
    };
    let runs = served.methods.iter().map(|method| &method.run);
    let runs = runs.chain(actor.handlers.iter().map(|handler| &handler.run));
    for word in runs.filter_map(|run| run.abort_on_cancel.as_ref()) {
        diag.error(word, "a turn of a gated grain is carried out once it is begun: remove `abort_on_cancel`");
    }
    for method in served.methods.iter().filter(|method| !method.broken) {
        let shape = &served.contract.rpcs[method.rpc].shape;
        let text = match &method.receiver {
            Receiver::Turn(_) => NO_TURNS,
            Receiver::Shared(_) => continue,
            Receiver::Exclusive if method.forwards => NO_OTHERS,
            Receiver::Exclusive if shape.streams() => {
                "items of a stream leave at once, and what leaves a gated grain waits for its commit: answer with one message, or make the rpc `read_only`"
            }
            Receiver::Exclusive => continue,
        };
        diag.error(&method.item.sig.ident, text);
    }
    for handler in actor.handlers.iter().filter(|handler| !handler.broken) {
        match (&handler.receiver, handler.answer) {
            (Receiver::Turn(_), _) => diag.error(&handler.ident, NO_TURNS),
            (Receiver::Exclusive, Answer::Deferred | Answer::Forwarded) => {
                diag.error(&handler.ident, NO_OTHERS);
            }
            _ => {}
        }
    }
}

const NO_TURNS: &str =
    "a gated grain has no reentrant handlers: its turns are committed one after the other; take `&mut self`";
const NO_OTHERS: &str =
    "a gated grain answers with what it has committed: it neither forwards nor defers an answer";

/// A stateless worker keeps nothing.
pub(crate) fn stateless(options: &Options, diag: &mut Diag) {
    let Some(grain) = &options.grain else { return };
    let Some(stateless) = &grain.stateless else { return };
    let kept = [
        ("state", grain.state.is_some()),
        ("gates", grain.gates.is_some()),
        ("event_sourced", options.event_sourced.is_some()),
    ];
    if let Some((option, _)) = kept.iter().find(|(_, given)| *given) {
        diag.error(&stateless.word, keeps(option));
    }
}

fn keeps(option: &str) -> String {
    format!(
        "a stateless grain has several values of one key, and keeps nothing: remove `stateless` and `max`, or \
         `{option}`"
    )
}
