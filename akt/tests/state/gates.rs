//! Gates: a turn's state, what it delivers and what it answers are one commit, and nothing of it is seen before.

use std::time::Duration;

use akt::persistence::{Kept, MemoryReminderStore, MemoryStateStore, ReminderStore, StateStore};
use akt::prelude::*;
use akt::testkit::Faulty;
use akt::{Delivery, Runtime, StopReason, SystemBuilder};

use crate::contracts::bank::v1 as bank;
use crate::crashes::Fuse;

pub(crate) use bank::AccountRef;

#[derive(Default)]
pub(crate) struct Account {
    state: bank::Balance,
}

#[akt::grain(kind = "account", key = String, gates, state = bank::Balance)]
impl bank::Account for Account {
    fn send(&mut self, transfer: bank::Transfer, cx: &mut Ctx<Self>) -> Result<bank::Balance, bank::Refused> {
        burn(cx);
        // What a refusal has changed and sent is as if it had never been.
        self.state.cents = self.state.cents.wrapping_sub(transfer.cents);
        let to = Self::grain(cx.system(), transfer.to);
        cx.deliver(to.receive(bank::Amount { cents: transfer.cents }));
        if self.state.cents > u64::MAX / 2 {
            return Err(bank::Refused { why: "not enough money".to_owned() });
        }
        Ok(self.state)
    }

    fn receive(&mut self, amount: bank::Amount, cx: &mut Ctx<Self>) {
        self.state.cents += amount.cents;
        self.state.received += 1;
        burn(cx);
    }

    async fn fund(&mut self, amount: bank::Amount, cx: &mut Ctx<Self>) -> bank::Balance {
        self.state.cents += amount.cents;
        match amount.cents {
            BONUS => {
                let bonus = cx.remind("bonus", cx.me().receive(cents(1)));
                bonus.after(Duration::from_secs(3_600)).await.unwrap();
            }
            NO_BONUS => assert!(cx.forget("bonus").await.unwrap()),
            _ => {}
        }
        if let Ok(witness) = cx.system().dependency::<WitnessRef>() {
            witness.saw(self.state.cents).tell().unwrap();
            cx.system().runtime().sleep(Duration::from_millis(10)).await;
            witness.saw(self.state.cents + 1).tell().unwrap();
        }
        self.state
    }

    fn view(&self, (): ()) -> bank::Balance {
        self.state
    }

    fn crash(&mut self, amount: bank::Amount, cx: &mut Ctx<Self>) {
        self.state.cents += amount.cents;
        cx.deliver(cx.me().receive(amount));
        panic!("half-way");
    }
}

/// Funds of so many cents set a reminder, or forget it.
const BONUS: u64 = 1_001;
const NO_BONUS: u64 = 1_002;

/// An action, after which a node may end.
fn burn(cx: &Ctx<Account>) {
    if let Ok(fuse) = cx.system().dependency::<Fuse>() {
        fuse.act();
    }
}

/// Is told what accounts do.
#[derive(Default)]
struct Witness(Vec<u64>);

#[akt::actor]
impl Witness {
    #[handler]
    fn saw(&mut self, cents: u64) {
        self.0.push(cents);
    }

    #[handler]
    fn all(&self) -> Vec<u64> {
        self.0.clone()
    }
}

pub(crate) fn bank(store: &(impl StateStore + Clone)) -> SystemBuilder {
    ActorSystem::builder("bank").grain::<Account>().state_store(store.clone())
}

pub(crate) fn cents(cents: u64) -> bank::Amount {
    bank::Amount { cents }
}

pub(crate) fn transfer(to: &str, cents: u64) -> bank::Transfer {
    bank::Transfer { to: to.to_owned(), cents }
}

/// Waits until nothing is under way any more.
pub(crate) async fn settled(runtime: &Runtime, store: &MemoryStateStore) {
    for _ in 0..100_000 {
        if store.ids_with_row("out/", None, 1).await.unwrap().is_empty() {
            return;
        }
        runtime.sleep(Duration::from_millis(50)).await;
    }
    panic!("something is not delivered: {:?}", store.ids_with_row("out/", None, 10).await);
}

async fn balance(account: &AccountRef) -> (u64, u64) {
    let bank::Balance { cents, received } = account.view(()).await.unwrap();
    (cents, received)
}

#[akt::test]
async fn a_turn_is_committed_then_answered_then_delivered() {
    let store = MemoryStateStore::new();
    let system = bank(&store).start().await.unwrap();
    let (anna, berta) = (Account::grain(&system, "anna"), Account::grain(&system, "berta"));

    assert_eq!(anna.fund(cents(100)).await.unwrap().cents, 100);
    assert_eq!(anna.send(transfer("berta", 30)).await.unwrap().cents, 70);
    settled(system.runtime(), &store).await;

    assert_eq!((balance(&anna).await, balance(&berta).await), ((70, 0), (30, 1)));
    // To itself, too: in a turn of its own.
    anna.send(transfer("anna", 20)).await.unwrap();
    settled(system.runtime(), &store).await;
    assert_eq!(balance(&anna).await, (70, 1));
    system.shutdown().await;

    let system = bank(&store).start().await.unwrap();
    assert_eq!(balance(&Account::grain(&system, "anna")).await, (70, 1));
    assert_eq!(balance(&Account::grain(&system, "berta")).await, (30, 1));
    system.shutdown().await;
}

#[akt::test]
async fn a_turn_that_is_refused_or_fails_leaves_no_trace() {
    let store = MemoryStateStore::new();
    let system = bank(&store).start().await.unwrap();
    let (anna, berta) = (Account::grain(&system, "anna"), Account::grain(&system, "berta"));
    anna.fund(cents(10)).await.unwrap();
    let Kept { version, .. } = store.load("account/anna").await.unwrap();

    let refused = anna.send(transfer("berta", 30)).await.unwrap_err();
    assert!(matches!(refused, AskError::Handler(bank::Refused { .. })), "{refused:?}");
    assert_eq!(balance(&anna).await, (10, 0));
    assert!(matches!(anna.crash(cents(5)).await, Err(AskError::Fault(_))));
    assert_eq!(balance(&anna).await, (10, 0));

    system.runtime().sleep(Duration::from_secs(60)).await;
    assert_eq!(balance(&berta).await, (0, 0));
    assert_eq!(store.load("account/anna").await.unwrap().version, version);
    system.shutdown().await;
}

#[akt::test]
async fn a_request_that_is_asked_again_gets_the_same_answer_and_does_nothing() {
    let store = MemoryStateStore::new();
    let system = bank(&store).start().await.unwrap();
    let anna = Account::grain(&system, "anna");

    assert_eq!(anna.fund(cents(1)).request_id("r1").await.unwrap().cents, 1);
    assert_eq!(anna.fund(cents(1)).request_id("r2").await.unwrap().cents, 2);
    assert_eq!(anna.fund(cents(1)).request_id("r1").await.unwrap().cents, 1);
    // Of another rpc it is another request.
    assert_eq!(anna.send(transfer("berta", 1)).request_id("r1").await.unwrap().cents, 1);
    system.shutdown().await;

    let system = bank(&store).start().await.unwrap();
    let anna = Account::grain(&system, "anna");
    assert_eq!(anna.fund(cents(1)).request_id("r2").await.unwrap().cents, 2);
    assert_eq!(balance(&anna).await.0, 1);
    let refused = anna.send(transfer("berta", 9)).request_id("r3").await;
    assert!(matches!(refused, Err(AskError::Handler(_))));
    anna.fund(cents(20)).await.unwrap();
    assert_eq!(anna.send(transfer("berta", 9)).request_id("r3").await.unwrap().cents, 12);

    system.runtime().sleep(Duration::from_secs(601)).await;
    assert_eq!(anna.fund(cents(1)).request_id("r1").await.unwrap().cents, 13);
    let rows = store.load("account/anna").await.unwrap().rows;
    let replies: Vec<_> =
        rows.iter().filter(|row| row.name.starts_with("reply/")).map(|row| &*row.name).collect();
    assert_eq!(replies, ["reply/Fund/r1"]);
    let long = anna.fund(cents(1)).request_id("x".repeat(257)).await;
    assert!(matches!(&long, Err(AskError::Rejected(why)) if why.contains("at most 256 bytes")), "{long:?}");
    system.shutdown().await;
}

#[akt::test]
async fn what_a_turn_tells_leaves_after_its_commit_or_not_at_all() {
    let inner = MemoryStateStore::new();
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let plain = ActorSystem::builder("plain").start().await.unwrap();
    let witness = plain.spawn("witness", Witness::default).await.unwrap();
    let system = bank(&store).provide::<WitnessRef>(witness.clone()).start().await.unwrap();
    let anna = Account::grain(&system, "anna");
    anna.view(()).await.unwrap();

    store.slow(Duration::from_secs(2)..Duration::from_secs(3));
    let funded = anna.fund(cents(5)).start();
    system.runtime().sleep(Duration::from_secs(1)).await;
    assert!(witness.all().await.unwrap().is_empty());
    funded.await.unwrap();
    assert_eq!(witness.all().await.unwrap(), [5, 6]);
    store.slow(Duration::ZERO..Duration::ZERO);

    store.fail_next(1);
    let failed = anna.fund(cents(5)).await.unwrap_err();
    assert!(matches!(&failed, AskError::Journal(error) if error.delivered == Delivery::No), "{failed:?}");
    assert_eq!(balance(&anna).await.0, 5);
    assert_eq!(witness.all().await.unwrap(), [5, 6]);

    store.lose_next_answers(1);
    let failed = anna.fund(cents(5)).await.unwrap_err();
    assert!(matches!(&failed, AskError::Journal(error) if error.delivered == Delivery::Maybe), "{failed:?}");
    assert_eq!(balance(&anna).await.0, 10);
    system.shutdown().await;
    plain.shutdown().await;
}

#[akt::test]
async fn a_reminder_is_set_and_forgotten_with_its_turn_or_not_at_all() {
    let (inner, reminders) = (MemoryStateStore::new(), MemoryReminderStore::new());
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let system = bank(&store).reminder_store(reminders.clone()).start().await.unwrap();
    let (anna, runtime) = (Account::grain(&system, "anna"), system.runtime().clone());
    anna.view(()).await.unwrap();
    let set = || async { reminders.list("account/anna").await.unwrap().len() };

    store.fail_next(1);
    assert!(anna.fund(cents(BONUS)).await.is_err());
    runtime.sleep(Duration::from_secs(7_200)).await;
    assert_eq!((set().await, balance(&anna).await), (0, (0, 0)));

    anna.fund(cents(BONUS)).await.unwrap();
    settled(&runtime, &inner).await;
    assert_eq!(set().await, 1);
    runtime.sleep(Duration::from_secs(3_700)).await;
    assert_eq!((set().await, balance(&anna).await), (0, (1_002, 1)));

    anna.fund(cents(BONUS)).await.unwrap();
    settled(&runtime, &inner).await;
    anna.fund(cents(NO_BONUS)).await.unwrap();
    settled(&runtime, &inner).await;
    runtime.sleep(Duration::from_secs(7_200)).await;
    assert_eq!((set().await, balance(&anna).await), (0, (3_005, 1)));
    system.shutdown().await;
}

#[akt::test]
async fn what_is_found_undelivered_after_six_days_is_parked_and_not_tried() {
    let store = MemoryStateStore::new();
    // It knows no kind of account, and so delivers nothing.
    let system = ActorSystem::builder("bank").state_store(store.clone()).start().await.unwrap();
    let anna = Account::grain(&system, "anna");
    anna.fund(cents(10)).await.unwrap();
    anna.send(transfer("berta", 3)).await.unwrap();
    system.shutdown().await;

    let runtime = Runtime::current().unwrap();
    runtime.set_wall_clock(runtime.wall_clock() + Duration::from_secs(8 * 24 * 3_600));
    let system = bank(&store).runtime(runtime).start().await.unwrap();
    settled(system.runtime(), &store).await;

    let undelivered = store.load("account/anna").await.unwrap().undelivered();
    assert_eq!(undelivered.iter().map(|it| &*it.target).collect::<Vec<_>>(), ["account/berta"]);
    assert_eq!(balance(&Account::grain(&system, "berta")).await, (0, 0));
    system.shutdown().await;
}

#[akt::test]
async fn an_older_activation_gives_way_and_its_turn_is_nothing() {
    let store = MemoryStateStore::new();
    let (one, other) = (bank(&store).start().await.unwrap(), bank(&store).start().await.unwrap());
    let (old, new) = (Account::grain(&one, "anna"), Account::grain(&other, "anna"));
    old.fund(cents(5)).await.unwrap();
    new.fund(cents(5)).await.unwrap();

    let gone = old.actor();
    let (reason, moved) = tokio::join!(gone.stopped(), old.send(transfer("berta", 3)));

    assert!(matches!(moved, Err(AskError::Moved)), "{moved:?}");
    assert_eq!(reason, StopReason::Moved);
    assert_eq!(balance(&new).await, (10, 0));
    assert_eq!(balance(&Account::grain(&other, "berta")).await, (0, 0));
    one.shutdown().await;
    other.shutdown().await;
}

#[akt::test]
async fn what_a_grain_does_not_take_is_tried_again_and_what_it_fails_at_is_parked() {
    #[derive(Default)]
    struct Brittle {
        state: bank::Balance,
    }

    #[akt::grain(kind = "brittle", key = String, gates, state = bank::Balance)]
    impl bank::Account for Brittle {
        fn send(&mut self, to: bank::Transfer, cx: &mut Ctx<Self>) -> Result<bank::Balance, bank::Refused> {
            let other = AccountRef::grain_of(cx.system(), "brittle", to.to);
            cx.deliver(other.crash(cents(to.cents)));
            cx.deliver(other.receive(cents(to.cents)));
            Ok(self.state)
        }

        fn receive(&mut self, amount: bank::Amount) {
            self.state.cents += amount.cents;
        }

        fn fund(&mut self, _: bank::Amount) -> bank::Balance {
            self.state
        }

        fn view(&self, (): ()) -> bank::Balance {
            self.state
        }

        fn crash(&mut self, _: bank::Amount) {
            panic!("always");
        }
    }

    let inner = MemoryStateStore::new();
    let store = Faulty::new(inner.clone(), &Runtime::current().unwrap());
    let system =
        ActorSystem::builder("bank").grain::<Brittle>().state_store(store.clone()).start().await.unwrap();
    let (one, two) = (Brittle::grain(&system, "1"), Brittle::grain(&system, "2"));
    one.view(()).await.unwrap();
    two.view(()).await.unwrap();

    store.fail(0.5);
    while one.send(transfer("2", 7)).await.is_err() {
        system.runtime().sleep(Duration::from_secs(1)).await;
    }
    settled(system.runtime(), &inner).await;
    store.fail(0.0);
    system.runtime().sleep(Duration::from_secs(60)).await;

    // The second was behind the first, which was given up.
    assert_eq!(two.view(()).await.unwrap().cents, 7);
    let undelivered = inner.load("brittle/1").await.unwrap().undelivered();
    assert_eq!(undelivered.len(), 1);
    assert_eq!((&*undelivered[0].target, &*undelivered[0].message), ("brittle/2", "Crash"));
    assert!(undelivered[0].problem.contains("always"), "{undelivered:?}");
    system.shutdown().await;
}
