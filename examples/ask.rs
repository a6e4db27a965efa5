//! The ways of a message: asked, told, sent, forwarded, answered later; and what a timeout says.

use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox};

/// Cooks one order after the other.
struct Kitchen;

#[akt::actor]
impl Kitchen {
    #[handler]
    async fn cook(&mut self, dish: &'static str) -> Result<String, String> {
        match dish {
            "stew" => tokio::time::sleep(Duration::from_millis(200)).await,
            "unicorn" => return Err("we do not cook that".to_owned()),
            _ => tokio::time::sleep(Duration::from_millis(10)).await,
        }
        Ok(format!("{dish}, hot"))
    }
}

/// Takes orders; does not wait for the kitchen.
struct Waiter {
    kitchen: KitchenRef,
    bill: Option<Reply<u32>>,
}

#[akt::actor]
impl Waiter {
    /// The kitchen answers the guest.
    #[handler]
    fn order(&mut self, dish: &'static str, cx: &mut Ctx<Self>) -> Forward<Result<String, String>> {
        cx.forward(self.kitchen.cook(dish))
    }

    /// Answered when somebody pays.
    #[handler(defer)]
    fn bill(&mut self, reply: Reply<u32>) {
        self.bill = Some(reply);
    }

    #[handler]
    fn pay(&mut self, coins: u32) {
        if let Some(bill) = self.bill.take() {
            bill.send(coins);
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("ask").start().await?;
    let kitchen = system.spawn("kitchen", || Kitchen).mailbox(Mailbox::bounded(1)).await?;
    let served = kitchen.clone();
    let factory = move || Waiter { kitchen: served.clone(), bill: None };
    let waiter = system.spawn("waiter", factory).await?;

    println!("# ask");
    println!("{}", kitchen.cook("soup").await.unwrap());
    println!("{:?}", kitchen.cook("unicorn").await.unwrap_err());

    println!("# tell, and a full mailbox");
    kitchen.cook("stew").tell()?;
    tokio::task::yield_now().await;
    kitchen.cook("soup").tell()?;
    println!("{}", kitchen.cook("salad").tell().unwrap_err());
    kitchen.cook("salad").send().await?; // waits for room
    kitchen.cook("bread").await.unwrap();

    println!("# a timeout names its stage");
    let brief = Duration::from_millis(50);
    println!("{}", kitchen.cook("stew").timeout(brief).await.unwrap_err());
    let late = kitchen.cook("soup").timeout(brief).await.unwrap_err();
    println!("{late}; safe to ask again: {}", late.is_retryable());
    println!("{}", kitchen.cook("salad").timeout(brief).await.unwrap_err());
    println!("{}", kitchen.cook("bread").await.unwrap());

    println!("# a call that is dropped is not executed");
    kitchen.cook("stew").tell()?;
    tokio::task::yield_now().await;
    drop(kitchen.cook("cake").start());
    println!("{}", kitchen.cook("soup").await.unwrap());
    println!("cancelled: {}", system.dead_letters_of(DeadLetterReason::Cancelled));

    println!("# forwarded");
    println!("{}", waiter.order("soup").await.unwrap());

    println!("# answered later");
    let bill = waiter.bill().start();
    waiter.pay(12).await?;
    println!("the bill: {}", bill.await?);
    let never = waiter.bill().start();
    tokio::task::yield_now().await;
    waiter.actor().stop();
    println!("{}", never.await.unwrap_err());

    system.shutdown().await;
    Ok(())
}
