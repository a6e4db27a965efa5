//! A contract imported under another name, implemented by a generic actor, inside a function.
#![deny(warnings)]

#[path = "../support/shop.rs"]
mod shop;

fn main() {
    use akt::prelude::*;
    use shop::Cart as Basket;
    use shop::{AddItem, CartError, CartView, Checkout, ClearCart, Receipt};

    struct Generic<T> {
        items: Vec<T>,
        price: T,
    }

    /// Documented, and configured.
    #[actor]
    impl<T> Basket for Generic<T>
    where
        T: Clone + Send + 'static,
    {
        /// Adds the same thing again and again.
        #[cfg(not(test))]
        async fn add(&mut self, _: AddItem) -> Result<CartView, CartError> {
            self.items.push(self.price.clone());
            std::future::ready(()).await;
            Ok(CartView)
        }

        #[inline]
        fn clear(&mut self, mut req: ClearCart, _cx: &mut Ctx<Self>) {
            req.reason.clear();
            self.items.clear();
        }

        fn checkout(&mut self, _: Checkout) -> Receipt {
            Receipt
        }

        #[on(start)]
        fn started(&mut self) {}
    }

    let _ = Generic { items: vec![1], price: 1 };
}
