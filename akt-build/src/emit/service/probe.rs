//! The probe: stands in for an actor of the service in tests.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::{Call, Contract};
use crate::emit::message::ident;

impl Contract<'_> {
    /// Nothing unless it was asked for, and nothing in a program whose akt has no `testkit`.
    pub(super) fn probe(&self) -> Option<TokenStream> {
        let probe = ident(self.model.probe.as_deref()?);
        let Self { reference, .. } = self;
        let doc = format!(
            " Stands in for an actor of `{}` in tests, which take its messages out and answer them.",
            self.model.full_name
        );
        let methods = self.calls.iter().map(expected);
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
                impl ::akt::testkit::Probed for #reference {
                    type Probe = #probe;
                    fn probe(system: &::akt::ActorSystem) -> (Self, #probe) {
                        let (reference, probe) = ::akt::Probe::begin_wired(system);
                        (reference, #probe(probe))
                    }
                }
                impl ::core::ops::Deref for #probe {
                    type Target = ::akt::Probe<#reference>;
                    fn deref(&self) -> &Self::Target {
                        &self.0
                    }
                }
                impl ::core::ops::DerefMut for #probe {
                    fn deref_mut(&mut self) -> &mut Self::Target {
                        &mut self.0
                    }
                }
            }
        })
    }
}

/// Takes out a message of one rpc. One that is answered with a stream is accepted by it.
fn expected(call: &Call<'_>) -> TokenStream {
    let Call { rpc, marker, .. } = call;
    let (name, asked, out) = (&rpc.name, call.asked(), call.out());
    let method = format_ident!("expect_{}", rpc.method.trim_start_matches("r#"));
    if !rpc.shape.answers_with_stream() {
        let doc = format!(
            " The next message, which must be `{name}` and come within five seconds: its request and reply."
        );
        return quote! {
            #[doc = #doc]
            #[track_caller]
            pub fn #method(
                &mut self,
            ) -> impl ::core::future::Future<Output = (#asked, ::akt::Reply<#out>)> + ::core::marker::Send + '_ {
                self.0.request::<#marker>()
            }
        };
    }
    let doc = format!(
        " The next message, which must be `{name}` and come within five seconds: what was asked for and where its answers go."
    );
    let item = call.item();
    let accepted = call.error.as_ref().map_or_else(|| quote!(()), |_| quote!(::core::result::Result::Ok(())));
    quote! {
        #[doc = #doc]
        #[track_caller]
        pub fn #method(
            &mut self,
        ) -> impl ::core::future::Future<Output = (#asked, ::akt::StreamSink<#item>)> + ::core::marker::Send + '_ {
            let opened = self.0.request::<#marker>();
            async move {
                let (request, reply) = opened.await;
                reply.send(#accepted);
                request.into_parts()
            }
        }
    }
}
