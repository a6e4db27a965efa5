#[path = "../support/shop.rs"]
mod shop;

use akt::{Reply, Turn, handler};
use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

#[derive(Default)]
struct MyCart {
    state: u64,
}

#[akt::grain(kind = "cart", key = String, gates, state = u64)]
impl shop::Cart for MyCart {
    fn add(&mut self, _: AddItem) -> Result<CartView, CartError> {
        self.state += 1;
        Ok(CartView)
    }

    fn clear(&mut self, _: ClearCart) {}

    async fn checkout(&mut self, _: Checkout) -> Receipt {
        Receipt
    }

    #[handler(private, reentrant)]
    async fn later(this: Turn<Self>) {
        this.with(|cart| cart.state += 1);
    }

    #[handler(private, defer)]
    fn wait(&mut self, reply: Reply<u64>) {
        reply.send(self.state);
    }

    #[handler(private, abort_on_cancel)]
    async fn long(&mut self) -> u64 {
        self.state
    }
}

fn main() {}
