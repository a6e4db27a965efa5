//! The server's half: an actor that keeps a cart.

use std::error::Error;
use std::time::Duration;

use akt::Remote;
use akt::prelude::*;

use crate::shop::v1::{self as shop, cart_error::Kind};

/// How many of each article the shop has.
const STOCK: u32 = 10;

#[derive(Default)]
struct MyCart {
    lines: Vec<shop::Line>,
}

#[akt::actor]
impl shop::Cart for MyCart {
    fn add(&mut self, req: shop::AddItem) -> Result<shop::CartView, shop::CartError> {
        let held = self.lines.iter().find(|line| line.sku == req.sku).map_or(0, |line| line.qty);
        let left = STOCK - held;
        if req.qty > left {
            let kind = Some(Kind::OutOfStock(shop::OutOfStock { sku: req.sku, left }));
            return Err(shop::CartError { kind });
        }
        match self.lines.iter_mut().find(|line| line.sku == req.sku) {
            Some(line) => line.qty += req.qty,
            None => self.lines.push(shop::Line { sku: req.sku, qty: req.qty }),
        }
        Ok(self.contents())
    }

    fn clear(&mut self, _: shop::ClearCart) {
        self.lines.clear();
    }

    fn view(&mut self, _: shop::ViewCart) -> shop::CartView {
        self.contents()
    }

    async fn checkout(
        &mut self,
        _: shop::CheckoutRequest,
        cx: &mut Ctx<Self>,
    ) -> Result<shop::Receipt, shop::CartError> {
        if self.lines.is_empty() {
            return Err(shop::CartError { kind: Some(Kind::Empty(shop::cart_error::Empty {})) });
        }
        eprintln!("cart: checking out");
        cx.system().runtime().sleep(Duration::from_secs(10)).await;
        Ok(shop::Receipt { articles: self.lines.drain(..).map(|line| line.qty).sum() })
    }
}

impl MyCart {
    fn contents(&self) -> shop::CartView {
        shop::CartView { lines: self.lines.clone() }
    }
}

/// Serves one cart on `address` until `end`; prints where.
pub async fn serve(address: &str, end: impl Future) -> Result<(), Box<dyn Error>> {
    let system = ActorSystem::builder("shop").remote(Remote::quic(address)).start().await?;
    let cart = system.spawn("cart", MyCart::default).await?;
    let node = system.address().ok_or("a system with remoting has an address")?;
    println!("akt://{node}{}", cart.actor().path());
    end.await;
    system.shutdown().await;
    Ok(())
}
