//! Attribute macros of akt.
//!
//! Used through the crate `akt`, which exports them: `akt::actor`, `akt::grain`, `akt::handler`, `akt::every`, `akt::cron`,
//! `akt::on`, `akt::guard`, `akt::apply`, `akt::test`, `akt::sim_test`, and the derives `akt::Behavior` and `akt::Inject`.

mod check;
mod diag;
#[cfg(test)]
mod documented;
mod expand;
mod mailbox;
mod model;
mod parse;

use proc_macro::TokenStream;

#[doc = include_str!("docs/actor.md")]
#[proc_macro_attribute]
pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(args.into(), &item.into()).into()
}

#[doc = include_str!("docs/grain.md")]
#[proc_macro_attribute]
pub fn grain(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::grain_attribute(&args.into(), &item.into()).into()
}

#[doc = include_str!("docs/handler.md")]
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("handler", &args.into(), item.into()).into()
}

#[doc = include_str!("docs/every.md")]
#[proc_macro_attribute]
pub fn every(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("every", &args.into(), item.into()).into()
}

#[doc = include_str!("docs/cron.md")]
#[proc_macro_attribute]
pub fn cron(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("cron", &args.into(), item.into()).into()
}

#[doc = include_str!("docs/on.md")]
#[proc_macro_attribute]
pub fn on(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("on", &args.into(), item.into()).into()
}

#[doc = include_str!("docs/guard.md")]
#[proc_macro_attribute]
pub fn guard(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("guard", &args.into(), item.into()).into()
}

#[doc = include_str!("docs/apply.md")]
#[proc_macro_attribute]
pub fn apply(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("apply", &args.into(), item.into()).into()
}

#[doc = include_str!("docs/sim_test.md")]
#[proc_macro_attribute]
pub fn sim_test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::sim_test(args.into(), &item.into()).into()
}

#[doc = include_str!("docs/test.md")]
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::test(args.into(), &item.into()).into()
}

#[doc = include_str!("docs/inject.md")]
#[proc_macro_derive(Inject, attributes(arg, dep, inject))]
pub fn inject(input: TokenStream) -> TokenStream {
    expand::inject(input.into()).into()
}

#[doc = include_str!("docs/behavior.md")]
#[proc_macro_derive(Behavior, attributes(behavior))]
pub fn behavior(input: TokenStream) -> TokenStream {
    expand::states(input.into()).into()
}

/// Not for use by hand: what the callback macro of a contract calls.
#[doc(hidden)]
#[proc_macro]
pub fn contract_actor(input: TokenStream) -> TokenStream {
    expand::contract_actor(input.into()).into()
}
