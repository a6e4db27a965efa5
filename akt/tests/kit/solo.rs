//! One actor by itself: what each message makes it do.

use std::time::Duration;

use akt::prelude::*;
use akt::testkit::{Effect, Probe, Solo};
use akt::{AnyRef, StopReason, Timer};

use crate::support::{Counter, CounterRef};

const SECOND: Duration = Duration::from_secs(1);

#[derive(akt::Behavior, Default)]
enum Phase {
    #[default]
    Closed,
    Open,
}

/// Does one thing for each message.
struct Shop {
    counter: CounterRef,
    phase: Phase,
    timer: Option<Timer>,
    sold: i64,
}

#[akt::actor(behavior = phase, stash = 8)]
impl Shop {
    #[on(start)]
    fn started(&mut self, cx: &mut Ctx<Self>) {
        cx.watch(&self.counter.actor());
    }

    #[handler(when = Phase::Closed)]
    fn open(&mut self, cx: &mut Ctx<Self>) {
        self.phase = Phase::Open;
        cx.unstash_all();
    }

    #[handler(stash_when = Phase::Closed)]
    fn sell(&mut self, count: i64) -> i64 {
        self.counter.add(count).tell().ok();
        self.sold += count;
        self.sold
    }

    #[handler]
    async fn count(&mut self, by: i64) -> Result<i64, Fault> {
        Ok(self.counter.add(by).await?)
    }

    #[handler]
    fn remind(&mut self, secs: u64, cx: &mut Ctx<Self>) {
        self.timer = Some(cx.after(SECOND * u32::try_from(secs).unwrap(), cx.me().forget()));
    }

    #[handler]
    fn forget(&mut self) {
        self.timer = None;
    }

    #[handler]
    async fn hire(&mut self, cx: &mut Ctx<Self>) -> Result<AnyRef, Fault> {
        Ok(cx.spawn("clerk", Counter::default).await?.actor())
    }

    #[handler]
    fn look_away(&mut self, cx: &mut Ctx<Self>) {
        cx.unwatch(&self.counter.actor());
    }

    #[handler]
    fn burn(&mut self) {
        panic!("fire");
    }

    #[handler]
    fn quit(&mut self, cx: &mut Ctx<Self>) {
        cx.stop();
    }
}

fn shop() -> (Solo<Shop>, Probe<CounterRef>) {
    Solo::with(|kit| {
        let (counter, probe) = kit.probe::<CounterRef>();
        (Shop { counter, phase: Phase::default(), timer: None, sold: 0 }, probe)
    })
}

#[test]
fn what_an_actor_did_when_it_started_is_told() {
    let (shop, probe) = shop();

    assert_eq!(shop.started(), [Effect::Watched(probe.path())]);
}

#[test]
fn a_handler_answers_and_its_state_is_seen() {
    let mut counter = Solo::new(Counter::default());

    let mut add = counter.run(|counter| counter.add(2));

    assert_eq!((add.reply(), add.effects()), (Some(2), &[][..]));
    assert!(add.result().is_none());
    assert_eq!(counter.state(|counter| counter.value), 2);
}

#[test]
fn what_it_tells_and_puts_aside_is_seen() {
    let (mut shop, mut probe) = shop();

    assert_eq!(shop.tell(|shop| shop.sell(3)).unwrap(), [Effect::Stashed(1)]);
    let open = shop.run(|shop| shop.open());

    let to = probe.path();
    assert_eq!(
        open.effects(),
        [Effect::Sent { to, message: "add", asked: false }, Effect::Unstashed(1), Effect::Became("Open")]
    );
    assert_eq!(shop.wait(probe.expect(CounterRef::add)).0.by, 3);
    assert_eq!(shop.state(|shop| shop.sold), 3);
}

#[test]
fn what_it_asks_is_answered_by_the_test() {
    let (mut shop, mut probe) = shop();

    let mut ask = shop.run(|shop| shop.count(2));
    assert_eq!(ask.effects(), [Effect::Sent { to: probe.path(), message: "add", asked: true }]);
    assert!(ask.reply().is_none());

    shop.wait(probe.expect(CounterRef::add)).1.send(7);
    assert_eq!(shop.finish(ask).unwrap(), 7);
    assert!(shop.settle().is_empty());
}

#[test]
fn timers_are_seen_when_they_are_set_when_they_come_and_when_they_go() {
    let (mut shop, _probe) = shop();

    assert_eq!(shop.run(|shop| shop.remind(5)).effects(), [Effect::Scheduled(SECOND * 5)]);
    assert!(shop.advance(SECOND).is_empty());
    let again = shop.run(|shop| shop.remind(9));
    assert_eq!(again.effects(), [Effect::Scheduled(SECOND * 9), Effect::Cancelled(SECOND * 4)]);
    assert!(shop.advance(SECOND * 9).is_empty());
    assert!(shop.state(|shop| shop.timer.is_none()));
}

#[test]
fn children_and_watches_are_seen() {
    let (mut shop, probe) = shop();

    let mut hire = shop.run(|shop| shop.hire());
    let clerk = hire.reply().unwrap();
    assert_eq!(hire.effects(), [Effect::Spawned(clerk.path())]);

    assert_eq!(shop.run(|shop| shop.look_away()).effects(), [Effect::Unwatched(probe.path())]);
    clerk.kill();
    assert_eq!(shop.settle(), [Effect::Stopped(clerk.path(), StopReason::Killed)]);
}

#[test]
fn a_fault_and_an_end_are_seen() {
    let (mut burning, _probe) = shop();
    let mut burn = burning.run(|shop| shop.burn());
    let path = burning.reference().actor().path();
    assert!(burn.result().unwrap().is_err());
    assert_eq!(
        burn.effects(),
        [Effect::Failed(path.clone(), "fire".to_owned()), Effect::Stopped(path, StopReason::Fault)]
    );

    let (mut shop, _probe) = shop();
    let quit = shop.run(|shop| shop.quit());
    let path = shop.reference().actor().path();
    assert_eq!(quit.effects(), [Effect::Stopped(path, StopReason::Requested)]);
    assert!(shop.tell(|shop| shop.quit()).is_err());
}

#[test]
#[should_panic(expected = "/user/Shop-1 is in a handler, and its state is not to be seen")]
fn no_state_is_seen_while_a_handler_lets_nothing_else_run() {
    let (mut shop, _probe) = shop();
    let _ask = shop.run(|shop| shop.count(1));

    shop.state(|shop| shop.sold);
}

#[test]
#[should_panic(expected = "/user/Shop-1 has no state any more: it was told to stop")]
fn no_state_is_seen_when_the_actor_is_gone() {
    let (mut shop, _probe) = shop();
    shop.run(|shop| shop.quit());

    shop.state(|shop| shop.sold);
}
