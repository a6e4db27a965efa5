//! The constructor of an actor from what its system provides, and the arguments it takes besides.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::diag::Diag;
use crate::model::{Injected, InjectedField, Source, generated, plain};
use crate::parse;

/// Expands `#[derive(Inject)]`.
pub(crate) fn inject(input: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let parsed = parse::derived(input, &mut diag);
    let Some(injected) = parsed.and_then(|input| parse::injected(&input, &mut diag)) else {
        return diag.into_tokens();
    };
    let broken = diag.count() > 0;
    let errors = diag.into_tokens();
    let args = (injected.args.is_none() && injected.has_args()).then(|| arguments(&injected));
    let implementation = implementation(&injected, broken);
    quote!(#errors #args #implementation)
}

/// `OrdersArgs`
fn args_ident(injected: &Injected) -> Ident {
    let name = format!("{}Args", plain(&injected.ident));
    Ident::new(&name, generated(injected.ident.span()))
}

fn arguments(injected: &Injected) -> TokenStream {
    let Injected { vis, ident, .. } = injected;
    let name = args_ident(injected);
    let text = format!("What one spawn of [`{}`] is given besides its dependencies.", plain(ident));
    let fields = injected.arguments().map(|field| {
        let InjectedField { ident, ty, cfgs, .. } = field;
        let docs = docs(field);
        quote!(#(#cfgs)* #docs #vis #ident: #ty)
    });
    let plain_name = name.to_string();
    quote! {
        #[doc = #text]
        #[derive(::core::clone::Clone)]
        #vis struct #name { #(#fields),* }

        #[automatically_derived]
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.debug_struct(#plain_name).finish_non_exhaustive()
            }
        }
    }
}

fn docs(field: &InjectedField) -> TokenStream {
    if field.docs.is_empty() {
        let text = format!("Its `{}`.", plain(&field.ident));
        return quote!(#[doc = #text]);
    }
    let docs = &field.docs;
    quote!(#(#docs)*)
}

fn implementation(injected: &Injected, broken: bool) -> TokenStream {
    let Injected { krate, ident, .. } = injected;
    let (generics, type_args, clause) = injected.generics.split_for_impl();
    let args = match &injected.args {
        Some(given) => quote!(#given),
        None if injected.has_args() => args_ident(injected).into_token_stream(),
        None => quote!(()),
    };
    let (from, given) =
        (format_ident!("from", span = Span::mixed_site()), Ident::new("args", Span::mixed_site()));
    let (needs, value) = if broken {
        (quote!(::core::unimplemented!()), quote!(::core::unimplemented!()))
    } else {
        (needs(injected), value(injected, &from, &given))
    };
    quote! {
        #[automatically_derived]
        #[allow(unused_variables, clippy::let_unit_value, clippy::vec_init_then_push)]
        impl #generics #krate::Inject for #ident #type_args #clause {
            type Args = #args;

            fn needs() -> ::std::vec::Vec<#krate::__private::Need> {
                #needs
            }

            fn inject(#from: &#krate::__private::Dependencies, #given: Self::Args) -> Self {
                #value
            }
        }
    }
}

fn needs(injected: &Injected) -> TokenStream {
    let krate = &injected.krate;
    let needs = injected.fields.iter().filter_map(|field| {
        let Source::Dependency(name) = &field.source else { return None };
        let (ty, cfgs) = (&field.ty, &field.cfgs);
        let need = quote_spanned!(generated(ty.span())=> #krate::__private::Need::of::<#ty>(#name));
        Some(quote!(#(#cfgs)* #need))
    });
    quote!(::std::vec![#(#needs),*])
}

fn value(injected: &Injected, from: &Ident, given: &Ident) -> TokenStream {
    let fields = injected.fields.iter().map(|field| {
        let InjectedField { ident, ty, cfgs, .. } = field;
        let value = match &field.source {
            Source::Dependency(name) => quote!(#from.field(#name)),
            Source::Argument => quote!(#given.#ident),
            Source::Default => quote_spanned!(generated(ty.span())=> ::core::default::Default::default()),
        };
        quote!(#(#cfgs)* #ident: #value)
    });
    quote!(Self { #(#fields),* })
}
