//! Expansions as a reader sees them: golden files, and the mistakes of whole impl blocks.
//!
//! `UPDATE_GOLDEN=1 cargo test -p akt-macros` writes the files anew.

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ImplItem, Item};

use super::{attribute, contract_actor, states};

#[test]
fn a_counter_expands_as_written_down() {
    let expanded = expand(
        quote!(mailbox = bounded(64, drop_oldest), order = priority(urgency)),
        quote! {
            impl Counter {
                /// Adds `by`, returns the new value.
                #[handler]
                pub fn add(&mut self, by: i64) -> i64 {
                    self.value += by;
                    self.value
                }

                #[handler(timeout = "2s")]
                #[cfg(feature = "load")]
                async fn load(&mut self, cx: &mut Ctx<Self>, url: String) -> Result<usize, LoadError> {
                    cx.me().add(1).tell().ok();
                    Ok(url.len())
                }

                #[akt::handler]
                #[deprecated]
                fn r#move(&mut self, to: [u8; Self::N]) {}

                #[on(start)]
                fn started(&mut self) {}

                #[on(terminated)]
                async fn gone(&mut self, _: Terminated, cx: &mut Ctx<Self>) -> Result<(), Fault> {
                    cx.stop();
                    Ok(())
                }

                fn helper(&self) {}
            }
        },
    );

    compare("counter.rs", expanded);
}

#[test]
fn timers_and_replies_of_others_expand_as_written_down() {
    let expanded = expand(
        quote!(),
        quote! {
            impl Store {
                #[every("10s", jitter = "1s")]
                fn evict(&mut self) {}

                #[cron("0 0 3 * * *")]
                #[cron("@monthly", zone = "America/Port-au-Prince")]
                async fn compact(&mut self) {}

                #[handler(defer)]
                async fn wait_for(&mut self, key: String, cx: &mut Ctx<Self>, reply: Reply<Result<u8, Gone>>) {}

                #[handler]
                fn route(&mut self, job: Job, cx: &mut Ctx<Self>) -> Forward<Done> {
                    cx.forward(self.worker.run(job))
                }
            }
        },
    );

    compare("store.rs", expanded);
}

#[test]
fn mistakes_in_timers_and_deferred_handlers_are_named() {
    let wrong = quote! {
        impl Store {
            #[every] fn a(&mut self) {}
            #[every("10s", jiter = "1s")] fn b(&mut self) {}
            #[every("0s")] fn c(&mut self) {}
            #[on(start)] #[every("1s")] fn d(&mut self) {}
            #[handler] #[handler] fn e(&mut self) {}
            #[handler(defer = true)] fn f(&mut self, reply: Reply<u8>) {}
            #[handler(defer)] fn g(&mut self, reply: Reply<u8>, key: u8) {}
            #[handler(defer)] #[every("1s")] fn h(&mut self, reply: Reply<u8>) -> u8 {}
        }
    };

    assert_eq!(
        errors(&expand(quote!(), wrong)),
        [
            "a method is one handler or one hook; remove this attribute",
            "a method is one handler or one hook; remove this attribute",
            "say how often: `#[every(\"10s\")]` or `#[every(\"10s\", jitter = \"1s\")]`",
            "unknown option `jiter`; did you mean `jitter`? supported: `jitter`",
            "a timer needs time between its ticks",
            "expected `,`",
            "a deferred handler's last argument is `reply: Reply<T>`",
            "the reply type is taken from `Reply<T>`; remove `-> u8`",
            "a timer handler takes no message arguments",
        ]
    );
}

#[test]
fn a_behaviour_expands_as_written_down() {
    let expanded = expand(
        quote!(behavior = phase, unhandled = deny, stash = 100),
        quote! {
            impl Session {
                #[handler(when = Phase::Ready(_), stash_when = Phase::Connecting { .. }, reject_when = Phase::Draining)]
                async fn query(&mut self, sql: String) -> Rows {}

                #[handler(reject_when = Phase::Draining)]
                fn count(&mut self, cx: &mut Ctx<Self>) -> Forward<Result<u8, DbError>> {
                    cx.stash(cx.me().count())
                }

                #[handler]
                fn drain(&mut self) {}

                #[on(enter = Phase::Connecting { .. })]
                fn dial(&mut self, cx: &mut Ctx<Self>) {}

                #[on(enter)]
                async fn entered(&mut self) -> Result<(), Fault> {}

                #[guard]
                fn admit(&self, message: &SessionMsg) -> Admit {}
            }
        },
    );

    compare("session.rs", expanded);
}

#[test]
fn states_expand_as_written_down() {
    let expanded = states(quote! {
        enum Phase<T> {
            Connecting { attempt: u32 },
            #[cfg(unix)]
            Ready(T),
            r#Draining,
        }
    });

    let expected = quote! {
        #[automatically_derived]
        impl<T> ::akt::Behavior for Phase<T> {
            type State = Self;

            fn current(&self) -> &Self {
                self
            }

            fn state(&self) -> ::akt::__private::State {
                match self {
                    Self::Connecting { .. } => ::akt::__private::State { index: 0u16, name: "Connecting" },
                    #[cfg(unix)]
                    Self::Ready { .. } => ::akt::__private::State { index: 1u16, name: "Ready" },
                    Self::r#Draining { .. } => ::akt::__private::State { index: 2u16, name: "Draining" },
                }
            }
        }
    };
    assert_eq!(expanded.to_string(), expected.to_string());
}

#[test]
fn a_generic_actor_expands_as_written_down() {
    let expanded = expand(
        quote!(crate = crate::reexport),
        quote! {
            impl<K: Send + 'static, const N: usize> Cache<K, N> where Self: Sized {
                #[handler]
                fn clear(&mut self) -> Result<[K; N], Vec<Self>> {
                    todo!()
                }
            }
        },
    );

    compare("cache.rs", expanded);
}

#[test]
fn a_contract_actor_expands_as_written_down() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ shop::v1::Cart ] message [ shop::v1::CartMsg ] reference [ shop::v1::CartRef ]
            rpc add Add exclusive [ shop::v1::AddItem ] -> [ shop::v1::CartView ] error [ shop::v1::CartError ]
            rpc clear Clear exclusive [ shop::v1::ClearCart ] -> [ () ] error [ ]
            rpc checkout Checkout exclusive [ shop::v1::Checkout ] -> [ shop::v1::Receipt ] error [ ]
        }
        options { mailbox = unbounded }
        impl shop::Cart for MyCart {
            fn add(&mut self, cx: &mut Ctx<Self>, req: AddItem) -> Result<CartView, CartError> {
                cx.stop();
                Ok(self.view(req)?)
            }

            async fn clear(&mut self, _: ClearCart) {
                self.items.clear();
            }

            #[on(stop)]
            fn stopped(&mut self) {}
        }
    });

    compare("cart.rs", expanded);
}

#[test]
fn an_impl_of_a_contract_calls_its_macro() {
    let expanded = expand(quote!(mailbox = unbounded), quote!(impl shop::Cart for MyCart {}));

    let expected = quote!(shop::Cart! { options { mailbox = unbounded } impl shop::Cart for MyCart {} });
    assert_eq!(expanded.to_string(), expected.to_string());
}

#[test]
fn handlers_beside_each_other_expand_as_written_down() {
    let expanded = expand(
        quote!(concurrency = 16),
        quote! {
            impl<K: Key> Library<K> {
                #[handler]
                async fn read(&self, key: K, cx: &Ctx<Self>) -> Result<String, Missing> {
                    self.shelf(key).read(cx).await
                }

                #[handler]
                fn count(&self) -> usize {
                    self.books.len()
                }

                #[handler(reentrant, max = 8)]
                async fn order(this: Turn<Self>, title: String, cx: &TurnCtx<Self>) {
                    this.with(|me| me.orders.push(title));
                }

                #[handler(reentrant, defer)]
                async fn lend(this: Turn<Self>, title: String, reply: Reply<u64>) {}

                #[handler]
                async fn close(&mut self) {}

                #[guard]
                fn admit(&self, message: &LibraryMsg<K>) -> Admit {
                    Admit::Pass
                }
            }
        },
    );

    compare("library.rs", expanded);
}

#[test]
fn mistakes_about_who_has_the_actor_are_reported() {
    let expanded = expand(
        quote!(concurrency = 0),
        quote! {
            impl Shop {
                #[handler(reentrant)]
                async fn exclusive(&mut self) {}
                #[handler]
                async fn silent(this: Turn<Self>) {}
                #[handler(reentrant)]
                fn sync(this: Turn<Self>) {}
                #[handler(reentrant)]
                async fn no_turn(name: String) {}
                #[handler]
                fn no_receiver(name: String) {}
                #[handler(max = 3)]
                async fn counted(&self) {}
                #[handler]
                async fn changes(&self, cx: &mut Ctx<Self>) {}
                #[handler(reentrant, max = many)]
                async fn turned(this: Turn<Self>, cx: &mut Ctx<Self>) {}
                #[on(start)]
                fn started(&self) {}
            }
        },
    );

    assert_eq!(
        errors(&expanded),
        [
            "at least one handler can run",
            "a reentrant handler takes `this: Turn<Self>`",
            "a handler with `Turn<Self>` is reentrant: add `#[handler(reentrant)]`",
            "a reentrant handler is an `async fn`: others run while it awaits; a `fn` takes `&mut self`",
            "a reentrant handler takes `this: Turn<Self>` as its first argument",
            "handlers take `&mut self`, `&self` or `this: Turn<Self>`; the last with `#[handler(reentrant)]`",
            "`max` counts reentrant handlers: `#[handler(reentrant, max = 32)]`",
            "the context of an `&self` handler is `cx: &Ctx<Self>`",
            "the context of a reentrant handler is `cx: &TurnCtx<Self>`",
            "a hook takes `&mut self`",
        ]
    );
    let expanded = expand(quote!(concurrency = 4), quote!(impl Shop { #[handler] fn count(&self) {} }));
    let none = "`concurrency` counts handlers that are `async` and take `&self`; there is none";
    assert_eq!(errors(&expanded), [none]);
}

#[test]
fn all_mistakes_of_an_impl_are_reported_at_once() {
    let expanded = expand(
        quote!(mailbx = bounded(1)),
        quote! {
            impl Counter {
                #[handler]
                fn by_value(self) {}
                #[handler]
                fn borrows(&mut self, name: &str, (a, b): (u8, u8)) -> &[u8] {}
                #[handler]
                fn generic<T>(&mut self, all: impl Iterator<Item = T>) -> impl Send {}
                #[handler]
                fn contexts(&mut self, cx: &mut Ctx<Self>, more: &mut Vec<u8>) {}
                #[handler]
                fn tell(&mut self) {}
                #[on(strat)]
                fn started(&mut self) {}
                #[on(terminated)]
                fn gone(&mut self) -> u8 {}
            }
        },
    );

    assert_eq!(
        errors(&expanded),
        [
            "unknown option `mailbx`; did you mean `mailbox`? supported: `behavior`, `concurrency`, `crate`, `mailbox`, `order`, `passivate`, `stash`, `supervise`, `unhandled`",
            "handlers take `&mut self`, `&self` or `this: Turn<Self>`",
            "message arguments are owned; use `String`",
            "name the argument; destructure in the body",
            "replies are owned; return `Vec<u8>`",
            "a message cannot be generic; make the actor generic",
            "message arguments need a concrete type",
            "replies need a concrete type",
            "only one reference argument is allowed: the context, `cx: &mut Ctx<Self>`",
            "unknown event `strat`; did you mean `start`? supported: `start`, `restart`, `stop`, `terminated`, `enter`",
            "`#[on(terminated)]` takes the actor that stopped: `terminated: Terminated`",
            "`#[on(terminated)]` returns `()` or `Result<(), Fault>`",
            "`tell` exists on every reference; rename the handler",
        ]
    );
}

#[test]
fn the_users_item_survives_mistakes_with_spent_attributes() {
    let expanded = expand(
        quote!(),
        quote! {
            impl Counter {
                #[handler]
                fn rename(&mut self, name: &str) -> &str { name }
            }
        },
    );

    let file: syn::File = syn::parse2(expanded).expect("items");
    let user = file.items.iter().find_map(|item| match item {
        Item::Impl(block) if block.trait_.is_none() => Some(block),
        _ => None,
    });
    let Some(ImplItem::Fn(method)) = user.and_then(|user| user.items.first()) else { panic!("no method") };
    assert_eq!(method.sig.ident, "rename");
    let spent = method.attrs.iter().find(|attr| attr.path().is_ident("handler"));
    assert_eq!(
        spent.map(|attr| quote!(#attr).to_string()),
        Some(quote!(#[handler(__akt_spent)]).to_string())
    );
}

#[test]
fn the_fallback_has_all_names() {
    let expanded = expand(
        quote!(),
        quote! {
            impl Counter {
                #[handler]
                fn rename(&mut self, name: &str, (a, b): (u8, u8)) -> &str { name }
                #[handler]
                fn add(&mut self, by: i64) -> i64 { by }
                #[handler]
                fn ask(&mut self) {}
                #[handler]
                fn add(&mut self) {}
            }
        },
    );

    compare("fallback.rs", expanded);
}

#[test]
fn an_actor_without_handlers_says_so() {
    let expanded = expand(quote!(), quote!(impl Counter { fn add(&mut self) {} }));

    assert_eq!(errors(&expanded), ["no `#[handler]` methods; add one or remove `#[akt::actor]`"]);
}

#[test]
fn two_handlers_of_one_message_name_each_other() {
    let twice = quote! {
        impl Counter {
            #[handler] fn add(&mut self) {}
            #[handler] fn _add(&mut self) {}
            #[on(stop)] fn a(&mut self) {}
            #[on(stop)] fn b(&mut self) {}
        }
    };

    assert_eq!(
        errors(&expand(quote!(), twice)),
        [
            "message `Add` is already handled; rename one handler",
            "first handled here",
            "`#[on(stop)]` given twice; call one hook from the other",
            "first given here",
        ]
    );
}

#[test]
fn methods_of_other_configurations_may_have_one_name() {
    let expanded = expand(
        quote!(),
        quote! {
            impl Counter {
                #[handler] #[cfg(unix)] fn add(&mut self) {}
                #[handler] #[cfg(not(unix))] fn add(&mut self) {}
            }
        },
    );

    assert!(errors(&expanded).is_empty());
}

#[test]
fn only_impl_blocks_are_actors() {
    for (item, error) in [
        (
            quote!(
                fn add() {}
            ),
            "`#[akt::actor]` goes on an `impl` block",
        ),
        (
            quote!(
                struct Counter;
            ),
            "`#[akt::actor]` goes on an `impl` block: `impl Counter { .. }`",
        ),
        (
            quote!(
                impl<'a> Counter<'a> {
                    #[handler]
                    fn add(&mut self) {}
                }
            ),
            "an actor owns its data and cannot have a lifetime parameter",
        ),
        (
            quote!(impl [u8] { #[handler] fn add(&mut self) {} }),
            "an actor is a named type: a struct or an enum",
        ),
    ] {
        assert_eq!(errors(&expand(quote!(), item)), [error]);
    }
}

#[test]
fn mistakes_in_a_contract_impl_are_reported() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ shop::Cart ] message [ shop::CartMsg ] reference [ shop::CartRef ]
            rpc add Add exclusive [ shop::AddItem ] -> [ shop::View ] error [ ]
            rpc clear Clear exclusive [ shop::ClearCart ] -> [ () ] error [ ]
            rpc checkout Checkout exclusive [ shop::Checkout ] -> [ () ] error [ ]
        }
        options { mailbox = 3 }
        impl shop::Cart for MyCart {
            fn add(&self, req: AddItem, more: u8) -> View {}
            fn clear(&mut self) {}
            #[handler]
            fn checkout(&mut self, req: Checkout) {}
            fn chekout(&mut self) {}
            fn expire(&mut self) {}
        }
    });

    assert_eq!(
        errors(&expanded),
        [
            "expected `bounded(1024)` or `unbounded`",
            "an rpc takes `&mut self`",
            "`add` takes one request, `AddItem`, and the context",
            "`clear` takes its request: `req: ClearCart`",
            "every method of a contract is a handler; remove `#[handler]`",
            "`chekout` is not in `shop::Cart`; did you mean `checkout`?",
            "`expire` is not in `shop::Cart`; move it to an inherent `impl`",
        ]
    );
}

#[expect(clippy::needless_pass_by_value, reason = "callers quote in place")]
fn expand(args: TokenStream, input: TokenStream) -> TokenStream {
    attribute(args, &input)
}

/// The texts of the `compile_error!`s in an expansion.
fn errors(expanded: &TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expanded.clone()).expect("items");
    let text = |item: &Item| match item {
        Item::Macro(item) if item.mac.path.segments.last()?.ident == "compile_error" => {
            Some(item.mac.parse_body::<syn::LitStr>().expect("a literal").value())
        }
        _ => None,
    };
    file.items.iter().filter_map(text).collect()
}

fn compare(name: &str, expanded: TokenStream) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    let actual = prettyplease::unparse(&syn::parse2(expanded).expect("items"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &actual).expect("the folder is writable");
    }
    let golden = fs::read_to_string(&path).expect("run with UPDATE_GOLDEN=1 once");
    assert_eq!(actual, golden, "{name} changed; look at the difference, then UPDATE_GOLDEN=1");
}
