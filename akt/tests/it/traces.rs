//! Traces: spans of handlers across actors and nodes, as a collector on the loopback gets them.

use ::tracing::info_span;
use ::tracing::subscriber::DefaultGuard;
use akt::Otel;
use akt::prelude::*;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tokio::sync::mpsc;

use crate::collector::{Collector, Manner, Warnings, listen, text};
use crate::support::TooBig;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Sends on what it is sent, in every way there is.
#[derive(Default)]
struct Runner {
    next: Option<RunnerRef>,
    done: Option<mpsc::Sender<()>>,
}

impl Runner {
    fn next(&self) -> RunnerRef {
        self.next.clone().expect("somebody to send to")
    }
}

#[akt::actor]
impl Runner {
    #[handler]
    fn lead(&mut self, next: RunnerRef) {
        self.next = Some(next);
    }

    /// Asks the next, who asks the next.
    #[handler]
    async fn relay(&mut self) {
        tokio::task::yield_now().await;
        if let Some(next) = &self.next {
            next.relay().await.unwrap();
        }
    }

    /// Tells the next, who tells the next.
    #[handler]
    fn pass(&mut self) {
        match (&self.next, &self.done) {
            (Some(next), _) => next.pass().tell().unwrap(),
            (None, Some(done)) => done.try_send(()).unwrap(),
            (None, None) => {}
        }
    }

    #[handler]
    async fn ask_in_a_step(&mut self) {
        let call = info_span!("step").in_scope(|| self.next().end().start());
        call.await.unwrap();
    }

    #[handler]
    fn pipe(&mut self, done: mpsc::Sender<()>, cx: &mut Ctx<Self>) {
        let next = self.next();
        let work = async move {
            drop(info_span!("work"));
            next.end().await
        };
        cx.then(work, move |_, ended, _| {
            ended.unwrap();
            done.try_send(()).unwrap();
        });
    }

    #[handler]
    fn end(&mut self) {}

    #[handler]
    fn headers(&mut self, cx: &mut Ctx<Self>) -> usize {
        cx.headers().iter().count()
    }

    #[handler]
    fn state(&mut self, cx: &mut Ctx<Self>) -> Option<String> {
        cx.headers().get("tracestate").map(str::to_owned)
    }

    #[handler]
    fn boom(&mut self) {
        panic!("no bread");
    }

    #[handler]
    async fn boom_later(&mut self) {
        tokio::task::yield_now().await;
        panic!("no bread");
    }

    #[handler]
    fn fail(&mut self, cx: &mut Ctx<Self>) {
        let _step = info_span!("step").entered();
        cx.fail(TooBig);
    }

    #[handler]
    async fn fail_later(&mut self, cx: &mut Ctx<Self>) {
        cx.fail(TooBig);
        tokio::task::yield_now().await;
    }

    #[handler]
    fn refuse(&mut self) -> Result<(), TooBig> {
        Err(TooBig)
    }
}

/// A system that exports everything to the collector.
async fn traced(collector: &Collector) -> (ActorSystem, DefaultGuard) {
    sampled(collector, 1.0).await
}

async fn sampled(collector: &Collector, share: f64) -> (ActorSystem, DefaultGuard) {
    let mut otel = Otel::http(&collector.endpoint).sample(share);
    let listening = listen(&mut otel, Warnings::default());
    (ActorSystem::builder("shop").otel(otel).start().await.unwrap(), listening)
}

/// Actors that lead from the first to the last, who says when it is done.
async fn chain<const N: usize>(system: &ActorSystem) -> ([RunnerRef; N], mpsc::Receiver<()>) {
    let (done, ends) = mpsc::channel(1);
    let mut all = Vec::<RunnerRef>::new();
    for place in 0..N {
        let done = done.clone();
        let runner = move || Runner { next: None, done: Some(done.clone()) };
        all.push(system.spawn(format!("runner-{place}"), runner).await.unwrap());
    }
    for pair in all.windows(2) {
        pair[0].lead(pair[1].clone()).await.unwrap();
    }
    (all.try_into().ok().unwrap(), ends)
}

#[track_caller]
fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let names = || spans.iter().map(|span| &span.name).collect::<Vec<_>>();
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name} is not in {:?}", names()))
}

/// The spans of `name` in the three actors of a chain.
fn of_three<'a>(spans: &'a [Span], name: &str) -> [&'a Span; 3] {
    ["/user/runner-0", "/user/runner-1", "/user/runner-2"].map(|actor| {
        let mine = |span: &&Span| text(&span.attributes, "akt.actor") == Some(actor) && span.name == name;
        spans.iter().find(mine).unwrap()
    })
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn outside(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

#[track_caller]
fn assert_child(child: &Span, parent: &Span) {
    assert_eq!(child.trace_id, parent.trace_id, "{} and {}", child.name, parent.name);
    assert_eq!(child.parent_span_id, parent.span_id, "{} and {}", child.name, parent.name);
}

#[tokio::test]
async fn a_handler_is_a_span_that_names_actor_kind_and_message_to_the_collector() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([runner], _) = chain(&system).await;

    runner.end().await.unwrap();
    system.shutdown().await;

    let spans = collector.spans();
    let span = named(&spans, "Runner.end");
    let values = ["akt.actor", "akt.kind", "akt.message"].map(|name| text(&span.attributes, name));
    assert_eq!(values, [Some("/user/runner-0"), Some("Runner"), Some("end")]);
    assert_eq!((span.kind(), span.parent_span_id.len()), (SpanKind::Consumer, 0));
    assert_eq!(span.status.clone().unwrap_or_default().code(), StatusCode::Unset);
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
}

#[tokio::test]
async fn a_span_of_a_handler_is_a_child_of_the_span_that_sent_its_message() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([first, ..], mut ends) = chain::<3>(&system).await;

    first.relay().await.unwrap();
    first.pass().tell().unwrap();
    ends.recv().await.unwrap();
    system.shutdown().await;

    let spans = collector.spans();
    for name in ["Runner.relay", "Runner.pass"] {
        let [first, second, third] = of_three(&spans, name);
        assert!(first.parent_span_id.is_empty(), "{first:?}");
        assert_child(second, first);
        assert_child(third, second);
    }
}

#[tokio::test]
async fn spans_of_the_program_are_between_those_of_handlers() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([first, _], _) = chain(&system).await;

    let request = info_span!("request");
    let call = request.in_scope(|| first.ask_in_a_step().start());
    drop(request);
    call.await.unwrap();
    system.shutdown().await;

    let spans = collector.spans();
    let [request, handler, step, end] =
        ["request", "Runner.ask_in_a_step", "step", "Runner.end"].map(|name| named(&spans, name));
    assert_child(handler, request);
    assert_child(step, handler);
    assert_child(end, step);
}

#[tokio::test]
async fn work_beside_an_actor_belongs_to_the_handler_that_began_it() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([first, _], _) = chain(&system).await;
    let (done, mut ends) = mpsc::channel(1);

    first.pipe(done).tell().unwrap();
    ends.recv().await.unwrap();
    system.shutdown().await;

    let spans = collector.spans();
    let [pipe, work, end] = ["Runner.pipe", "work", "Runner.end"].map(|name| named(&spans, name));
    assert_child(work, pipe);
    assert_child(end, pipe);
}

#[tokio::test]
async fn a_traceparent_from_outside_is_the_parent_of_the_handler() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([first, _], _) = chain(&system).await;

    let call = first.relay().header("traceparent", outside("01")).header("tracestate", "shop=7");
    call.await.unwrap();
    system.shutdown().await;

    let spans = collector.spans();
    let ours: Vec<_> = spans.iter().filter(|span| span.name == "Runner.relay").collect();
    assert_eq!(ours.len(), 2);
    assert!(ours.iter().all(|span| hex(&span.trace_id) == TRACE && span.trace_state == "shop=7"), "{ours:?}");
    let first = ours.iter().find(|span| hex(&span.parent_span_id) == PARENT).unwrap();
    let second = ours.iter().find(|span| hex(&span.parent_span_id) != PARENT).unwrap();
    assert_child(second, first);
}

#[tokio::test]
async fn a_traceparent_that_is_none_begins_a_trace_of_its_own() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([runner], _) = chain(&system).await;

    runner.end().header("traceparent", "00-nonsense-01").await.unwrap();
    system.shutdown().await;

    assert!(named(&collector.spans(), "Runner.end").parent_span_id.is_empty());
}

#[tokio::test]
async fn a_trace_is_exported_if_it_was_sampled_where_it_began() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = sampled(&collector, 0.0).await;
    let ([first, _], _) = chain(&system).await;

    first.relay().await.unwrap();
    first.end().header("traceparent", outside("00")).await.unwrap();
    first.headers().header("traceparent", outside("01")).await.unwrap();
    system.shutdown().await;

    let names: Vec<_> = collector.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["Runner.headers"]);
}

#[tokio::test]
async fn a_handler_that_fails_is_a_span_with_an_error_that_says_why() {
    let mut collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let runner = system.spawn("runner", Runner::default).supervise(Supervise::restart()).await.unwrap();

    runner.boom().await.unwrap_err();
    runner.boom_later().await.unwrap_err();
    runner.fail().await.unwrap_err();
    runner.fail_later().await.unwrap_err();
    runner.refuse().await.unwrap_err();
    system.shutdown().await;

    let spans = collector.spans();
    let status = |name: &str| {
        let status = named(&spans, name).status.clone().unwrap_or_default();
        (status.code(), status.message)
    };
    let error = |text: &str| (StatusCode::Error, text.to_owned());
    assert_eq!(status("Runner.boom"), error("no bread"));
    assert_eq!(status("Runner.boom_later"), error("no bread"));
    assert_eq!(status("Runner.fail"), error("too big"));
    assert_eq!(status("Runner.fail_later"), error("too big"));
    assert_eq!(status("Runner.refuse").0, StatusCode::Unset, "an error that is an answer");
}

#[tokio::test]
async fn without_a_layer_no_message_carries_a_trace() {
    let collector = Collector::start(Manner::Takes).await;
    let system = ActorSystem::builder("shop").otel(Otel::http(&collector.endpoint)).start().await.unwrap();
    let ([runner], _) = chain(&system).await;

    assert_eq!(runner.headers().await.unwrap(), 0);

    system.shutdown().await;
}

#[tokio::test]
async fn a_state_that_ends_with_its_trace_is_not_carried_on() {
    let collector = Collector::start(Manner::Takes).await;
    let (system, _listening) = traced(&collector).await;
    let ([runner], _) = chain(&system).await;

    let within = runner.state().header("traceparent", outside("01")).header("tracestate", "shop=7");
    assert_eq!(within.await.unwrap().as_deref(), Some("shop=7"));
    let call = info_span!("request").in_scope(|| runner.state().start());
    assert_eq!(call.await.unwrap(), None);

    system.shutdown().await;
}
