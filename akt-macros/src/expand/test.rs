//! A test function that runs on paused time, with a kit.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::fallback::untouched;
use crate::diag::Diag;
use crate::model::Test;
use crate::parse;

/// Expands `#[akt::test]`.
pub(crate) fn test(args: TokenStream, input: &TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let test = parse::test(args, input.clone(), &mut diag);
    match test {
        Some(test) if diag.count() == 0 => function(test),
        _ => untouched(&quote!(#[allow(unused)] #input), diag),
    }
}

fn function(test: Test) -> TokenStream {
    let run = run(&test);
    let returns_unit = test.returns_unit();
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
    let Test { krate, system, function } = test;
    let name = &function.sig.ident;
    if test.kit().is_none() {
        return quote!(#krate::__private::test(#name));
    }
    let system = system
        .as_ref()
        .map_or_else(|| quote!(#krate::ActorSystem::builder("test")), |(_, system)| system.to_token_stream());
    quote!(#krate::__private::test_with_kit(#system, #name))
}
