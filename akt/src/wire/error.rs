//! *Pure.* The errors of an ask as they travel: a code of their own each, texts and numbers beside it.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;

use super::codec::{Answered, Ended, Failure};
use crate::actor::{
    AskError, CallPath, CodecError, Delivery, Directive, End, FaultInfo, JournalError, Outcome, PartlyInfo,
    PeerError, Progress, Stage, StopReason, TimeoutInfo,
};
use crate::path::ActorPath;

const FAULT: u32 = 1;
const UNHANDLED: u32 = 2;
const REJECTED: u32 = 3;
const FULL: u32 = 4;
const STOPPED: u32 = 5;
const PAUSED: u32 = 6;
const MOVED: u32 = 7;
const TIMEOUT: u32 = 8;
const UNREACHABLE: u32 = 9;
const UNIMPLEMENTED: u32 = 10;
const CODEC: u32 = 11;
const TOO_LARGE: u32 = 12;
const CYCLE: u32 = 13;
const CANCELLED: u32 = 14;
const UNANSWERED: u32 = 15;
const PARTLY: u32 = 16;
const JOURNAL: u32 = 17;
/// The number of a stage.
const STASHED: u64 = 6;
/// Not an error of its own: the ask's time ran out here, and the asker says so.
const DUE: u32 = 64;

/// What became of an ask here, as it travels.
pub(crate) fn answered(outcome: Outcome) -> Answered {
    match outcome {
        Outcome::Reply(body) => Answered::Reply(body),
        Outcome::Domain(body) => Answered::Domain(body),
        Outcome::Failed(error) => Answered::Failure(failure(error)),
        Outcome::Due(progress) => {
            let handling = progress.handling();
            let stashed = (progress == Progress::Stashed).then_some(STASHED);
            let numbers = handling.map(micros).or(stashed).into_iter().collect();
            Answered::Failure(Failure { code: DUE, maybe: handling.is_some(), numbers, ..Failure::default() })
        }
    }
}

/// What a peer says became of an ask.
pub(crate) fn outcome(answered: Answered) -> Outcome {
    match answered {
        Answered::Reply(body) => Outcome::Reply(body),
        Answered::Domain(body) => Outcome::Domain(body),
        Answered::Failure(Failure { code: DUE, maybe, numbers, .. }) => Outcome::Due(match numbers.first() {
            Some(elapsed) if maybe => Progress::HandlingThere(Duration::from_micros(*elapsed)),
            Some(&STASHED) => Progress::Stashed,
            _ => Progress::Queued,
        }),
        Answered::Failure(failure) => Outcome::Failed(error(failure)),
    }
}

/// How a stream ended here, as it travels.
pub(crate) fn ended(end: End<Bytes>) -> Ended {
    match end {
        End::Done => Ended::Done,
        End::Domain(body) => Ended::Domain(body),
        End::Failed(error) => Ended::Failure(failure(error)),
    }
}

/// How a peer says that a stream ended.
pub(crate) fn end(ended: Ended) -> End<Bytes> {
    match ended {
        Ended::Done => End::Done,
        Ended::Domain(body) => End::Domain(body),
        Ended::Failure(failure) => End::Failed(error(failure)),
    }
}

fn failure(error: AskError) -> Failure {
    let maybe = error.delivery() == Delivery::Maybe;
    let of = |code| Failure { code, maybe, ..Failure::default() };
    let with = |code, texts: Vec<Box<str>>| Failure { texts, ..of(code) };
    match error {
        AskError::Handler(never) => match never {},
        AskError::Fault(info) => {
            let FaultInfo { actor, message, text, place, directive } = *info;
            let mut texts = vec![text.into(), actor.as_str().into(), message.into()];
            texts.extend(place.map(Box::from));
            Failure { numbers: vec![number_of_directive(directive)], ..with(FAULT, texts) }
        }
        AskError::Unhandled { behaviour } => with(UNHANDLED, vec![behaviour.into()]),
        AskError::Rejected(why) => with(REJECTED, vec![why.into()]),
        AskError::Partly(info) => {
            let PartlyInfo { asked, failed, error } = *info;
            let inner = failure(error);
            let mut numbers = vec![asked as u64, failed as u64, inner.code.into(), inner.maybe.into()];
            numbers.extend(inner.numbers);
            Failure { numbers, ..with(PARTLY, inner.texts) }
        }
        AskError::Full => of(FULL),
        AskError::Stopped { reason, .. } => {
            Failure { numbers: vec![number_of_reason(reason)], ..of(STOPPED) }
        }
        AskError::Paused => of(PAUSED),
        AskError::Moved => of(MOVED),
        AskError::Journal(error) => with(JOURNAL, vec![error.problem]),
        AskError::Timeout(info) => {
            let TimeoutInfo { target, message, elapsed, stage, .. } = *info;
            let (stage, detail) = numbers_of_stage(stage);
            let numbers = vec![micros(elapsed), stage, detail];
            Failure { numbers, ..with(TIMEOUT, vec![target.as_str().into(), message.into()]) }
        }
        AskError::Unreachable { source, .. } => with(UNREACHABLE, vec![source.problem, source.peer]),
        AskError::Unimplemented { rpc } => with(UNIMPLEMENTED, vec![rpc.into_owned().into()]),
        AskError::Codec(error) => with(CODEC, vec![error.problem, error.message.into()]),
        AskError::TooLarge { bytes, limit } => Failure { numbers: vec![bytes, limit], ..of(TOO_LARGE) },
        AskError::Cycle { path } => {
            with(CYCLE, path.0.iter().map(|actor| actor.to_string().into()).collect())
        }
        AskError::Unanswered => of(UNANSWERED),
        AskError::Cancelled => of(CANCELLED),
        AskError::Remote { code, text } => with(code, vec![text]),
    }
}

fn error(failure: Failure) -> AskError {
    let Failure { code, maybe, texts, numbers } = failure;
    if code == PARTLY {
        return partly(texts, &numbers);
    }
    let delivered = if maybe { Delivery::Maybe } else { Delivery::No };
    let number = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let mut texts = texts.into_iter();
    let mut text = || texts.next().unwrap_or_default();
    match code {
        FAULT => {
            let (said, actor, message) = (text(), text(), text());
            let Ok(actor) = ActorPath::parse(&actor) else { return AskError::Remote { code, text: said } };
            let place = texts.next().map(String::from);
            let directive = directive_of(number(0));
            let message = Cow::Owned(message.into());
            AskError::Fault(Box::new(FaultInfo { actor, message, text: said.into(), place, directive }))
        }
        UNHANDLED => AskError::Rejected(format!("not handled in behaviour `{}`", text()).into()),
        REJECTED => AskError::Rejected(Cow::Owned(text().into())),
        FULL => AskError::Full,
        STOPPED => AskError::Stopped { reason: reason_of(number(0)), delivered },
        PAUSED => AskError::Paused,
        MOVED => AskError::Moved,
        JOURNAL => AskError::Journal(Box::new(JournalError { problem: text(), delivered })),
        TIMEOUT => {
            let (target, message) = (text(), Cow::Owned(text().into()));
            let Ok(target) = ActorPath::parse(&target) else {
                return AskError::Remote { code, text: target };
            };
            let (elapsed, stage) = (Duration::from_micros(number(0)), stage_of(number(1), number(2)));
            AskError::Timeout(Box::new(TimeoutInfo { target, message, elapsed, stage, delivered }))
        }
        UNREACHABLE => {
            let (problem, peer) = (text(), text());
            AskError::Unreachable { delivered, source: Box::new(PeerError { peer, problem }) }
        }
        UNIMPLEMENTED => AskError::Unimplemented { rpc: String::from(text()).into() },
        CODEC => {
            let (problem, message) = (text(), Cow::Owned(text().into()));
            AskError::Codec(Box::new(CodecError { message, problem, delivered }))
        }
        TOO_LARGE => AskError::TooLarge { bytes: number(0), limit: number(1) },
        CYCLE => {
            let path = texts.filter_map(|actor| actor.parse().ok()).collect();
            AskError::Cycle { path: Box::new(CallPath(path)) }
        }
        UNANSWERED => AskError::Unanswered,
        CANCELLED => AskError::Cancelled,
        code => AskError::Remote { code, text: text() },
    }
}

fn partly(texts: Vec<Box<str>>, numbers: &[u64]) -> AskError {
    let number = |index: usize| numbers.get(index).copied().unwrap_or_default();
    let count = |index| usize::try_from(number(index)).unwrap_or(usize::MAX);
    let code = u32::try_from(number(2)).unwrap_or_default();
    // Errors are not nested deeper: a peer that says so is not followed.
    let code = if code == PARTLY { UNANSWERED } else { code };
    let numbers = numbers.get(4..).unwrap_or_default().to_vec();
    let error = error(Failure { code, maybe: number(3) != 0, texts, numbers });
    AskError::Partly(Box::new(PartlyInfo { asked: count(0), failed: count(1), error }))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

pub(crate) fn number_of_reason(reason: StopReason) -> u64 {
    match reason {
        StopReason::Unknown => 0,
        StopReason::Requested => 1,
        StopReason::Killed => 2,
        StopReason::Fault => 3,
        StopReason::Parent => 4,
        StopReason::Shutdown => 5,
        StopReason::Sibling => 6,
        StopReason::Passivated => 7,
        StopReason::NodeLost => 8,
        StopReason::Moved => 9,
    }
}

pub(crate) fn reason_of(number: u64) -> StopReason {
    match number {
        1 => StopReason::Requested,
        2 => StopReason::Killed,
        3 => StopReason::Fault,
        4 => StopReason::Parent,
        5 => StopReason::Shutdown,
        6 => StopReason::Sibling,
        7 => StopReason::Passivated,
        8 => StopReason::NodeLost,
        9 => StopReason::Moved,
        _ => StopReason::Unknown,
    }
}

fn number_of_directive(directive: Directive) -> u64 {
    match directive {
        Directive::Stop => 0,
        Directive::Resume => 1,
        Directive::Restart => 2,
        Directive::Escalate => 3,
    }
}

fn directive_of(number: u64) -> Directive {
    match number {
        1 => Directive::Resume,
        2 => Directive::Restart,
        3 => Directive::Escalate,
        _ => Directive::Stop,
    }
}

/// The number of a stage, and what it says besides.
fn numbers_of_stage(stage: Stage) -> (u64, u64) {
    match stage {
        Stage::ReplyLost => (0, 0),
        Stage::Resolving => (1, 0),
        Stage::Connecting => (2, 0),
        Stage::WaitingForRoom => (3, 0),
        Stage::Queued { depth } => (4, depth as u64),
        Stage::Handling { elapsed } => (5, micros(elapsed)),
        Stage::Stashed => (STASHED, 0),
    }
}

fn stage_of(number: u64, detail: u64) -> Stage {
    match number {
        1 => Stage::Resolving,
        2 => Stage::Connecting,
        3 => Stage::WaitingForRoom,
        4 => Stage::Queued { depth: usize::try_from(detail).unwrap_or(usize::MAX) },
        5 => Stage::Handling { elapsed: Duration::from_micros(detail) },
        STASHED => Stage::Stashed,
        _ => Stage::ReplyLost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_error() -> Vec<AskError> {
        let actor = ActorPath::parse("/user/cart").unwrap();
        let fault = |place: Option<&str>, directive| {
            let (actor, message, text) = (actor.clone(), "Add".into(), "out of stock".into());
            AskError::Fault(Box::new(FaultInfo {
                actor,
                message,
                text,
                place: place.map(String::from),
                directive,
            }))
        };
        let timeout = |stage, delivered| {
            let (target, message, elapsed) = (actor.clone(), "Add".into(), Duration::from_millis(250));
            AskError::Timeout(Box::new(TimeoutInfo { target, message, elapsed, stage, delivered }))
        };
        let handling = Stage::Handling { elapsed: Duration::from_millis(9) };
        let (peer, problem) = (Box::from("shop@host:1"), Box::from("no sign of life"));
        let (message, decoder) = ("Add".into(), "invalid varint".into());
        vec![
            fault(Some("src/cart.rs:7:5"), Directive::Restart),
            fault(None, Directive::Escalate),
            AskError::Rejected("not now".into()),
            AskError::Partly(Box::new(PartlyInfo {
                asked: 3,
                failed: 1,
                error: timeout(handling, Delivery::Maybe),
            })),
            AskError::Full,
            AskError::Stopped { reason: StopReason::Killed, delivered: Delivery::Maybe },
            AskError::Stopped { reason: StopReason::Unknown, delivered: Delivery::No },
            AskError::Paused,
            AskError::Moved,
            AskError::Journal(Box::new(JournalError {
                problem: "no disk".into(),
                delivered: Delivery::Maybe,
            })),
            timeout(Stage::Queued { depth: 3 }, Delivery::No),
            timeout(Stage::Stashed, Delivery::No),
            timeout(handling, Delivery::Maybe),
            AskError::Unreachable { delivered: Delivery::No, source: Box::new(PeerError { peer, problem }) },
            AskError::Codec(Box::new(CodecError { message, problem: decoder, delivered: Delivery::No })),
            AskError::TooLarge { bytes: 2, limit: 1 },
            AskError::Cycle {
                path: Box::new(CallPath(
                    ["/user/cart", "akt://shop@[::1]:7/user/cart"].map(|actor| actor.parse().unwrap()).into(),
                )),
            },
            AskError::Unanswered,
            AskError::Cancelled,
            AskError::Remote { code: 999, text: "from the future".into() },
        ]
    }

    #[test]
    fn every_error_says_the_same_on_the_other_node() {
        for before in every_error() {
            let said = (before.to_string(), before.delivery());
            let Outcome::Failed(after) = outcome(answered(Outcome::Failed(before))) else {
                panic!("not an error")
            };
            assert_eq!((after.to_string(), after.delivery()), said);
        }
    }

    #[test]
    fn a_code_of_a_newer_peer_keeps_its_number_and_text() {
        let newer = Failure { code: 4711, texts: vec!["mauve".into()], ..Failure::default() };

        let Outcome::Failed(error) = outcome(Answered::Failure(newer)) else { panic!("not an error") };

        assert!(matches!(error, AskError::Remote { code: 4711, ref text } if &**text == "mauve"), "{error}");
    }

    #[test]
    fn an_ask_that_ran_out_of_time_says_where_it_was() {
        for progress in
            [Progress::Queued, Progress::Stashed, Progress::HandlingThere(Duration::from_millis(3))]
        {
            let Outcome::Due(after) = outcome(answered(Outcome::Due(progress))) else { panic!("not due") };
            assert_eq!(after, progress);
        }
    }

    #[test]
    fn nothing_a_peer_may_send_panics() {
        for code in 0..80 {
            let bare = Failure { code, ..Failure::default() };
            let odd = Failure { code, maybe: true, texts: vec!["\n".into(); 4], numbers: vec![u64::MAX; 3] };
            drop((outcome(Answered::Failure(bare)), outcome(Answered::Failure(odd))));
        }
    }
}
