//! The rules about grains: which hooks they have, and how one makes its value.

use syn::{PatType, Signature, Type};

use super::{is_context, is_self, last_segment};
use crate::diag::Diag;
use crate::model::{Actor, Event};
use crate::parse::{returned, typed, ungroup};

/// `#[on(activate)]` makes the value, from its key.
pub(crate) fn activate(sig: &Signature, diag: &mut Diag) {
    const SHAPE: &str =
        "`#[on(activate)]` is `async fn activate(key: &Key, cx: &mut Ctx<Self>) -> Result<Self, Fault>`";
    if let Some(receiver) = sig.receiver() {
        diag.error(receiver, format!("{SHAPE}: it makes the value, and takes no `self`"));
    }
    for param in &sig.generics.params {
        diag.error(param, format!("{SHAPE}: it is not generic"));
    }
    let (mut key, mut context) = (false, false);
    for arg in typed(sig) {
        let reference = match ungroup(&arg.ty) {
            Type::Reference(reference) => Some(reference.mutability.is_some()),
            _ => None,
        };
        let seen = if is_context_argument(arg) { &mut context } else { &mut key };
        let fits = reference == Some(is_context_argument(arg));
        if std::mem::replace(seen, true) || !fits {
            diag.error(arg, format!("{SHAPE}: it takes `key: &Key` and `cx: &mut Ctx<Self>`, or less"));
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
