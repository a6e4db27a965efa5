//! `fn options()` of an actor: what its attribute says.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::{Cause, Limits, Mailbox, Options, Reaction, Rule, Supervise, generated};

/// Nothing, when the attribute says nothing.
pub(super) fn options(options: &Options, krate: &TokenStream) -> TokenStream {
    if options.mailbox.is_none() && options.supervise.is_none() && options.stash.is_none() {
        return TokenStream::new();
    }
    let mailbox = options.mailbox.as_ref().map(|mailbox| self::mailbox(mailbox, krate));
    let supervise = options.supervise.as_ref().map(|policy| supervise(policy, krate));
    let stash = options.stash.as_ref().map(|limit| quote!(.stash(#limit)));
    quote! {
        fn options() -> #krate::ActorOptions {
            #krate::ActorOptions::new() #mailbox #stash #supervise
        }
    }
}

fn mailbox(mailbox: &Mailbox, krate: &TokenStream) -> TokenStream {
    let mailbox = match mailbox {
        Mailbox::Bounded(capacity) => quote!(bounded(#capacity)),
        Mailbox::Unbounded => quote!(Unbounded),
    };
    quote!(.mailbox(#krate::Mailbox::#mailbox))
}

fn supervise(policy: &Supervise, krate: &TokenStream) -> TokenStream {
    let strategy = policy.strategy.as_ref().map_or_else(|| quote!(one_for_one), |strategy| quote!(#strategy));
    let rules = policy.rules.iter().map(|rule| self::rule(rule, krate));
    let otherwise = reaction(&policy.otherwise, krate);
    quote!(.supervise(#krate::Supervise::#strategy() #(#rules)* .otherwise(#otherwise)))
}

/// A type that is no error is reported where it stands.
fn rule(Rule { cause, reaction }: &Rule, krate: &TokenStream) -> TokenStream {
    let reaction = self::reaction(reaction, krate);
    match cause {
        Cause::Panic => quote!(.on_panic(#reaction)),
        Cause::Error(ty) => quote_spanned!(generated(ty.span())=> .on::<#ty>(#reaction)),
    }
}

fn reaction(reaction: &Reaction, krate: &TokenStream) -> TokenStream {
    match reaction {
        Reaction::Directive(name) => {
            let directive = match name.to_string().as_str() {
                "resume" => quote!(Resume),
                "restart" => quote!(Restart),
                "stop" => quote!(Stop),
                _ => quote!(Escalate),
            };
            quote!(#krate::Directive::#directive)
        }
        Reaction::Restart(Limits { max, within, backoff }) => {
            let max = max.as_ref().map_or_else(|| quote!(10), |max| quote!(#max));
            let within = duration(within.unwrap_or(Duration::from_secs(60)));
            let backoff = backoff.map(|(least, most)| {
                let (least, most) = (duration(least), duration(most));
                quote!(.backoff(#least ..= #most))
            });
            quote!(#krate::Restart::at_most(#max, #within) #backoff)
        }
    }
}

fn duration(duration: Duration) -> TokenStream {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}
