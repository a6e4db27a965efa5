#[path = "../../support/shop.rs"]
mod shop;

use shop::{AddItem, CartError, CartView, ClearCart};

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
}

fn main() {}
