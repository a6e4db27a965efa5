//! What must hold of the user's types: said once, on the user's tokens, and taken for granted everywhere else.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, WherePredicate};

use super::case::{Case, cases};
use super::handler::declared;
use crate::model::{Actor, Receiver, Reply, Subject, generated};
use crate::parse;

/// Names of types that may keep others from being sent; of all others an assertion is enough.
const SUSPECTS: &[&str] = &[
    "MappedMutexGuard",
    "MutexGuard",
    "NonNull",
    "Rc",
    "Ref",
    "RefMut",
    "RwLockReadGuard",
    "RwLockWriteGuard",
    "Weak",
    "dyn",
];

/// The types that cannot be in a message, and a state that cannot be an actor's, are reported here.
///
/// What is [`assumed`] elsewhere is required by a call, which is told in our words; of the rest, rustc finds the
/// mistakes in declarations before all others.
pub(super) fn assertions(actor: &Actor) -> TokenStream {
    let Subject { krate, ty, .. } = &actor.subject;
    let claims: Vec<_> = claims(actor).collect();
    let (suspects, others): (Vec<_>, Vec<_>) = claims.iter().partition(|claim| claim.is_suspect());
    let required = suspects.iter().map(|Claim { cfgs, what, ty, .. }| {
        let require = what.require();
        quote!(#(#cfgs)* #krate::__private::#require::<#ty>();)
    });
    // Of a contract's actor its trait says the same.
    let state = actor.served.is_none().then(|| {
        let (shared, require) = (shared(actor), state(actor, &quote!(require_state), &quote!(require_send)));
        quote!(#krate::__private::#require::<#ty>(); #shared)
    });
    let (generics, clause) = declared(&actor.subject);
    let declared = others.iter().map(|Claim { cfgs, what, handler, field, ty: claimed }| {
        let of = what.declaration();
        quote!(#(#cfgs)* impl #generics #of<#handler, #field> for #ty #clause { type Is = #claimed; })
    });
    quote! {
        #[allow(dead_code)]
        const _: () = {
            trait Argument<const HANDLER: usize, const FIELD: usize> {
                type Is: for<'any> #krate::__private::MessageArg<'any> + ?::core::marker::Sized;
            }
            trait Answer<const HANDLER: usize, const FIELD: usize> {
                type Is: for<'any> #krate::__private::ReplyType<'any> + ?::core::marker::Sized;
            }
            #(#declared)*
            fn required #generics() #clause {
                #(#required)*
                #state
            }
        };
    }
}

/// What is said of the state of an actor, or of one with parameters: there rustc knows which of them it is.
fn state(actor: &Actor, of: &TokenStream, of_generic: &TokenStream) -> TokenStream {
    let generic = actor.subject.generics.type_params().next().is_some();
    if generic { of_generic.clone() } else { of.clone() }
}

/// A type of the user's, and what it is to be.
struct Claim<'a> {
    cfgs: &'a [Attribute],
    what: What,
    handler: usize,
    field: usize,
    ty: TokenStream,
}

impl Claim<'_> {
    /// A where clause cannot have a `#[cfg]`.
    fn is_suspect(&self) -> bool {
        self.cfgs.is_empty() && is_suspect(self.ty.clone())
    }
}

#[derive(Clone, Copy)]
enum What {
    Argument,
    Answer,
}

impl What {
    fn require(self) -> TokenStream {
        match self {
            Self::Argument => quote!(require_argument),
            Self::Answer => quote!(require_reply),
        }
    }

    fn declaration(self) -> TokenStream {
        match self {
            Self::Argument => quote!(Argument),
            Self::Answer => quote!(Answer),
        }
    }

    fn bound(self) -> TokenStream {
        match self {
            Self::Argument => quote!(MessageArg),
            Self::Answer => quote!(ReplyType),
        }
    }
}

fn claims(actor: &Actor) -> impl Iterator<Item = Claim<'_>> {
    actor.handlers.iter().enumerate().flat_map(|(index, handler)| {
        let claim =
            move |what, field, ty| Claim { cfgs: &handler.copied.cfgs, what, handler: index, field, ty };
        let arguments = handler.fields().enumerate();
        let arguments = arguments.map(move |(field, (_, ty))| claim(What::Argument, field, ty.clone()));
        let reply = match &handler.reply {
            Reply::Unit => None,
            reply => Some(claim(What::Answer, 0, reply.out())),
        };
        arguments.chain(reply)
    })
}

/// A state that cannot be shared is reported at the first `&self`.
fn shared(actor: &Actor) -> Option<TokenStream> {
    let Subject { krate, ty, .. } = &actor.subject;
    let place = cases(actor).find_map(shares)?;
    let subject = parse::respan(ty.to_token_stream(), place);
    Some(quote!(#krate::__private::require_shared::<#subject>();))
}

/// Where the `&self` of a handler stands that runs beside others.
fn shares(case: Case<'_>) -> Option<proc_macro2::Span> {
    match case.receiver() {
        Receiver::Shared(place) if case.is_async() => Some(generated(*place)),
        _ => None,
    }
}

/// What every generated item takes for granted of the types in messages, so that a mistake is reported once.
pub(super) fn assumed(actor: &Actor) -> Vec<WherePredicate> {
    let krate = &actor.subject.krate;
    let suspects = claims(actor).filter(Claim::is_suspect);
    let predicate = |Claim { what, ty, .. }: Claim<'_>| {
        let bound = what.bound();
        syn::parse2(quote_spanned!(generated(ty.span())=> for<'any> #ty: #krate::__private::#bound<'any>))
            .ok()
    };
    suspects.filter_map(predicate).collect()
}

fn is_suspect(ty: TokenStream) -> bool {
    ty.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_suspect(group.stream()),
        TokenTree::Ident(ident) => SUSPECTS.iter().any(|suspect| ident == suspect),
        TokenTree::Punct(punct) => punct.as_char() == '*',
        TokenTree::Literal(_) => false,
    })
}

/// The where clause of `impl Actor`: what is said of the state is taken for granted too.
pub(super) fn clause(actor: &Actor) -> TokenStream {
    let (krate, ty) = (&actor.subject.krate, &actor.subject.ty);
    let own = actor.subject.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let known = quote!(for<'any> #ty: #krate::__private::ActorState<'any>);
    let state = state(actor, &known, &quote!(#ty: ::core::marker::Send));
    let shared = cases(actor).find_map(shares).map(|place| {
        let here = parse::respan(krate.clone(), place);
        quote_spanned!(place=> for<'any> #ty: #here::__private::SharedState<'any>)
    });
    let all = own.map(ToTokens::to_token_stream).chain([state]).chain(shared);
    quote!(where #(#all,)*)
}
