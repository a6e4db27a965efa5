//! `fn options()` and `fn mailbox_order()` of an actor: what its attribute says.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::check;
use crate::mailbox::{Mailbox, Order, Overflow};
use crate::model::{Cause, Limits, Options, Passivate, Reaction, Rule, Supervise, generated};

/// Nothing, when the attribute says nothing.
pub(super) fn options(options: &Options, krate: &TokenStream) -> TokenStream {
    let Options { mailbox, supervise, passivate, stash, concurrency, .. } = options;
    let mailbox = mailbox.as_ref().map(|mailbox| self::mailbox(mailbox, krate));
    let supervise = supervise.as_ref().map(|policy| self::supervise(policy, krate));
    let passivate = passivate.as_ref().map(|passivate| self::passivate(passivate, krate));
    let stash = stash.as_ref().map(|limit| quote!(.stash(#limit)));
    let concurrency = concurrency.as_ref().map(|(_, limit)| quote!(.concurrency(#limit)));
    let said = quote!(#mailbox #stash #supervise #passivate #concurrency);
    if said.is_empty() {
        return TokenStream::new();
    }
    quote! {
        fn options() -> #krate::ActorOptions {
            #krate::ActorOptions::new() #said
        }
    }
}

/// `fn mailbox_order()` of an actor; nothing, when the attribute says nothing.
pub(super) fn order(options: &Options, krate: &TokenStream) -> Option<TokenStream> {
    let order = match options.order.as_ref()? {
        Order::Fair => quote!(fair()),
        Order::Priority(rank) => quote!(priority(#rank)),
        Order::Queue(make) => quote!(queue(#make)),
    };
    Some(quote! {
        fn mailbox_order() -> ::core::option::Option<#krate::MailboxOrder<Self::Msg>> {
            ::core::option::Option::Some(#krate::MailboxOrder::<Self::Msg>::#order)
        }
    })
}

/// Fails to compile if a message is larger than `max_message = ..` says.
pub(super) fn max_message(options: &Options, message: &TokenStream) -> Option<TokenStream> {
    let most = options.max_message.as_ref()?;
    let text = format!(
        "`{}` is larger than `max_message`: keep the largest message of this actor on the heap with `#[handler(boxed)]`",
        check::compact(message),
    );
    Some(quote_spanned! {generated(most.span())=>
        ::core::assert!(::core::mem::size_of::<#message>() <= #most, #text);
    })
}

fn mailbox(mailbox: &Mailbox, krate: &TokenStream) -> TokenStream {
    let mailbox = match mailbox {
        Mailbox::Bounded(capacity, overflow) => {
            let overflow = overflow.map(|overflow| {
                let way = match overflow {
                    Overflow::DropNewest => quote!(DropNewest),
                    Overflow::DropOldest => quote!(DropOldest),
                    Overflow::Reject => quote!(Reject),
                    Overflow::Wait => quote!(Wait),
                };
                quote!(.when_full(#krate::Overflow::#way))
            });
            quote!(bounded(#capacity) #overflow)
        }
        Mailbox::Unbounded => quote!(Unbounded),
    };
    quote!(.mailbox(#krate::Mailbox::#mailbox))
}

fn passivate(passivate: &Passivate, krate: &TokenStream) -> TokenStream {
    let passivate = match passivate {
        Passivate::After(idle) => {
            let idle = duration(*idle);
            quote!(after(#idle))
        }
        Passivate::Messages(count) => quote!(after_messages(#count)),
        Passivate::Never => quote!(never()),
    };
    quote!(.passivate(#krate::Passivate::#passivate))
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
