//! A test function that runs on paused time, with a kit.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::fallback::untouched;
use crate::diag::Diag;
use crate::model::Test;
use crate::parse;

/// Expands `#[akt::test]`.
pub(crate) fn test(args: TokenStream, input: &TokenStream) -> TokenStream {
    expand(input, |diag| parse::test(args, input.clone(), diag))
}

/// Expands `#[akt::sim_test]`.
pub(crate) fn sim_test(args: TokenStream, input: &TokenStream) -> TokenStream {
    expand(input, |diag| parse::sim_test(args, input.clone(), diag))
}

fn expand(input: &TokenStream, parse: impl FnOnce(&mut Diag) -> Option<Test>) -> TokenStream {
    let mut diag = Diag::default();
    match parse(&mut diag) {
        Some(test) if diag.count() == 0 => function(test),
        _ => untouched(&quote!(#[allow(dead_code)] #input), diag),
    }
}

fn function(test: Test) -> TokenStream {
    let run = run(&test);
    let returns_unit = test.returns_unit() || test.has_nodes();
    let Test { function: mut body, .. } = test;
    let (attrs, vis) =
        (std::mem::take(&mut body.attrs), std::mem::replace(&mut body.vis, syn::Visibility::Inherited));
    let name = &body.sig.ident;
    // `#[should_panic]` stands only on what returns nothing.
    let (output, end) = if returns_unit {
        (None, Some(quote!(;)))
    } else {
        (Some(quote!(-> ::std::process::ExitCode)), None)
    };
    quote! {
        #[::core::prelude::v1::test]
        #(#attrs)*
        #vis fn #name() #output {
            #body
            #run #end
        }
    }
}

fn run(test: &Test) -> TokenStream {
    let Test { krate, function, .. } = test;
    let name = &function.sig.ident;
    if test.has_nodes() {
        return simulate(test);
    }
    if test.kit().is_none() {
        return quote!(#krate::__private::test(#name));
    }
    let system = test
        .setting("system")
        .map_or_else(|| quote!(#krate::ActorSystem::builder("test")), |(_, system)| system.to_token_stream());
    quote!(#krate::__private::test_with_kit(#system, #name))
}

/// A test of several nodes that is no simulation runs for one seed.
fn simulate(test: &Test) -> TokenStream {
    let Test { krate, settings, function, is_simulation } = test;
    let name = &function.sig.ident;
    let one = (!is_simulation).then(|| quote!(.seeds(0..1)));
    let settings = settings.iter().map(|(key, value)| match key.to_string().as_str() {
        "seeds" => quote_spanned!(value.span()=> .seeds(0..#value)),
        _ => quote_spanned!(value.span()=> .#key(#value)),
    });
    quote! {
        #krate::__private::simulate(
            #krate::testkit::cluster::Simulation::new(
                ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name))
            ) #one #(#settings)*,
            ::core::option_env!("CARGO_TARGET_TMPDIR"),
            #name,
        )
    }
}
