//! A panic in every kind of user code: the process, the system and other actors live on.

use akt::prelude::*;
use akt::{Event, EventStream};

use crate::support::{Counter, system, until};

/// The user code that panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Factory,
    FactoryAgain,
    Start,
    StartAfterAwait,
    Restart,
    Stop,
    Terminated,
    Handler,
    AsyncHandler,
    DropOfValue,
    DropOfHandledMessage,
    DropOfQueuedMessage,
    DropOfKilledHandler,
}

const ALL: &[Place] = &[
    Place::Factory,
    Place::FactoryAgain,
    Place::Start,
    Place::StartAfterAwait,
    Place::Restart,
    Place::Stop,
    Place::Terminated,
    Place::Handler,
    Place::AsyncHandler,
    Place::DropOfValue,
    Place::DropOfHandledMessage,
    Place::DropOfQueuedMessage,
    Place::DropOfKilledHandler,
];

struct Bomb(Place);

impl Bomb {
    fn at(&self, place: Place) {
        assert_ne!(self.0, place, "the bomb goes off");
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 == Place::DropOfValue && !std::thread::panicking() {
            panic!("the bomb goes off");
        }
    }
}

/// Panics where it is dropped.
struct Mine;

impl Drop for Mine {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("the mine goes off");
        }
    }
}

#[akt::actor]
impl Bomb {
    #[on(start)]
    async fn started(&mut self, cx: &mut Ctx<Self>) {
        self.at(Place::Start);
        tokio::task::yield_now().await;
        self.at(Place::StartAfterAwait);
        let child = cx.spawn("child", Counter::default).await.expect("the name is free");
        cx.watch(&child.actor());
    }

    #[on(restart)]
    fn again(&mut self) {
        self.at(Place::Restart);
    }

    #[on(stop)]
    fn stopping(&mut self) {
        self.at(Place::Stop);
    }

    #[on(terminated)]
    fn gone(&mut self, _: Terminated) {
        self.at(Place::Terminated);
    }

    #[handler]
    fn work(&mut self) {
        self.at(Place::Handler);
    }

    #[handler]
    async fn work_long(&mut self) {
        tokio::task::yield_now().await;
        self.at(Place::AsyncHandler);
    }

    #[handler]
    fn fail(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(Fault::new("restart me"));
    }

    #[handler]
    fn end_child(&mut self, cx: &mut Ctx<Self>) {
        cx.children().iter().for_each(akt::AnyRef::stop);
    }

    #[handler]
    fn step_on(&mut self, _mine: Mine) {}

    #[handler]
    async fn hold(&mut self, mine: Mine) {
        std::future::pending::<()>().await;
        drop(mine);
    }
}

/// Sets it off, in an actor that restarts.
async fn set_off(system: &ActorSystem, events: &mut EventStream, place: Place) {
    let mut made = 0;
    let factory = move || {
        made += 1;
        assert!(place != Place::Factory && (place != Place::FactoryAgain || made == 1), "the bomb goes off");
        Bomb(place)
    };
    let Ok(bomb) = system.spawn("bomb", factory).supervise(Supervise::restart()).await else {
        assert!(matches!(place, Place::Factory | Place::Start | Place::StartAfterAwait), "{place:?}");
        return;
    };
    match place {
        Place::Handler => drop(bomb.work().await.unwrap_err()),
        Place::AsyncHandler => drop(bomb.work_long().await.unwrap_err()),
        Place::Terminated => bomb.end_child().await.unwrap(),
        Place::DropOfHandledMessage => drop(bomb.step_on(Mine).await.unwrap_err()),
        Place::DropOfQueuedMessage => {
            bomb.actor().stop();
            bomb.step_on(Mine).tell().unwrap();
            bomb.actor().stopped().await;
            return;
        }
        Place::DropOfKilledHandler => {
            bomb.hold(Mine).tell().unwrap();
            tokio::task::yield_now().await;
            bomb.actor().kill();
            bomb.actor().stopped().await;
            return;
        }
        _ => drop(bomb.fail().await.unwrap_err()),
    }
    until(events, |event| matches!(event, Event::Fault(info) if info.place.is_some())).await;
    bomb.actor().stop();
    bomb.actor().stopped().await;
}

#[akt::test]
async fn a_panic_in_any_user_code_leaves_the_process_and_other_actors_alive() {
    for place in ALL {
        let system = system().await;
        let mut events = system.events();
        let witness = system.spawn("witness", Counter::default).await.unwrap();

        set_off(&system, &mut events, *place).await;

        assert_eq!(witness.add(1).await.unwrap(), 1, "{place:?}");
        let again = system.spawn("bomb", Counter::default).await;
        assert!(again.is_ok(), "{place:?}: the name is free");
        system.shutdown().await;
    }
}
