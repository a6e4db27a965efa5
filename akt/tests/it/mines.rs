//! A panic in user code that runs beside handlers: closures, clones, texts and destructors.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use akt::prelude::*;
use akt::{
    Breaker, BreakerOptions, Extension, Mailbox, MailboxOrder, MailboxPlace, MailboxQueue, Overflow,
    SpawnError, StartError, Timer, Work,
};

use crate::support::{Counter, system};

/// What panics of a [`Mine`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fuse {
    Clone,
    Default,
    Drop,
    Text,
}

/// Goes off when somebody does what its fuse says.
struct Mine(Fuse);

impl Mine {
    fn at(&self, fuse: Fuse) {
        if self.0 == fuse && !std::thread::panicking() {
            panic!("the mine goes off");
        }
    }
}

impl Clone for Mine {
    fn clone(&self) -> Self {
        self.at(Fuse::Clone);
        Self(self.0)
    }
}

impl Default for Mine {
    fn default() -> Self {
        Self(Fuse::Default).at(Fuse::Default);
        Self(Fuse::Default)
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.at(Fuse::Drop);
    }
}

impl fmt::Debug for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at(Fuse::Text);
        f.write_str("Mine")
    }
}

impl fmt::Display for Mine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Mine {}

#[derive(akt::Behavior)]
enum Ground {
    Firm,
    Mined,
}

struct Field {
    ground: Ground,
    kept: Option<Timer>,
}

fn firm() -> Field {
    Field { ground: Ground::Firm, kept: None }
}

/// Work that is done at once.
fn done() -> std::future::Ready<Result<Mine, Fault>> {
    std::future::ready(Ok(Mine(Fuse::Drop)))
}

const SOON: Duration = Duration::from_millis(10);
const LATE: Duration = Duration::from_secs(3_600);

#[akt::actor(behavior = ground, stash = 8)]
impl Field {
    #[on(enter = Ground::Mined)]
    fn mined(&mut self) {
        panic!("the mine goes off");
    }

    #[handler]
    fn walk(&mut self) -> u64 {
        7
    }

    #[handler]
    fn step_on(&mut self, mine: Mine) {
        drop(mine);
    }

    #[handler]
    fn find(&mut self, fuse: Fuse) -> Mine {
        Mine(fuse)
    }

    #[handler]
    async fn find_late(&mut self, fuse: Fuse) -> Mine {
        tokio::time::sleep(SOON).await;
        Mine(fuse)
    }

    #[handler]
    fn refuse(&mut self, fuse: Fuse) -> Result<(), Mine> {
        Err(Mine(fuse))
    }

    #[handler]
    fn keep(&mut self, mine: Mine, cx: &mut Ctx<Self>) -> Forward<()> {
        cx.stash(cx.me().keep(mine))
    }

    #[handler]
    fn fail(&mut self, fuse: Fuse, cx: &mut Ctx<Self>) {
        cx.fail(Mine(fuse));
    }

    #[handler]
    fn fail_and_panic(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(Mine(Fuse::Drop));
        panic!("beside it");
    }

    #[handler]
    fn mine_the_ground(&mut self) {
        self.ground = Ground::Mined;
    }

    /// Begins something whose closure panics, at its turn or when it is dropped.
    #[handler]
    fn begin(&mut self, what: Begin, cx: &mut Ctx<Self>) {
        let mine = || Mine(Fuse::Drop);
        match what {
            Begin::Then => cx.then(done(), |_, _, _| panic!("the mine goes off")),
            Begin::ThenDropped => {
                let mine = mine();
                cx.then(std::future::pending::<Result<(), Fault>>(), move |_, _, _| drop(mine));
            }
            Begin::Pipe => cx.pipe(done(), |_, _| -> akt::Post<FieldMsg> { panic!("the mine goes off") }),
            Begin::PipeDropped => {
                let mine = mine();
                let work = async move {
                    std::future::pending::<()>().await;
                    drop(mine);
                    done().await
                };
                cx.pipe(work, |me, _| me.walk().post());
            }
            Begin::After => cx.after(LATE, cx.me().step_on(mine())).detach(),
            Begin::AfterKept => self.kept = Some(cx.after(LATE, cx.me().step_on(mine()))),
            Begin::Every => {
                cx.every(SOON, |_| -> akt::Post<FieldMsg> { panic!("the mine goes off") }).detach();
            }
            Begin::EveryDropped => {
                let mine = mine();
                cx.every(LATE, move |me| {
                    let _ = &mine;
                    me.walk().post()
                })
                .detach();
            }
        }
    }

    /// Begins work that `breaker` refuses, once there was a failure.
    #[handler]
    fn begin_behind(&mut self, breaker: Breaker, cx: &mut Ctx<Self>) {
        let mine = Mine(Fuse::Drop);
        let work = async move {
            drop(mine);
            Err::<(), _>(Fault::new("no bread"))
        };
        cx.then(Work::of(work).breaker(&breaker), |_, _, _| {});
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }
}

#[derive(Clone, Copy, Debug)]
enum Begin {
    Then,
    ThenDropped,
    Pipe,
    PipeDropped,
    After,
    AfterKept,
    Every,
    EveryDropped,
}

type Going<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
type Place = (&'static str, for<'a> fn(&'a ActorSystem, &'a FieldRef) -> Going<'a>);

/// Begins `what`, and gives it its time.
fn begin<'a>(system: &'a ActorSystem, field: &'a FieldRef, what: Begin) -> Going<'a> {
    Box::pin(async move {
        field.begin(what).await.unwrap();
        system.runtime().sleep(5 * SOON).await;
    })
}

const PLACES: &[Place] = &[
    ("what `then` does", |system, field| begin(system, field, Begin::Then)),
    ("what `then` would have done, dropped", |system, field| begin(system, field, Begin::ThenDropped)),
    ("what a pipe makes", |system, field| begin(system, field, Begin::Pipe)),
    ("piped work, dropped", |system, field| begin(system, field, Begin::PipeDropped)),
    ("the message of a timer, dropped", |system, field| begin(system, field, Begin::After)),
    ("the message of a timer in its actor, dropped", |system, field| begin(system, field, Begin::AfterKept)),
    ("what a timer makes", |system, field| begin(system, field, Begin::Every)),
    ("what a timer would have made, dropped", |system, field| begin(system, field, Begin::EveryDropped)),
    ("work that a breaker refuses, dropped", |system, field| {
        Box::pin(async {
            let breaker = Breaker::new(BreakerOptions::default().at_least(1));
            for _ in 0..2 {
                field.begin_behind(breaker.clone()).await.unwrap();
                system.runtime().sleep(SOON).await;
            }
            assert!(breaker.is_open(system));
        })
    }),
    ("what a schedule makes", |system, field| {
        Box::pin(async {
            let make = |_: &FieldRef| -> akt::Post<FieldMsg> { panic!("the mine goes off") };
            system.scheduler().every("mines", SOON, field, make).unwrap();
            system.runtime().sleep(5 * SOON).await;
        })
    }),
    ("the message of a schedule, dropped", |system, field| {
        Box::pin(async {
            system.scheduler().once("mine", LATE, field.step_on(Mine(Fuse::Drop))).unwrap();
            system.scheduler().cancel("mine").unwrap();
            system.scheduler().once("mine", LATE, field.step_on(Mine(Fuse::Drop))).unwrap();
        })
    }),
    ("on(enter)", |_, field| Box::pin(async { field.mine_the_ground().await.unwrap() })),
    ("a message, dropped by its handler", |_, field| {
        Box::pin(async { drop(field.step_on(Mine(Fuse::Drop)).await.unwrap_err()) })
    }),
    ("a message in the stash, dropped", |_, field| {
        Box::pin(async { field.keep(Mine(Fuse::Drop)).tell().unwrap() })
    }),
    ("an answer to nobody, dropped", |_, field| Box::pin(async { field.find(Fuse::Drop).tell().unwrap() })),
    ("an answer to an asker that is gone, dropped", |system, field| {
        Box::pin(async {
            let asked = field.find_late(Fuse::Drop).start();
            system.runtime().sleep(SOON / 2).await;
            drop(asked);
            system.runtime().sleep(5 * SOON).await;
        })
    }),
    ("the text of an error, returned to a tell", |_, field| {
        Box::pin(async { field.refuse(Fuse::Text).tell().unwrap() })
    }),
    ("an error, dropped that was returned to a tell", |_, field| {
        Box::pin(async { field.refuse(Fuse::Drop).tell().unwrap() })
    }),
    ("the text of a fault", |_, field| Box::pin(async { drop(field.fail(Fuse::Text).await.unwrap_err()) })),
    ("a fault, dropped", |_, field| Box::pin(async { drop(field.fail(Fuse::Drop).await.unwrap_err()) })),
    ("a fault, dropped beside a panic", |_, field| {
        Box::pin(async { drop(field.fail_and_panic().await.unwrap_err()) })
    }),
    ("the text of a message", |system, field| {
        Box::pin(async {
            let gone = system.spawn("gone", firm).await.unwrap();
            gone.actor().stop();
            gone.actor().stopped().await;
            let refused = gone.step_on(Mine(Fuse::Text)).tell().unwrap_err();
            assert!(format!("{refused} {refused:?}").contains("stopped"));
            std::mem::forget(refused.into_message());
            let call = gone.step_on(Mine(Fuse::Text));
            assert!(format!("{call:?}").contains("step_on"));
            field.keep(Mine(Fuse::Text)).tell().unwrap();
        })
    }),
];

#[akt::test]
async fn a_panic_beside_a_handler_leaves_the_actor_and_all_others_alive() {
    for (place, go) in PLACES {
        let system = system().await;
        let witness = system.spawn("witness", Counter::default).await.unwrap();
        let field = system.spawn("field", firm).supervise(Supervise::restart()).await.unwrap();

        go(&system, &field).await;

        assert_eq!(field.walk().await.unwrap(), 7, "{place}: it goes on");
        field.boom().await.unwrap_err();
        assert_eq!(field.walk().await.unwrap(), 7, "{place}: what is left is cleared away at a restart");
        field.actor().stop();
        assert_eq!(field.actor().stopped().await, akt::StopReason::Requested, "{place}");
        assert_eq!(witness.add(1).await.unwrap(), 1, "{place}");
        assert!(system.spawn("field", Counter::default).await.is_ok(), "{place}: the name is free");
        assert!(system.run_until(std::future::ready(())).await.is_clean(), "{place}");
    }
}

// ---- what makes actors, orders their messages, and stands beside them ----------------------------

#[derive(akt::Inject)]
#[expect(dead_code, reason = "only made")]
struct Given {
    #[arg]
    mine: Mine,
}

#[akt::actor]
impl Given {
    #[handler]
    fn walk(&mut self) {}
}

#[derive(akt::Inject)]
#[expect(dead_code, reason = "only made")]
struct Made {
    mine: Mine,
}

#[akt::actor]
impl Made {
    #[handler]
    fn walk(&mut self) {}
}

#[akt::test]
async fn an_actor_whose_making_panics_does_not_start_and_hurts_nobody() {
    let system = system().await;
    let mine = Mine(Fuse::Clone);
    let lay = move |(), _: &mut Ctx<_>| drop(mine.clone());

    let failures = [
        system.spawn_injected::<Given>("actor", GivenArgs { mine: Mine(Fuse::Clone) }).await.err(),
        system.spawn_injected::<Made>("actor", ()).await.err(),
        system.spawn_fn("actor", lay).await.err(),
    ];

    for failure in failures {
        assert!(matches!(failure, Some(SpawnError::Start(info)) if info.message == "factory"));
    }
    assert!(system.spawn("actor", Counter::default).await.is_ok(), "the name is free");
    system.shutdown().await;
}

#[akt::test]
async fn a_function_that_panics_when_it_is_called_or_dropped_ends_its_actor_only() {
    let system = system().await;
    let mine = std::sync::Arc::new(Mine(Fuse::Drop));
    let lay = move |whole: bool, _: &mut Ctx<_>| {
        let _ = &mine;
        assert!(whole, "the mine goes off");
    };
    let function = system.spawn_fn("function", lay).supervise(Supervise::restart()).await.unwrap();

    function.ask(false).await.unwrap_err();

    function.ask(true).await.unwrap();
    function.actor().stop();
    assert_eq!(function.actor().stopped().await, akt::StopReason::Requested);
    assert!(system.spawn("function", Counter::default).await.is_ok(), "the name is free");
    system.shutdown().await;
}

/// An order that panics in one of its methods.
struct Mad {
    places: VecDeque<MailboxPlace>,
    method: &'static str,
}

impl Mad {
    fn at(&self, method: &'static str) {
        assert!(self.method != method, "the mine goes off");
    }
}

impl<M> MailboxQueue<M> for Mad {
    fn push(&mut self, _: &M, place: MailboxPlace) {
        self.at("push");
        self.places.push_back(place);
    }

    fn pop(&mut self) -> Option<MailboxPlace> {
        self.at("pop");
        self.places.pop_front()
    }

    fn evict(&mut self) -> Option<MailboxPlace> {
        self.at("evict");
        self.places.pop_front()
    }
}

impl Drop for Mad {
    fn drop(&mut self) {
        self.at("drop");
    }
}

#[akt::test]
async fn an_order_that_panics_loses_no_message() {
    for method in ["make", "push", "pop", "evict", "drop"] {
        let system = system().await;
        let order = MailboxOrder::queue(move || {
            assert!(method != "make", "the mine goes off");
            Mad { places: VecDeque::new(), method }
        });
        let mailbox = Mailbox::bounded(3).when_full(Overflow::DropOldest);
        let Ok(counter) = system.spawn("counter", Counter::default).mailbox(mailbox).order(order).await
        else {
            assert_eq!(method, "make");
            system.shutdown().await;
            continue;
        };

        (0..3).for_each(|_| counter.add(1).tell().unwrap());

        assert_eq!(counter.add(0).await.unwrap(), 2, "{method}: the oldest was dropped");
        counter.actor().stop();
        assert_eq!(counter.actor().stopped().await, akt::StopReason::Requested, "{method}");
        system.shutdown().await;
    }
}

/// An extension that panics where it is told to, and when it is dropped.
struct Bunker {
    start: Result<(), ()>,
    stop: Result<(), ()>,
    _mine: Mine,
}

impl Extension for Bunker {
    async fn start(&self, _: &ActorSystem) -> Result<(), Fault> {
        self.start.map_err(|()| Fault::new("no bread"))
    }

    async fn stop(&self, _: &ActorSystem) {
        self.stop.expect("the mine goes off");
    }
}

#[akt::test]
async fn an_extension_that_panics_when_it_stops_or_is_dropped_holds_up_no_end() {
    for (start, stop) in [(Ok(()), Ok(())), (Ok(()), Err(())), (Err(()), Ok(()))] {
        let bunker = Bunker { start, stop, _mine: Mine(Fuse::Drop) };
        let builder = ActorSystem::builder("test").extension(bunker);

        let started = builder.start().await;

        match started {
            Err(StartError::Part { .. }) => assert!(start.is_err()),
            Err(other) => panic!("{other}"),
            Ok(system) => assert!(system.run_until(std::future::ready(())).await.is_clean()),
        }
    }
}
