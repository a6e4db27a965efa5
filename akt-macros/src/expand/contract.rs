//! Actors of a contract: the call of its callback macro, and what that macro asks for.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{FnArg, ImplItem, ImplItemFn, ItemImpl, Path};

use super::actor::{allowed_signature, checked, context, local};
use super::{case, event_sourced};
use crate::diag::Diag;
use crate::model::{Actor, Arg, Rpc, RpcMethod, RpcReceiver, Served, generated};
use crate::parse;

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
    match parse::contract(input, &mut diag) {
        Some(actor) => checked(actor, diag),
        None => diag.into_tokens(),
    }
}

/// What the user wrote: the impl of the contract's trait, completed, and the rest as an inherent impl.
pub(super) fn user(actor: &Actor, served: &Served) -> TokenStream {
    let user = trait_impl(actor, served);
    let own = own_impl(actor, served);
    quote!(#user #own)
}

/// What leads from the contract to the actor.
pub(super) fn seams(actor: &Actor, Served { contract, .. }: &Served) -> TokenStream {
    let (krate, message) = (&actor.subject.krate, &contract.message);
    let (me, incoming) = (local("me"), local("incoming"));
    let contract = actor.has_own_messages().then(|| {
        quote! {
            fn contract(
                #me: &#krate::Ref<Self::Msg>,
            ) -> ::core::option::Option<#krate::__private::Box<dyn ::core::any::Any + ::core::marker::Send>> {
                let #me: #krate::Ref<#message> = #krate::__private::narrow(#me);
                ::core::option::Option::Some(#krate::__private::Box::new(#me))
            }
        }
    });
    quote! {
        const CONTRACT: ::core::option::Option<&'static ::core::primitive::str> =
            ::core::option::Option::Some(<#message as #krate::Protocol>::NAME);

        const CONTRACT_DIGEST: ::core::primitive::u64 = <#message as #krate::Protocol>::DIGEST;

        fn receive(#me: &#krate::Ref<Self::Msg>, #incoming: #krate::__private::Incoming) {
            #krate::__private::receive::<#message, Self>(#me, #incoming);
        }

        #contract
    }
}

fn trait_impl(actor: &Actor, served: &Served) -> ItemImpl {
    let mut item = actor.item.clone();
    item.items.extend(served.methods.iter().map(|method| {
        let rpc = &served.contract.rpcs[method.rpc];
        ImplItem::Verbatim(if method.broken {
            stand_in(rpc, method, actor)
        } else if method.decides() {
            deciding_method(rpc, method, actor)
        } else if method.is_async() {
            async_method(rpc, method, actor)
        } else {
            ready_method(rpc, method, actor)
        })
    }));
    item
}

/// The receiver and the type of the context, as the contract's trait has them.
fn signature(rpc: &Rpc, actor: &Actor) -> (TokenStream, TokenStream) {
    let krate = &actor.subject.krate;
    match rpc.receiver {
        RpcReceiver::Exclusive => (quote!(&mut self), quote!(&mut #krate::Ctx<Self>)),
        RpcReceiver::Shared => (quote!(&self), quote!(&#krate::Ctx<Self>)),
        RpcReceiver::Turn => {
            let this = local("this");
            (quote!(#this: #krate::Turn<Self>), quote!(&#krate::TurnCtx<Self>))
        }
    }
}

/// The user's method, with the context if it was left out.
fn async_method(rpc: &Rpc, method: &RpcMethod, actor: &Actor) -> TokenStream {
    let mut item = method.item.clone();
    let context = method.context().cloned().map_or_else(
        || {
            let (cx, (_, ty)) = (local("_cx"), signature(rpc, actor));
            syn::parse_quote!(#cx: #ty)
        },
        FnArg::Typed,
    );
    let receiver = item.sig.inputs.first().cloned();
    let request = method.requests().cloned().map(FnArg::Typed);
    item.sig.inputs = receiver.into_iter().chain(request).chain([context]).collect();
    item.into_token_stream()
}

/// A sync method for the trait: a future that is ready with what the hidden method returns.
fn ready_method(rpc: &Rpc, method: &RpcMethod, actor: &Actor) -> TokenStream {
    let (docs, cfgs, sig) = (&method.copied.docs, &method.copied.cfgs, &method.item.sig);
    let (ident, hidden, out) = (&sig.ident, method.hidden(), rpc.out());
    let request_type = method.requests().map(|arg| &arg.ty);
    let (request, cx, reply) = ([local("request"), local("sink")], local("cx"), local("out"));
    let request = &request[..method.requests().count()];
    let mut given = request.iter().cloned();
    let args = method.args.iter().map(|arg| match arg {
        Arg::Field { .. } | Arg::Reply | Arg::Turn => given.next().unwrap_or_else(|| local("request")),
        Arg::Context(place) => context(*place),
    });
    let place = parse::returned(&sig.output).map_or_else(|| ident.span(), Spanned::span);
    let out = parse::respan(out, place);
    let call = quote_spanned!(generated(place)=> self.#hidden(#(#args),*));
    let (receiver, context_type) = signature(rpc, actor);
    quote! {
        #(#cfgs)*
        #(#docs)*
        #[allow(refining_impl_trait, unused_variables)]
        fn #ident(#receiver, #(#request: #request_type,)* #cx: #context_type) -> ::core::future::Ready<#out> {
            let #reply: #out = #call;
            ::core::future::ready(#reply)
        }
    }
}

/// A method for the trait that carries out what the hidden one decides.
fn deciding_method(rpc: &Rpc, method: &RpcMethod, actor: &Actor) -> TokenStream {
    let (docs, cfgs, ident) = (&method.copied.docs, &method.copied.cfgs, &method.item.sig.ident);
    let (krate, out) = (&actor.subject.krate, rpc.out());
    let (receiver, context_type) = signature(rpc, actor);
    let (cx, decided, parts) = (local("cx"), local("decided"), [local("request"), local("sink")]);
    let args = rpc.arguments(krate).into_iter().zip(&parts).map(|((_, ty), part)| quote!(#part: #ty));
    let call = case::decided(method, parts.clone());
    let awaited = method.is_async().then(|| quote!(.await));
    let done = match method.persists {
        true => quote!(#krate::__private::commit(self, #cx, #decided).await),
        false => quote!(#krate::__private::answer_of(#decided)),
    };
    // A type that is not that of the contract is wrong where it is written.
    let place = parse::returned(&method.item.sig.output).map_or_else(|| ident.span(), Spanned::span);
    let typed = method.forwards.then(|| {
        let (krate, out) = (parse::respan(krate.clone(), place), parse::respan(rpc.out(), place));
        quote_spanned!(generated(place)=> : #krate::Forward<#out>)
    });
    quote! {
        #(#cfgs)*
        #(#docs)*
        #[allow(unused_variables, clippy::unused_async, clippy::unused_unit)]
        async fn #ident(#receiver, #(#args,)* #cx: #context_type) -> #out {
            let #decided #typed = #call #awaited;
            #done
        }
    }
}

/// What the trait gets in place of a method with a mistake.
fn stand_in(rpc: &Rpc, method: &RpcMethod, actor: &Actor) -> TokenStream {
    let (ident, out, krate) = (&method.item.sig.ident, rpc.out(), &actor.subject.krate);
    let arguments = rpc.arguments(krate).into_iter().map(|(_, ty)| ty);
    let (receiver, context) = signature(rpc, actor);
    quote! {
        #[allow(refining_impl_trait, unused_variables)]
        fn #ident(#receiver, #(_: #arguments,)* _: #context) -> ::core::future::Ready<#out> {
            ::core::unimplemented!()
        }
    }
}

/// Private handlers, hooks, bodies of sync handlers, and what was refused.
fn own_impl(actor: &Actor, served: &Served) -> Option<TokenStream> {
    let ty = &actor.subject.ty;
    let (generics, _, clause) = actor.subject.generics.split_for_impl();
    let sync =
        served.methods.iter().filter(|method| (!method.is_async() || method.decides()) && !method.broken);
    let own: Vec<_> =
        sync.map(hidden_method).chain(served.moved.iter().cloned()).map(|it| quiet(it, actor)).collect();
    (!own.is_empty()).then(|| quote!(#[allow(dead_code)] impl #generics #ty #clause { #(#own)* }))
}

fn hidden_method(method: &RpcMethod) -> ImplItemFn {
    let mut item = method.item.clone();
    item.attrs.retain(|attr| !attr.path().is_ident("doc"));
    item.sig.ident = method.hidden();
    item
}

fn quiet(mut method: ImplItemFn, actor: &Actor) -> ImplItemFn {
    if actor.applies.iter().any(|apply| apply.ident == method.sig.ident) {
        method.attrs.push(event_sourced::allowed_event());
    }
    method.attrs.push(allowed_signature());
    method
}
