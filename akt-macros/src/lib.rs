//! Attribute macros of akt.
//!
//! Used through the crate `akt`, which exports them: `akt::actor`, `akt::grain`, `akt::handler`, `akt::every`, `akt::cron`,
//! `akt::on`, `akt::guard`, and the derives `akt::Behavior` and `akt::Inject`.

mod check;
mod diag;
mod expand;
mod mailbox;
mod model;
mod parse;

use proc_macro::TokenStream;

/// Makes a type an actor: its messages are the methods of this `impl` block.
///
/// On an inherent `impl`, methods with [`#[handler]`](macro@handler) are messages and methods with
/// [`#[on(..)]`](macro@on) are hooks; all others stay as they are. For an actor `Counter` this makes
/// `CounterRef`, its typed reference with one method a handler, and `CounterMsg`, its messages.
///
/// On `impl shop::Cart for MyCart`, where `shop::Cart` comes from a `.proto`, every method of the trait is a
/// handler. It may be `fn` or `async fn`, and may leave out the context.
///
/// # Options
///
/// - `mailbox = bounded(64)` or `mailbox = unbounded`: how many messages may wait. `bounded(64, drop_oldest)` says
///   what becomes of one more: it waits (`wait`, unless it says otherwise), is refused (`reject`) or dropped
///   (`drop_newest`), or another is dropped for it (`drop_oldest`). See `Mailbox` for which to take when.
/// - `order = priority(rank)`, `order = fair` or `order = queue(make)`: in which order they are handled, if not in
///   that of their acceptance. See `MailboxOrder`.
/// - `passivate = "10m"`, `passivate = messages(1000)` or `passivate = never`: when the actor ends by itself;
///   as `Passivate`, which may override it at spawn.
/// - `supervise(..)`: what happens when the actor fails; as `Supervise`, which may override it at spawn.
///   `strategy` is `one_for_one` (unless it says otherwise), `one_for_all` or `rest_for_one`; the first rule
///   that fits decides: `on(MyError)`, `on(panic)`, and `else`, which must be there. A rule says `resume`,
///   `restart`, `stop` or `escalate`. `restart` may have limits of its own, all of them optional.
/// - `behavior = phase`: the field whose state says what becomes of a message; its type is an enum with
///   `#[derive(akt::Behavior)]`, or a `BehaviorStack` of one. Handlers name the states with `when`, `stash_when`
///   and `reject_when`.
/// - `unhandled = deny`: every handler with `when` says what it does in every state; rustc reports a state that
///   is left out. `unhandled = dead_letter`, which is what counts if nothing is said, answers an ask with
///   `AskError::Unhandled` and makes a dead letter of a tell; `unhandled = reject` is as if `reject_when` had
///   named the states that are left out.
/// - `stash = 1000`: how many messages may be put aside.
/// - `concurrency = 64`: how many `async` handlers with `&self` may run at once. With 1, they run one after the other.
/// - `crate = path`: where generated code finds akt, if not in `::akt`.
///
/// # Example
///
/// ```ignore
/// #[akt::actor(mailbox = bounded(64))]
/// impl Counter {
///     /// Adds `by`, returns the new value.
///     #[handler]
///     pub fn add(&mut self, by: i64) -> i64 {
///         self.value += by;
///         self.value
///     }
/// }
///
/// let sum = counter.add(2).await?;
/// ```
///
/// ```ignore
/// #[akt::actor(supervise(
///     strategy = rest_for_one,
///     on(DbError) = restart { max = 5, within = "1m", backoff = "100ms..10s" },
///     on(panic) = restart,
///     else = escalate,
/// ))]
/// impl Ingest { .. }
/// ```
#[proc_macro_attribute]
pub fn actor(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::attribute(args.into(), &item.into()).into()
}

/// Makes a type a grain: an actor that is always there, by its key.
///
/// On the same `impl` blocks as [`#[actor]`](macro@actor), in its place, and with all its options. Adds `impl Grain`,
/// and `MyCart::grain(&system, key)`, which gives the typed reference: its first message activates the grain.
///
/// # Options
///
/// - `kind = "cart"`: the name of the type among the grains of a system. It must be there.
/// - `key = String`: the type of the key. It must be there. See `GrainKey` for those that there are.
/// - all of [`#[actor]`](macro@actor), of which `passivate = "10m"` says when an idle grain is deactivated.
///
/// # Hooks
///
/// [`#[on(activate)]`](macro@on) makes the value: `async fn activate(key: &String, cx: &mut Ctx<Self>) -> Result<Self,
/// Fault>`. It is an associated function; both arguments may be left out, it may be `fn`, and it may return `Self`.
/// Without it the type needs `Default`. `#[on(deactivate)]` is the last that an activation does.
///
/// ```ignore
/// #[akt::grain(kind = "cart", key = String, passivate = "10m")]
/// impl Cart {
///     #[on(activate)]
///     async fn load(key: &String, cx: &mut Ctx<Self>) -> Result<Self, Fault> {
///         Ok(Self { items: cx.dep::<Shop>().items_of(key).await? })
///     }
///
///     #[handler]
///     fn add(&mut self, item: Item) { .. }
/// }
///
/// Cart::grain(&system, "user-1").add(item).await?;
/// ```
#[proc_macro_attribute]
pub fn grain(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::grain_attribute(&args.into(), &item.into()).into()
}

/// Makes a method of an [`#[actor]`](macro@actor) block a message.
///
/// The method may be `fn` or `async fn`. Owned arguments are the fields of the message; the one reference argument, at
/// any position, is the context. What it returns is the reply; the error of a `Result<T, E>` goes to the caller.
///
/// The receiver says who has the actor while the handler waits:
///
/// - `&mut self`, with `cx: &mut Ctx<Self>`: the handler alone.
/// - `&self`, with `cx: &Ctx<Self>`: others with `&self` too. An `async` one needs a state that is `Sync`.
/// - `this: Turn<Self>`, with `cx: &TurnCtx<Self>` and `reentrant`: anybody, at each of its awaits. It is `async`.
///
/// # Options
///
/// - `reentrant`: the handler takes `this: Turn<Self>`. `max = 32`: at most so many of it are under way; more wait in the
///   mailbox.
/// - `timeout = "2s"`: how long an ask waits unless it says otherwise (`"250ms"`, `"2s"`, `"5m"`, `"1h"`).
/// - `defer`: the handler answers later. Its last argument is `reply: Reply<T>`, which it keeps or hands on;
///   asks of it yield `T`.
///
/// - `when = Phase::Ready(_) | Phase::Draining`: the states in which it is handled; all, if there is no `when`, but
///   those of the other two. Any pattern without a guard will do. Needs `behavior = field` in `#[actor(..)]`.
/// - `stash_when = Phase::Connecting { .. }`: the states in which it is put aside until the state is another.
/// - `reject_when = Phase::Draining`: the states in which an ask is answered with `AskError::Rejected`, and a tell
///   is a dead letter.
///
/// The three are tried in this order; a pattern that can fit no state any more is an error.
///
/// On the methods of a contract's `impl`, `#[handler]` stands only where it names states.
///
/// A handler that returns `Forward<T>`, made by `cx.forward(call)`, leaves the answer to another actor; made by
/// `cx.stash(call)`, to a later turn of its own.
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("handler", &args.into(), item.into()).into()
}

/// Makes a method of an [`#[actor]`](macro@actor) block a message that comes again and again.
///
/// `#[every("10s")]` begins when the actor, or its next value after a restart, has started; the first tick
/// comes after ten seconds. `jitter = "1s"` delays each tick by up to a second. It implies
/// [`#[handler]`](macro@handler): others can send the message too. The handler takes no arguments but the
/// context.
#[proc_macro_attribute]
pub fn every(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("every", &args.into(), item.into()).into()
}

/// Makes a method of an [`#[actor]`](macro@actor) block a message that comes at times of the day.
///
/// `#[cron("0 0 3 * * *")]` is three in the morning, in UTC; `zone = "Europe/Berlin"` names another time zone. The
/// fields are `second minute hour day-of-month month day-of-week`, of which the second may be left out; `akt::Cron`
/// says what may stand in them, and what happens when the clocks are changed. Expression and zone are checked when
/// the program is compiled.
///
/// It begins when the actor, or its next value after a restart, has started. It implies
/// [`#[handler]`](macro@handler): others can send the message too. The handler takes no arguments but the
/// context. Needs the feature `cron` of akt.
#[proc_macro_attribute]
pub fn cron(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("cron", &args.into(), item.into()).into()
}

/// Makes a method of an [`#[actor]`](macro@actor) block a hook.
///
/// - `#[on(start)]` runs before the first message of every value, `#[on(stop)]` after the last.
/// - `#[on(restart)]` runs after `#[on(start)]` of a value that replaces one that failed.
/// - `#[on(terminated)]` takes the `Terminated` of a watched actor that stopped.
/// - `#[on(enter = Phase::Ready(_))]` runs when the behaviour is in another state than before, whatever has changed
///   it, before anything else is handled; and for the first state of every value, after `#[on(start)]` and
///   `#[on(restart)]`. `#[on(enter)]` is for all states. Of several such hooks, the first that fits runs.
///
/// - `#[on(activate)]` and `#[on(deactivate)]` are the hooks of a [grain](macro@grain), which has no `start`, `restart`
///   and `stop`.
///
/// A hook takes `&mut self`, may take the context, may be `async`, and returns `()` or `Result<(), Fault>`.
#[proc_macro_attribute]
pub fn on(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("on", &args.into(), item.into()).into()
}

/// Makes a method of an [`#[actor]`](macro@actor) block the guard before its handlers.
///
/// `fn admit(&self, message: &CounterMsg) -> Admit` looks at each message that its actor would handle now, and says
/// `Admit::Pass` or `Admit::Reject(why)`. A rejected ask is answered with `AskError::Rejected(why)`, a rejected tell
/// is a dead letter. A message that the actor's behaviour puts aside or refuses does not come to the guard; one that
/// comes back from the stash does. An actor has one guard, which is not `async`. A panic in it is a fault, as in the
/// handler.
#[proc_macro_attribute]
pub fn guard(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::inner("guard", &args.into(), item.into()).into()
}

/// Makes the constructor of an actor from what its system provides.
///
/// - `#[dep]`: the field is what `.provide(value)` on the system's builder gave, found by its type; a
///   `#[dep] db: Arc<Pool>` takes a `Pool` or an `Arc<Pool>`. `#[dep(named = "eu")]` asks for
///   `.provide_named("eu", value)`.
/// - `#[arg]`: the field is given at each spawn, in the generated `OrdersArgs`.
/// - All other fields are their `Default`.
///
/// The actor is spawned by `system.spawn_injected::<Orders>(name, OrdersArgs { .. })`, or with `()` where no
/// field is an `#[arg]`. Arguments are cloned: a restart makes the value again. What is missing is an error
/// of the spawn, and of the system's start where the actor is registered.
///
/// `#[inject(crate = path)]` says where generated code finds akt, if not in `::akt`.
///
/// ```ignore
/// #[derive(akt::Inject)]
/// struct Orders {
///     #[dep]
///     db: Arc<Pool>,
///     #[dep(named = "eu")]
///     bank: BankRef,
///     #[arg]
///     shard: u32,
///     pending: Vec<Order>,
/// }
/// ```
#[proc_macro_derive(Inject, attributes(arg, dep, inject))]
pub fn inject(input: TokenStream) -> TokenStream {
    expand::inject(input.into()).into()
}

/// Makes an enum the behaviour of an actor: its variants are the states.
///
/// `#[actor(behavior = phase)]` names the field that holds it. `#[behavior(crate = path)]` says where generated
/// code finds akt, if not in `::akt`.
///
/// ```ignore
/// #[derive(akt::Behavior)]
/// enum Phase {
///     Connecting { attempt: u32 },
///     Ready(Connection),
///     Draining,
/// }
/// ```
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
