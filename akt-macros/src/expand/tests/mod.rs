//! Expansions as a reader sees them: golden files.
//!
//! `UPDATE_GOLDEN=1 cargo test -p akt-macros` writes the files anew.

mod forwards;
mod fuzz;
mod grains;
#[allow(unreachable_pub, reason = "it is public where it stands")]
#[path = "../../../../benches/src/hundred.rs"]
mod hundred;
mod mistakes;

use std::fs;
use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Item;

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
            rpc add Add exclusive unary [ shop::v1::AddItem ] -> [ shop::v1::CartView ] error [ shop::v1::CartError ]
            rpc clear Clear exclusive unary [ shop::v1::ClearCart ] -> [ () ] error [ ]
            rpc checkout Checkout exclusive unary [ shop::v1::Checkout ] -> [ shop::v1::Receipt ] error [ ]
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
fn a_contract_actor_with_streams_expands_as_written_down() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ radio::v1::Radio ] message [ radio::v1::RadioMsg ] reference [ radio::v1::RadioRef ]
            rpc listen Listen exclusive server [ radio::v1::Wave ] -> [ radio::v1::Sound ] error [ radio::v1::OffAir ]
            rpc speak Speak exclusive client [ radio::v1::Sound ] -> [ () ] error [ ]
            rpc call Call turn both [ radio::v1::Sound ] -> [ radio::v1::Sound ] error [ ]
        }
        options { }
        impl radio::Radio for MyRadio {
            fn listen(&mut self, _: Wave, cx: &mut Ctx<Self>, out: StreamSink<Sound, OffAir>) -> Result<(), OffAir> {
                self.listeners.push(out);
                Ok(())
            }

            async fn speak(&mut self, mut input: Streaming<Sound>) {
                while let Some(Ok(sound)) = input.next().await {}
            }

            async fn call(this: Turn<Self>, input: Streaming<Sound>, out: StreamSink<Sound>) {}
        }
    });

    compare("radio.rs", expanded);
}

#[test]
fn a_contract_actor_with_messages_of_its_own_expands_as_written_down() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ shop::v1::Cart ] message [ shop::v1::CartMsg ] reference [ shop::v1::CartRef ]
            rpc add Add exclusive unary [ shop::v1::AddItem ] -> [ shop::v1::CartView ] error [ shop::v1::CartError ]
            rpc view View shared unary [ () ] -> [ shop::v1::CartView ] error [ ]
            rpc find Find shared unary [ shop::v1::Find ] -> [ shop::v1::Found ] error [ ]
            rpc checkout Checkout turn unary [ shop::v1::Checkout ] -> [ shop::v1::Receipt ] error [ ]
        }
        options { max_message = 128 }
        impl shop::Cart for MyCart {
            #[handler(boxed, abort_on_cancel)]
            async fn add(&mut self, req: AddItem) -> Result<CartView, CartError> {
                self.put(req).await
            }

            fn view(&self, _: ()) -> CartView {
                self.view_of()
            }

            async fn find(&self, req: Find, cx: &Ctx<Self>) -> Found {
                self.search(req, cx).await
            }

            async fn checkout(this: Turn<Self>, req: Checkout) -> Receipt {
                this.with(|cart| cart.pay(req))
            }

            /// Drops what is too old.
            #[handler(private)]
            #[every("30s")]
            fn expire(&mut self) {
                self.items.clear();
            }

            #[handler(private, name = "load_all", boxed, result)]
            async fn load(&mut self, path: PathBuf) -> io::Result<usize> {
                read(path).await
            }
        }
    });

    compare("shop.rs", expanded);
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
fn an_event_sourced_actor_expands_as_written_down() {
    let expanded = expand(
        quote!(event_sourced(
            event = LedgerEvent,
            kind = "ledger",
            schema = 2,
            upcast = old::event,
            snapshot_every = 100
        )),
        quote! {
            impl<K: Key> Ledger<K> {
                #[handler]
                fn add(&mut self, key: K, cents: u64) -> Persist<Self, Result<u64, Full>> {
                    Persist::one(LedgerEvent::added(cents)).then(|ledger| Ok(ledger.sum()))
                }

                #[handler(abort_on_cancel)]
                async fn close(&mut self, cx: &mut Ctx<Self>) -> Persist<Self> {
                    self.closing(cx).await
                }

                #[handler]
                fn sum(&self) -> u64 {
                    self.cents
                }

                #[apply]
                fn noted(&mut self, event: &LedgerEvent) {
                    self.cents += event.cents;
                }
            }
        },
    );

    compare("ledger.rs", expanded);
}

#[test]
fn an_event_sourced_actor_of_a_contract_expands_as_written_down() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ shop::v1::Cart ] message [ shop::v1::CartMsg ] reference [ shop::v1::CartRef ]
            rpc add Add exclusive unary [ shop::v1::AddItem ] -> [ shop::v1::CartView ] error [ shop::v1::CartError ]
            rpc watch Watch exclusive server [ shop::v1::Watch ] -> [ shop::v1::CartEvent ] error [ ]
            rpc view View shared unary [ () ] -> [ shop::v1::CartView ] error [ ]
        }
        options { event_sourced(event = CartEvent) }
        impl shop::Cart for MyCart {
            fn add(&mut self, req: AddItem) -> Persist<Self, Result<CartView, CartError>> {
                Persist::one(CartEvent::added(req)).then(|cart| Ok(cart.view_of()))
            }

            async fn watch(&mut self, _: Watch, cx: &mut Ctx<Self>, out: StreamSink<CartEvent>) -> Persist<Self> {
                Persist::none(())
            }

            fn view(&self, _: ()) -> CartView {
                self.view_of()
            }

            #[apply]
            fn apply(&mut self, event: &CartEvent) {
                self.items.push(event.item);
            }
        }
    });

    compare("kept.rs", expanded);
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

/// What an expansion of an actor with a hundred handlers may have, a tenth above what it had when this was written.
const TOKENS: usize = 76_000;

#[test]
fn the_expansion_of_a_hundred_handlers_is_small() {
    let source: TokenStream = hundred::hundred().parse().expect("it is Rust");

    let (tokens, written) = (count(expand(quote!(), source.clone())), count(source));

    println!("{} handlers: {written} tokens become {tokens}", hundred::HANDLERS);
    assert!(tokens < TOKENS, "{tokens} tokens; look at what was added to each handler");
}

fn count(tokens: TokenStream) -> usize {
    let one = |token| match token {
        proc_macro2::TokenTree::Group(group) => count(group.stream()) + 2,
        _ => 1,
    };
    tokens.into_iter().map(one).sum()
}
