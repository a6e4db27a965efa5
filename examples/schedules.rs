//! Schedules and cron: a night in which the clocks are changed, on a paused clock.

use std::time::{Duration, SystemTime};

use akt::prelude::*;
use akt::{Cron, Runtime, Scheduler};

const HOUR: Duration = Duration::from_secs(3_600);

/// 29 March 2026, midnight in Berlin. At two the clocks there are put forward to three.
const MIDNIGHT: Duration = Duration::from_secs(1_774_738_800);

struct Shop;

#[akt::actor]
impl Shop {
    /// Every night, and this night too: half past two does not come, so it comes at three.
    #[cron("0 30 2 * * *", zone = "Europe/Berlin")]
    fn back_up(&mut self, cx: &mut Ctx<Self>) {
        say("backup", cx);
    }

    #[handler]
    fn count(&mut self, what: &'static str, cx: &mut Ctx<Self>) {
        say(what, cx);
    }
}

fn say(what: &str, cx: &Ctx<Shop>) {
    println!("  {} {what}", clock(cx.system().runtime().wall_clock()));
}

/// How long after midnight, whatever the clocks in Berlin show.
fn clock(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH + MIDNIGHT).unwrap_or_default();
    let minutes = since.as_secs() / 60;
    format!("+{}:{:02}", minutes / 60, minutes % 60)
}

fn show(scheduler: &Scheduler) {
    for schedule in scheduler.list() {
        let next = schedule.next.map_or("paused".to_owned(), clock);
        println!("  {} to {}, {:?}: {next}", schedule.name, schedule.target, schedule.kind);
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::current()?;
    runtime.set_wall_clock(SystemTime::UNIX_EPOCH + MIDNIGHT);
    let system = ActorSystem::builder("schedules").runtime(runtime.clone()).start().await?;
    let shop = system.spawn("shop", || Shop).await?;
    let scheduler = system.scheduler();

    scheduler.once("closing", HOUR / 2, shop.count("the till"))?;
    scheduler.every("doors", HOUR, &shop, |shop| shop.count("the doors").post())?;
    let shelves = Cron::new("0 15 */2 * * *")?.zone("Europe/Berlin")?;
    scheduler.cron("shelves", &shelves, &shop, |shop| shop.count("the shelves").post())?;
    println!("scheduled:");
    show(&scheduler);

    println!("the night:");
    runtime.sleep(HOUR * 3 + HOUR / 2).await;

    println!("the doors are paused, their name is taken:");
    scheduler.pause("doors")?;
    show(&scheduler);
    let taken = scheduler.every("doors", HOUR, &shop, |shop| shop.count("other doors").post());
    println!("  {}", taken.unwrap_err());
    runtime.sleep(HOUR * 2).await;

    println!("they are resumed, in their old rhythm:");
    scheduler.resume("doors")?;
    runtime.sleep(HOUR).await;

    println!("the shop is closed:");
    shop.actor().stop();
    shop.actor().stopped().await;
    println!("  {} schedules", scheduler.list().len());
    println!("  {}", scheduler.cancel("doors").unwrap_err());
    println!("  {}", Cron::new("0 0 24 * * *").unwrap_err());
    system.shutdown().await;
    Ok(())
}
