//! From the facts of a service and an impl of its trait to the model of an actor.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, ImplItem, ImplItemFn, ItemImpl, PatType, Token};

use super::attrs::{self, Role};
use super::item::{arguments, guard, hook, subject};
use crate::check;
use crate::diag::Diag;
use crate::model::{Arg, Conditions, Contract, ContractActor, Receiver, Rpc, RpcMethod, RpcReceiver};

/// What a callback macro passes: the service, the options, the user's impl.
pub(crate) struct ContractInput {
    contract: Contract,
    options: TokenStream,
    item: ItemImpl,
}

/// Reads what the callback macro of a contract passed.
pub(crate) fn contract(input: ContractInput, diag: &mut Diag) -> Option<ContractActor> {
    let ContractInput { contract, options, mut item } = input;
    let options = attrs::options(options, diag);
    let subject = subject(&item, attrs::krate(&options), diag)?;
    let trait_path = item.trait_.as_ref().map(|(_, path, _)| path.to_token_stream()).unwrap_or_default();
    let (mut rpcs, mut hooks, mut guards, mut moved) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
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
            (Role::Handler(attrs), Some(rpc)) => {
                let conditions = conditions(&attrs, diag);
                rpcs.push(RpcMethod { conditions, ..rpc_method(rpc, &contract, method, diag) });
            }
            (Role::Handler(attrs), None) => {
                attrs.iter().for_each(|attr| check::no_handler_in_contract(attr, false, diag));
                moved.push(method);
            }
            (Role::Plain, Some(rpc)) => {
                let method = rpc_method(rpc, &contract, method, diag);
                moved.extend(method.broken.then(|| method.item.clone()));
                rpcs.push(method);
            }
            (Role::Plain, None) => {
                check::is_in_contract(&method.sig.ident, &trait_path, &contract, diag);
                moved.push(method);
            }
        }
    }
    Some(ContractActor { item, subject, options, contract, methods: rpcs, hooks, guards, moved })
}

/// The states in which an rpc is handled: all that a `#[handler]` may say of it.
fn conditions(attrs: &[Attribute], diag: &mut Diag) -> Conditions {
    let mut given = Conditions::default();
    for attr in attrs {
        match attrs::is(attr, "handler").then(|| attrs::conditions(attr, diag)).flatten() {
            Some(conditions) => given = conditions,
            None => check::no_handler_in_contract(attr, true, diag),
        }
    }
    given
}

fn rpc_method(rpc: usize, contract: &Contract, method: ImplItemFn, diag: &mut Diag) -> RpcMethod {
    let before = diag.count();
    let sig = &method.sig;
    let copied = attrs::copied(&method.attrs);
    check::signature(sig, "an rpc", diag);
    let field = |arg: &PatType, diag: &mut Diag| {
        check::owned(&arg.ty, diag);
        Arg::Field { ident: sig.ident.clone(), ty: TokenStream::new() }
    };
    let args = arguments(sig, &Receiver::Exclusive, diag, &field);
    let mut read =
        RpcMethod { rpc, item: method, copied, args, conditions: Conditions::default(), broken: false };
    check::one_request(&read, &contract.rpcs[rpc], diag);
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
        let mut rpcs = Vec::new();
        while !input.is_empty() {
            rpcs.push(input.parse()?);
        }
        Ok(Self { path, message, reference, rpcs })
    }
}

impl Parse for Rpc {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        word(input, "rpc")?;
        let (method, variant) = (input.parse()?, input.parse()?);
        let receiver = input.parse()?;
        // A one-way rpc answers `()`, to nobody.
        let oneway = input.fork().parse::<Ident>().is_ok_and(|shape| shape == "oneway");
        word(input, if oneway { "oneway" } else { "unary" })?;
        let request = bracketed(input)?;
        input.parse::<Token![->]>()?;
        let response = bracketed(input)?;
        word(input, "error")?;
        let error = bracketed(input)?;
        let error = (!error.is_empty()).then_some(error);
        Ok(Self { method, variant, receiver, request, response, error })
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
