//! Actors of a contract: the call of its callback macro, and what that macro asks for.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl, Path};

use super::actor::{actor_impl, allowed_signature, context, guards, hooks, local};
use super::behavior::{self, Case};
use super::flight;
use crate::diag::Diag;
use crate::model::{Arg, Contract, ContractActor, Rpc, RpcMethod, generated};
use crate::{check, parse};

/// `shop::Cart! { options { .. } impl shop::Cart for MyCart { .. } }`
pub(super) fn callback(path: &Path, args: &TokenStream, item: &ItemImpl) -> TokenStream {
    quote!(#path! { options { #args } #item })
}

/// Expands `contract_actor!`.
pub(crate) fn contract_actor(input: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(mistake) => return mistake.to_compile_error(),
    };
    let Some(actor) = parse::contract(input, &mut diag) else { return diag.into_tokens() };
    check::hooks(&actor.hooks, &mut diag);
    check::guards(&actor.guards, &mut diag);
    let conditions = actor.methods.iter().map(|method| &method.conditions);
    check::behavior(&actor.options, conditions, &actor.hooks, &mut diag);
    let user = trait_impl(&actor);
    let own = own_impl(&actor);
    let marker = actor.subject.marker();
    let implementation = implementation(&actor);
    let errors = diag.into_tokens();
    quote!(#errors #marker #user #own #implementation)
}

/// The user's impl of the contract's trait, completed.
fn trait_impl(actor: &ContractActor) -> ItemImpl {
    let mut item = actor.item.clone();
    item.items.extend(actor.methods.iter().map(|method| {
        let rpc = &actor.contract.rpcs[method.rpc];
        ImplItem::Verbatim(if method.broken {
            stand_in(rpc, method, actor)
        } else if is_ready(method) {
            ready_method(rpc, method, actor)
        } else {
            async_method(method, actor)
        })
    }));
    item
}

/// The user's method, with the context if it was left out.
fn async_method(method: &RpcMethod, actor: &ContractActor) -> TokenStream {
    let krate = &actor.subject.krate;
    let mut item = method.item.clone();
    let context = method.context().cloned().map_or_else(
        || {
            let cx = local("_cx");
            syn::parse_quote!(#cx: &mut #krate::Ctx<Self>)
        },
        FnArg::Typed,
    );
    let receiver = item.sig.inputs.first().cloned();
    let request = method.requests().cloned().map(FnArg::Typed);
    item.sig.inputs = receiver.into_iter().chain(request).chain([context]).collect();
    item.into_token_stream()
}

/// A sync method for the trait: a future that is ready with what the hidden method returns.
fn ready_method(rpc: &Rpc, method: &RpcMethod, actor: &ContractActor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (docs, cfgs, sig) = (&method.copied.docs, &method.copied.cfgs, &method.item.sig);
    let (ident, hidden, out) = (&sig.ident, method.hidden(), rpc.out());
    let request_type = method.requests().map(|arg| &arg.ty);
    let (request, cx, reply) = (local("request"), local("cx"), local("out"));
    let args = method.args.iter().map(|arg| match arg {
        Arg::Field { .. } | Arg::Reply | Arg::Turn => request.clone(),
        Arg::Context(place) => context(*place),
    });
    let place = parse::returned(&sig.output).map_or_else(|| ident.span(), Spanned::span);
    let out = parse::respan(out, place);
    let call = quote_spanned!(generated(place)=> self.#hidden(#(#args),*));
    quote! {
        #(#cfgs)*
        #(#docs)*
        #[allow(refining_impl_trait, unused_variables)]
        fn #ident(&mut self, #(#request: #request_type,)* #cx: &mut #krate::Ctx<Self>) -> ::core::future::Ready<#out> {
            let #reply: #out = #call;
            ::core::future::ready(#reply)
        }
    }
}

/// What the trait gets in place of a method with a mistake.
fn stand_in(rpc: &Rpc, method: &RpcMethod, actor: &ContractActor) -> TokenStream {
    let krate = &actor.subject.krate;
    let (ident, out, request) = (&method.item.sig.ident, rpc.out(), &rpc.request);
    quote! {
        #[allow(refining_impl_trait)]
        fn #ident(&mut self, _: #request, _: &mut #krate::Ctx<Self>) -> ::core::future::Ready<#out> {
            ::core::unimplemented!()
        }
    }
}

/// Hooks, bodies of sync handlers, and what was refused.
fn own_impl(actor: &ContractActor) -> Option<TokenStream> {
    let ty = &actor.subject.ty;
    let (generics, _, clause) = actor.subject.generics.split_for_impl();
    let sync = actor.methods.iter().filter(|method| is_ready(method) && !method.broken).map(hidden_method);
    let own: Vec<_> = sync.chain(actor.moved.iter().cloned()).map(quiet).collect();
    (!own.is_empty()).then(|| quote!(impl #generics #ty #clause { #(#own)* }))
}

fn hidden_method(method: &RpcMethod) -> ImplItemFn {
    let mut item = method.item.clone();
    item.attrs.retain(|attr| !attr.path().is_ident("doc"));
    item.sig.ident = method.hidden();
    item
}

fn quiet(mut method: ImplItemFn) -> ImplItemFn {
    method.attrs.push(allowed_signature());
    method
}

fn is_ready(method: &RpcMethod) -> bool {
    method.broken || method.item.sig.asyncness.is_none()
}

fn implementation(actor: &ContractActor) -> TokenStream {
    let (krate, contract) = (&actor.subject.krate, &actor.contract);
    let message_type = &contract.message;
    let (message, cx) = (local("message"), local("cx"));
    let ready = |index: usize| actor.methods.iter().any(|method| method.rpc == index && is_ready(method));
    let (sync, future): (Vec<_>, Vec<_>) = (0..contract.rpcs.len()).partition(|index| ready(*index));
    let sync_arms = sync.iter().map(|rpc| arm(actor, *rpc, &quote!(.into_inner())));
    let future_arms = future.iter().map(|rpc| arm(actor, *rpc, &quote!(.await)));
    let hooks = hooks(&actor.hooks, &actor.subject);
    let behavior = behavior(actor);
    let guards = guards(&actor.guards, krate);
    let entered = behavior::on_enter(&actor.options, &actor.hooks, &actor.subject);
    let (me, incoming) = (local("me"), local("incoming"));
    let flight = flight::none(&actor.subject);
    let body = quote! {
        #flight
        #behavior

        fn dispatch_sync(
            &mut self,
            #message: #message_type,
            #cx: &mut #krate::Ctx<Self>,
        ) -> ::core::result::Result<(), #message_type> {
            #guards
            match #message {
                #(#sync_arms)*
                #message => return ::core::result::Result::Err(#message),
            }
            ::core::result::Result::Ok(())
        }

        async fn dispatch(&mut self, #message: #message_type, #cx: &mut #krate::Ctx<Self>) {
            match #message {
                #(#future_arms)*
                #message => ::core::mem::drop(#message),
            }
        }

        fn receive(#me: &#krate::Ref<Self::Msg>, #incoming: #krate::__private::Incoming) {
            #krate::__private::receive(#me, #incoming);
        }

        #hooks
        #entered
    };
    actor_impl(&actor.subject, &actor.options, message_type, &contract.reference, &body)
}

/// What the actor does with each request, by its state.
fn behavior(actor: &ContractActor) -> Option<TokenStream> {
    let message = &actor.contract.message;
    let cases = actor.methods.iter().map(|method| {
        let variant = &actor.contract.rpcs[method.rpc].variant;
        Case {
            message: quote!(#message::#variant(..)),
            cfgs: &[],
            ident: &method.item.sig.ident,
            conditions: &method.conditions,
        }
    });
    behavior::behavior(&actor.options, cases, &TokenStream::new(), &actor.subject)
}

/// One rpc's arm. The reply stays alive while the handler runs: its drop tells of a panic.
fn arm(actor: &ContractActor, index: usize, finish: &TokenStream) -> TokenStream {
    let krate = &actor.subject.krate;
    let Contract { path, message: message_type, .. } = &actor.contract;
    let Rpc { method, variant, error, .. } = &actor.contract.rpcs[index];
    let (message, reply, cx, out) = (local("message"), local("reply"), local("cx"), local("out"));
    let answer = if error.is_some() { quote!(answer_result) } else { quote!(answer) };
    quote! {
        #message_type::#variant(#message, #reply) => {
            let #out = <Self as #path>::#method(self, #message, #cx)#finish;
            #krate::__private::#answer(#cx, #reply, #out);
        }
    }
}
