//! A generic actor serves a contract, and has messages of its own.

#[path = "../support/shop.rs"]
mod shop;

use std::collections::VecDeque;

use akt::prelude::*;
use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

struct MyCart<K, const N: usize> {
    keys: VecDeque<K>,
}

#[akt::actor(mailbox = bounded(8))]
impl<K: Send + 'static, const N: usize> shop::Cart for MyCart<K, N> {
    fn add(&mut self, _: AddItem) -> Result<CartView, CartError> {
        self.keys.truncate(N);
        Ok(CartView)
    }

    fn clear(&mut self, _: ClearCart) {
        self.keys.clear();
    }

    async fn checkout(&mut self, _: Checkout) -> Receipt {
        Receipt
    }

    #[handler(private)]
    fn push(&mut self, key: K) -> Option<K> {
        self.keys.push_back(key);
        (self.keys.len() > N).then(|| self.keys.pop_front()).flatten()
    }
}

async fn _use(cart: MyCartRef<String, 3>) {
    let _ = cart.push("key".to_owned()).await;
    let _ = cart.checkout(Checkout).await;
    let contract: shop::CartRef = cart.into();
    let _ = contract.clear(ClearCart { reason: "none".to_owned() }).await;
}

fn main() {}
