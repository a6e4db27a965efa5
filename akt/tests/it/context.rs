//! What travels with a message: headers, deadlines, the chain of asks, an expiry.
#![expect(clippy::disallowed_methods, reason = "the tests look at the paused clock of tokio")]

use std::any::Any;
use std::cell::RefCell;
use std::time::Duration;

use akt::prelude::*;
use akt::{ContextPropagator, DeadLetterReason, Event, Headers, Stage};
use tokio::sync::mpsc;

use crate::support::{system, until};

/// Tells its headers, and those of whatever it sends.
#[derive(Default)]
struct Porter {
    next: Option<PorterRef>,
    log: Option<mpsc::Sender<Option<String>>>,
}

fn tenant(headers: &Headers) -> Option<String> {
    headers.get("tenant").map(str::to_owned)
}

#[akt::actor]
impl Porter {
    fn saw(&self, tenant: Option<String>) {
        self.log.as_ref().expect("a log").try_send(tenant).expect("room in the log");
    }

    #[handler]
    fn lead(&mut self, next: PorterRef) {
        self.next = Some(next);
    }

    #[handler]
    fn look(&mut self, cx: &mut Ctx<Self>) -> Option<String> {
        tenant(&cx.headers())
    }

    #[handler]
    fn note(&mut self, cx: &mut Ctx<Self>) {
        self.saw(tenant(&cx.headers()));
    }

    /// Tells the next by every way there is.
    #[handler]
    fn hand_on(&mut self, cx: &mut Ctx<Self>) {
        let next = self.next.clone().expect("somebody to hand on to");
        next.note().tell().unwrap();
        cx.after(Duration::from_secs(1), next.note()).detach();
        let piped = next.clone();
        cx.pipe(async { Ok::<_, AskError>(()) }, move |_, _| piped.note().post());
        let asked = next.clone();
        cx.then(async move { asked.look().await }, |this, seen, _| this.saw(seen.unwrap()));
    }

    #[handler]
    async fn ask_next(&mut self, cx: &mut Ctx<Self>) -> (Option<String>, Option<String>) {
        let next = self.next.clone().expect("somebody to ask");
        let there = next.look().await.expect("it answers");
        (there, tenant(&cx.headers()))
    }

    #[handler]
    async fn hang(&mut self) {
        std::future::pending::<()>().await;
    }

    #[handler]
    async fn nap(&mut self, time: Duration, cx: &mut Ctx<Self>) {
        cx.system().runtime().sleep(time).await;
    }

    #[handler]
    async fn wait_for_next(&mut self) -> Option<AskError> {
        self.next.as_ref().expect("somebody to ask").hang().await.err()
    }

    /// The path of the cycle that it is part of.
    #[handler]
    async fn round(&mut self) -> String {
        match self.next.as_ref().expect("somebody to ask").round().await {
            Err(AskError::Cycle { path }) => path.to_string(),
            other => other.expect("the next is part of it too"),
        }
    }

    /// Asks itself, and leaves the answer for later.
    #[handler]
    fn start_self(&mut self, cx: &mut Ctx<Self>) {
        let call = cx.me().look().start();
        cx.then(call, |this, seen, _| this.saw(seen.unwrap()));
    }
}

fn acme() -> Option<String> {
    Some("acme".to_owned())
}

/// The first, who leads to the second, and what they log.
async fn pair(system: &ActorSystem) -> (PorterRef, PorterRef, mpsc::Receiver<Option<String>>) {
    let (log, seen) = mpsc::channel(16);
    let porter = move || Porter { next: None, log: Some(log.clone()) };
    let first = system.spawn("first", porter.clone()).await.unwrap();
    let second = system.spawn("second", porter).await.unwrap();
    first.lead(second.clone()).await.unwrap();
    (first, second, seen)
}

#[akt::test]
async fn headers_travel_with_everything_that_a_handler_sends() {
    let system = system().await;
    let (first, second, mut seen) = pair(&system).await;

    first.hand_on().header("tenant", "acme").tell().unwrap();

    for way in ["told", "piped", "asked beside", "after a while"] {
        assert_eq!(seen.recv().await.unwrap(), acme(), "{way}");
    }
    let nested = first.ask_next().header("tenant", "acme").await.unwrap();
    assert_eq!(nested, (acme(), acme()));
    assert_eq!(second.look().await.unwrap(), None, "a message without headers has none");
    assert_eq!(second.look().header("tenant", "acme").await.unwrap(), acme());
    system.shutdown().await;
}

#[akt::test]
async fn a_nested_ask_waits_no_longer_than_the_asker_of_its_handler() {
    let system = system().await;
    let (first, _, _) = pair(&system).await;

    let began = tokio::time::Instant::now();
    let inner = first.wait_for_next().timeout(Duration::from_secs(1));
    let outer = inner.await;

    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    if let Ok(inner) = outer {
        let Some(AskError::Timeout(info)) = inner else { panic!("{inner:?}") };
        assert!(matches!(info.stage, Stage::Handling { .. }), "{info:?}");
        assert!(info.elapsed < Duration::from_secs(2), "{info:?}");
    }
    // It is free again: its own ask has ended with its asker's.
    first.look().timeout(Duration::from_millis(100)).await.unwrap();
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_cycle_is_an_error_at_once_and_names_its_path() {
    let system = system().await;
    let (first, second, _) = pair(&system).await;
    second.lead(first.clone()).await.unwrap();

    let began = tokio::time::Instant::now();
    assert_eq!(first.round().await.unwrap(), "/user/first -> /user/second -> /user/first");
    first.lead(first.clone()).await.unwrap();
    assert_eq!(first.round().await.unwrap(), "/user/first -> /user/first");
    assert_eq!(began.elapsed(), Duration::ZERO);
    system.shutdown().await;
}

#[akt::test]
async fn an_ask_that_is_started_and_not_awaited_is_no_cycle() {
    let system = system().await;
    let (first, _, mut seen) = pair(&system).await;

    first.start_self().header("tenant", "acme").await.unwrap();

    assert_eq!(seen.recv().await.unwrap(), acme());
    system.shutdown().await;
}

#[akt::test]
async fn a_tell_that_expires_before_its_turn_is_a_dead_letter() {
    let system = system().await;
    let (first, _, mut seen) = pair(&system).await;
    let mut events = system.events();

    let nap = first.nap(Duration::from_secs(2)).start();
    first.note().header("tenant", "late").expires_in(Duration::from_secs(1)).tell().unwrap();
    first.note().header("tenant", "acme").expires_in(Duration::from_secs(60)).tell().unwrap();
    nap.await.unwrap();

    let event = until(&mut events, |event| matches!(event, Event::DeadLetter(_))).await;
    let Event::DeadLetter(letter) = event else { unreachable!("waited for") };
    assert_eq!(letter.reason, DeadLetterReason::Expired);
    assert_eq!(seen.recv().await.unwrap(), acme());
    system.shutdown().await;
}

thread_local! {
    static TENANT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes the header `tenant` current.
struct Tenant;

struct Restore(Option<String>);

impl Drop for Restore {
    fn drop(&mut self) {
        TENANT.set(self.0.take());
    }
}

impl ContextPropagator for Tenant {
    fn inject(&self, headers: &mut Headers) {
        TENANT.with_borrow(|tenant| {
            if let Some(tenant) = tenant {
                headers.insert("tenant", tenant.as_str());
            }
        });
    }

    fn attach(&self, headers: &Headers) -> Box<dyn Any> {
        Box::new(Restore(TENANT.replace(tenant(headers))))
    }
}

/// Panics wherever it is asked.
struct Bomb;

struct Splinter;

impl Drop for Splinter {
    fn drop(&mut self) {
        panic!("the splinter goes off");
    }
}

impl ContextPropagator for Bomb {
    fn inject(&self, headers: &mut Headers) {
        headers.insert("tenant", "nobody");
        panic!("the bomb goes off");
    }

    fn attach(&self, headers: &Headers) -> Box<dyn Any> {
        assert_eq!(headers.get("quiet"), Some("yes"), "the bomb goes off");
        Box::new(Splinter)
    }
}

#[derive(Default)]
struct Reader;

#[akt::actor]
impl Reader {
    #[handler]
    fn current(&mut self) -> Option<String> {
        TENANT.with_borrow(Clone::clone)
    }

    #[handler]
    async fn current_later(&mut self) -> Option<String> {
        tokio::task::yield_now().await;
        TENANT.with_borrow(Clone::clone)
    }
}

#[akt::test]
async fn a_propagator_makes_current_in_a_handler_what_is_current_at_the_call() {
    let system = ActorSystem::builder("test").propagator(Tenant).start().await.unwrap();
    let reader = system.spawn("reader", Reader::default).await.unwrap();

    TENANT.set(acme());
    let (current, later) = (reader.current().start(), reader.current_later().start());
    TENANT.set(None);

    assert_eq!((current.await.unwrap(), later.await.unwrap()), (acme(), acme()));
    assert_eq!(TENANT.with_borrow(Clone::clone), None, "nothing is left behind");
    assert_eq!(reader.current().await.unwrap(), None);
    system.shutdown().await;
}

#[akt::test]
async fn a_propagator_that_panics_is_left_out() {
    let system = ActorSystem::builder("test").propagator(Bomb).propagator(Tenant).start().await.unwrap();
    let reader = system.spawn("reader", Reader::default).await.unwrap();

    let told = reader.current().header("tenant", "acme").await.unwrap();
    let quiet = reader.current_later().header("tenant", "acme").header("quiet", "yes").await.unwrap();

    assert_eq!((told, quiet), (acme(), acme()));
    system.shutdown().await;
}
