//! In which order messages are handled: by priority, by sender, or as a queue of one's own says.

use std::sync::Arc;

use akt::prelude::*;
use akt::{Mailbox, MailboxOrder, MailboxPlace, MailboxQueue, Message, Overflow, SpawnError};
use tokio::sync::Notify;

use crate::scribe::{Desk, FULL, Log, ScribeMsg, scribe, task, urgent_first};
use crate::support::system;

// ---- priority ----------------------------------------------------------------------------------

#[akt::test]
async fn the_highest_priority_is_handled_first_and_equal_ones_in_their_order() {
    let desk = Desk::ordered(Mailbox::Unbounded, urgent_first()).await;
    for n in 0..100 {
        desk.scribe.note(n).tell().unwrap();
        desk.scribe.urgent(1_000 + n).tell().unwrap();
    }

    assert_eq!(desk.handled().await, (1_000..1_100).chain(0..100).collect::<Vec<_>>());
    desk.system.shutdown().await;
}

#[akt::test]
async fn what_is_urgent_overtakes_though_the_actor_is_at_work() {
    let desk = Desk::ordered(Mailbox::Unbounded, urgent_first()).await;
    (1..4).for_each(|n| desk.scribe.slowly(n).tell().unwrap());

    desk.gate.notify_one();
    tokio::task::yield_now().await;
    desk.scribe.urgent(10).await.unwrap();

    assert_eq!(*desk.log.lock(), [1, 10]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_message_whose_rank_panics_comes_last_and_hurts_nobody() {
    let order = MailboxOrder::priority(|message: &ScribeMsg| {
        assert!(message.name() != "note", "no rank");
        0
    });
    let desk = Desk::ordered(Mailbox::bounded(4), Some(order)).await;
    desk.tell([1, 2]);
    desk.scribe.urgent(3).tell().unwrap();

    assert_eq!(desk.handled().await, [3, 1, 2]);
    assert_eq!(desk.system.dead_letters(), 0);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_full_mailbox_drops_the_oldest_of_the_lowest_priority() {
    let mut desk = Desk::ordered(Mailbox::bounded(3).when_full(Overflow::DropOldest), urgent_first()).await;
    desk.scribe.urgent(10).tell().unwrap();
    desk.tell([1, 2]);

    desk.tell([3]);
    desk.scribe.urgent(11).tell().unwrap();

    assert_eq!(desk.letters(), [FULL, FULL]);
    assert_eq!(desk.handled().await, [10, 11, 3]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_bounded_mailbox_with_an_order_makes_send_and_ask_wait() {
    let desk = Desk::ordered(Mailbox::bounded(1), urgent_first()).await;
    desk.tell([1]);

    let refused = desk.scribe.urgent(2).tell().unwrap_err();
    let (first, second) = (desk.scribe.urgent(3).start(), desk.scribe.note(4).start());
    desk.gate.notify_one();

    assert!(matches!(refused, TellError::Full(_)));
    assert_eq!(tokio::join!(async { first.await.unwrap() }, async { second.await.unwrap() }), (3, 4));
    assert_eq!(*desk.log.lock(), [1, 3, 4]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_drain_handles_what_was_queued_whatever_overtakes() {
    let desk = Desk::ordered(Mailbox::Unbounded, urgent_first()).await;
    desk.tell([1, 2]);

    desk.scribe.actor().stop_after_drain();
    desk.scribe.urgent(10).tell().unwrap();

    assert_eq!(desk.handled().await, [1, 2]);
    assert_eq!(desk.system.dead_letters(), 1);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_mailbox_with_an_order_outlives_a_restart() {
    let (system, log, gate) = (system().await, Log::default(), Arc::new(Notify::new()));
    let policy = Supervise::one_for_one().on_panic(Directive::Restart).otherwise(Directive::Stop);
    let order = urgent_first().expect("there is one");
    let scribe = system.spawn("scribe", scribe(&log, &gate)).supervise(policy).order(order).await.unwrap();
    scribe.wait().tell().unwrap();
    tokio::task::yield_now().await;
    scribe.note(1).tell().unwrap();
    scribe.boom().tell().unwrap();
    scribe.note(2).tell().unwrap();
    scribe.urgent(3).tell().unwrap();

    gate.notify_one();
    scribe.note(4).await.unwrap();

    assert_eq!(*log.lock(), [3, 1, 2, 4]);
    system.shutdown().await;
}

#[akt::test]
async fn what_is_queued_in_any_order_when_an_actor_stops_is_accounted_for() {
    let desk = Desk::ordered(Mailbox::Unbounded, urgent_first()).await;
    desk.tell([1, 2]);
    let asked = desk.scribe.urgent(3).start();

    desk.scribe.actor().kill();

    assert!(matches!(asked.await, Err(AskError::Stopped { delivered: Delivery::No, .. })));
    assert_eq!(desk.system.dead_letters(), 3, "two notes, and the wait that was handled");
    assert!(desk.log.lock().is_empty());
    desk.system.shutdown().await;
}

// ---- fair --------------------------------------------------------------------------------------

#[akt::test]
async fn a_fair_mailbox_gives_each_sender_its_turn_and_keeps_each_ones_order() {
    let desk = Desk::ordered(Mailbox::Unbounded, Some(MailboxOrder::fair())).await;
    let idle = (Log::default(), Arc::new(Notify::new()));
    for (name, from, upto) in [("flood", 100, 110), ("quiet", 200, 202)] {
        let relay = desk.system.spawn(name, scribe(&idle.0, &idle.1)).await.unwrap();
        relay.relay(desk.scribe.clone(), from, upto).await.unwrap();
    }
    let to = desk.scribe.clone();
    task(async move { (300..302).for_each(|n| to.note(n).tell().unwrap()) }).await;

    let handled = desk.handled().await;

    assert_eq!(handled[..8], [100, 200, 300, 101, 201, 301, 102, 103]);
    assert_eq!(handled.len(), 14);
    desk.system.shutdown().await;
}

#[akt::test]
async fn an_actor_is_one_sender_in_its_own_turn_and_in_its_askers() {
    let desk = Desk::ordered(Mailbox::Unbounded, Some(MailboxOrder::fair())).await;
    let idle = (Log::default(), Arc::new(Notify::new()));
    let relay = desk.system.spawn("relay", scribe(&idle.0, &idle.1)).await.unwrap();

    // Told, it is at work in its own task; asked while it rests, in the asker's.
    for n in 0..20 {
        relay.relay(desk.scribe.clone(), 3 * n, 3 * n + 1).tell().unwrap();
        tokio::task::yield_now().await;
        relay.relay(desk.scribe.clone(), 3 * n + 1, 3 * n + 3).await.unwrap();
    }

    assert_eq!(desk.handled().await, (0..60).collect::<Vec<_>>());
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_full_fair_mailbox_drops_the_oldest_of_the_one_who_sends_most() {
    let desk =
        Desk::ordered(Mailbox::bounded(4).when_full(Overflow::DropOldest), Some(MailboxOrder::fair())).await;
    let quiet = desk.scribe.clone();
    task(async move { quiet.note(1).tell().unwrap() }).await;

    let flood = desk.scribe.clone();
    task(async move { (100..120).for_each(|n| flood.note(n).tell().unwrap()) }).await;

    assert_eq!(desk.handled().await, [1, 117, 118, 119]);
    assert_eq!(desk.system.dead_letters(), 17);
    desk.system.shutdown().await;
}

// ---- a queue of one's own ----------------------------------------------------------------------

/// What a queue does wrong.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Forgets,
    Repeats,
    MakesUp,
    PanicsInPush,
    PanicsInPop,
    PanicsInDrop,
}

struct Stack {
    places: Vec<MailboxPlace>,
    wrong: Option<Wrong>,
}

impl<M> MailboxQueue<M> for Stack {
    fn push(&mut self, _message: &M, place: MailboxPlace) {
        match self.wrong {
            Some(Wrong::Forgets) => return,
            Some(Wrong::PanicsInPush) => panic!("no {}", "push"),
            Some(Wrong::Repeats) => self.places.push(place),
            _ => {}
        }
        self.places.push(place);
    }

    fn pop(&mut self) -> Option<MailboxPlace> {
        match self.wrong {
            Some(Wrong::PanicsInPop) => panic!("no {}", "pop"),
            Some(Wrong::MakesUp) => self.places.first().copied(),
            _ => self.places.pop(),
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        assert!(!matches!(self.wrong, Some(Wrong::PanicsInDrop)), "no drop");
    }
}

fn stack(wrong: Option<Wrong>) -> Option<MailboxOrder<ScribeMsg>> {
    Some(MailboxOrder::queue(move || Stack { places: Vec::new(), wrong }))
}

#[akt::test]
async fn a_queue_of_ones_own_says_whose_turn_it_is() {
    let desk = Desk::ordered(Mailbox::Unbounded, stack(None)).await;
    desk.tell(1..=3);

    assert_eq!(desk.handled().await, [3, 2, 1]);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_queue_that_does_not_say_so_drops_what_it_would_hand_out_next() {
    let desk = Desk::ordered(Mailbox::bounded(2).when_full(Overflow::DropOldest), stack(None)).await;
    desk.tell(1..=3);

    assert_eq!(desk.handled().await, [2, 1]);
    assert_eq!(desk.system.dead_letters(), 1);
    desk.system.shutdown().await;
}

#[akt::test]
async fn a_wrong_queue_loses_nothing() {
    use Wrong::*;
    for wrong in [Forgets, Repeats, MakesUp, PanicsInPush, PanicsInPop, PanicsInDrop] {
        for overflow in [Overflow::Wait, Overflow::DropOldest] {
            let mailbox = Mailbox::bounded(8).when_full(overflow);
            let desk = Desk::ordered(mailbox, stack(Some(wrong))).await;
            desk.tell(0..8);
            let more = desk.scribe.note(8).tell().is_ok();

            let handled = desk.handled().await.len();

            assert_eq!(more, overflow == Overflow::DropOldest);
            assert_eq!(handled, 8, "{wrong:?}");
            assert_eq!(desk.system.dead_letters(), u64::from(more), "{wrong:?}");
            desk.system.shutdown().await;
        }
    }
}

#[akt::test]
async fn an_order_that_cannot_be_made_fails_its_spawn() {
    let (system, log, gate) = (system().await, Log::default(), Arc::new(Notify::new()));
    let order = MailboxOrder::queue(|| -> Stack { panic!("no {}", "stack") });

    let error = system.spawn("scribe", scribe(&log, &gate)).order(order).await.unwrap_err();

    let SpawnError::Start(info) = error else { panic!("{error}") };
    assert_eq!((info.text.as_str(), &*info.message), ("no stack", "order"));
    system.spawn("scribe", scribe(&log, &gate)).await.expect("the name is free");
    system.shutdown().await;
}

// ---- asks in the asker's turn ------------------------------------------------------------------

#[akt::test]
async fn an_actor_with_any_mailbox_is_asked_in_its_askers_turn() {
    for order in [None, urgent_first(), Some(MailboxOrder::fair()), stack(None)] {
        let (system, log, gate) = (system().await, Log::default(), Arc::new(Notify::new()));
        let mailbox = Mailbox::bounded(1).when_full(Overflow::DropOldest);
        let mut spawn = system.spawn("scribe", scribe(&log, &gate)).mailbox(mailbox);
        if let Some(order) = order {
            spawn = spawn.order(order);
        }
        let scribe = spawn.await.unwrap();

        let asker = task(async move {
            tokio::task::yield_now().await;
            let mut call = scribe.note(1);
            let lent =
                std::future::poll_fn(|cx| std::task::Poll::Ready(std::pin::Pin::new(&mut call).poll(cx)));
            assert!(lent.await.is_ready(), "handled in the first poll");
            scribe.slowly(2).await.unwrap();
            scribe.note(3).await.unwrap();
        });

        asker.await;
        assert_eq!(*log.lock(), [1, 2, 3]);
        system.shutdown().await;
    }
}
