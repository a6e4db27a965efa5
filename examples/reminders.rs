//! Reminders: a cart that forgets its things after a while, and reports every night, also if its process was down.

use std::time::{Duration, SystemTime};

use akt::persistence::MemoryReminderStore;
use akt::prelude::*;
use akt::{ActorRef, Cron, Missed, Runtime};

akt::include_contracts!();
use shop::v1::{AddItem, CartError, CartView, CheckoutRequest, ClearCart, Receipt, ViewCart};

const HOUR: Duration = Duration::from_secs(3_600);

/// 1 July 2026, midnight, UTC.
const MIDNIGHT: Duration = Duration::from_secs(1_782_864_000);

/// The contract's cart, as far as this program needs it. In memory only: what it keeps is another example.
#[derive(Default)]
struct MyCart {
    things: u32,
}

#[akt::grain(kind = "cart", key = String, passivate = "10m")]
impl shop::v1::Cart for MyCart {
    /// Each thing gives the cart two hours more: a reminder of the same name takes the place of the one before.
    async fn add(&mut self, req: AddItem, cx: &mut Ctx<Self>) -> Result<CartView, CartError> {
        self.things += req.qty;
        say(cx, &format!("has {} more", req.qty));
        if let Err(error) = cx.remind("expire", cx.me().clear(ClearCart {})).after(2 * HOUR).await {
            cx.fail(error);
        }
        Ok(CartView::default())
    }

    fn clear(&mut self, _: ClearCart, cx: &mut Ctx<Self>) {
        say(cx, "is cleared");
        self.things = 0;
    }

    fn view(&mut self, _: ViewCart, cx: &mut Ctx<Self>) -> CartView {
        say(cx, "reports");
        CartView::default()
    }

    async fn checkout(&mut self, _: CheckoutRequest, cx: &mut Ctx<Self>) -> Result<Receipt, CartError> {
        match cx.forget("expire").await {
            Ok(was) => say(cx, if was { "is paid for, and does not expire" } else { "is paid for" }),
            Err(error) => cx.fail(error),
        }
        Ok(Receipt { articles: std::mem::take(&mut self.things) })
    }
}

/// What happens in a cart, and of which reminder.
fn say(cx: &Ctx<MyCart>, what: &str) {
    let now = clock(cx.system().runtime().wall_clock());
    match cx.reminder() {
        Some(reminder) => {
            println!("  {now} {}'s cart {what}: `{}`, due {}", cx.key(), reminder.name, clock(reminder.due));
        }
        None => println!("  {now} {}'s cart {what}", cx.key()),
    }
}

/// The day of July, and the time of the day.
fn clock(time: SystemTime) -> String {
    let minutes = time.duration_since(SystemTime::UNIX_EPOCH + MIDNIGHT).unwrap_or_default().as_secs() / 60;
    format!("{}/{:02}:{:02}", minutes / 1_440 + 1, minutes / 60 % 24, minutes % 60)
}

/// One process. A program that runs keeps its reminders in a file: `RedbStore::open("shop.redb")?`.
async fn process(
    store: &MemoryReminderStore,
    runtime: Runtime,
    start: Duration,
) -> Result<ActorSystem, Box<dyn std::error::Error>> {
    runtime.set_wall_clock(SystemTime::UNIX_EPOCH + MIDNIGHT + start);
    let builder = ActorSystem::builder("shop").runtime(runtime);
    Ok(builder.reminder_store(store.clone()).grain::<MyCart>().start().await?)
}

async fn list(system: &ActorSystem, cart: &impl ActorRef) -> Result<(), Box<dyn std::error::Error>> {
    for kept in system.reminders(cart).list().await? {
        println!("  `{}`, {:?}, next {}", kept.name, kept.kind, clock(kept.next));
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = MemoryReminderStore::new();

    println!("one process:");
    let first = process(&store, Runtime::current()?, Duration::ZERO).await?;
    let anna = MyCart::grain(&first, "anna");
    let nightly = Cron::new("0 0 3 * * *")?;
    let report = first.reminders(&anna).remind("report", anna.view(ViewCart {}));
    report.cron(&nightly).missed(Missed::All { max: 2 }).await?;
    anna.add(AddItem { sku: "book".to_owned(), qty: 1 }).await?;
    first.runtime().sleep(HOUR).await;
    anna.add(AddItem { sku: "pen".to_owned(), qty: 2 }).await?;
    list(&first, &anna).await?;
    first.runtime().sleep(3 * HOUR).await;
    anna.add(AddItem { sku: "book".to_owned(), qty: 1 }).await?;
    first.shutdown().await;

    println!("three days later, another:");
    let second = process(&store, Runtime::current()?, 84 * HOUR).await?;
    second.runtime().sleep(HOUR).await;
    let anna = MyCart::grain(&second, "anna");
    anna.add(AddItem { sku: "pen".to_owned(), qty: 1 }).await?;
    anna.checkout(CheckoutRequest {}).await?;
    second.reminders(&anna).forget("report").await?;
    second.runtime().sleep(48 * HOUR).await;
    println!("nothing is left:");
    list(&second, &anna).await?;
    second.shutdown().await;
    Ok(())
}
