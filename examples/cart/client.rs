//! The client's half: typed calls to a cart in another process.

use std::error::Error;
use std::time::Duration;

use akt::prelude::*;
use akt::{Remote, Stage};

use crate::shop::v1::{self as shop, cart_error::Kind};

/// A node that can call the server's: systems of one name talk to each other.
async fn client() -> Result<ActorSystem, Box<dyn Error>> {
    Ok(ActorSystem::builder("shop").remote(Remote::quic("127.0.0.1:0")).start().await?)
}

/// One call of each kind, each printed.
pub async fn tour(address: &str) -> Result<(), Box<dyn Error>> {
    let system = client().await?;
    let cart = system.actor_at::<shop::CartRef>(address)?;

    let view = cart.add(item("pear", 2)).await?;
    println!("ask    add pear x2      -> {}", text(&view));

    cart.add(item("apple", 3)).tell()?;
    println!("tell   add apple x3     -> sent");

    let view = cart.view(shop::ViewCart {}).await?;
    println!("ask    view             -> {}", text(&view));

    match cart.add(item("pear", 9)).await {
        Err(AskError::Handler(error)) => println!("error  add pear x9      -> {}", reason(error)),
        other => return Err(format!("expected the cart's own error, got {other:?}").into()),
    }

    match cart.checkout(shop::CheckoutRequest {}).timeout(Duration::from_millis(500)).await {
        Err(AskError::Timeout(info)) => {
            let stage = match info.stage {
                Stage::Handling { .. } => "its handler was running",
                Stage::Queued { .. } => "it was queued",
                _ => "it was on its way",
            };
            println!("late   checkout         -> timeout while {stage}, delivered: {}", info.delivered);
        }
        other => return Err(format!("expected a timeout, got {other:?}").into()),
    }

    system.shutdown().await;
    Ok(())
}

/// Adds one article, or checks out, and prints the answer.
pub async fn call(address: &str, sku: &str, qty: u32, checkout: bool) -> Result<(), Box<dyn Error>> {
    let system = client().await?;
    let cart = system.actor_at::<shop::CartRef>(address)?;
    let outcome = add(&cart, sku, qty, checkout).await;
    system.shutdown().await;
    println!("{}", outcome?);
    Ok(())
}

async fn add(cart: &shop::CartRef, sku: &str, qty: u32, checkout: bool) -> Result<String, Box<dyn Error>> {
    match cart.add(item(sku, qty)).await {
        Ok(view) => println!("{}", text(&view)),
        Err(AskError::Handler(error)) => return Ok(reason(error)),
        Err(error) => return Err(explain(&error)),
    }
    if !checkout {
        return Ok("ok".to_owned());
    }
    match cart.checkout(shop::CheckoutRequest {}).await {
        Ok(receipt) => Ok(format!("paid {} articles", receipt.articles)),
        Err(AskError::Handler(error)) => Ok(reason(error)),
        Err(error) => Err(explain(&error)),
    }
}

/// The error with its cause.
fn explain<E: Error + 'static>(error: &AskError<E>) -> Box<dyn Error> {
    match error.source() {
        Some(cause) => format!("{error} ({cause})").into(),
        None => error.to_string().into(),
    }
}

fn item(sku: &str, qty: u32) -> shop::AddItem {
    shop::AddItem { sku: sku.to_owned(), qty }
}

fn text(view: &shop::CartView) -> String {
    let lines: Vec<_> = view.lines.iter().map(|line| format!("{} x{}", line.sku, line.qty)).collect();
    if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") }
}

fn reason(error: shop::CartError) -> String {
    match error.kind {
        Some(Kind::OutOfStock(out)) => format!("out of stock: {} {} left", out.left, out.sku),
        Some(Kind::Empty(_)) => "the cart is empty".to_owned(),
        None => "a reason that this program does not know".to_owned(),
    }
}
