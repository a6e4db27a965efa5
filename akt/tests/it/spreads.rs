//! Routers that send one message to several routees: fan-out, scatter-gather, tail-chopping.
#![allow(clippy::disallowed_methods, reason = "the tasks of a test are its own")]

use std::sync::Arc;
use std::time::Duration;

use akt::prelude::*;
use akt::{DeadLetterReason, Mailbox, Routees, Router, StopReason};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::support::system;

/// Notes who did what; its first routees wait, refuse or fail as they are told.
struct Member {
    log: Arc<Mutex<Vec<String>>>,
    gate: Arc<Notify>,
}

#[derive(Debug, PartialEq)]
struct No(String);

/// A message whose clone can fail.
struct Fragile(bool);

impl Clone for Fragile {
    fn clone(&self) -> Self {
        assert!(!self.0, "it broke");
        Self(self.0)
    }
}

#[akt::actor]
impl Member {
    #[handler]
    fn note(&mut self, what: String, cx: &mut Ctx<Self>) -> String {
        self.log.lock().push(format!("{} {what}", cx.path().name()));
        cx.path().name().to_owned()
    }

    #[handler]
    fn fragile(&mut self, _what: Fragile) {}

    /// Waits in those that are named.
    #[handler]
    async fn wait_in(&mut self, who: &'static str, cx: &mut Ctx<Self>) -> String {
        let name = cx.path().name().to_owned();
        if who.contains(&name) {
            self.log.lock().push(format!("{name} waits"));
            tokio::select! {
                biased;
                () = cx.cancelled() => self.log.lock().push(format!("{name} told")),
                () = self.gate.notified() => {}
            }
        }
        self.log.lock().push(format!("{name} done"));
        name
    }

    #[handler]
    fn refuse_in(&mut self, who: &'static str, cx: &mut Ctx<Self>) -> Result<String, No> {
        let name = cx.path().name().to_owned();
        if who.contains(&name) { Err(No(name)) } else { Ok(name) }
    }

    #[handler]
    fn fail_in(&mut self, who: &'static str, cx: &mut Ctx<Self>) -> Result<String, No> {
        let name = cx.path().name().to_owned();
        assert!(!who.contains(&name), "no bread");
        Ok(name)
    }

    #[handler]
    fn worst(&mut self, cx: &mut Ctx<Self>) -> Result<String, No> {
        match cx.path().name() {
            "1" => Err(No("1".into())),
            _ => panic!("no bread"),
        }
    }
}

struct Team {
    system: ActorSystem,
    members: MemberRef,
    log: Arc<Mutex<Vec<String>>>,
    gate: Arc<Notify>,
}

impl Team {
    async fn of(router: Router<MemberMsg>) -> Self {
        let (system, log, gate) = (system().await, Arc::default(), Arc::new(Notify::new()));
        let (l, g): (Arc<Mutex<Vec<String>>>, _) = (Arc::clone(&log), gate.clone());
        let make = move || Member { log: l.clone(), gate: g.clone() };
        let members = system.spawn_router("team", router.without_replacement(), make).await.unwrap();
        Self { system, members, log, gate }
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock())
    }

    async fn member(&self, number: usize) -> MemberRef {
        self.system.actor_of(&format!("/user/team/{number}")).await.unwrap()
    }

    /// Makes one member busy, so that what comes next waits in its mailbox.
    async fn busy(&self, number: usize) {
        self.member(number).await.wait_in("1 2 3").tell().unwrap();
        settle().await;
        self.log();
    }
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[akt::test]
async fn a_fan_out_tells_every_routee_and_answers_when_all_have_handled() {
    let team = Team::of(Router::fan_out(3)).await;

    team.members.note("told".into()).tell().unwrap();
    let answer = team.members.note("asked".into()).await.unwrap();

    assert_eq!(answer, "1", "the first routee's");
    assert_eq!(team.log(), ["1 told", "1 asked", "2 told", "2 asked", "3 told", "3 asked"]);
    let mut call = Box::pin(team.members.wait_in("2").into_owned());
    assert!(tokio::time::timeout(SECOND, &mut call).await.is_err(), "not before the last");
    team.gate.notify_one();
    assert_eq!(call.await.unwrap(), "1");
    team.system.shutdown().await;
}

#[akt::test]
async fn a_fan_out_is_taken_by_all_routees_or_by_none() {
    let team = Team::of(Router::fan_out(3).mailbox(Mailbox::bounded(1))).await;
    team.busy(2).await;
    team.member(2).await.note("direct".into()).tell().unwrap();

    let refused = team.members.note("lost".into()).tell();
    let (members, waiting) = (team.members.clone(), team.members.note("asked".into()).start());
    let sent = tokio::spawn(async move { members.note("sent".into()).send().await });
    let asked = tokio::spawn(waiting);
    settle().await;
    assert!(matches!(refused, Err(TellError::Full(_))));
    assert_eq!(team.log(), [""; 0], "nobody has it");
    for _ in 0..3 {
        team.gate.notify_one();
        settle().await;
    }

    assert!(sent.await.unwrap().is_ok());
    assert_eq!(asked.await.unwrap().unwrap(), "1");
    let log = team.log();
    for what in ["sent", "asked"] {
        assert_eq!(log.iter().filter(|line| line.ends_with(what)).count(), 3, "{what}: {log:?}");
    }
    assert_eq!(team.system.dead_letters(), 0);
    team.system.shutdown().await;
}

#[akt::test]
async fn many_that_wait_for_room_at_a_fan_out_all_get_it() {
    let team = Team::of(Router::fan_out(2).mailbox(Mailbox::bounded(1))).await;
    team.busy(1).await;
    team.busy(2).await;
    let calls: Vec<_> = (0..20).map(|n| team.members.note(n.to_string()).timeout(SECOND).start()).collect();
    let calls: Vec<_> = calls.into_iter().map(|call| tokio::spawn(call)).collect();
    settle().await;
    team.gate.notify_waiters();

    for call in calls {
        assert_eq!(call.await.unwrap().unwrap(), "1");
    }
    assert_eq!(team.log().len(), 42, "each at both, and the two that were busy");
    team.system.shutdown().await;
}

#[akt::test]
async fn a_fan_out_that_partly_fails_says_so_and_a_domain_error_is_the_answer() {
    let team = Team::of(Router::fan_out(3)).await;

    let refused = team.members.refuse_in("2").await.unwrap_err();
    let partly = team.members.fail_in("3").await.unwrap_err();
    let gone = team.members.fail_in("none").await;
    let all = team.members.fail_in("1 2").await.unwrap_err();

    assert!(matches!(refused, AskError::Handler(No(who)) if who == "2"));
    assert_eq!(partly.delivery(), Delivery::Maybe);
    let AskError::Partly(partly) = partly else { panic!("{partly}") };
    assert_eq!((partly.asked, partly.failed), (3, 1));
    assert!(
        partly.to_string().starts_with("1 of 3 routees failed: `fail_in` of /user/team/3 panicked"),
        "{partly}"
    );
    assert_eq!(gone.unwrap(), "1", "who is gone is passed over");
    assert!(matches!(all, AskError::Fault(_)), "{all}");
    let nobody = team.members.note("nobody".into()).tell();
    assert!(matches!(nobody, Err(TellError::NoRoutees(_))));
    let nobody = team.members.note("nobody".into()).await.unwrap_err();
    assert_eq!(nobody.to_string(), "rejected: the router has no routees");
    team.system.shutdown().await;
}

#[akt::test]
async fn an_ask_of_a_fan_out_that_is_dropped_takes_its_clones_back() {
    let team = Team::of(Router::fan_out(2)).await;
    team.busy(1).await;
    team.busy(2).await;

    let call = team.members.note("never".into()).start();
    settle().await;
    drop(call);
    settle().await;
    team.gate.notify_waiters();
    settle().await;

    assert_eq!(team.log(), ["1 done", "2 done"]);
    assert_eq!(team.system.dead_letters_of(DeadLetterReason::Cancelled), 2, "a letter for each clone");
    assert_eq!(team.system.dead_letters(), 2);
    team.system.shutdown().await;
}

#[akt::test]
async fn a_message_whose_clone_panics_is_refused_and_nobody_has_it() {
    let scatter = Router::scatter_gather(2, SECOND);
    for (router, tells) in [(Router::fan_out(2), true), (scatter, false)] {
        let team = Team::of(router).await;

        if tells {
            let error = team.members.fragile(Fragile(true)).tell().unwrap_err();
            assert!(matches!(&error, TellError::Rejected(..)), "{error}");
        }
        let error = team.members.fragile(Fragile(true)).await.unwrap_err();

        assert!(matches!(&error, AskError::Rejected(why) if why.contains("`Clone` panicked")), "{error}");
        assert_eq!(error.delivery(), Delivery::No);
        team.members.fragile(Fragile(false)).await.unwrap();
        assert_eq!(team.system.dead_letters(), 0);
        team.system.shutdown().await;
    }
}

#[akt::test]
async fn the_first_good_answer_of_a_scatter_gather_wins_and_the_others_are_taken_back() {
    let team = Team::of(Router::scatter_gather(3, SECOND)).await;
    team.busy(2).await;

    let answer = team.members.wait_in("1").await.unwrap();
    settle().await;
    let log = team.log();
    team.gate.notify_one();
    settle().await;

    assert_eq!(answer, "3");
    assert_eq!(log, ["1 waits", "3 done", "1 told", "1 done"]);
    assert_eq!(team.log(), ["2 done"], "what was queued is skipped");
    assert_eq!(team.system.dead_letters(), 0);
    team.system.shutdown().await;
}

#[akt::test]
async fn a_scatter_gather_passes_errors_over_and_says_the_most_telling_when_all_fail() {
    let team = Team::of(Router::scatter_gather(3, SECOND)).await;

    assert_eq!(team.members.refuse_in("1 2").await.unwrap(), "3");
    let refused = team.members.refuse_in("1 2 3").await.unwrap_err();
    assert_eq!(team.members.fail_in("1").await.unwrap(), "2");

    assert!(matches!(refused, AskError::Handler(No(_))), "{refused}");
    team.system.shutdown().await;
    let team = Team::of(Router::scatter_gather(3, SECOND)).await;
    let worst = team.members.worst().await.unwrap_err();
    assert!(matches!(&worst, AskError::Handler(No(who)) if who == "1"), "a handler's own word: {worst}");
    team.system.shutdown().await;
}

#[akt::test]
async fn a_scatter_gather_ends_within_its_time_and_says_where_its_message_was() {
    let team = Team::of(Router::scatter_gather(2, SECOND)).await;
    team.busy(1).await;
    team.busy(2).await;

    let queued = team.members.note("never".into()).await.unwrap_err();
    team.gate.notify_waiters();
    settle().await;
    let handling = team.members.wait_in("1 2").await.unwrap_err();
    let own = team.members.wait_in("1 2").timeout(SECOND / 2).await.unwrap_err();

    let AskError::Timeout(info) = &queued else { panic!("{queued}") };
    assert!(matches!(info.stage, akt::Stage::Queued { .. }), "{info}");
    assert_eq!((queued.delivery(), handling.delivery()), (Delivery::No, Delivery::Maybe));
    let AskError::Timeout(info) = &own else { panic!("{own}") };
    assert!(matches!(info.stage, akt::Stage::Handling { .. }), "{info}");
    assert!(info.elapsed < SECOND * 6 / 10, "{info}");
    assert_eq!(team.system.dead_letters(), 0);
    team.system.shutdown().await;
}

#[akt::test]
async fn a_tell_to_a_scatter_gather_goes_to_one_routee_each_in_turn() {
    let team = Team::of(Router::scatter_gather(2, SECOND)).await;

    for n in 0..3 {
        team.members.note(n.to_string()).tell().unwrap();
    }
    settle().await;

    assert_eq!(team.log(), ["1 0", "1 2", "2 1"]);
    team.system.shutdown().await;
}

#[akt::test]
async fn asks_of_a_scatter_gather_wait_for_room_when_all_are_full() {
    let team = Team::of(Router::scatter_gather(2, SECOND).mailbox(Mailbox::bounded(1))).await;
    for number in [1, 2] {
        team.busy(number).await;
        team.member(number).await.note("direct".into()).tell().unwrap();
    }
    assert!(matches!(team.members.note("full".into()).tell(), Err(TellError::Full(_))));

    let asked = tokio::spawn(team.members.note("asked".into()).start());
    let members = team.members.clone();
    let sent = tokio::spawn(async move { members.note("sent".into()).send().await });
    settle().await;
    team.gate.notify_waiters();

    assert!(asked.await.unwrap().is_ok());
    assert!(sent.await.unwrap().is_ok());
    team.system.shutdown().await;
}

#[akt::test]
async fn tail_chopping_asks_another_after_each_interval_and_at_once_after_a_failure() {
    let interval = Duration::from_millis(100);
    let team = Team::of(Router::tail_chopping(3, SECOND, interval)).await;
    let elapsed = async |call: Call<'_, _>| {
        let before = tokio::time::Instant::now();
        (call.await, before.elapsed())
    };

    let (fast, _) = elapsed(team.members.wait_in("2 3")).await;
    assert_eq!((fast.unwrap().as_str(), team.log()), ("1", vec!["1 done".to_owned()]), "one is enough");
    let (chopped, after) = elapsed(team.members.wait_in("2 3")).await;
    settle().await;

    assert_eq!(chopped.unwrap(), "1");
    assert!((interval * 2..interval * 3).contains(&after), "{after:?}");
    let log = ["2 waits", "3 waits", "1 done", "2 told", "2 done", "3 told", "3 done"];
    assert_eq!(team.log(), log);
    let before = tokio::time::Instant::now();
    assert_eq!(team.members.refuse_in("3").await.unwrap(), "1");
    assert!(before.elapsed() < interval, "a failure does not wait");
    assert_eq!(team.system.dead_letters(), 0);
    team.system.shutdown().await;
}

#[akt::test]
async fn stopping_draining_and_killing_a_router_that_gathers_returns_every_ask() {
    for how in ["stop", "drain", "kill"] {
        let team = Team::of(Router::fan_out(2)).await;
        team.busy(1).await;
        let asked = team.members.note("asked".into()).start();
        let actor = team.members.actor();
        match how {
            "stop" => actor.stop(),
            "drain" => actor.stop_after_drain(),
            _ => actor.kill(),
        }
        settle().await;
        team.gate.notify_one();

        let (answer, reason) = (asked.await, actor.stopped().await);
        match how {
            "drain" => assert_eq!(answer.unwrap(), "1"),
            _ => assert!(matches!(answer, Err(AskError::Partly(_) | AskError::Stopped { .. })), "{answer:?}"),
        }
        let killed = if how == "kill" { StopReason::Killed } else { StopReason::Requested };
        assert_eq!(reason, killed, "{how}");
        assert!(matches!(team.members.note("late".into()).tell(), Err(TellError::Stopped(_))));
        team.system.shutdown().await;
    }
}

#[akt::test]
async fn the_routees_of_a_router_can_be_asked_each() {
    let team = Team::of(Router::fan_out(3)).await;
    let routees: Vec<MemberRef> = Routees::of(&team.members.actor()).unwrap().refs();

    let answers = akt::batch(routees.iter().map(|routee| routee.note("each".into()))).await;

    let names: Result<Vec<_>, _> = answers.into_iter().collect();
    assert_eq!(names.unwrap(), ["1", "2", "3"]);
    team.system.shutdown().await;
}
