//! Each checker of histories takes those that it must take, and rejects the others with the events that prove it.

use std::fmt::Debug;

use akt::Instant;
use akt::testkit::check::{
    Activations, Conservation, Effects, KeyValue, Linearizability, PairOrder, Register, RegisterOp,
    RegisterReply, Sequential, Violation,
};
use proptest::prelude::*;

fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

#[track_caller]
fn rejected<T: Debug>(checked: Result<T, Violation>, found: &str, events: &[&str]) {
    let violation = checked.unwrap_err();

    assert_eq!(violation.found(), found, "{violation}");
    assert_eq!(violation.events(), events, "{violation}");
}

fn activations(
    events: &[(&'static str, &'static str, Option<&'static str>, u64)],
) -> Activations<&'static str, &'static str> {
    let mut activations = Activations::new();
    for (what, node, key, millis) in events.iter().copied() {
        match (what, key) {
            ("begins", Some(key)) => activations.began(key, node, at(millis)),
            ("ends", Some(key)) => activations.ended(key, node, at(millis)),
            _ => activations.fell(node, at(millis)),
        }
    }
    activations
}

const K: Option<&str> = Some("k");

#[test]
fn one_activation_after_the_other_is_taken() {
    for fine in [
        &[][..],
        &[("begins", "a", K, 1)],
        &[("begins", "a", K, 1), ("ends", "a", K, 2), ("begins", "b", K, 2)],
        // Told in another order than it happened.
        &[("begins", "b", K, 5), ("begins", "a", K, 1), ("ends", "a", K, 4)],
        &[("begins", "a", K, 1), ("falls", "a", None, 3), ("begins", "b", K, 4)],
        &[("begins", "a", K, 1), ("ends", "a", K, 2), ("begins", "a", K, 3), ("ends", "a", K, 4)],
        // Other keys, at the same time.
        &[("begins", "a", K, 1), ("begins", "b", Some("other"), 1)],
        &[("falls", "a", None, 1), ("begins", "a", K, 1)],
    ] {
        activations(fine).check().unwrap();
    }
}

#[test]
fn two_activations_at_once_are_rejected() {
    let two = ["+1ms \"k\" began on \"a\"", "+4ms \"k\" began on \"b\""];
    rejected(activations(&[("begins", "a", K, 1), ("begins", "b", K, 4)]).check(), "two at once", &two);
    // Twice on one node are two.
    let twice = ["+1ms \"k\" began on \"a\"", "+4ms \"k\" began on \"a\""];
    rejected(activations(&[("begins", "a", K, 1), ("begins", "a", K, 4)]).check(), "two at once", &twice);
    let late = activations(&[("begins", "b", K, 4), ("ends", "a", K, 5), ("begins", "a", K, 1)]);
    rejected(late.check(), "two at once", &[&two[..], &["+5ms \"k\" ended on \"a\""]].concat());
    // Another node fell.
    let other = activations(&[("begins", "a", K, 1), ("falls", "b", None, 2), ("begins", "b", K, 4)]);
    rejected(other.check(), "two at once", &two);
    // The first overlap of all keys, and not the second.
    let first = activations(&[
        ("begins", "a", Some("j"), 7),
        ("begins", "b", Some("j"), 8),
        ("begins", "a", K, 1),
        ("begins", "b", K, 4),
        ("begins", "c", K, 5),
    ]);
    rejected(first.check(), "two at once", &two);
}

#[test]
fn an_end_without_a_beginning_is_rejected() {
    let never = activations(&[("ends", "a", K, 1)]);
    rejected(never.check(), "one that had not", &["+1ms \"k\" ended on \"a\""]);
    let twice = activations(&[("begins", "a", K, 1), ("ends", "a", K, 2), ("ends", "a", K, 3)]);
    rejected(twice.check(), "one that had not", &["+3ms \"k\" ended on \"a\""]);
}

fn order(sent: &[(char, char, u8)], handled: &[(char, char, u8)]) -> Result<(), Violation> {
    let mut order = PairOrder::new();
    sent.iter().for_each(|(from, to, message)| order.sent(*from, *to, *message));
    handled.iter().for_each(|(from, to, message)| order.handled(*from, *to, *message));
    order.check()
}

#[test]
fn what_keeps_its_order_within_each_pair_is_taken() {
    order(&[], &[]).unwrap();
    order(&[('a', 'b', 1), ('a', 'b', 2), ('a', 'b', 3)], &[('a', 'b', 1), ('a', 'b', 3)]).unwrap();
    // Numbers are names: 2 was sent first.
    order(&[('a', 'b', 2), ('a', 'b', 1)], &[('a', 'b', 2), ('a', 'b', 1)]).unwrap();
    order(&[('a', 'b', 1), ('c', 'b', 2), ('a', 'c', 3)], &[('c', 'b', 2), ('a', 'c', 3), ('a', 'b', 1)])
        .unwrap();
}

#[test]
fn what_does_not_keep_its_order_is_rejected() {
    let sent = [('a', 'b', 1), ('a', 'b', 2), ('a', 'b', 3)];
    rejected(
        order(&sent, &[('a', 'b', 1), ('a', 'b', 3), ('a', 'b', 2)]),
        "2 handled after 3",
        &["'a' sent 2 to 'b'", "'a' sent 3 to 'b'", "'b' handled 3 from 'a'", "'b' handled 2 from 'a'"],
    );
    rejected(
        order(&sent, &[('a', 'b', 1), ('a', 'b', 1)]),
        "1 handled twice",
        &["'a' sent 1 to 'b'", "'b' handled 1 from 'a'", "'b' handled 1 from 'a'"],
    );
    // To another was it sent.
    rejected(order(&sent, &[('a', 'c', 1)]), "1 was not", &["'c' handled 1 from 'a'"]);
    rejected(order(&[sent[0], sent[0]], &[]), "1 sent twice", &["'a' sent 1 to 'b'", "'a' sent 1 to 'b'"]);
}

fn conserved(words: &str) -> Result<String, Violation> {
    let mut messages = Conservation::new();
    for word in words.split_whitespace() {
        let (fate, message) = word.split_at(1);
        match fate {
            "+" => messages.accepted(message),
            "h" => messages.handled(message),
            "d" => messages.dead_letter(message, "stopped"),
            "r" => messages.returned(message),
            _ => messages.maybe(message),
        }
    }
    let sum = messages.check()?;
    assert_eq!(sum.accepted, sum.handled + sum.dead_letters + sum.returned + sum.maybe);
    Ok(format!("{} {} {} {} {}", sum.accepted, sum.handled, sum.dead_letters, sum.returned, sum.maybe))
}

#[test]
fn messages_with_one_fate_each_are_taken() {
    assert_eq!(conserved("").unwrap(), "0 0 0 0 0");
    assert_eq!(conserved("+1 h1 h2 +2 +3 d3 +4 r4 +5 ?5").unwrap(), "5 2 1 1 1");
    // Who was told maybe may learn more; what was never accepted may come back.
    assert_eq!(conserved("+1 ?1 h1 ?2 +2 d2 r3").unwrap(), "2 1 1 0 0");
}

#[test]
fn messages_with_no_fate_or_two_are_rejected() {
    rejected(conserved("+1 h1 +2"), "none", &["\"2\" was accepted"]);
    let handled = ["\"1\" was accepted", "\"1\" was handled"];
    rejected(conserved("+1 h1 h1"), "more", &[&handled[..], &handled[1..]].concat());
    rejected(
        conserved("+1 h1 d1"),
        "more",
        &[&handled[..], &["\"1\" became a dead letter: stopped"]].concat(),
    );
    rejected(conserved("+1 h1 r1"), "more", &[&handled[..], &["\"1\" was handed back"]].concat());
    rejected(conserved("h1"), "a message that was not", &handled[1..]);
    rejected(conserved("d1"), "a message that was not", &["\"1\" became a dead letter: stopped"]);
    rejected(
        conserved("?1"),
        "a message that was not",
        &["\"1\" may have been handled, its sender was told"],
    );
    rejected(conserved("r1 h1"), "a message that was not", &["\"1\" was handed back", "\"1\" was handled"]);
    rejected(conserved("+1 +1 h1"), "more", &[&handled[..1], &handled[..]].concat());
    let maybe = "\"1\" may have been handled, its sender was told";
    rejected(conserved("+1 ?1 h1 h1"), "more", &[&handled[..], &handled[1..], &[maybe]].concat());
}

fn effects(words: &str) -> Result<(), Violation> {
    let mut effects = Effects::new();
    for word in words.split_whitespace() {
        let (what, request) = word.split_at(1);
        match what {
            "?" => effects.requested(request),
            "!" => effects.happened(request, "paid"),
            _ => effects.confirmed(request),
        }
    }
    effects.check()
}

#[test]
fn effects_that_happen_once_are_taken() {
    for fine in ["", "?1", "?1 ?1", "?1 !1", "?1 ?1 !1 =1", "=1 !1 ?1", "?1 !1 =1 ?2"] {
        effects(fine).unwrap();
    }
}

#[test]
fn effects_that_happen_twice_or_never_are_rejected() {
    let [asked, paid, confirmed] = ["\"1\" was requested", "\"1\" happened: paid", "\"1\" was confirmed"];
    rejected(effects("?1 !1 !1"), "2", &[asked, paid, paid]);
    rejected(effects("?1 ?1 !1 !1 !1 =1"), "3", &[asked, paid, paid, confirmed]);
    rejected(effects("?1 =1"), "0", &[asked, confirmed]);
    rejected(effects("!1"), "none", &[paid]);
    rejected(effects("!1 =1"), "none", &[paid, confirmed]);
}

type History = Linearizability<Register<u8>>;

/// `a w1` begins, `a` ends what has no value to tell, `a 1` ends with this one, `a y` and `a n` with whether it replaced,
/// `a x` is refused.
fn history(words: &str) -> History {
    let mut history = Linearizability::new(Register::new(0));
    let mut open = std::collections::BTreeMap::new();
    for line in words.split(',').map(str::trim) {
        let (client, what) = line.split_once(' ').unwrap_or((line, ""));
        let digit = |place: usize| what.as_bytes()[place] - b'0';
        let op = match what.as_bytes().first() {
            Some(b'w') => RegisterOp::Write(digit(1)),
            Some(b'r') => RegisterOp::Read,
            Some(b'c') => RegisterOp::Replace { from: digit(1), to: digit(2) },
            end => {
                let op = open.remove(client).unwrap();
                match end {
                    None => history.replied(op, RegisterReply::Written),
                    Some(b'x') => history.refused(op),
                    Some(b'y' | b'n') => history.replied(op, RegisterReply::Replaced(what == "y")),
                    Some(_) => history.replied(op, RegisterReply::Value(digit(0))),
                }
                continue;
            }
        };
        open.insert(client, history.invoked(client, op));
    }
    history
}

#[test]
fn histories_with_an_order_are_taken() {
    for fine in [
        "a r, a 0",
        "a w1, a, b r, b 1",
        // Beside each other, either may be first.
        "a w1, b r, b 0, a",
        "a w1, b r, b 1, a",
        "a w1, b w2, a, b, c r, c 1",
        "a w1, b w2, a, b, c r, c 2",
        // What has no reply may have happened, sooner or later, or not.
        "a w1, b r, b 0, b r, b 1",
        "a w1, b r, b 0",
        "a c01, a y, b c01, b n, c r, c 1",
        "a c01, b c02, b n, a y",
        "a w1, a x, b r, b 0",
    ] {
        history(fine).check().unwrap();
    }
}

#[test]
fn histories_without_an_order_are_rejected() {
    for (wrong, events) in [
        ("a r, a 1", &["a: Read begins", "a: Read -> Value(1)"][..]),
        (
            "c r, c 0, a w1, a, c r, c 1, b r, b 0, c w7, c",
            &["a: Write(1) begins", "a: Write(1) -> Written", "b: Read begins", "b: Read -> Value(0)"],
        ),
        (
            "a w1, b r, b 1, c r, c 0, d w9",
            &[
                "a: Write(1) begins, and has no reply by then",
                "b: Read begins",
                "b: Read -> Value(1)",
                "c: Read begins",
                "c: Read -> Value(0)",
            ],
        ),
        (
            "a c01, b c02, b y, a y",
            &[
                "a: Replace { from: 0, to: 1 } begins",
                "b: Replace { from: 0, to: 2 } begins",
                "b: Replace { from: 0, to: 2 } -> Replaced(true)",
                "a: Replace { from: 0, to: 1 } -> Replaced(true)",
            ],
        ),
        (
            "a c12, a y",
            &["a: Replace { from: 1, to: 2 } begins", "a: Replace { from: 1, to: 2 } -> Replaced(true)"],
        ),
        ("a w1, a x, b r, b 1", &["b: Read begins", "b: Read -> Value(1)"]),
    ] {
        rejected(history(wrong).check(), "none", events);
    }
}

#[test]
fn the_proof_of_a_long_history_is_short() {
    let mut words: Vec<_> = (0..300).map(|n| format!("a w{n}, b r, b {n}, a", n = n % 7)).collect();
    words.push("b r, b 9".to_owned());
    let violation = history(&words.join(",")).check().unwrap_err();

    assert!(violation.events()[0].starts_with("before these it was "), "{violation}");
    assert_eq!(violation.events().last().unwrap(), "b: Read -> Value(9)");
    assert!(violation.events().len() <= 5, "{violation}");
}

#[test]
fn keys_are_checked_each_by_itself() {
    let mut history = KeyValue::new(Register::new(0));
    for (key, value) in [("x", 1), ("y", 2), ("x", 3)] {
        let write = history.invoked(key, "a", RegisterOp::Write(value));
        history.replied(write, RegisterReply::Written);
    }
    for (key, value) in [("x", 3), ("y", 2), ("z", 0)] {
        let read = history.invoked(key, "b", RegisterOp::Read);
        history.replied(read, RegisterReply::Value(value));
    }
    history.check().unwrap();

    let write = history.invoked("y", "a", RegisterOp::Write(9));
    history.refused(write);
    let read = history.invoked("y", "b", RegisterOp::Read);
    history.replied(read, RegisterReply::Value(3));
    let violation = history.check().unwrap_err();
    assert!(violation.expected().ends_with("of \"y\""), "{violation}");
    assert_eq!(violation.events().last().unwrap(), "b: Read -> Value(3)");
}

/// One operation of a small history: what, when, until when, and what it was told, if anything.
#[derive(Clone, Debug)]
struct Small {
    op: RegisterOp<u8>,
    from: u8,
    length: Option<u8>,
    said: u8,
}

impl Small {
    fn reply(&self) -> RegisterReply<u8> {
        match self.op {
            RegisterOp::Read => RegisterReply::Value(self.said),
            RegisterOp::Write(_) => RegisterReply::Written,
            RegisterOp::Replace { .. } => RegisterReply::Replaced(self.said > 0),
        }
    }

    /// Beginnings are even, ends are odd: no two are equal in time that matters.
    fn span(&self) -> (u32, u32) {
        let from = u32::from(self.from) * 2;
        (from, self.length.map_or(u32::MAX, |length| from + u32::from(length) * 2 + 1))
    }
}

fn small() -> impl Strategy<Value = Small> {
    let op = prop_oneof![
        2 => Just(RegisterOp::Read),
        2 => (0..3_u8).prop_map(RegisterOp::Write),
        1 => (0..3_u8, 0..3_u8).prop_map(|(from, to)| RegisterOp::Replace { from, to }),
    ];
    (op, 0..8_u8, prop::option::weighted(0.85, 0..4_u8), 0..3_u8).prop_map(|(op, from, length, said)| Small {
        op,
        from,
        length,
        said,
    })
}

/// Every order of every choice of those that have no reply.
fn has_order(left: &[Small], state: u8) -> bool {
    if left.iter().all(|op| op.length.is_none()) {
        return true;
    }
    (0..left.len()).any(|number| {
        let mut rest = left.to_vec();
        let first = rest.remove(number);
        if rest.iter().any(|other| other.span().1 < first.span().0) {
            return false;
        }
        let (after, reply) = Register::new(0).apply(&state, &first.op);
        (first.length.is_none() || reply == first.reply()) && has_order(&rest, after)
    })
}

fn told(ops: &[Small]) -> History {
    let mut events: Vec<_> = ops
        .iter()
        .enumerate()
        .flat_map(|(number, op)| [(op.span().0, 0, number), (op.span().1, 1, number)])
        .filter(|(time, ..)| *time != u32::MAX)
        .collect();
    events.sort_unstable();
    let mut history = Linearizability::new(Register::new(0));
    let mut ids = vec![None; ops.len()];
    for (_, kind, number) in events {
        match ids[number] {
            None if kind == 0 => ids[number] = Some(history.invoked(number, ops[number].op.clone())),
            id => history.replied(id.unwrap(), ops[number].reply()),
        }
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn an_order_is_found_where_there_is_one(ops in prop::collection::vec(small(), 0..6)) {
        let checked = told(&ops).check();

        prop_assert_eq!(checked.is_ok(), has_order(&ops, 0), "{:?}", checked);
    }

    /// What the proof names has no order by itself either.
    #[test]
    fn a_proof_proves(ops in prop::collection::vec(small(), 1..6)) {
        let Err(violation) = told(&ops).check() else { return Ok(()) };
        let named = |number: &usize| violation.events().iter().any(|event| event.starts_with(&format!("{number}:")));
        let has_reply = |number: &usize| {
            violation.events().iter().any(|event| event.starts_with(&format!("{number}:")) && event.contains("->"))
        };
        let kept: Vec<_> = (0..ops.len())
            .filter(named)
            .map(|number| Small { length: ops[number].length.filter(|_| has_reply(&number)), ..ops[number].clone() })
            .collect();

        prop_assert!(!has_order(&kept, 0), "{:?} of {:?}", violation, ops);
    }

    /// A register that does one thing after the other, and is slow to say so.
    #[test]
    fn a_slow_register_has_an_order(ops in prop::collection::vec((small(), 0..4_usize, 0..4_usize), 0..60)) {
        let mut history = Linearizability::new(Register::new(0));
        let (mut state, mut replies) = (0, Vec::new());
        let mut early = Vec::new();
        for (number, (op, late, ahead)) in ops.iter().enumerate() {
            while early.len() <= ahead + number && early.len() < ops.len() {
                early.push(history.invoked(early.len(), ops[early.len()].0.op.clone()));
            }
            let (after, reply) = Register::new(0).apply(&state, &op.op);
            state = after;
            replies.push((number + late, early[number], reply));
            replies.retain(|(when, id, reply)| {
                let is_due = *when <= number && op.length.is_some();
                if is_due {
                    history.replied(*id, reply.clone());
                }
                !is_due
            });
        }

        prop_assert!(history.check().is_ok());
    }
}
