//! The probe: stands in for an actor of the service in tests.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Ident;

use super::{Call, Contract};
use crate::emit::message::ident;

impl Contract<'_> {
    /// Nothing unless it was asked for, and nothing in a program whose akt has no `testkit`.
    pub(super) fn probe(&self) -> Option<TokenStream> {
        let probe = ident(self.model.probe.as_deref()?);
        let Self { message, reference, .. } = self;
        let doc = format!(
            " Stands in for an actor of `{}` in tests, which take its messages out and answer them.",
            self.model.full_name
        );
        let methods = self.calls.iter().map(|call| expected(call, message));
        let allow = quote!(#[allow(dead_code, clippy::all, clippy::nursery, clippy::pedantic, clippy::restriction, reason = "written by akt-build")]);
        Some(quote! {
            ::akt::__private::probe! {
                #[doc = #doc]
                #[derive(Debug)]
                #allow
                pub struct #probe(::akt::Probe<#reference>);
                #allow
                impl #probe {
                    /// Starts one under a name of its own: the reference for those who call, the probe for the test.
                    pub async fn start(system: &::akt::ActorSystem) -> (#reference, Self) {
                        let (reference, probe) = ::akt::Probe::start(system).await;
                        (reference, Self(probe))
                    }
                    #(#methods)*
                }
            }
        })
    }
}

/// Takes out a message of one rpc. One that is answered with a stream is accepted by it.
fn expected(call: &Call<'_>, message: &Ident) -> TokenStream {
    let Call { rpc, variant, .. } = call;
    let (name, asked, out) = (&rpc.name, call.asked(), call.out());
    let method = format_ident!("expect_{}", rpc.method.trim_start_matches("r#"));
    let (what, answer, taken) = if rpc.shape.answers_with_stream() {
        let item = call.item();
        let accepted =
            call.error.as_ref().map_or_else(|| quote!(()), |_| quote!(::core::result::Result::Ok(())));
        let taken = quote!({ reply.send(#accepted); request.into_parts() });
        ("what was asked for and where its answers go", quote!(::akt::StreamSink<#item>), taken)
    } else {
        ("its request and reply", quote!(::akt::Reply<#out>), quote!((request, reply)))
    };
    let doc = format!(" The next message, which must be `{name}` and come within five seconds: {what}.");
    quote! {
        #[doc = #doc]
        pub async fn #method(&mut self) -> (#asked, #answer) {
            match self.0.next(#name).await {
                #message::#variant(request, reply) => #taken,
                other => self.0.unexpected(#name, &other),
            }
        }
    }
}
