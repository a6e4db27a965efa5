#[path = "../../support/shop.rs"]
mod shop;

use akt::prelude::*;
use shop::{Checkout, Receipt, CartError, CartView, ClearCart};

struct MyCart {
    items: Vec<String>,
}

#[akt::actor]
impl shop::Cart for MyCart {
    async fn add(&mut self, req: ClearCart) -> Result<CartView, CartError> {
        self.items.push(req.reason);
        Ok(CartView)
    }

    fn clear(&mut self, _: ClearCart) {
        self.items.clear();
    }

    async fn checkout(&mut self, _: Checkout, cx: &mut Ctx<Self>) -> Receipt {
        cx.stop();
        Receipt
    }
}

fn main() {}
