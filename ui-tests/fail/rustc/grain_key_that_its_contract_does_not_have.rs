#[path = "../../support/shop.rs"]
mod shop;

use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

#[derive(Default)]
struct MyCart;

#[akt::grain(kind = "cart", key = u64)]
impl shop::Cart for MyCart {
    fn add(&mut self, _: AddItem) -> Result<CartView, CartError> {
        Ok(CartView)
    }

    fn clear(&mut self, _: ClearCart) {}

    async fn checkout(&mut self, _: Checkout) -> Receipt {
        Receipt
    }
}

fn main() {}
