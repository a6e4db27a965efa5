//! Rpcs of a contract that leave their answer to others, and those that cannot.

use quote::quote;

use super::{compare, contract_actor, errors};

#[test]
fn an_actor_of_a_contract_that_forwards_expands_as_written_down() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ shop::v1::Cart ] message [ shop::v1::CartMsg ] reference [ shop::v1::CartRef ]
            rpc add Add exclusive unary [ shop::v1::AddItem ] -> [ shop::v1::CartView ] error [ shop::v1::CartError ]
            rpc view View shared unary [ () ] -> [ shop::v1::CartView ] error [ ]
        }
        options { }
        impl shop::Cart for Desk {
            fn add(&mut self, req: AddItem, cx: &mut Ctx<Self>) -> Forward<Result<CartView, CartError>> {
                cx.forward(self.cart.add(req))
            }

            async fn view(&self, _: (), cx: &Ctx<Self>) -> akt::Forward<CartView> {
                cx.forward(self.cart.view(()))
            }
        }
    });

    compare("desk.rs", expanded);
}

#[test]
fn rpcs_that_cannot_forward_are_reported() {
    let expanded = contract_actor(quote! {
        contract {
            trait [ radio::Radio ] message [ radio::RadioMsg ] reference [ radio::RadioRef ]
            rpc watch Watch exclusive server [ () ] -> [ radio::Wave ] error [ ]
            rpc tune Tune turn unary [ radio::Wave ] -> [ () ] error [ ]
        }
        options { }
        impl radio::Radio for MyRadio {
            fn watch(&mut self, req: (), out: StreamSink<Wave>) -> Forward<()> {}
            async fn tune(this: Turn<Self>, req: Wave) -> akt::Forward<()> {}
        }
    });

    assert_eq!(
        errors(&expanded),
        [
            "`watch` answers with a stream, which is not forwarded; open the other's and send on its items",
            "`tune` is reentrant in its contract, and holds nobody up: await the call, and return its answer",
        ]
    );
}
