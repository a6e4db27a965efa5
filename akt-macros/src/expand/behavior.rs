//! Behaviours: what an actor does with each message in each state, its hooks on entering one, its stash.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Pat;
use syn::spanned::Spanned;

use super::actor::{hook_call, local};
use super::case::{Case, cases};
use crate::diag::Diag;
use crate::model::{Actor, Event, Hook, Options, States, Subject, Unhandled, generated, plain};
use crate::parse;

/// `type Stash`
pub(super) fn stash(options: &Options, subject: &Subject) -> TokenStream {
    let krate = &subject.krate;
    match options.stash {
        Some(_) => quote!(type Stash = #krate::__private::Stash<Self::Msg>;),
        None => quote!(type Stash = #krate::__private::NoStash;),
    }
}

/// `impl Stashes for ..`
pub(super) fn stashes(options: &Options, subject: &Subject, clause: &TokenStream) -> Option<TokenStream> {
    let Subject { krate, ty, .. } = subject;
    let (generics, ..) = subject.generics.split_for_impl();
    options.stash.as_ref()?;
    Some(quote! {
        #[automatically_derived]
        impl #generics #krate::Stashes for #ty #clause {}
    })
}

/// `fn state` and `fn treatment`: what the actor does with each message, by its state.
pub(super) fn behavior(actor: &Actor) -> Option<TokenStream> {
    let (options, subject) = (&actor.options, &actor.subject);
    let field = options.behavior.as_ref()?;
    let krate = &subject.krate;
    let unhandled = options.unhandled.as_ref().map_or(Unhandled::DeadLetter, |(_, unhandled)| *unhandled);
    let message = local("message");
    let arms = cases(actor).filter(|case| case.conditions().given().next().is_some());
    let arms = arms.map(|case| arm(case, unhandled, krate));
    // A reference to the message, or a place behind one.
    let part = if actor.has_own_messages() { quote!(#message.0) } else { quote!(*#message) };
    let lint = one_state_once();
    let place = parse::respan(krate.clone(), field.span());
    let state = quote_spanned!(generated(field.span())=> #place::Behavior::state(&self.#field));
    let current = current(options, krate);
    Some(quote! {
        const BEHAVES: bool = true;

        fn state(&self) -> #krate::__private::State {
            #state
        }

        #lint
        fn treatment(&self, #message: &Self::Msg) -> #krate::__private::Treatment {
            #current
            match #part {
                #(#arms)*
                #[allow(unreachable_patterns)]
                _ => #krate::__private::Treatment::Handle,
            }
        }
    })
}

/// `let behavior = ..`: the state that patterns are matched against.
fn current(options: &Options, krate: &TokenStream) -> TokenStream {
    let field = &options.behavior;
    let behavior = local_at("behavior", field.span());
    let krate = parse::respan(krate.clone(), field.span());
    let current = quote_spanned!(generated(field.span())=> #krate::Behavior::current(&(&*self).#field));
    quote!(let #behavior = #current;)
}

/// A state that two patterns name is an error where the second stands.
fn one_state_once() -> TokenStream {
    quote! {
        #[deny(
            unreachable_patterns,
            reason = "what is done in a state is said once: `when`, `stash_when`, `reject_when` are tried in this order"
        )]
        #[allow(
            clippy::match_same_arms,
            clippy::match_wildcard_for_single_variants,
            clippy::single_match_else
        )]
    }
}

/// A state that is missing is reported at the handler's name.
fn arm(case: Case<'_>, unhandled: Unhandled, krate: &TokenStream) -> TokenStream {
    let (message, cfgs, conditions) = (case.pattern(&quote!(..)), case.cfgs(), case.conditions());
    let treatments = [
        (&conditions.when, quote!(Handle)),
        (&conditions.stash_when, quote!(Stash)),
        (&conditions.reject_when, quote!(Reject)),
    ];
    let arms = treatments.iter().filter_map(|(given, treatment)| {
        let (_, states) = given.as_ref()?;
        Some(quote!(#states => #krate::__private::Treatment::#treatment,))
    });
    let otherwise = match unhandled {
        // Without `when`, the other conditions are exceptions.
        _ if conditions.when.is_none() => Some(quote!(Handle)),
        Unhandled::Deny => None,
        Unhandled::DeadLetter => Some(quote!(Unhandled)),
        Unhandled::Reject => Some(quote!(Reject)),
    };
    let otherwise = match otherwise {
        Some(treatment) => quote! {
            #[allow(unreachable_patterns)]
            _ => #krate::__private::Treatment::#treatment,
        },
        // Never taken, and no proof: it keeps rustc from proposing to write an arm into the attribute.
        None => quote_spanned!(Span::mixed_site()=> _ if false => #krate::__private::Treatment::Unhandled,),
    };
    let behavior = local_at("behavior", case.ident().span());
    quote! {
        #(#cfgs)*
        #message => match #behavior {
            #(#arms)*
            #otherwise
        },
    }
}

/// `fn on_enter`: the first hook whose states fit.
pub(super) fn on_enter(options: &Options, hooks: &[Hook], subject: &Subject) -> Option<TokenStream> {
    options.behavior.as_ref()?;
    let hooks: Vec<_> = hooks.iter().filter(|hook| hook.event == Event::Enter).collect();
    if hooks.is_empty() {
        return None;
    }
    let krate = &subject.krate;
    let (cx, entered) = (local("cx"), local("entered"));
    let places = hooks.iter().enumerate().map(|(place, hook)| {
        let (cfgs, states) = (&hook.copied.cfgs, states_or_all(hook.pattern.as_ref()));
        quote!(#(#cfgs)* #states => #place,)
    });
    let calls = hooks.iter().enumerate().map(|(place, hook)| {
        let (cfgs, call) = (&hook.copied.cfgs, hook_call(hook, krate));
        quote!(#(#cfgs)* #place => { #call; })
    });
    let lint = one_state_once();
    let behavior = local("behavior");
    let current = current(options, krate);
    let none = hooks.len();
    Some(quote! {
        #lint
        async fn on_enter(&mut self, #cx: &mut #krate::Ctx<Self>) -> ::core::result::Result<(), #krate::Fault> {
            let #entered = {
                #current
                match #behavior {
                    #(#places)*
                    #[allow(unreachable_patterns)]
                    _ => #none,
                }
            };
            match #entered {
                #(#calls)*
                _ => {}
            }
            ::core::result::Result::Ok(())
        }
    })
}

/// A name that the user's code cannot see, at a place of the user's.
fn local_at(name: &str, place: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(place))
}

fn states_or_all(states: Option<&Pat>) -> TokenStream {
    states.map_or_else(|| quote!(_), |states| quote!(#states))
}

/// Expands `#[derive(Behavior)]`.
pub(crate) fn states(input: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let parsed = parse::derived(input, &mut diag);
    let states = parsed.and_then(|input| parse::states_of(&input, &mut diag));
    let implementation = states.as_ref().map(of_enum);
    let errors = diag.into_tokens();
    quote!(#errors #implementation)
}

fn of_enum(states: &States) -> TokenStream {
    let States { krate, ident, generics, variants } = states;
    let (generics, args, clause) = generics.split_for_impl();
    let arms = variants.iter().zip(0u16..).map(|(variant, place)| {
        let (cfgs, ident, name) = (&variant.cfgs, &variant.ident, plain(&variant.ident));
        quote! {
            #(#cfgs)*
            Self::#ident { .. } => #krate::__private::State { index: #place, name: #name },
        }
    });
    quote! {
        #[automatically_derived]
        impl #generics #krate::Behavior for #ident #args #clause {
            type State = Self;

            fn current(&self) -> &Self {
                self
            }

            fn state(&self) -> #krate::__private::State {
                match self {
                    #(#arms)*
                }
            }
        }
    }
}
