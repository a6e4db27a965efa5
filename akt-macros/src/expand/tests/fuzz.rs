//! No tokens make a macro panic, and what it makes of them is Rust or says what is wrong.
//!
//! `AKT_FUZZ_SECONDS=600` looks for longer, `AKT_FUZZ_SEED=7` begins where a failure was found.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::expand::{attribute, contract_actor, inject, inner, states};

/// What attributes say.
const ARGS: &[&str] = &[
    "",
    "mailbox = bounded(64, drop_oldest), order = priority(urgency), passivate = \"5m\"",
    "behavior = phase, unhandled = deny, stash = 100, concurrency = 16, crate = crate::reexport",
    "supervise(strategy = one_for_all, on(DbError) = restart { max = 5, within = \"1m\", backoff = \"1s..9s\" }, on(panic) = stop, else = escalate)",
    "event_sourced(event = CartEvent, kind = \"cart\", schema = 2, upcast = old::event, snapshot_every = 100)",
    "timeout = \"2s\", defer, reentrant, max = 8",
    "start, stop, restart, terminated, enter = Phase::Connecting { .. } | Phase::Ready(_)",
    "when = Phase::Ready(_), stash_when = Phase::Connecting { .. }, reject_when = Phase::Draining",
    "\"10s\", jitter = \"1s\"",
    "\"0 0 3 * * *\", zone = \"Europe/Berlin\"",
];

/// What attributes stand on.
const ITEMS: &[&str] = &[
    "impl Counter {
        /// Adds.
        #[handler] pub fn add(&mut self, by: i64) -> i64 { self.value += by; self.value }
        #[handler(timeout = \"2s\")] #[cfg(feature = \"load\")]
        async fn load(&mut self, cx: &mut Ctx<Self>, url: String) -> Result<usize, LoadError> { Ok(url.len()) }
        #[akt::handler] #[deprecated] fn r#move(&mut self, to: [u8; Self::N]) {}
        #[on(start)] fn started(&mut self) {}
        #[on(terminated)] async fn gone(&mut self, _: Terminated, cx: &mut Ctx<Self>) -> Result<(), Fault> { Ok(()) }
        fn helper(&self) {}
        const N: usize = 1;
    }",
    "impl Store {
        #[every(\"10s\", jitter = \"1s\")] fn evict(&mut self) {}
        #[cron(\"0 0 3 * * *\")] #[cron(\"@monthly\", zone = \"Europe/Berlin\")] async fn compact(&mut self) {}
        #[handler(defer)] async fn wait_for(&mut self, key: String, cx: &mut Ctx<Self>, reply: Reply<Result<u8, Gone>>) {}
        #[handler] fn route(&mut self, job: Job, cx: &mut Ctx<Self>) -> Forward<Done> { cx.forward(self.worker.run(job)) }
    }",
    "impl<K: Key + 'static, const N: usize> Library<K, N> where Self: Sized {
        #[handler(when = Phase::Ready(_), stash_when = Phase::Connecting { .. }, reject_when = Phase::Draining)]
        async fn read(&self, key: K, cx: &Ctx<Self>) -> Result<String, Missing> { self.shelf(key).read(cx).await }
        #[handler(reentrant, max = 8)] async fn order(this: Turn<Self>, title: String, cx: &TurnCtx<Self>) {}
        #[handler(reentrant, defer)] async fn lend(this: Turn<Self>, title: String, reply: Reply<u64>) {}
        #[guard] fn admit(&self, message: &LibraryMsg<K>) -> Admit { Admit::Pass }
        #[on(enter = Phase::Connecting { .. })] fn dial(&mut self, cx: &mut Ctx<Self>) {}
    }",
    "impl shop::Cart for MyCart {
        fn add(&mut self, cx: &mut Ctx<Self>, req: AddItem) -> Result<CartView, CartError> { Ok(self.view(req)?) }
        #[handler(when = Phase::Ready(_))] async fn clear(&mut self, _: ClearCart) { self.items.clear(); }
        #[on(stop)] fn stopped(&mut self) {}
        #[guard] fn admit(&self, message: &CartMsg) -> Admit { Admit::Pass }
    }",
    "impl Ledger {
        #[handler] fn add(&mut self, cents: u64) -> Persist<Self, Result<u64, Full>> { Persist::one(cents).then(|ledger| Ok(ledger.sum)) }
        #[handler] async fn close(&mut self, cx: &mut Ctx<Self>) -> Persist<Self> { Persist::none(()) }
        #[handler] fn sum(&self) -> u64 { self.sum }
        #[apply] fn noted(&mut self, cents: &u64) { self.sum += cents; }
    }",
    "enum Phase<T> { Connecting { attempt: u32 }, #[cfg(unix)] Ready(T), r#Draining }",
    "#[inject(args = OrdersArgs)] struct Orders<T: Send> { #[dep] db: Arc<Pool<T>>, #[dep(named = \"eu\")] bank: BankRef, #[arg] shard: u32, pending: Vec<Order> }",
    "async fn add(&mut self, by: i64) -> i64 { by }",
];

const CONTRACT: &str = "contract {
        trait [ shop::v1::Cart ] message [ shop::v1::CartMsg ] reference [ shop::v1::CartRef ]
        rpc add Add exclusive unary [ shop::v1::AddItem ] -> [ shop::v1::CartView ] error [ shop::v1::CartError ]
        rpc clear Clear exclusive oneway [ shop::v1::ClearCart ] -> [ () ] error [ ]
        rpc view View shared unary [ shop::v1::ViewCart ] -> [ shop::v1::CartView ] error [ ]
        rpc checkout Checkout turn unary [ shop::v1::Checkout ] -> [ shop::v1::Receipt ] error [ ]
    }";

/// What takes another token's place.
const WORDS: &[&str] = &[
    "self",
    "Self",
    "crate",
    "super",
    "r#fn",
    "_",
    "'a",
    "&",
    "&mut",
    "-> &str",
    "impl Trait",
    "dyn Any",
    "0",
    "-1",
    "1e400",
    "18446744073709551616",
    "\"\"",
    "\"5 parsecs\"",
    "\"9999999999999999h\"",
    "\"\\u{1f980}\"",
    "b\"x\"",
    "'x'",
    "{}",
    "()",
    "[]",
    ",",
    ";",
    ":",
    "::",
    "=",
    "..",
    "|",
    "#",
    "#[handler]",
    "#[every(\"1s\")]",
    "#[cfg(unix)]",
    "async",
    "unsafe",
    "const",
    "extern \"C\"",
    "where",
    "for<'a>",
    "T",
    "<T>",
    "Result<u8>",
    "Result<(), Fault>",
    "!",
    "?",
    "macro_rules! m { () => {} }",
    "mod x;",
    "use x::*;",
    "fn",
    "ask",
    "this: Turn<Self>",
    "cx: &mut Ctx<Self>",
];

#[test]
fn no_tokens_make_a_macro_panic() {
    for seed in seeds() {
        let mut rng = Rng::with_seed(seed);
        let (args, item) = (mutated(&mut rng, ARGS), mutated(&mut rng, ITEMS));
        // The facts of a contract are akt-build's words: in a broken table there must be no panic, but may be nonsense.
        let broken = rng.u8(..4) == 0;
        let contract =
            if broken { mutated(&mut rng, &[CONTRACT]) } else { CONTRACT.parse().expect("it is Rust") };
        let kind = rng.u8(..5);
        let case =
            format!("AKT_FUZZ_SEED={seed} (macro {kind})\nargs: {args}\nitem: {item}\ncontract: {contract}");

        let expanded = catch_unwind(AssertUnwindSafe(|| match kind {
            0 => attribute(args, &item),
            1 => contract_actor(quote::quote!(#contract options { #args } #item)),
            2 => inner(["handler", "on", "every", "cron", "guard"][rng.usize(..5)], &args, item),
            3 => inject(item),
            _ => states(item),
        }));

        let expanded = expanded.unwrap_or_else(|_| panic!("it panicked\n{case}"));
        let told = expanded.to_string();
        let fine = kind == 2
            || (kind == 1 && broken)
            || told.contains("compile_error")
            || syn::parse2::<syn::File>(expanded).is_ok();
        assert!(fine, "neither Rust nor a mistake\n{case}\n{told}");
    }
}

fn mutated(rng: &mut Rng, corpus: &[&str]) -> TokenStream {
    let text = rng.choice(corpus).expect("there are texts");
    let mut tokens: TokenStream = text.parse().expect("it is Rust");
    for _ in 0..rng.usize(..4) {
        tokens = changed(rng, tokens);
    }
    tokens
}

/// Changes something in these tokens, or in a group of them.
fn changed(rng: &mut Rng, tokens: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = tokens.into_iter().collect();
    if tokens.is_empty() {
        return word(rng);
    }
    let groups: Vec<usize> =
        (0..tokens.len()).filter(|i| matches!(tokens[*i], TokenTree::Group(_))).collect();
    if let Some(index) = rng.choice(&groups).copied().filter(|_| rng.u8(..5) > 0) {
        if let TokenTree::Group(group) = &tokens[index] {
            let delimiter = if rng.u8(..30) == 0 { Delimiter::None } else { group.delimiter() };
            let group = Group::new(delimiter, changed(rng, group.stream()));
            tokens[index] = TokenTree::Group(group);
        }
        return tokens.into_iter().collect();
    }
    let (at, other) = (rng.usize(..tokens.len()), rng.usize(..tokens.len()));
    let replaced = match rng.u8(..6) {
        0 => {
            tokens.swap(at, other);
            return tokens.into_iter().collect();
        }
        1 => TokenStream::new(),
        2 => TokenStream::from_iter([tokens[at].clone(), tokens[other].clone()]),
        3 => TokenStream::from_iter([tokens[other].clone()]),
        4 => word(rng).into_iter().chain([tokens[at].clone()]).collect(),
        _ => word(rng),
    };
    let (before, after) = tokens.split_at(at);
    before.iter().cloned().chain(replaced).chain(after[1..].iter().cloned()).collect()
}

fn word(rng: &mut Rng) -> TokenStream {
    rng.choice(WORDS).expect("there are words").parse().expect("they are tokens")
}

/// Seeds until the time is up.
#[expect(clippy::disallowed_methods, reason = "a deadline for the test itself")]
fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("AKT_FUZZ_SECONDS").unwrap_or(1));
    let first = number("AKT_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    (first..).take_while(move |seed| *seed == first || Instant::now() < end)
}
