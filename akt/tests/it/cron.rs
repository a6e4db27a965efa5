//! Ticks at times of the day: by the clock on the wall, in a time zone, also when that clock is changed or set.

use std::time::{Duration, SystemTime};

use akt::prelude::*;
use akt::{Cron, Runtime, ScheduleKind};
use tokio::sync::mpsc;

/// Days of 2026 in UTC: the clocks of Berlin are put forward, and back.
const FORWARD: u64 = 1_774_742_400; // 29 March
const BACK: u64 = 1_792_886_400; // 25 October

const HOUR: u64 = 3_600;

/// Backs up at night, and says when.
struct Store {
    log: mpsc::Sender<SystemTime>,
}

#[akt::actor]
impl Store {
    #[cron("0 30 2 * * *", zone = "Europe/Berlin")]
    fn back_up(&mut self, cx: &mut Ctx<Self>) {
        self.log.try_send(cx.system().runtime().wall_clock()).expect("the log has room");
    }

    #[handler]
    fn note(&mut self, cx: &mut Ctx<Self>) {
        self.back_up(cx);
    }

    #[handler]
    fn note_by(&mut self, cron: Cron, cx: &mut Ctx<Self>) {
        cx.cron(&cron, |me| me.note().post()).detach();
    }

    #[handler]
    #[cron("@yearly")]
    #[every("100h")]
    async fn rest(&mut self) {
        tokio::task::yield_now().await;
    }

    #[handler]
    fn boom(&mut self) {
        panic!("cron: boom");
    }
}

fn wall(secs: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(secs)
}

struct Bench {
    system: ActorSystem,
    store: StoreRef,
    log: mpsc::Receiver<SystemTime>,
}

impl Bench {
    async fn starting_at(secs: u64) -> Self {
        Self::on(Runtime::current().unwrap(), secs).await
    }

    async fn on(runtime: Runtime, secs: u64) -> Self {
        runtime.set_wall_clock(wall(secs));
        let system = ActorSystem::builder("test").runtime(runtime).start().await.unwrap();
        let (log, heard) = mpsc::channel(10_000);
        let restart = Supervise::one_for_one().otherwise(Directive::Restart);
        let store = system.spawn("store", move || Store { log: log.clone() }).supervise(restart);
        Self { store: store.await.unwrap(), system, log: heard }
    }

    /// The ticks of the next `secs`, in seconds after `since`.
    async fn within(&mut self, secs: u64, since: u64) -> Vec<u64> {
        self.system.runtime().sleep(Duration::from_secs(secs)).await;
        let ticks = std::iter::from_fn(|| self.log.try_recv().ok());
        ticks.map(|at| at.duration_since(wall(since)).unwrap().as_secs()).collect()
    }

    fn schedule(&self, name: &str, expression: &str) {
        let cron = Cron::new(expression).unwrap();
        self.system.scheduler().cron(name, &cron, &self.store, |store| store.note().post()).unwrap();
    }
}

#[akt::test]
async fn a_cron_handler_comes_at_its_time_in_its_zone() {
    let mut bench = Bench::starting_at(BACK + 24 * HOUR).await;

    let ticks = bench.within(48 * HOUR, BACK).await;

    assert_eq!(ticks, [24 * HOUR + 5_400, 48 * HOUR + 5_400], "half past two is 01:30 in UTC");
    bench.store.back_up().await.unwrap();
    assert_eq!(bench.within(0, BACK).await.len(), 1, "it is a handler as well");
    bench.store.rest().await.unwrap();
    bench.system.shutdown().await;
}

#[akt::test]
async fn half_past_two_comes_at_three_on_the_day_on_which_it_is_skipped() {
    let mut bench = Bench::starting_at(FORWARD - HOUR).await;

    let ticks = bench.within(26 * HOUR, FORWARD).await;

    assert_eq!(ticks, [HOUR, 24 * HOUR + 1_800], "at the change, 01:00 in UTC; then again at 02:30");
    bench.system.shutdown().await;
}

#[akt::test]
async fn half_past_two_comes_once_on_the_day_on_which_it_is_repeated() {
    let mut bench = Bench::starting_at(BACK - HOUR).await;

    let ticks = bench.within(27 * HOUR, BACK).await;

    assert_eq!(ticks, [1_800, 24 * HOUR + 5_400], "the first time, 00:30 in UTC");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_restart_begins_the_cron_handlers_of_the_new_value() {
    let mut bench = Bench::starting_at(BACK + 24 * HOUR).await;
    let cron = Cron::new("0 0 * * * *").unwrap();
    bench.store.note_by(cron).await.unwrap();
    assert_eq!(bench.within(HOUR + 60, BACK + 24 * HOUR).await, [HOUR]);

    bench.store.boom().await.unwrap_err();

    assert_eq!(bench.within(HOUR, BACK + 24 * HOUR).await, [5_400], "what the old one had set is gone");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_cron_schedule_is_listed_paused_and_resumed() {
    let mut bench = Bench::starting_at(BACK + 12 * HOUR + 1).await;
    bench.schedule("hourly", "0 0 * * * *");
    let list = || bench.system.scheduler().list().pop().unwrap();
    let kind = ScheduleKind::Cron { expression: "0 0 * * * *".into(), zone: "UTC".into() };
    assert_eq!((list().kind, list().next), (kind, Some(wall(BACK + 13 * HOUR))));
    let scheduler = bench.system.scheduler();

    scheduler.pause("hourly").unwrap();
    assert_eq!(bench.within(2 * HOUR, BACK).await, [0; 0]);
    scheduler.resume("hourly").unwrap();

    assert_eq!(scheduler.list().pop().unwrap().next, Some(wall(BACK + 15 * HOUR)));
    assert_eq!(bench.within(HOUR, BACK).await, [15 * HOUR], "what came due meanwhile is left out");
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_clock_that_is_set_forward_over_several_ticks_brings_one_within_a_minute() {
    let mut bench = Bench::starting_at(BACK + 12 * HOUR + 1).await;
    bench.schedule("hourly", "0 0 * * * *");

    bench.system.runtime().set_wall_clock(wall(BACK + 15 * HOUR + 600));

    assert_eq!(bench.within(61, BACK + 15 * HOUR).await, [660]);
    assert_eq!(bench.within(HOUR, BACK + 15 * HOUR).await, [HOUR]);
    bench.system.shutdown().await;
}

#[akt::test]
async fn a_clock_that_is_set_back_a_little_repeats_no_tick_and_set_back_more_begins_anew() {
    let mut bench = Bench::starting_at(BACK + 12 * HOUR - 10).await;
    bench.schedule("hourly", "0 0 * * * *");
    assert_eq!(bench.within(20, BACK).await, [12 * HOUR]);

    bench.system.runtime().set_wall_clock(wall(BACK + 12 * HOUR - 20));
    assert_eq!(bench.within(HOUR, BACK).await, [0; 0], "by half a minute: it was twelve before");
    assert_eq!(bench.within(30, BACK).await, [13 * HOUR]);

    bench.system.runtime().set_wall_clock(wall(BACK + 11 * HOUR));
    assert_eq!(bench.within(HOUR + 60, BACK).await, [12 * HOUR], "by two hours: twelve comes again");
    bench.system.shutdown().await;
}

#[akt::test]
async fn an_expression_of_every_second_comes_every_second() {
    let mut bench = Bench::starting_at(BACK + 12 * HOUR).await;
    bench.schedule("ticks", "* * * * * *");

    let ticks = bench.within(600, BACK + 12 * HOUR).await;

    assert_eq!(ticks, (1..600).collect::<Vec<_>>());
    bench.system.shutdown().await;
}

#[test]
fn a_simulation_begins_with_the_year_2000_and_its_cron_ticks_replay() {
    let run = |seed| {
        akt::sim::run(seed, |runtime| async move {
            let begin = runtime.wall_clock();
            let mut bench = Bench::on(runtime.clone(), FORWARD).await;
            bench.schedule("hourly", "0 */10 * * * *");
            (begin, bench.within(5 * HOUR, FORWARD).await)
        })
    };

    let (begin, ticks) = run(7);

    assert_eq!(begin, wall(946_684_800));
    assert_eq!(ticks.len(), 30, "29 of every ten minutes, and a backup");
    assert_eq!(run(7).1, ticks);
}
