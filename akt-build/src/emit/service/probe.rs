//! The probe: stands in for an actor of the service in tests.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

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
        let methods = self.calls.iter().map(|call| {
            let Call { rpc, variant, request, .. } = call;
            let (out, name) = (call.out(), &rpc.name);
            let method = format_ident!("expect_{}", rpc.method.trim_start_matches("r#"));
            let doc = format!(" The next message, which must be `{name}` and come within five seconds: its request and reply.");
            quote! {
                #[doc = #doc]
                pub async fn #method(&mut self) -> (#request, ::akt::Reply<#out>) {
                    match self.0.next(#name).await {
                        #message::#variant(request, reply) => (request, reply),
                        other => self.0.unexpected(#name, &other),
                    }
                }
            }
        });
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
