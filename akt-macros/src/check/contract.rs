//! The rules about an impl of a contract.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Expr, Ident, Signature, Type};

use super::{borrows_self, compact, last_of};
use crate::diag::{self, Diag};
use crate::model::{Contract, Handler, Receiver, Rpc, RpcMethod, RpcReceiver, RpcShape, Served, plain};
use crate::parse::{is_turn, typed};

/// A method has its actor as its contract says.
pub(crate) fn rpc_receiver(
    sig: &Signature,
    rpc: &Rpc,
    max: Option<(Ident, Expr)>,
    diag: &mut Diag,
) -> Receiver {
    let name = plain(&sig.ident);
    let found = sig.receiver().and_then(borrows_self);
    let turn = typed(sig).next().filter(|arg| is_turn(sig, arg));
    let mut wrong = |text: String| match (sig.receiver(), turn) {
        (Some(receiver), _) => diag.error(receiver, text),
        (None, Some(turn)) => diag.error(turn, text),
        (None, None) => diag.error(&sig.ident, text),
    };
    let max = match (max, rpc.receiver) {
        (Some((key, _)), RpcReceiver::Exclusive | RpcReceiver::Shared) => {
            wrong(format!("`{name}` is not reentrant in its contract: `{key}` counts reentrant handlers"));
            None
        }
        (max, _) => max.map(|(_, max)| max),
    };
    match rpc.receiver {
        RpcReceiver::Exclusive => {
            let hint = match (found, turn) {
                (Some(true), _) => return Receiver::Exclusive,
                (Some(false), _) => "; for `&self` its contract says `option (akt.rpc).read_only = true;`",
                (None, Some(_)) => {
                    "; for `this: Turn<Self>` its contract says `option (akt.rpc).reentrant = true;`"
                }
                (None, None) => "",
            };
            wrong(format!("`{name}` takes `&mut self`{hint}"));
            Receiver::Exclusive
        }
        RpcReceiver::Shared => {
            if found != Some(false) {
                wrong(format!("`{name}` is read-only in its contract: it takes `&self`"));
            }
            Receiver::Shared(sig.receiver().map_or_else(|| sig.ident.span(), |it| it.self_token.span))
        }
        RpcReceiver::Turn => {
            if turn.is_none() || sig.asyncness.is_none() {
                wrong(format!(
                    "`{name}` is reentrant in its contract: it is an `async fn` that takes `this: Turn<Self>`"
                ));
            }
            Receiver::Turn(max)
        }
    }
}

pub(crate) fn is_forward(ty: &Type) -> bool {
    super::last_segment(ty).is_some_and(|name| name == "Forward")
}

/// An rpc forwards whose answer is one value, and whose actor does not go on meanwhile.
pub(crate) fn forward(returned: &Type, sig: &Signature, rpc: &Rpc, diag: &mut Diag) {
    let name = plain(&sig.ident);
    if rpc.shape.answers_with_stream() {
        let text = "answers with a stream, which is not forwarded; open the other's and send on its items";
        diag.error(returned, format!("`{name}` {text}"));
    } else if rpc.receiver == RpcReceiver::Turn {
        let text = "is reentrant in its contract, and holds nobody up: await the call, and return its answer";
        diag.error(returned, format!("`{name}` {text}"));
    }
}

/// Methods of a contract are handlers without our attribute.
pub(crate) fn no_handler_in_contract(attr: &Attribute, diag: &mut Diag) {
    let text = if last_of(attr.path()).is_some_and(|name| name == "handler") {
        "every method of a contract is a handler; remove `#[handler]`"
    } else {
        "an rpc has a request and cannot be a timer; use `cx.every` in `#[on(start)]`"
    };
    diag.error(attr, text);
}

/// A method of a contract impl is an rpc or a hook.
pub(crate) fn is_in_contract(method: &Ident, path: &TokenStream, contract: &Contract, diag: &mut Diag) {
    let names: Vec<_> = contract.rpcs.iter().map(|rpc| plain(&rpc.method)).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let hint = match diag::similar(&plain(method), &names) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "mark `#[handler(private)]` or move it to an inherent `impl`".to_owned(),
    };
    diag.error(method, format!("`{method}` is not in `{}`; {hint}", compact(path)));
}

/// A method takes what its rpc is about.
pub(crate) fn rpc_arguments(method: &RpcMethod, rpc: &Rpc, diag: &mut Diag) {
    match rpc.shape {
        RpcShape::Unary => one_request(method, rpc, diag),
        RpcShape::Server | RpcShape::Client | RpcShape::Both => streams(method, rpc, diag),
    }
}

/// Streams have their places.
fn streams(method: &RpcMethod, rpc: &Rpc, diag: &mut Diag) {
    let ident = &method.item.sig.ident;
    let wanted = rpc.arguments(&TokenStream::new());
    let said = wanted.iter().map(|(name, ty)| format!("`{name}: {}`", unqualified(ty)));
    let text = format!("`{ident}` takes {}", said.collect::<Vec<_>>().join(" and "));
    let mut found = method.requests();
    for (_, wanted) in &wanted {
        let Some(found) = found.next() else { return diag.error(ident, text) };
        let (head, wanted) = (head(&found.ty), head_of(wanted));
        let is_stream = |head: &str| ["StreamSink", "Streaming"].contains(&head);
        if head != wanted && (is_stream(&head) || is_stream(&wanted) && head == head_of(&rpc.request)) {
            return diag.error(found, text);
        }
    }
    if let Some(surplus) = found.next() {
        diag.error(surplus, format!("{text}, and the context"));
    }
}

/// A type as people write it, with the last segment of each path.
fn unqualified(ty: &TokenStream) -> String {
    let text = compact(ty);
    let cut = |part: &str| part.rsplit("::").next().unwrap_or_default().to_owned();
    let inside = text.split_inclusive(['<', '>', ',', ' ']).map(cut);
    inside.collect::<String>().replace(',', ", ").replace(",  ", ", ")
}

fn head(ty: &Type) -> String {
    head_of(&ty.to_token_stream())
}

/// The name of a type, without its path and its arguments.
fn head_of(ty: &TokenStream) -> String {
    let text = compact(ty);
    let path = text.split('<').next().unwrap_or_default();
    path.rsplit("::").next().unwrap_or_default().to_owned()
}

/// An rpc has one request.
fn one_request(method: &RpcMethod, rpc: &Rpc, diag: &mut Diag) {
    let ident = &method.item.sig.ident;
    let request = compact(&rpc.request);
    let request = request.rsplit("::").next().unwrap_or_default();
    let mut requests = method.requests();
    if requests.next().is_none() {
        diag.error(ident, format!("`{ident}` takes its request: `req: {request}`"));
    }
    for surplus in requests {
        diag.error(surplus, format!("`{ident}` takes one request, `{request}`, and the context"));
    }
}

/// A message beside the contract has a name of its own.
pub(crate) fn not_an_rpc(handler: &Handler, served: &Served, diag: &mut Diag) {
    let name = handler.name();
    if served.contract.rpcs.iter().any(|rpc| plain(&rpc.method) == name) {
        let path = compact(&served.contract.path);
        diag.error(
            handler.method(),
            format!("`{name}` is an rpc of `{path}`; give the private message another name"),
        );
    }
}
