//! From the facts of a service and an impl of its trait to the model of an actor.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, ImplItem, ImplItemFn, ItemImpl, PatType, Token};

use super::attrs::{self, Role};
use super::item::{arguments, guard, hook, is_turn, returned, subject};
use super::{event_sourced, handler, item};
use crate::check;
use crate::diag::Diag;
use crate::model::{Actor, Arg, Contract, HandlerOptions, Rpc, RpcMethod, RpcReceiver, RpcShape, Served};

syn::custom_keyword!(key);

/// What a callback macro passes: the service, the options, the user's impl.
pub(crate) struct ContractInput {
    contract: Contract,
    options: TokenStream,
    item: ItemImpl,
}

/// Reads what the callback macro of a contract passed.
pub(crate) fn contract(input: ContractInput, diag: &mut Diag) -> Option<Actor> {
    let ContractInput { contract, options, mut item } = input;
    let options = attrs::options(options, diag);
    let subject = subject(&item, attrs::krate(&options), diag)?;
    let path = item.trait_.as_ref().map(|(_, path, _)| path.to_token_stream()).unwrap_or_default();
    let (mut handlers, mut hooks) = (Vec::new(), Vec::new());
    let (mut guards, mut applies) = (Vec::new(), Vec::new());
    let (mut methods, mut moved) = (Vec::new(), Vec::new());
    for inner in std::mem::take(&mut item.items) {
        let ImplItem::Fn(mut method) = inner else {
            item.items.push(inner);
            continue;
        };
        let role = attrs::take_role(&mut method.attrs, &subject.krate, diag);
        let rpc = contract.rpcs.iter().position(|rpc| rpc.method == method.sig.ident);
        match (role, rpc) {
            (Role::Hook(attr), _) => {
                hooks.extend(hook(&attr, &method, diag));
                moved.push(method);
            }
            (Role::Guard, _) => {
                guards.push(guard(&method, diag));
                moved.push(method);
            }
            (Role::Apply, _) => {
                applies.push(event_sourced::apply(&method, diag));
                moved.push(method);
            }
            (Role::Handler(attrs), Some(rpc)) => {
                let options = said_of_rpc(&attrs, diag);
                methods.push(rpc_method(rpc, options, &contract, method, diag));
            }
            (Role::Handler(attrs), None) => {
                let (options, timers) = item::options(&attrs, diag);
                if options.private.is_none() && timers.is_empty() {
                    check::is_in_contract(&method.sig.ident, &path, &contract, diag);
                }
                handlers.push(item::handler(options, timers, &method, &subject, diag));
                moved.push(method);
            }
            (Role::Plain, Some(rpc)) => {
                let options = HandlerOptions::default();
                let method = rpc_method(rpc, options, &contract, method, diag);
                moved.extend(method.broken.then(|| method.item.clone()));
                methods.push(method);
            }
            (Role::Plain, None) => {
                check::is_in_contract(&method.sig.ident, &path, &contract, diag);
                moved.push(method);
            }
        }
    }
    let served = Some(Served { contract, methods, moved });
    Some(Actor { item, subject, options, handlers, hooks, guards, applies, served })
}

/// What `#[handler]` says of an rpc beyond its contract.
fn said_of_rpc(attrs: &[Attribute], diag: &mut Diag) -> HandlerOptions {
    let mut given = HandlerOptions::default();
    for attr in attrs {
        match attrs::is(attr, "handler").then(|| handler::rpc(attr, diag)).flatten() {
            Some(options) => given = options,
            None => check::no_handler_in_contract(attr, diag),
        }
    }
    given
}

fn rpc_method(
    rpc: usize,
    options: HandlerOptions,
    contract: &Contract,
    method: ImplItemFn,
    diag: &mut Diag,
) -> RpcMethod {
    let before = diag.count();
    let sig = &method.sig;
    let copied = attrs::copied(&method.attrs);
    check::callable(sig, diag);
    check::run(&options.run, false, sig, diag);
    let receiver = check::rpc_receiver(sig, &contract.rpcs[rpc], options.max, diag);
    let field = |arg: &PatType, diag: &mut Diag| {
        if is_turn(sig, arg) {
            return Arg::Turn;
        }
        check::owned(&arg.ty, diag);
        Arg::Field { ident: sig.ident.clone(), ty: TokenStream::new() }
    };
    let args = arguments(sig, &receiver, diag, &field);
    let HandlerOptions { conditions, run, .. } = options;
    let returned = returned(&sig.output);
    let persists = returned.is_some_and(check::is_persist);
    let forwards = returned.is_some_and(check::is_forward);
    if let Some(forward) = returned.filter(|_| forwards) {
        check::forward(forward, sig, &contract.rpcs[rpc], diag);
    }
    let (item, broken) = (method, false);
    let mut read =
        RpcMethod { rpc, item, copied, receiver, args, conditions, run, persists, forwards, broken };
    check::rpc_arguments(&read, &contract.rpcs[rpc], diag);
    read.broken = diag.count() > before;
    read
}

impl Parse for ContractInput {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let inside = block(input, "contract")?;
        let contract = inside.parse()?;
        let options = block(input, "options")?.parse()?;
        Ok(Self { contract, options, item: input.parse()? })
    }
}

/// Opens `name { .. }`.
fn block<'a>(input: ParseStream<'a>, name: &str) -> syn::Result<syn::parse::ParseBuffer<'a>> {
    word(input, name)?;
    let inside;
    syn::braced!(inside in input);
    Ok(inside)
}

impl Parse for Contract {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        word(input, "trait")?;
        let path = bracketed(input)?;
        word(input, "message")?;
        let message = bracketed(input)?;
        word(input, "reference")?;
        let reference = bracketed(input)?;
        let key = input.peek(key).then(|| {
            input.parse::<key>()?;
            bracketed(input)
        });
        let key = key.transpose()?;
        let mut rpcs = Vec::new();
        while !input.is_empty() {
            rpcs.push(input.parse()?);
        }
        Ok(Self { path, message, reference, key, rpcs })
    }
}

impl Parse for Rpc {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        word(input, "rpc")?;
        let (method, variant) = (input.parse()?, input.parse()?);
        let receiver = input.parse()?;
        let shape = input.parse()?;
        let request = bracketed(input)?;
        input.parse::<Token![->]>()?;
        let response = bracketed(input)?;
        word(input, "error")?;
        let error = bracketed(input)?;
        let error = (!error.is_empty()).then_some(error);
        Ok(Self { method, variant, receiver, shape, request, response, error })
    }
}

impl Parse for RpcReceiver {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let found: Ident = input.parse()?;
        match found.to_string().as_str() {
            "exclusive" => Ok(Self::Exclusive),
            "shared" => Ok(Self::Shared),
            "turn" => Ok(Self::Turn),
            _ => Err(foreign(found.span(), "a receiver")),
        }
    }
}

impl Parse for RpcShape {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let found: Ident = input.parse()?;
        match found.to_string().as_str() {
            // A one-way rpc answers `()`, to nobody.
            "oneway" | "unary" => Ok(Self::Unary),
            "server" => Ok(Self::Server),
            "client" => Ok(Self::Client),
            "both" => Ok(Self::Both),
            _ => Err(foreign(found.span(), "which sides are streams")),
        }
    }
}

fn bracketed(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let inside;
    syn::bracketed!(inside in input);
    inside.parse()
}

fn word(input: ParseStream<'_>, expected: &str) -> syn::Result<()> {
    let found = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
    if found == expected {
        return Ok(());
    }
    Err(foreign(found.span(), &format!("`{expected}`")))
}

fn foreign(place: Span, expected: &str) -> syn::Error {
    let text = format!("expected {expected}: the contract was written by another version of akt-build");
    syn::Error::new(place, text)
}
