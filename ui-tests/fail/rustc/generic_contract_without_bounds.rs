use std::marker::PhantomData;

#[path = "../../support/shop.rs"]
mod shop;

use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

struct MyCart<K> {
    keys: PhantomData<K>,
}

#[akt::actor]
impl<K: 'static> shop::Cart for MyCart<K> {
    fn add(&mut self, _: AddItem) -> Result<CartView, CartError> {
        Ok(CartView)
    }

    fn clear(&mut self, _: ClearCart) {}

    fn checkout(&mut self, _: Checkout) -> Receipt {
        Receipt
    }
}

fn main() {}
