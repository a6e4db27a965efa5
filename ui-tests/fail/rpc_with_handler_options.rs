#[path = "../support/shop.rs"]
mod shop;

use akt::prelude::*;
use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

#[derive(akt::Behavior)]
enum Phase {
    Open,
    Closed,
}

struct MyCart {
    phase: Phase,
}

#[akt::actor(behavior = phase)]
impl shop::Cart for MyCart {
    #[handler(when = Phase::Open, timeout = "2s")]
    fn add(&mut self, _: AddItem) -> Result<CartView, CartError> {
        Ok(CartView)
    }

    #[handler(stash_when = Phase::Closed)]
    fn clear(&mut self, _: ClearCart) {}

    fn checkout(&mut self, _: Checkout) -> Receipt {
        self.phase = Phase::Closed;
        Receipt
    }
}

fn main() {}
