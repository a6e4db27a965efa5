//! Timers: a tick again and again, a wait that begins anew, and what is left when the actor restarts.

use std::time::Duration;

use akt::prelude::*;

/// A lamp with a sensor: goes out when nobody has moved for a while.
#[derive(Default)]
struct Lamp {
    lit: bool,
    checks: u32,
    /// Dropping a timer cancels it.
    off: Option<akt::Timer>,
}

#[akt::actor]
impl Lamp {
    /// Each movement begins the wait anew: the timer before is dropped.
    #[handler]
    fn moved(&mut self, cx: &mut Ctx<Self>) {
        if !self.lit {
            println!("on");
        }
        self.lit = true;
        self.off = Some(cx.after(Duration::from_millis(120), cx.me().off()));
    }

    #[handler]
    fn off(&mut self) {
        self.lit = false;
        println!("off");
    }

    #[handler]
    fn is_lit(&mut self) -> bool {
        self.lit
    }

    /// From the start of each value on.
    #[every("20ms", jitter = "2ms")]
    fn check(&mut self) {
        self.checks += 1;
    }

    #[handler]
    fn checks(&mut self) -> u32 {
        self.checks
    }

    #[handler]
    fn cut_the_power(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(std::io::Error::other("the power was cut"));
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let system = ActorSystem::builder("timers").start().await?;
    let restart = Supervise::one_for_one().otherwise(Directive::Restart);
    let lamp = system.spawn("lamp", Lamp::default).supervise(restart).await?;

    for _ in 0..4 {
        lamp.moved().await?;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    println!("still lit: {}", lamp.is_lit().await?);
    tokio::time::sleep(Duration::from_millis(200)).await;
    println!("lit at last: {}", lamp.is_lit().await?);
    println!("checked meanwhile: {}", lamp.checks().await? > 5);

    lamp.moved().await?;
    println!("{}", lamp.cut_the_power().await.unwrap_err());
    println!("checks of the new value: {}", lamp.checks().await?);
    tokio::time::sleep(Duration::from_millis(200)).await;
    println!("its timer is gone, its checks go on: {}", lamp.checks().await? > 2);

    system.shutdown().await;
    Ok(())
}
