#[path = "../support/shop.rs"]
mod shop;

use akt::prelude::*;
use shop::{Checkout, Receipt, AddItem, CartError, CartView, ClearCart};

struct MyCart {
    items: Vec<String>,
}

#[akt::actor]
impl shop::Cart for MyCart {
    fn add(&mut self, req: AddItem) -> Result<CartView, CartError> {
        self.items.push(req.sku);
        Ok(CartView)
    }

    fn clear(&mut self, _: ClearCart) {
        self.items.clear();
    }

    #[handler]
    async fn checkout(&mut self, _: Checkout, cx: &mut Ctx<Self>) -> Receipt {
        cx.stop();
        Receipt
    }
}

fn main() {}
