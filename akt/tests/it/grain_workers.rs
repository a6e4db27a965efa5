//! Stateless grains: several workers of one key, of which each message goes to one.
#![expect(clippy::disallowed_methods, reason = "what the tests spawn is the sender, beside akt")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{AnyRef, DeadLetterReason, Event};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::advance;

use crate::support::{settle, until};

/// Waits until it is let go; says who it is.
struct Press {
    broken: bool,
}

#[derive(Clone, Default)]
struct Shop {
    gate: Arc<Notify>,
    made: Arc<Mutex<u64>>,
    broken: Arc<Mutex<bool>>,
}

#[akt::grain(kind = "press", key = String, stateless, max = 3, passivate = "10s", mailbox = bounded(2))]
impl Press {
    #[on(activate)]
    fn set_up(cx: &mut Ctx<Self>) -> Result<Self, Fault> {
        let shop = cx.dep::<Shop>();
        *shop.made.lock() += 1;
        match *shop.broken.lock() {
            true => Err(Fault::new("no ink")),
            false => Ok(Self { broken: false }),
        }
    }

    #[handler]
    async fn print(&mut self, _sheet: u64, cx: &mut Ctx<Self>) -> String {
        let gate = cx.dep::<Shop>().gate;
        gate.notified().await;
        assert!(!self.broken, "it jams");
        cx.path().name().to_owned()
    }

    #[handler]
    fn name(&mut self, cx: &mut Ctx<Self>) -> String {
        cx.path().name().to_owned()
    }

    /// Has it done by others of its key, so many times over; says who did it, or what ended it.
    #[handler]
    async fn delegate(&mut self, times: u64, cx: &mut Ctx<Self>) -> String {
        if times == 0 {
            return cx.path().name().to_owned();
        }
        match Self::grain(cx.system(), "a").delegate(times - 1).await {
            Ok(said) => said,
            Err(AskError::Cycle { path }) => path.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// By itself, and by the result of its work.
    #[handler]
    fn check(&mut self, cx: &mut Ctx<Self>) -> AnyRef {
        cx.pipe(async { Ok::<_, Fault>(()) }, |me, _| me.jam().post());
        cx.me().actor()
    }

    #[handler]
    fn jam(&mut self) {
        self.broken = true;
    }
}

async fn shop() -> (ActorSystem, Shop) {
    let shop = Shop::default();
    (ActorSystem::builder("test").provide(shop.clone()).start().await.unwrap(), shop)
}

/// The workers that are there, by the ends of their names.
fn workers(system: &ActorSystem) -> Vec<String> {
    let kind = system.lookup(&akt::ActorPath::parse("/user/$grains/press").unwrap());
    let mut names: Vec<_> =
        kind.iter().flat_map(AnyRef::children).map(|worker| worker.path().name().to_owned()).collect();
    names.sort_unstable();
    names
}

#[akt::test]
async fn a_message_goes_to_a_worker_that_rests_or_to_a_new_one_or_waits_in_the_shortest_line() {
    let (system, shop) = shop().await;
    let press = Press::grain(&system, "a");
    for sheet in 0..10 {
        press.print(sheet).tell().unwrap();
        settle().await;
        shop.gate.notify_one();
        settle().await;
    }
    assert_eq!(*shop.made.lock(), 1, "one at a time needs one worker");

    let asks: Vec<_> =
        (0..6).map(|sheet| press.print(sheet).timeout(Duration::from_secs(60)).start()).collect();
    settle().await;
    assert_eq!(workers(&system), ["a%-0", "a%-1", "a%-2"]);
    let mut by = Vec::new();
    for ask in asks {
        shop.gate.notify_waiters();
        settle().await;
        by.push(ask.await.unwrap());
    }

    assert_eq!(by, ["a%-0", "a%-1", "a%-2", "a%-0", "a%-1", "a%-2"]);
    assert_eq!(Press::grain(&system, "b").name().await.unwrap(), "b%-0", "each key has its own");
    system.shutdown().await;
}

#[akt::test]
async fn a_worker_that_waits_for_the_ask_is_passed_over_and_if_all_do_that_is_a_cycle() {
    let (system, _) = shop().await;
    let (press, begun) = (Press::grain(&system, "a"), system.runtime().now());

    assert_eq!(press.delegate(2).await.unwrap(), "a%-2");
    let said = press.delegate(3).await.unwrap();

    let way: Vec<&str> = said.split(" -> ").collect();
    assert!(way.len() >= 2 && way.first() == way.last(), "{said}");
    assert!(said.starts_with("/user/$grains/press/a%-"), "{said}");
    assert_eq!(system.runtime().now(), begun);
    system.shutdown().await;
}

#[akt::test]
async fn idle_workers_end_one_by_one() {
    let (system, shop) = shop().await;
    let press = Press::grain(&system, "a");
    let asks: Vec<_> = (0..3).map(|sheet| press.print(sheet).start()).collect();
    settle().await;
    shop.gate.notify_waiters();
    for ask in asks {
        ask.await.unwrap();
    }

    for _ in 0..4 {
        advance(Duration::from_secs(4)).await;
        settle().await;
        assert_eq!(press.name().await.unwrap(), "a%-0", "what comes goes to the first that rests");
        settle().await;
    }
    assert_eq!(workers(&system), ["a%-0"]);
    advance(Duration::from_secs(11)).await;
    settle().await;
    assert_eq!(workers(&system), [""; 0]);
    assert_eq!(press.name().await.unwrap(), "a%-0");
    system.shutdown().await;
}

#[akt::test]
async fn full_workers_hand_back_and_who_waits_for_room_is_served() {
    let (system, shop) = shop().await;
    let press = Press::grain(&system, "a");
    // Each works on one, and has room for two.
    for sheet in 0..3 {
        press.print(sheet).tell().unwrap();
    }
    settle().await;
    for sheet in 3..9 {
        press.print(sheet).tell().unwrap();
    }
    assert!(matches!(press.print(9).tell(), Err(TellError::Full(_))));
    let sender = press.clone();
    let sent = tokio::spawn(async move { sender.print(9).send().await });
    let asker = press.clone();
    let asked = tokio::spawn(async move { asker.print(10).timeout(Duration::from_secs(60)).await });
    settle().await;

    for _ in 0..6 {
        shop.gate.notify_waiters();
        settle().await;
    }
    sent.await.unwrap().unwrap();
    asked.await.unwrap().unwrap();
    assert_eq!(system.dead_letters(), 0);
    system.shutdown().await;
}

#[akt::test]
async fn a_worker_that_fails_costs_its_message_and_me_is_the_worker_itself() {
    let (system, shop) = shop().await;
    let press = Press::grain(&system, "a");
    let me = press.check().await.unwrap();
    settle().await;
    assert_eq!(me.path().name(), "a%-0");
    let jams = press.print(1).start();
    let works = press.print(2).start();
    settle().await;
    shop.gate.notify_waiters();

    assert!(matches!(jams.await, Err(AskError::Fault(_))), "its own work had come back to it");
    assert_eq!(works.await.unwrap(), "a%-1");
    system.shutdown().await;
}

#[akt::test]
async fn workers_that_do_not_activate_say_so() {
    let (system, shop) = shop().await;
    let press = Press::grain(&system, "a");
    *shop.broken.lock() = true;

    for _ in 0..2 {
        let failed = press.name().await.unwrap_err();
        assert!(failed.to_string().contains("no ink"), "{failed}");
    }
    assert_eq!(*shop.made.lock(), 1, "it rests before it is tried again");
    system.shutdown().await;
}

#[akt::test]
async fn a_stop_of_the_reference_ends_all_workers_and_a_shutdown_refuses() {
    let (system, shop) = shop().await;
    let mut events = system.events();
    let press = Press::grain(&system, "a");
    let asks: Vec<_> = (0..3).map(|sheet| press.print(sheet).start()).collect();
    settle().await;
    press.actor().stop();
    shop.gate.notify_waiters();
    let by: BTreeSet<_> = futures(asks).await;
    assert_eq!(by.len(), 3);
    for _ in 0..3 {
        until(&mut events, |event| matches!(event, Event::Stopped { .. })).await;
    }
    assert_eq!(workers(&system), [""; 0]);
    assert_eq!(press.actor().id(), None, "it is about none of them");

    press.name().await.unwrap();
    press.print(4).tell().unwrap();
    settle().await;
    press.actor().kill();
    settle().await;
    assert_eq!(workers(&system), [""; 0]);
    system.shutdown().await;
    assert!(matches!(press.name().await, Err(AskError::Stopped { .. })));
    let late = |event: &Event| matches!(event, Event::DeadLetter(letter) if letter.reason == DeadLetterReason::Killed);
    until(&mut events, late).await;
}

async fn futures<T, E: std::fmt::Debug>(asks: Vec<impl Future<Output = Result<T, E>>>) -> BTreeSet<T>
where
    T: Ord,
{
    let mut done = BTreeSet::new();
    for ask in asks {
        done.insert(ask.await.unwrap());
    }
    done
}
