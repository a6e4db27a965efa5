//! What lets a router send one message to several routees: `impl CloneMessage`, if all arguments are `Clone`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Meta};

use super::actor::local;
use super::handler::{declared, marker};
use crate::model::{Actor, Handler, generated};

/// `impl CloneMessage for CounterMsg`, bounded by what the arguments are.
pub(super) fn copies(actor: &Actor) -> TokenStream {
    let krate = &actor.subject.krate;
    let configured = configured(actor);
    let arms = actor.handlers.iter().map(|handler| arm(actor, handler)).chain(nested(actor));
    let (opener, message) = (local("opener"), local("message"));
    let body = quote! {
        let #message = self;
        match #message.0 {
            #(#arms)*
        }
    };
    let bounds = bounds(actor);
    let implementation = implementation(actor, &bounds, &opener, &body);
    let trait_name = trait_name(actor);
    let trait_item = (!configured.is_empty()).then(|| {
        quote! {
            #[doc(hidden)]
            #[allow(unnameable_types, unreachable_pub)]
            pub trait #trait_name<const HANDLER: usize, const FIELD: usize> {
                type Is: for<'any> #krate::__private::MessageArg<'any>;
            }
        }
    });
    quote!(#trait_item #configured #implementation)
}

/// What stands in after mistakes: every message can be copied, so that nobody complains about ours.
pub(super) fn stand_in(actor: &Actor) -> TokenStream {
    implementation(actor, &[], &local("_opener"), &quote!(::core::unimplemented!()))
}

fn implementation(actor: &Actor, bounds: &[TokenStream], opener: &Ident, body: &TokenStream) -> TokenStream {
    let krate = &actor.subject.krate;
    let (message, args) = (actor.message(), actor.subject.type_args());
    let (generics, _) = declared(&actor.subject);
    let own = actor.subject.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let own = own.map(|predicate| actor.subject.spell(predicate));
    let bounds = own.chain(bounds.iter().cloned());
    quote! {
        #[automatically_derived]
        #[allow(private_bounds, private_interfaces)]
        impl #generics #krate::CloneMessage for #message #args
        where
            #(#bounds,)*
        {
            fn open<__AktOpener: #krate::__private::Opener<Self>>(
                self,
                #opener: __AktOpener,
            ) -> __AktOpener::Out {
                #body
            }
        }
    }
}

/// One bound for each argument; for any lifetime, or rustc would insist that it holds here and now.
fn bounds(actor: &Actor) -> Vec<TokenStream> {
    let krate = &actor.subject.krate;
    let bound = |Field { index, field, handler, ty }| {
        let configured = configured_type(actor, index, field);
        let ty = if handler.copied.cfgs.is_empty() { ty } else { &configured };
        let place = generated(ty.span());
        quote_spanned!(place=> for<'any> #ty: #krate::__private::CloneArg<'any>)
    };
    fields(actor).map(bound).collect()
}

/// The arguments of handlers that may not be there: a bound cannot have a `#[cfg]`.
fn configured(actor: &Actor) -> TokenStream {
    let (subject, trait_name) = (&actor.subject.ty, trait_name(actor));
    let (generics, clause) = declared(&actor.subject);
    let fields = fields(actor).filter(|field| !field.handler.copied.cfgs.is_empty());
    fields
        .map(|Field { index, field, handler, ty }| {
            let cfgs = &handler.copied.cfgs;
            let conditions = cfgs.iter().map(condition);
            quote! {
                #(#cfgs)*
                impl #generics #trait_name<#index, #field> for #subject #clause { type Is = #ty; }
                #[cfg(not(all(#(#conditions),*)))]
                impl #generics #trait_name<#index, #field> for #subject #clause { type Is = (); }
            }
        })
        .collect()
}

/// One argument of one handler.
struct Field<'a> {
    index: usize,
    field: usize,
    handler: &'a Handler,
    ty: &'a TokenStream,
}

fn fields(actor: &Actor) -> impl Iterator<Item = Field<'_>> {
    actor.handlers.iter().enumerate().flat_map(|(index, handler)| {
        handler.fields().enumerate().map(move |(field, (_, ty))| Field { index, field, handler, ty })
    })
}

fn configured_type(actor: &Actor, index: usize, field: usize) -> TokenStream {
    let (subject, trait_name) = (&actor.subject.ty, trait_name(actor));
    quote!(<#subject as #trait_name<#index, #field>>::Is)
}

/// What stands in the parentheses of `#[cfg(..)]`.
fn condition(cfg: &Attribute) -> TokenStream {
    match &cfg.meta {
        Meta::List(list) => list.tokens.clone(),
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}

/// `__CounterConfigured`
fn trait_name(actor: &Actor) -> Ident {
    Ident::new(&format!("__{}Configured", actor.subject.plain_name()), Span::call_site())
}

/// A message of the contract copies itself.
fn nested(actor: &Actor) -> Option<TokenStream> {
    actor.served.as_ref()?;
    let (krate, body, message, opener) =
        (&actor.subject.krate, actor.body(), local("message"), local("opener"));
    Some(
        quote!(#body::__Contract(#message) => #krate::__private::open_nested::<Self, _, _>(#message, #opener),),
    )
}

fn arm(actor: &Actor, handler: &Handler) -> TokenStream {
    let krate = &actor.subject.krate;
    let cfgs = &handler.copied.cfgs;
    let (body, variant, payload) = (actor.body(), handler.variant(), actor.payload(handler));
    let args = actor.subject.type_args();
    let turbofish = (!args.is_empty()).then(|| quote!(::#args));
    let (opener, message, reply, out) = (local("opener"), local("message"), local("reply"), local("out"));
    let fields = handler
        .fields()
        .map(|(field, _)| quote!(#field: #krate::__private::CloneArg::clone_arg(&#message.#field),));
    let marker = marker(&actor.subject).map(|(marker, _)| quote!(#marker: ::core::marker::PhantomData,));
    let argument = match handler.fields().next() {
        Some(_) => quote!(#message),
        None => quote!(_),
    };
    let join =
        if handler.reply.is_fallible() { quote!(|#out| #out) } else { quote!(#krate::__private::good) };
    let opened = if handler.is_boxed() { quote!(*#message) } else { message.to_token_stream() };
    quote! {
        #(#cfgs)*
        #body::#variant(#message, #reply) => #opener.open::<#payload #args>(
            #opened,
            #reply,
            #krate::__private::Copying {
                clone: |#argument| #payload #turbofish { #(#fields)* #marker },
                join: #join,
            },
        ),
    }
}
