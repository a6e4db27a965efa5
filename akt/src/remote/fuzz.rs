//! The machines of a connection, told anything in any order: their invariants hold, and what they keep they count.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;

use super::association::{self, Association, Dialer, LinkId, Standing};
use super::credit::{Amount, Owed, Window};
use super::order::{For, Order, Weighed};
use super::requests::{Requests, with_lane};
use super::watch::{self, WatchId, Watches};
use crate::actor::StopReason;
use crate::backoff::Backoff;
use crate::fuzz::{self, Allowed, Script, counted, garbage, live};
use crate::id::NodeId;
use crate::machine::Machine;
use crate::time::Instant;
use crate::wire::{Course, Seen, Side, reason_of};

/// Machines are small, and their outputs too.
const SMALL: Allowed = Allowed { largest: 64 << 10, peak: 256 << 10 };

fn after(now: Instant, script: &mut Script<'_>) -> Instant {
    now + Duration::from_millis(u64::from(script.next().unwrap_or_default()) * 20)
}

#[test]
fn an_association_adopts_only_what_is_offered_and_nothing_at_its_end() {
    fuzz::feed(
        "association",
        SMALL,
        |rng| garbage(rng, 400),
        |bytes, _| counted(|| associate(Script::of(bytes))),
    );
}

fn associate(mut script: Script<'_>) {
    let backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(5), jitter: 0.2 };
    let mut association = Association::new((NodeId::from_u64(5), 50), backoff, Duration::from_secs(1));
    let (mut now, mut carries, mut closed, mut dialing) = (Instant::ZERO, None::<LinkId>, false, None);
    while let Some(step) = script.next() {
        now = after(now, &mut script);
        let (number, other) = (script.number(), script.number());
        let seen = script.flag().then(|| Seen { incarnation: 50, dial: script.number() });
        let dialer = Dialer {
            node: NodeId::from_u64(script.number()),
            dial: Seen { incarnation: other, dial: script.number() },
            seen,
        };
        let input = match step % 8 {
            0 => association::Input::Wanted { dial: number },
            1 => association::Input::Dialed {
                dial: dialing.unwrap_or(number),
                link: other,
                incarnation: number,
            },
            2 => {
                let chance = f64::from(step) / 256.0;
                association::Input::DialFailed { dial: number, problem: "no".into(), chance }
            }
            3 => association::Input::Yielded { dial: dialing.unwrap_or(number) },
            4 | 5 => association::Input::Accepted { link: number, dialer },
            6 => association::Input::Lost { link: carries.unwrap_or(number), problem: "lost".into() },
            _ if step == 255 => association::Input::Closed,
            _ => association::Input::Lost { link: number, problem: "lost".into() },
        };
        let offered = match input {
            association::Input::Dialed { link, .. } | association::Input::Accepted { link, .. } => Some(link),
            _ => None,
        };
        closed |= matches!(input, association::Input::Closed);
        let mut out = Vec::new();
        association.handle(now, input, &mut out);
        association.handle_timeout(now, &mut out);
        assert!(out.len() <= 3, "{out:?}");
        for output in out {
            match output {
                association::Output::Adopt { link } => {
                    assert!(!closed && Some(link) == offered, "adopted {link}, offered {offered:?}");
                    (carries, dialing) = (Some(link), None);
                }
                association::Output::Drop { link } => {
                    assert!(Some(link) == offered || Some(link) == carries, "dropped {link}");
                }
                association::Output::Dial { dial } => {
                    assert!(!closed && carries.is_none(), "dialed beside a connection");
                    dialing = Some(dial);
                }
                association::Output::Fail { .. } => {}
            }
        }
        match association.standing(now) {
            Standing::Up(link) => assert_eq!(carries, Some(link)),
            Standing::Connecting | Standing::Idle | Standing::Refused { .. } => carries = None,
        }
    }
}

#[test]
fn a_watch_ends_once_whatever_the_peer_says_of_it() {
    fuzz::feed("watches", SMALL, |rng| garbage(rng, 400), |bytes, _| counted(|| watch(Script::of(bytes))));
}

fn watch(mut script: Script<'_>) {
    let mut watches = Watches::new(Duration::from_secs(10));
    let (mut now, mut next, mut live) = (Instant::ZERO, 0, BTreeSet::<WatchId>::new());
    while let Some(step) = script.next() {
        now = after(now, &mut script);
        let (said, other) = (script.number(), script.number());
        let input = match step % 8 {
            0 => {
                next += 1;
                live.insert(next);
                watch::Input::Watch { watch: next, target: Bytes::from_static(b"/user/cart") }
            }
            1 => {
                live.remove(&said);
                watch::Input::Unwatch { watch: said }
            }
            2 | 3 => watch::Input::Watched { watch: said, actor: other },
            4 => watch::Input::Terminated { watch: said, reason: reason_of(other) },
            5 => watch::Input::Up { link: said, incarnation: other },
            6 => watch::Input::Down { link: said, left: script.flag() },
            _ if step == 255 => watch::Input::Closed,
            _ => watch::Input::Terminated { watch: said, reason: StopReason::Unknown },
        };
        let mut out = Vec::new();
        watches.handle(now, input, &mut out);
        watches.handle_timeout(now, &mut out);
        assert!(out.len() <= live.len() + 4, "{} words for {} watches", out.len(), live.len());
        for output in out {
            if let watch::Output::Ended { watch, .. } = output {
                assert!(live.remove(&watch), "{watch} ended twice, or never began");
            }
        }
    }
    let mut out = Vec::new();
    watches.handle(now, watch::Input::Closed, &mut out);
    assert_eq!(out.len(), live.len(), "each watch that is left has its last word");
}

#[test]
fn credit_that_nobody_owes_lets_no_more_through_than_a_window() {
    fuzz::feed("credit", SMALL, |rng| garbage(rng, 400), |bytes, _| counted(|| credit(Script::of(bytes))));
}

fn credit(mut script: Script<'_>) {
    let limit = Amount { messages: 8, bytes: 1_000 };
    let (mut window, mut owed, mut link, mut taken) = (Window::default(), Owed::default(), 1, 0);
    while let Some(step) = script.next() {
        let bytes = usize::try_from(script.number()).unwrap_or(usize::MAX);
        match step % 4 {
            0 | 1 => {
                taken += u32::from(window.take(link, limit, bytes));
                assert!(taken <= limit.messages, "more than a window is under way");
            }
            2 => {
                let messages = u32::try_from(script.number()).unwrap_or(u32::MAX);
                let said = if script.flag() { link } else { link + 1 };
                window.give_back(said, Amount { messages, bytes: bytes as u64 });
                if said == link {
                    taken = taken.saturating_sub(messages);
                }
            }
            _ if step > 250 => (link, taken) = (link + 1, 0),
            _ => {
                let amount = owed.add(limit, bytes, || 1 + u32::from(step) % 8);
                assert!(amount.is_none_or(|amount| amount.messages <= limit.messages));
            }
        }
    }
}

#[test]
fn an_answer_reaches_the_ask_that_it_names_or_none() {
    fuzz::feed("asks", SMALL, |rng| garbage(rng, 400), |bytes, _| counted(|| answer(Script::of(bytes))));
}

fn answer(mut script: Script<'_>) {
    let (mut requests, mut open) = (Requests::<u64>::default(), Vec::<u64>::new());
    while let Some(step) = script.next() {
        match step % 4 {
            0 if open.len() < 64 => {
                let correlation =
                    with_lane(requests.reserve(), u32::from(script.next().unwrap_or_default()) % 16);
                let lane_less = correlation & !(0xf << 28);
                assert!(requests.fill(correlation, lane_less).is_ok());
                open.push(lane_less);
            }
            1 if !open.is_empty() => {
                let correlation = open.swap_remove(usize::from(step) % open.len());
                assert_eq!(requests.take(correlation), Some(correlation));
            }
            _ => {
                let named = script.number() << (script.next().unwrap_or_default() % 40) | script.number();
                let found = requests.take(named);
                assert_eq!(found.is_some(), found.is_some_and(|found| open.contains(&found)));
                open.retain(|correlation| Some(*correlation) != found);
            }
        }
    }
    assert_eq!(requests.drain().len(), open.len());
}

#[test]
fn what_is_held_for_large_messages_is_counted_and_bounded() {
    let allowed = Allowed { largest: 64 << 10, peak: 2 << 20 };
    fuzz::feed("order", allowed, |rng| garbage(rng, 900), |bytes, _| counted(|| order(Script::of(bytes))));
}

/// The lane is not read while this much is held, as by a carrier.
const INBOUND: usize = 64 << 10;

fn order(mut script: Script<'_>) {
    let (mut order, mut out, mut next) = (Order::<Box<[u8]>>::default(), Vec::new(), 0);
    let target = |script: &mut Script<'_>| Bytes::from(format!("/user/{:0100}", script.number()));
    let course = |script: &mut Script<'_>| Course {
        correlation: script.number(),
        asker: if script.flag() { Side::Us } else { Side::Them },
    };
    let whither = |script: &mut Script<'_>| match script.next().unwrap_or_default() % 4 {
        0 => For::Course(course(script)),
        1 => For::Nothing,
        _ => For::Target(target(script), script.flag().then(|| course(script))),
    };
    let body = |bytes: usize| Weighed { message: vec![7; bytes].into_boxed_slice(), bytes: 256 + bytes };
    let before = live();
    while let Some(step) = script.next() {
        next += 1;
        let number = if script.flag() { next } else { script.number() };
        let taken = match step % 4 {
            0 if order.bytes() < INBOUND => {
                let to = whither(&mut script);
                order.announce(number, to, &mut out)
            }
            1 => order.arrive(number, body(500), &mut out),
            2 if order.bytes() < INBOUND => {
                let to = whither(&mut script);
                order.pass(to, body(10), &mut out);
                Ok(())
            }
            _ => Ok(()),
        };
        out.clear();
        if taken.is_err() {
            return;
        }
        let kept = (live() - before).unsigned_abs();
        let counted = order.bytes();
        assert!(kept <= (64 << 10) + 4 * counted, "{kept} bytes are kept, {counted} are counted");
        assert!(counted <= INBOUND + (64 << 10), "{counted} bytes are held");
    }
}
