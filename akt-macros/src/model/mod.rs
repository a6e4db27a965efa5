//! What the macros know about one actor, after parsing and before expansion.

mod contract;
mod derived;
mod event_sourced;
mod grain;
mod test;

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Generics, Ident, ItemImpl, LitStr, Member, Pat, Type, Visibility};

use crate::mailbox::{Mailbox, Order};

pub(crate) use self::contract::{Contract, Rpc, RpcMethod, RpcReceiver, RpcShape, Served};
pub(crate) use self::derived::{Injected, InjectedField, Source, StateVariant, States};
pub(crate) use self::event_sourced::{Apply, EventSourced};
pub(crate) use self::grain::{Consistency, Grain, Kept, Placement, Stateless};
pub(crate) use self::test::Test;

/// An actor: one impl block of a type.
pub(crate) struct Actor {
    /// The user's block, our attributes stripped; of a contract's, without its methods.
    pub(crate) item: ItemImpl,
    pub(crate) subject: Subject,
    pub(crate) options: Options,
    /// Its handlers but for the rpcs of its contract.
    pub(crate) handlers: Vec<Handler>,
    pub(crate) hooks: Vec<Hook>,
    pub(crate) guards: Vec<Guard>,
    pub(crate) applies: Vec<Apply>,
    /// The service of a `.proto` that the block implements.
    pub(crate) served: Option<Served>,
}

/// The type that is the actor, and the path of the runtime crate.
pub(crate) struct Subject {
    pub(crate) krate: TokenStream,
    pub(crate) name: Ident,
    pub(crate) ty: Type,
    pub(crate) generics: Generics,
}

/// What stands in the parentheses of `#[actor(..)]`.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) order: Option<Order>,
    pub(crate) supervise: Option<Supervise>,
    pub(crate) behavior: Option<Member>,
    pub(crate) unhandled: Option<(Ident, Unhandled)>,
    pub(crate) stash: Option<Expr>,
    pub(crate) passivate: Option<Passivate>,
    pub(crate) concurrency: Option<(Ident, Expr)>,
    pub(crate) max_message: Option<Expr>,
    pub(crate) event_sourced: Option<EventSourced>,
    /// There if it is `#[grain(..)]`.
    pub(crate) grain: Option<Grain>,
    pub(crate) krate: Option<syn::Path>,
    /// A mistake was reported: what is missing may have been meant.
    pub(crate) broken: bool,
}

/// `unhandled = ..`: what becomes of a message in a state for which its handler names nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unhandled {
    /// There is no such state: rustc proves it.
    Deny,
    DeadLetter,
    Reject,
}

/// In which states a handler does what, each with its word: `when = Phase::Ready`.
#[derive(Default)]
pub(crate) struct Conditions {
    pub(crate) when: Option<(Ident, Pat)>,
    pub(crate) stash_when: Option<(Ident, Pat)>,
    pub(crate) reject_when: Option<(Ident, Pat)>,
}

impl Conditions {
    /// Those that were given, in the order in which they are tried.
    pub(crate) fn given(&self) -> impl Iterator<Item = &(Ident, Pat)> {
        [&self.when, &self.stash_when, &self.reject_when].into_iter().flatten()
    }
}

/// `supervise(..)`
pub(crate) struct Supervise {
    pub(crate) strategy: Option<Ident>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) otherwise: Reaction,
}

/// `on(DbError) = stop`, `on(panic) = stop`
pub(crate) struct Rule {
    pub(crate) cause: Cause,
    pub(crate) reaction: Reaction,
}

/// What stands in the parentheses of `on(..)`.
pub(crate) enum Cause {
    Panic,
    Error(Box<Type>),
}

/// What stands behind the `=` of a rule.
pub(crate) enum Reaction {
    Directive(Ident),
    Restart(Limits),
}

/// `{ max = 5, within = "1m", backoff = "100ms..10s" }`
#[derive(Default)]
pub(crate) struct Limits {
    pub(crate) max: Option<syn::LitInt>,
    pub(crate) within: Option<Duration>,
    pub(crate) backoff: Option<(Duration, Duration)>,
}

/// `passivate = ..`
pub(crate) enum Passivate {
    After(Duration),
    Messages(Box<Expr>),
    Never,
}

/// One `#[handler]` method.
pub(crate) struct Handler {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) copied: Copied,
    pub(crate) is_async: bool,
    pub(crate) receiver: Receiver,
    pub(crate) args: Vec<Arg>,
    pub(crate) reply: Reply,
    pub(crate) answer: Answer,
    pub(crate) timeout: Option<Duration>,
    pub(crate) timers: Vec<Timer>,
    pub(crate) conditions: Conditions,
    pub(crate) run: Run,
    /// What `name = ".."` says.
    pub(crate) called: Option<Ident>,
    /// A mistake was reported for it: the fallback keeps its name and nothing else.
    pub(crate) broken: bool,
}

/// What stands in the parentheses of `#[handler(..)]`.
#[derive(Default)]
pub(crate) struct HandlerOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) defer: bool,
    pub(crate) reentrant: Option<Ident>,
    pub(crate) max: Option<(Ident, Expr)>,
    pub(crate) private: Option<Ident>,
    pub(crate) result: Option<Ident>,
    pub(crate) called: Option<Ident>,
    pub(crate) conditions: Conditions,
    pub(crate) run: Run,
}

/// How the future of a handler is run, each with its word.
#[derive(Clone, Default)]
pub(crate) struct Run {
    /// On the heap, as is its message.
    pub(crate) boxed: Option<Ident>,
    /// Until its asker gives up.
    pub(crate) abort_on_cancel: Option<Ident>,
}

/// How a handler has its actor.
pub(crate) enum Receiver {
    /// `&mut self`
    Exclusive,
    /// `&self`, and where it stands.
    Shared(Span),
    /// `this: Turn<Self>`, at most so many at once.
    Turn(Option<Expr>),
}

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The handler, by what it returns.
    Returned,
    /// Whoever has the handler's `Reply<T>`.
    Deferred,
    /// The actor that the returned `Forward<T>` goes to.
    Forwarded,
    /// The handler, if it does not return the fault of its actor.
    Failing,
    /// The returned `Persist<Self, T>`, when its events are applied.
    Persisted,
}

/// What sends a handler's message again and again.
pub(crate) enum Timer {
    Every(Every),
    Cron(Cron),
}

/// `#[cron("0 0 3 * * *", zone = "Europe/Berlin")]`
pub(crate) struct Cron {
    pub(crate) expression: LitStr,
    /// The variant of the zone's enum.
    pub(crate) zone: Ident,
    /// Its ticks count as messages.
    pub(crate) keep_alive: bool,
    /// The attribute itself.
    pub(crate) place: Span,
}

/// `#[every("10s", jitter = "1s")]`
pub(crate) struct Every {
    pub(crate) interval: Duration,
    pub(crate) jitter: Duration,
    /// Its ticks count as messages.
    pub(crate) keep_alive: bool,
}

/// One argument of a handler or hook, after the receiver.
pub(crate) enum Arg {
    /// A field of the message.
    Field { ident: Ident, ty: TokenStream },
    /// `reply: Reply<T>` of a deferred handler.
    Reply,
    /// `this: Turn<Self>` of a reentrant handler.
    Turn,
    /// `cx: &mut Ctx<Self>`, and where its type stands.
    Context(Span),
}

/// What a handler returns, `Self` spelled out.
pub(crate) enum Reply {
    Unit,
    Plain(TokenStream),
    Result {
        out: TokenStream,
        ok: TokenStream,
        err: TokenStream,
    },
    /// A `Result` under another name.
    Alias(TokenStream),
}

/// One `#[on(..)]` method.
pub(crate) struct Hook {
    pub(crate) event: Event,
    /// The states of `#[on(enter = ..)]`, the events of `#[on(event = ..)]`; all of them if absent.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ident: Ident,
    pub(crate) copied: Copied,
    pub(crate) is_async: bool,
    pub(crate) args: Vec<Arg>,
    pub(crate) fallible: bool,
}

/// One `#[guard]` method.
pub(crate) struct Guard {
    pub(crate) ident: Ident,
    pub(crate) cfgs: Vec<Attribute>,
}

/// What a hook waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Start,
    Restart,
    Stop,
    Activate,
    Deactivate,
    Terminated,
    Enter,
    /// Something happened in the system.
    Heard,
}

/// The attributes of a method that generated items repeat.
#[derive(Default)]
pub(crate) struct Copied {
    pub(crate) docs: Vec<Attribute>,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) deprecated: Vec<Attribute>,
}

impl Actor {
    /// Whether it has messages of its own, rather than those of its contract.
    pub(crate) fn has_own_messages(&self) -> bool {
        self.served.is_none() || !self.handlers.is_empty()
    }

    /// `type Msg` of it.
    pub(crate) fn message_type(&self) -> TokenStream {
        match &self.served {
            Some(served) if !self.has_own_messages() => served.contract.message.clone(),
            _ => self.with_type_args(&self.message()),
        }
    }

    /// `type Ref` of it.
    pub(crate) fn reference_type(&self) -> TokenStream {
        match &self.served {
            Some(served) if !self.has_own_messages() => served.contract.reference.clone(),
            _ => self.with_type_args(&self.reference()),
        }
    }

    /// What the patterns of its messages are matched against; `message` is a `type Msg`.
    pub(crate) fn matched(&self, message: &Ident) -> TokenStream {
        if self.has_own_messages() { quote!(#message.0) } else { message.to_token_stream() }
    }

    /// The opposite of [`matched`](Self::matched).
    pub(crate) fn whole_message(&self, matched: &Ident) -> TokenStream {
        let message = self.message();
        if self.has_own_messages() { quote!(#message(#matched)) } else { matched.to_token_stream() }
    }

    fn with_type_args(&self, name: &Ident) -> TokenStream {
        let args = self.subject.type_args();
        quote!(#name #args)
    }

    /// `CounterMsg`
    pub(crate) fn message(&self) -> Ident {
        self.subject.derived(format_args!("{}Msg", self.subject.plain_name()))
    }

    /// `CounterRef`
    pub(crate) fn reference(&self) -> Ident {
        self.subject.derived(format_args!("{}Ref", self.subject.plain_name()))
    }

    /// `__CounterBody`
    pub(crate) fn body(&self) -> Ident {
        self.subject.derived(format_args!("__{}Body", self.subject.plain_name()))
    }

    /// `__CounterAdd`
    pub(crate) fn payload(&self, handler: &Handler) -> Ident {
        let name = format!("__{}{}", self.subject.plain_name(), camel(&handler.name()));
        Ident::new(&name, generated(handler.ident.span()))
    }
}

impl Subject {
    /// The type's name without `r#`.
    pub(crate) fn plain_name(&self) -> String {
        plain(&self.name)
    }

    /// Rewrites `Self` to the actor's type: generated items have a `Self` of their own.
    pub(crate) fn spell(&self, tokens: impl ToTokens) -> TokenStream {
        super::parse::spell_self(tokens.to_token_stream(), &self.ty.to_token_stream())
    }

    /// An item whose name makes rustc name both places where a type became an actor.
    pub(crate) fn marker(&self) -> TokenStream {
        let marker = self.derived(format_args!("__AKT_ACTOR_FOR_{}", self.plain_name()));
        quote! {
            #[doc(hidden)]
            #[allow(dead_code, non_upper_case_globals)]
            const #marker: () = ();
        }
    }

    /// `<K, V>`, or nothing.
    pub(crate) fn type_args(&self) -> TokenStream {
        self.generics.split_for_impl().1.to_token_stream()
    }

    fn derived(&self, name: std::fmt::Arguments<'_>) -> Ident {
        Ident::new(&name.to_string(), generated(self.name.span()))
    }
}

impl Handler {
    /// The message's name, without `r#`.
    pub(crate) fn name(&self) -> String {
        plain(self.method())
    }

    /// Its method of the reference.
    pub(crate) fn method(&self) -> &Ident {
        self.called.as_ref().unwrap_or(&self.ident)
    }

    /// Its variant in the body enum.
    pub(crate) fn variant(&self) -> Ident {
        let name = camel(&self.name());
        let free = syn::parse_str::<Ident>(&name).is_ok();
        let name = if free { name } else { format!("_{name}") };
        Ident::new(&name, generated(self.ident.span()))
    }

    /// Whether it stays under way while its actor goes on.
    pub(crate) fn is_beside(&self) -> bool {
        self.receiver.is_beside(self.is_async)
    }

    /// Whether its message is on the heap.
    pub(crate) fn is_boxed(&self) -> bool {
        self.run.boxed.is_some() && !self.broken
    }

    /// The message's fields, in the order of the arguments.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&Ident, &TokenStream)> {
        self.args.iter().filter_map(|arg| match arg {
            Arg::Field { ident, ty } => Some((ident, ty)),
            Arg::Reply | Arg::Turn | Arg::Context(_) => None,
        })
    }
}

impl Receiver {
    /// Whether such a handler stays under way while its actor goes on.
    pub(crate) fn is_beside(&self, is_async: bool) -> bool {
        match self {
            Self::Exclusive => false,
            Self::Shared(_) => is_async,
            Self::Turn(_) => true,
        }
    }
}

impl Reply {
    /// The type that the handler returns.
    pub(crate) fn out(&self) -> TokenStream {
        match self {
            Self::Unit => quote!(()),
            Self::Plain(out) | Self::Result { out, .. } | Self::Alias(out) => out.clone(),
        }
    }

    /// Whether its error is the caller's.
    pub(crate) fn is_fallible(&self) -> bool {
        matches!(self, Self::Result { .. } | Self::Alias(_))
    }
}

impl Event {
    pub(crate) const NAMES: &'static [&'static str] =
        &["start", "restart", "stop", "activate", "deactivate", "terminated", "enter", "event"];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "start" => Some(Self::Start),
            "restart" => Some(Self::Restart),
            "stop" => Some(Self::Stop),
            "activate" => Some(Self::Activate),
            "deactivate" => Some(Self::Deactivate),
            "terminated" => Some(Self::Terminated),
            "enter" => Some(Self::Enter),
            "event" => Some(Self::Heard),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Stop => "stop",
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Terminated => "terminated",
            Self::Enter => "enter",
            Self::Heard => "event",
        }
    }
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    syn::ext::IdentExt::unraw(ident).to_string()
}

/// The place of the user's token, with the hygiene of generated code: lints know that we wrote it.
pub(crate) fn generated(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// `add_item` becomes `AddItem`.
fn camel(snake: &str) -> String {
    let word = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>())
    };
    snake.split('_').filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_camel_case() {
        assert_eq!(camel("add"), "Add");
        assert_eq!(camel("add_item_2"), "AddItem2");
        assert_eq!(camel("_hidden__twice"), "HiddenTwice");
        assert_eq!(camel("getURL"), "GetURL");
    }
}
