//! Reminders of grains: they come when they are due or later, at least once, whatever ends in between.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use akt::persistence::{KeptReminder, MemoryReminderStore, RedbStore, ReminderRow, ReminderStore};
use akt::prelude::*;
use akt::testkit::Faulty;
use akt::{Cron, Event, EventStream, Missed, RemindError, Runtime, ScheduleKind, StopReason, SystemBuilder};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::mill::mill::v1 as mill;
use crate::redb::fresh;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// 2001-09-09 01:46:40 UTC.
const START: SystemTime = SystemTime::UNIX_EPOCH;

fn at(secs: u64) -> SystemTime {
    START + Duration::from_secs(1_000_000_000 + secs)
}

/// What came, and when: the key, the name of the reminder, the second it was due, the second it came, the payload.
type Came = (String, String, u64, u64, u32);

#[derive(Clone, Default)]
struct Ledger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    came: Mutex<Vec<Came>>,
    /// Grains that are ground 13 grams wait for it.
    gate: Notify,
    faults: Mutex<u32>,
}

impl Ledger {
    fn take(&self) -> Vec<Came> {
        std::mem::take(&mut self.0.came.lock())
    }

    /// The seconds at which what came was due, and came.
    fn times(&self) -> Vec<(u64, u64)> {
        self.take().into_iter().map(|(_, _, due, came, _)| (due, came)).collect()
    }
}

fn secs(time: SystemTime) -> u64 {
    time.duration_since(at(0)).unwrap().as_secs()
}

struct Alarm;

#[akt::grain(kind = "alarm", key = String, passivate = "10s")]
impl mill::Mill for Alarm {
    async fn grind(&mut self, grain: mill::Grain, cx: &mut Ctx<Self>) -> mill::Flour {
        let ledger: Ledger = cx.dep();
        if let Some(reminder) = cx.reminder() {
            let now = cx.system().runtime().wall_clock();
            assert!(now >= reminder.due, "early");
            let came =
                (cx.key().clone(), reminder.name.to_string(), secs(reminder.due), secs(now), grain.grams);
            ledger.0.came.lock().push(came);
        }
        if grain.grams == 13 {
            ledger.0.gate.notified().await;
        }
        let faults = *ledger.0.faults.lock();
        if faults > 0 {
            *ledger.0.faults.lock() -= 1;
            cx.fail(Fault::new("as it was told"));
        }
        mill::Flour { grams: grain.grams }
    }

    fn weigh(&self, _: mill::Empty) -> mill::Flour {
        mill::Flour::default()
    }

    async fn watch(&self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    /// Reminds itself again and again, each time anew.
    async fn slow(&mut self, grain: mill::Grain, cx: &mut Ctx<Self>) -> mill::Flour {
        let came = cx.reminder().map(|reminder| secs(reminder.due));
        if let Some(due) = came {
            let now = secs(cx.system().runtime().wall_clock());
            cx.dep::<Ledger>().0.came.lock().push((
                cx.key().clone(),
                "again".to_owned(),
                due,
                now,
                grain.grams,
            ));
        }
        if grain.grams > 0 {
            let next = mill::Grain { grams: grain.grams - 1 };
            cx.remind("again", cx.me().slow(next)).after(MINUTE).await.unwrap();
        }
        mill::Flour::default()
    }

    async fn order(_this: Turn<Self>, _: mill::Grain) -> Result<mill::Flour, mill::Broken> {
        Ok(mill::Flour::default())
    }

    #[on(activate)]
    fn activate() -> Result<Self, Fault> {
        Ok(Self)
    }

    #[handler(private)]
    async fn wake_me(&mut self, name: String, after: Duration, cx: &mut Ctx<Self>) -> Result<(), String> {
        let set = cx.remind(&name, cx.me().grind(grams(1))).after(after).await;
        set.map_err(|error| error.to_string())
    }

    #[handler(private)]
    async fn rest(&mut self, name: String, cx: &mut Ctx<Self>) -> Result<bool, String> {
        cx.forget(&name).await.map_err(|error| error.to_string())
    }

    #[handler(private)]
    async fn names(&mut self, cx: &mut Ctx<Self>) -> Vec<String> {
        cx.reminders().await.unwrap().into_iter().map(|reminder| reminder.name.into()).collect()
    }
}

fn grams(grams: u32) -> mill::Grain {
    mill::Grain { grams }
}

fn builder(store: impl ReminderStore, ledger: &Ledger) -> SystemBuilder {
    ActorSystem::builder("test").provide(ledger.clone()).reminder_store(store).grain::<Alarm>()
}

/// A system whose clock on the wall shows so many seconds.
async fn system(store: &MemoryReminderStore, ledger: &Ledger, start: u64) -> ActorSystem {
    let system = builder(store.clone(), ledger).start().await.unwrap();
    system.runtime().set_wall_clock(at(start));
    system
}

async fn until(events: &mut EventStream, found: impl Fn(&Event) -> bool) -> Event {
    loop {
        let event = events.next().await.expect("the system runs");
        if found(&event) {
            return event;
        }
    }
}

async fn pass(system: &ActorSystem, time: Duration) {
    let runtime = system.runtime();
    runtime.sleep_until(Some(runtime.now() + time)).await;
}

#[akt::test]
async fn a_reminder_wakes_a_grain_that_sleeps_and_is_gone_then() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&system, "anna");
    alarm.wake_me("renew".to_owned(), HOUR).await.unwrap();
    assert_eq!(alarm.names().await.unwrap(), ["renew"]);

    assert_eq!(alarm.actor().stopped().await, StopReason::Passivated);

    pass(&system, HOUR - 20 * SECOND).await;
    assert_eq!(ledger.take(), []);
    pass(&system, 20 * SECOND).await;

    assert_eq!(ledger.take(), [("anna".to_owned(), "renew".to_owned(), 3_600, 3_600, 1)]);
    assert_eq!(alarm.names().await.unwrap(), [""; 0]);
    pass(&system, HOUR).await;
    assert_eq!(ledger.take(), []);
    system.shutdown().await;
}

#[akt::test]
async fn reminders_outlive_their_process_and_come_by_their_policy() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let first = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&first, "anna");
    let reminders = first.reminders(&alarm);
    let policies = [
        ("all", Missed::All { max: 3 }),
        ("one", Missed::Once),
        ("skip", Missed::Skip),
        ("whole", Missed::All { max: 99 }),
    ];
    for (name, missed) in policies {
        reminders.remind(name, alarm.grind(grams(1))).every(10 * MINUTE).missed(missed).await.unwrap();
    }
    reminders.remind("once", alarm.grind(grams(2))).after(MINUTE).await.unwrap();
    reminders.remind("gone", alarm.grind(grams(2))).after(MINUTE).missed(Missed::Skip).await.unwrap();
    first.shutdown().await;

    let second = system(&store, &ledger, 3_000).await;
    pass(&second, 5 * MINUTE).await;

    let came = |name: &str| {
        let all = ledger.0.came.lock().clone();
        all.into_iter().filter(|came| came.1 == name).map(|came| came.2).collect::<Vec<_>>()
    };
    assert_eq!(came("once"), [60]);
    assert_eq!(came("gone"), [0_u64; 0]);
    assert_eq!(came("one"), [600]);
    assert_eq!(came("all"), [1_800, 2_400, 3_000]);
    assert_eq!(came("whole"), [600, 1_200, 1_800, 2_400, 3_000]);
    assert_eq!(came("skip"), [3_000], "it is not late");
    pass(&second, 6 * MINUTE).await;
    assert!(policies.iter().all(|(name, _)| came(name).last() == Some(&3_600)), "{:?}", ledger.take());

    let list = second.reminders(&Alarm::grain(&second, "anna")).list().await.unwrap();
    let said: Vec<_> =
        list.iter().map(|kept| (&*kept.name, kept.kind.clone(), secs(kept.next), kept.missed)).collect();
    let every = ScheduleKind::Every(10 * MINUTE);
    assert_eq!(said, policies.map(|(name, missed)| (name, every.clone(), 4_200, missed)));
    second.shutdown().await;
}

#[akt::test]
async fn by_cron_it_comes_at_its_time_of_the_day_also_when_the_clocks_are_changed() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = builder(store, &ledger).start().await.unwrap();
    // 2002-03-30 12:00 UTC; the night after, Berlin goes from UTC+1 to UTC+2.
    let noon = START + Duration::from_secs(1_017_489_600);
    system.runtime().set_wall_clock(noon);
    let alarm = Alarm::grain(&system, "anna");
    let nightly = Cron::new("0 30 2 * * *").unwrap().zone("Europe/Berlin").unwrap();
    system.reminders(&alarm).remind("nightly", alarm.grind(grams(1))).cron(&nightly).await.unwrap();

    pass(&system, 60 * HOUR).await;

    let hours: Vec<_> =
        ledger.times().into_iter().map(|(due, came)| (due - secs(noon), came - secs(noon))).collect();
    // 02:30 is left out on the first night: it comes at the change, at 03:00 in summer time.
    assert_eq!(hours, [(13 * 3_600, 13 * 3_600), (36 * 3_600 + 1_800, 36 * 3_600 + 1_800)]);
    system.shutdown().await;
}

#[akt::test]
async fn what_is_forgotten_does_not_come_not_even_from_the_mailbox() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&system, "anna");
    let reminders = system.reminders(&alarm);
    reminders.remind("first", alarm.grind(grams(13))).after(MINUTE).await.unwrap();
    reminders.remind("second", alarm.grind(grams(2))).after(MINUTE + SECOND).await.unwrap();
    pass(&system, 2 * MINUTE).await;
    assert_eq!(ledger.take().len(), 1, "the second is queued behind the first");

    assert!(reminders.forget("second").await.unwrap());
    ledger.0.gate.notify_one();
    pass(&system, HOUR).await;

    assert_eq!(ledger.take(), []);
    assert!(!alarm.rest("second".to_owned()).await.unwrap(), "there is none");
    system.shutdown().await;
}

#[akt::test]
async fn one_of_the_same_name_takes_its_place() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&system, "anna");
    let reminders = system.reminders(&alarm);
    reminders.remind("renew", alarm.grind(grams(1))).every(MINUTE).await.unwrap();
    pass(&system, 90 * SECOND).await;

    reminders.remind("renew", alarm.grind(grams(2))).after(2 * HOUR).await.unwrap();
    reminders.remind("renew", alarm.grind(grams(3))).after(HOUR).await.unwrap();
    pass(&system, 3 * HOUR).await;

    let came: Vec<_> = ledger.take().into_iter().map(|came| (came.2, came.4)).collect();
    assert_eq!(came, [(60, 1), (3_690, 3)]);
    system.shutdown().await;
}

#[akt::test]
async fn a_handler_sets_its_own_reminder_anew() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;

    Alarm::grain(&system, "anna").slow(grams(3)).await.unwrap();
    pass(&system, HOUR).await;

    let came: Vec<_> = ledger.take().into_iter().map(|came| (came.2, came.4)).collect();
    assert_eq!(came, [(60, 2), (120, 1), (180, 0)]);
    assert_eq!(store.list("alarm/anna").await.unwrap(), []);
    system.shutdown().await;
}

#[akt::test]
async fn a_reminder_whose_handler_faults_comes_again_as_the_same() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&system, "anna");
    *ledger.0.faults.lock() = 3;
    system.reminders(&alarm).remind("renew", alarm.grind(grams(1))).after(MINUTE).await.unwrap();

    pass(&system, 10 * MINUTE).await;

    assert_eq!(ledger.times(), [(60, 60), (60, 61), (60, 63), (60, 67)]);
    assert_eq!(store.list("alarm/anna").await.unwrap(), []);
    system.shutdown().await;
}

#[akt::test]
async fn a_store_that_fails_makes_reminders_late_and_loses_none() {
    let ledger = Ledger::default();
    let store = Faulty::new(MemoryReminderStore::new(), &Runtime::current().unwrap());
    let first = builder(store.clone(), &ledger).start().await.unwrap();
    first.runtime().set_wall_clock(at(0));
    let alarm = Alarm::grain(&first, "anna");
    first.reminders(&alarm).remind("renew", alarm.grind(grams(1))).every(HOUR).await.unwrap();
    store.fail(1.0);
    let refused =
        first.reminders(&alarm).remind("other", alarm.grind(grams(2))).after(MINUTE).await.unwrap_err();
    assert!(matches!(refused, RemindError::Store(_)), "{refused}");
    first.shutdown().await;

    let second = builder(store.clone(), &ledger).start().await.unwrap();
    second.runtime().set_wall_clock(at(3_000));
    pass(&second, 2 * HOUR).await;
    assert_eq!(ledger.take(), [], "nobody knows of it");
    store.fail(0.0);
    pass(&second, 10 * MINUTE).await;

    let times = ledger.times();
    assert!(times.len() == 1 && times[0].0 == 3_600 && times[0].1 > 10_200, "{times:?}");
    pass(&second, HOUR).await;
    assert_eq!(ledger.times(), [(10_800, 10_800)], "it is in its rhythm again");
    second.shutdown().await;
}

#[akt::test]
async fn one_that_the_program_cannot_send_is_parked_until_one_can() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let first = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&first, "anna");
    first.reminders(&alarm).remind("renew", alarm.grind(grams(1))).after(MINUTE).await.unwrap();
    first.shutdown().await;
    let unread = ReminderRow { bytes: "?".into(), ..store.list("alarm/anna").await.unwrap()[0].row.clone() };
    store.put(ReminderRow { name: "unread".into(), ..unread }).await.unwrap();

    let without = ActorSystem::builder("test").reminder_store(store.clone()).start().await.unwrap();
    without.runtime().set_wall_clock(at(0));
    let mut events = without.events();
    for _ in 0..2 {
        let parked = until(&mut events, |event| matches!(event, Event::ReminderParked { .. })).await;
        let Event::ReminderParked { grain, name, problem } = parked else { unreachable!() };
        match &*name {
            "renew" => assert!(problem.starts_with("no grain of kind `alarm` is registered"), "{problem}"),
            _ => assert!(problem.starts_with("it cannot be read"), "{problem}"),
        }
        assert_eq!(&*grain, "alarm/anna");
    }
    pass(&without, HOUR).await;
    assert!(
        !std::iter::from_fn(|| events.try_next()).any(|event| matches!(event, Event::ReminderParked { .. })),
        "once"
    );
    without.shutdown().await;
    assert_eq!(store.list("alarm/anna").await.unwrap().len(), 2);

    let third = system(&store, &ledger, 7_200).await;
    pass(&third, MINUTE).await;
    assert_eq!(ledger.times(), [(60, 7_200)]);
    third.shutdown().await;
}

#[akt::test]
async fn a_clock_that_is_set_forward_brings_them_within_a_minute() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;
    let alarm = Alarm::grain(&system, "anna");
    system.reminders(&alarm).remind("renew", alarm.grind(grams(1))).after(24 * HOUR).await.unwrap();
    pass(&system, MINUTE).await;

    system.runtime().set_wall_clock(at(90_000));
    pass(&system, MINUTE).await;

    assert_eq!(ledger.take().len(), 1);
    system.shutdown().await;
}

#[derive(Default)]
struct Plain;

#[akt::actor]
impl mill::Mill for Plain {
    fn grind(&mut self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    fn weigh(&self, _: mill::Empty) -> mill::Flour {
        mill::Flour::default()
    }

    async fn watch(&self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    async fn slow(&mut self, _: mill::Grain) -> mill::Flour {
        mill::Flour::default()
    }

    async fn order(_this: Turn<Self>, _: mill::Grain) -> Result<mill::Flour, mill::Broken> {
        Ok(mill::Flour::default())
    }
}

#[akt::test]
async fn what_cannot_be_reminded_of_is_said() {
    let (store, ledger) = (MemoryReminderStore::new(), Ledger::default());
    let system = system(&store, &ledger, 0).await;
    let (alarm, other) = (Alarm::grain(&system, "anna"), Alarm::grain(&system, "ben"));
    let reminders = system.reminders(&alarm);

    let elsewhere = reminders.remind("renew", other.grind(grams(1))).after(SECOND).await.unwrap_err();
    assert!(
        matches!(&elsewhere, RemindError::Elsewhere { grain, .. } if &**grain == "alarm/anna"),
        "{elsewhere}"
    );
    let name = reminders.remind("a/b", alarm.grind(grams(1))).after(SECOND).await.unwrap_err();
    assert!(matches!(name, RemindError::Name(_)), "{name}");
    let never = Cron::new("0 0 0 1 1 * ").unwrap();
    reminders.remind("yearly", alarm.grind(grams(1))).cron(&never).await.unwrap();
    let plain = system.spawn("plain", Plain::default).await.unwrap();
    let actor =
        system.reminders(&plain).remind("renew", plain.grind(grams(1))).after(SECOND).await.unwrap_err();
    assert_eq!(
        actor.to_string(),
        "/user/plain is no grain; an actor that is spawned has `cx.after` and `cx.every`"
    );
    system.shutdown().await;

    let bare = ActorSystem::builder("test").provide(ledger).grain::<Alarm>().start().await.unwrap();
    let nowhere = Alarm::grain(&bare, "anna").wake_me("renew".to_owned(), HOUR).await.unwrap_err();
    let AskError::Handler(nowhere) = nowhere else { panic!("{nowhere}") };
    assert_eq!(nowhere, "the system has no reminder store; say `.reminder_store(..)` on its builder");
    bare.shutdown().await;
    let unknown = ActorSystem::builder("test").reminder_store(store).start().await.unwrap();
    let alarm = Alarm::grain(&unknown, "anna");
    let unregistered =
        unknown.reminders(&alarm).remind("renew", alarm.grind(grams(1))).after(SECOND).await.unwrap_err();
    assert!(matches!(unregistered, RemindError::Unregistered { kind: "alarm" }), "{unregistered}");
    unknown.shutdown().await;
}

#[tokio::test]
async fn reminders_in_a_file_come_after_a_restart() {
    let (path, ledger) = (fresh("reminded"), Ledger::default());
    let store = RedbStore::open(&path).unwrap();
    let first = builder(store.clone(), &ledger).start().await.unwrap();
    let alarm = Alarm::grain(&first, "anna");
    first.reminders(&alarm).remind("renew", alarm.grind(grams(1))).after(HOUR).await.unwrap();
    first.shutdown().await;
    store.close().await;

    let store = RedbStore::open(&path).unwrap();
    let second = builder(store.clone(), &ledger).start().await.unwrap();
    second.runtime().set_wall_clock(second.runtime().wall_clock() + 2 * HOUR);
    // A put has the agent look at its clock.
    let other = Alarm::grain(&second, "ben");
    let mut events = second.events();
    second.reminders(&other).remind("look", other.grind(grams(2))).after(Duration::ZERO).await.unwrap();
    for _ in 0..2 {
        let alarm = |event: &Event| matches!(event, Event::Started { kind: "Alarm", .. });
        tokio::time::timeout(Duration::from_secs(20), until(&mut events, alarm)).await.unwrap();
    }
    second.shutdown().await;
    // At least once: on a slow machine one is tried again.
    let mut came: Vec<_> = ledger.take().into_iter().map(|(key, name, ..)| (key, name)).collect();
    came.sort();
    came.dedup();
    assert_eq!(
        came,
        [("anna", "renew"), ("ben", "look")].map(|(key, name)| (key.to_owned(), name.to_owned()))
    );
    let left: Vec<KeptReminder> = store.list("alarm/anna").await.unwrap();
    assert!(left.len() <= 1, "{left:?}");
}
