//! The mistakes of whole impl blocks, all of them in one run.

use quote::quote;
use syn::{ImplItem, Item};

use super::{errors, expand};
use crate::expand::{contract_actor, grain_attribute};

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
            "unknown option `jiter`; did you mean `jitter`? supported: `jitter`, `keep_alive`",
            "a timer needs time between its ticks",
            "expected `,`",
            "a deferred handler's last argument is `reply: Reply<T>`",
            "the reply type is taken from `Reply<T>`; remove `-> u8`",
            "a timer handler takes no message arguments",
        ]
    );
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
            "a handler with `Turn<Self>` lets others in while it waits; add `reentrant`: `#[handler(reentrant)]`",
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
            "unknown option `mailbx`; did you mean `mailbox`? supported: `behavior`, `concurrency`, `crate`, `event_sourced`, `mailbox`, `max_message`, `order`, `passivate`, `stash`, `supervise`, `unhandled`",
            "handlers take `&mut self`, `&self` or `this: Turn<Self>`",
            "message arguments are owned; use `String`",
            "name the argument; destructure in the body",
            "replies are owned; return `Vec<u8>`",
            "a message can't be generic; make the actor generic",
            "message arguments need a concrete type",
            "replies need a concrete type; for streams take `out: StreamSink<T>`",
            "only one reference argument is allowed: the context, `cx: &mut Ctx<Self>`",
            "unknown event `strat`; did you mean `start`? supported: `start`, `restart`, `stop`, `activate`, `deactivate`, `terminated`, `enter`, `event`",
            "`#[on(terminated)]` takes the actor that stopped: `terminated: Terminated`",
            "`#[on(terminated)]` returns `()` or `Result<(), Fault>`",
            "`tell` exists on every reference; rename or `#[handler(name = \"..\")]`",
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
            "message `Add` is handled twice; rename one handler",
            "message `Add` already handled here",
            "`#[on(stop)]` given twice; call one hook from the other",
            "first given here",
        ]
    );
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
            rpc add Add exclusive unary [ shop::AddItem ] -> [ shop::View ] error [ ]
            rpc clear Clear exclusive unary [ shop::ClearCart ] -> [ () ] error [ ]
            rpc checkout Checkout exclusive unary [ shop::Checkout ] -> [ () ] error [ ]
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
            "`add` takes `&mut self`; for `&self` its contract says `option (akt.rpc).read_only = true;`",
            "`add` takes one request, `AddItem`, and the context",
            "`clear` takes its request: `req: ClearCart`",
            "every method of a contract is a handler; remove `#[handler]`",
            "`chekout` is not in `shop::Cart`; did you mean `checkout`?",
            "`expire` is not in `shop::Cart`; mark `#[handler(private)]` or move it to an inherent `impl`",
        ]
    );
}

#[test]
fn streams_in_other_places_than_those_of_the_contract_are_reported() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ radio::Radio ] message [ radio::RadioMsg ] reference [ radio::RadioRef ]
            rpc listen Listen exclusive server [ radio::Wave ] -> [ radio::Sound ] error [ radio::OffAir ]
            rpc watch Watch exclusive server [ () ] -> [ radio::Wave ] error [ ]
            rpc speak Speak exclusive client [ radio::Sound ] -> [ () ] error [ ]
            rpc hear Hear exclusive client [ radio::Sound ] -> [ () ] error [ ]
            rpc call Call exclusive both [ radio::Sound ] -> [ radio::Sound ] error [ ]
        }
        options { }
        impl radio::Radio for MyRadio {
            fn listen(&mut self, req: Wave) -> Result<(), OffAir> {}
            fn watch(&mut self, out: StreamSink<Wave>, req: ()) {}
            fn speak(&mut self, req: Sound) {}
            fn hear(&mut self, input: akt::Streaming<Sound>, more: u8) {}
            fn call(&mut self, out: StreamSink<Sound>, input: Streaming<Sound>) {}
        }
    });

    assert_eq!(
        errors(&expanded),
        [
            "`listen` takes `req: Wave` and `out: StreamSink<Sound, OffAir>`",
            "`watch` takes `req: ()` and `out: StreamSink<Wave>`",
            "`speak` takes `input: Streaming<Sound>`",
            "`hear` takes `input: Streaming<Sound>`, and the context",
            "`call` takes `input: Streaming<Sound>` and `out: StreamSink<Sound>`",
        ]
    );
}

#[test]
fn receivers_that_are_not_those_of_the_contract_are_reported() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ shop::Cart ] message [ shop::CartMsg ] reference [ shop::CartRef ]
            rpc add Add exclusive unary [ shop::AddItem ] -> [ shop::View ] error [ ]
            rpc view View shared unary [ shop::ViewCart ] -> [ shop::View ] error [ ]
            rpc pay Pay turn unary [ shop::Pay ] -> [ () ] error [ ]
            rpc clear Clear exclusive unary [ () ] -> [ () ] error [ ]
        }
        options { }
        impl shop::Cart for MyCart {
            async fn add(this: Turn<Self>, req: AddItem) -> View {}
            fn view(&mut self, req: ViewCart) -> View {}
            fn pay(this: Turn<Self>, req: Pay) {}
            #[handler(max = 3)]
            fn clear(&mut self, _: ()) {}
        }
    });

    assert_eq!(
        errors(&expanded),
        [
            "`add` takes `&mut self`; for `this: Turn<Self>` its contract says `option (akt.rpc).reentrant = true;`",
            "`view` is read-only in its contract: it takes `&self`",
            "`pay` is reentrant in its contract: it is an `async fn` that takes `this: Turn<Self>`",
            "`clear` is not reentrant in its contract: `max` counts reentrant handlers",
        ]
    );
}

#[test]
fn options_that_do_not_fit_their_handler_are_reported() {
    let expanded = expand(
        quote!(),
        quote! {
            impl Counter {
                #[handler(private)]
                fn add(&mut self) {}
                #[handler(abort_on_cancel)]
                fn get(&mut self) -> u8 {}
                #[handler(defer, abort_on_cancel)]
                async fn wait(&mut self, reply: Reply<u8>) {}
                #[handler(result)]
                fn load(&mut self) -> Result<u8, String> {}
                #[handler(result)]
                fn drop(&mut self) {}
                #[handler(name = "add")]
                fn increase(&mut self) {}
            }
        },
    );

    assert_eq!(
        errors(&expanded),
        [
            "`private` is for handlers beside a contract; here the method's visibility says who may send it",
            "`abort_on_cancel` drops a handler at an await: make it an `async fn`",
            "a deferred handler may end before its asker has an answer; remove `abort_on_cancel`",
            "`Result<u8, String>` is read as a `Result` anyway; remove `result`",
            "`result` is for a handler that returns a `Result` under another name; this one returns nothing",
            "message `Add` is handled twice; rename one handler",
            "message `Add` already handled here",
        ]
    );
}

#[test]
fn mistakes_with_events_are_reported() {
    let block = quote! {
        impl Cart {
            #[handler] fn add(&mut self, item: Item) {}
            #[handler(defer)] fn later(&mut self, reply: Reply<u8>) {}
            #[handler] fn fail(&mut self) -> Result<(), Fault> {}
            #[handler] fn read(&self) -> Persist<Self, u8> {}
            #[handler(reentrant)] async fn turn(this: Turn<Self>) {}
            #[handler] fn view(&self) -> u8 {}
            #[handler] fn clear(&mut self) -> akt::persistence::Persist<Self> {}
            #[apply] async fn apply(&self, event: CartEvent) -> bool {}
            #[apply] fn again(&mut self, event: &CartEvent) {}
        }
    };

    assert_eq!(
        errors(&expand(quote!(event_sourced(event = CartEvent, kind = "cart", schema = 2)), block.clone())),
        [
            "there may be events of schema 1: say how they are read, `upcast = path`, a `fn(u32, Bytes) -> Result<Event, Fault>`",
            "`#[apply]` is `fn apply(&mut self, event: &Event)`: it changes the state at once",
            "`#[apply]` is `fn apply(&mut self, event: &Event)`: it takes `&mut self`",
            "`#[apply]` is `fn apply(&mut self, event: &Event)`: it takes the event, borrowed, and nothing else",
            "`#[apply]` is `fn apply(&mut self, event: &Event)`: what has happened cannot fail, it returns nothing",
        ]
    );
    assert_eq!(
        errors(&expand(quote!(event_sourced(event = CartEvent)), block.clone())).split_off(4),
        [
            "`#[apply]` given twice; match on the event in one method",
            "first given here",
            "event-sourced handlers return `Persist<..>`; one that only reads takes `&self`",
            "event-sourced handlers return `Persist<..>`; one that only reads takes `&self`",
            "event-sourced handlers return `Persist<..>`; one that only reads takes `&self`",
            "a handler that persists takes `&mut self`",
            "an event-sourced actor has no reentrant handlers: only its events change it, one turn after the other",
        ]
    );
    assert_eq!(
        errors(&expand(quote!(), block)).split_off(4),
        [
            "`#[apply]` is for an event-sourced actor: say `event_sourced(event = ..)` in the actor's attribute",
            "`#[apply]` is for an event-sourced actor: say `event_sourced(event = ..)` in the actor's attribute",
        ]
    );
}

#[test]
fn mistakes_in_what_an_attribute_says_of_events_are_reported() {
    let said = |args| errors(&expand(args, quote!(impl Cart { #[handler] fn view(&self) -> u8 {} })));

    assert_eq!(
        said(quote!(event_sourced(kind = "cart"))),
        ["say what is persisted: `event_sourced(event = CartEvent)`"]
    );
    assert_eq!(
        said(quote!(event_sourced(
            event = E,
            schema = 0,
            snapshot_every = 0,
            kind = "a b",
            upcast = 3,
            evnt = E
        ))),
        [
            "schemas are numbered from 1 on: `schema = 2`",
            "a snapshot follows at least one event",
            "a kind is a name: 1 to 255 bytes without `/`, spaces or control characters, and no `$` in front",
            "expected identifier",
            "unknown option `evnt`; did you mean `event`? supported: `event`, `kind`, `schema`, `snapshot_every`, `upcast`",
        ]
    );
    assert_eq!(
        said(quote!(event_sourced(event = E, upcast = words))),
        ["`upcast` reads events of older schemas; say which this one is: `schema = 2`"]
    );
    assert_eq!(
        said(quote!(event_sourced = E)),
        ["`event_sourced` stands with parentheses: `event_sourced(..)`"]
    );
    assert_eq!(
        said(quote!(event_sourced(event = shop::E))),
        ["an event-sourced actor applies its events: add `#[apply] fn apply(&mut self, event: &shop::E)`"]
    );
}

#[test]
fn a_grain_has_one_kind() {
    let block = quote!(impl Cart { #[handler] fn view(&self) {} #[apply] fn apply(&mut self, event: &E) {} });

    let expanded =
        grain_attribute(&quote!(kind = "cart", key = u64, event_sourced(event = E, kind = "basket")), &block);

    assert_eq!(
        errors(&expanded),
        ["a grain has one kind, that of `#[akt::grain(kind = \"..\")]`; remove this one"]
    );
}
