//! *Pure.* Operations, their answers and errors, between their bytes and our own types.

use akt_proto::v1::{self, done, operation::What, report::State};
use bytes::Bytes;
use prost::Message as _;

use super::operation::{ActorReport, ActorState, Done, Operation, OperationError, Seed, SpawnableKind};
use crate::actor::{AskError, CodecError, Delivery, Outcome};
use crate::id::ActorId;
use crate::path::ActorPath;
use crate::wire::{number_of_reason, reason_of};

/// Why bytes are not what they should be, in words.
type Problem = Box<str>;

/// The body of an operation.
pub(super) fn encode(operation: &Operation) -> Bytes {
    let text = |path: &ActorPath| path.as_str().to_owned();
    let what = match operation {
        Operation::Inspect(path) => What::Inspect(text(path)),
        Operation::Children(path) => What::Children(text(path)),
        Operation::Stop(path) => What::Stop(text(path)),
        Operation::Restart(path) => What::Restart(text(path)),
        Operation::Kinds => What::Kinds(true),
        Operation::Spawn(Seed { kind, name, arguments, contract }) => What::Spawn(v1::Spawn {
            kind: kind.to_string(),
            name: name.as_deref().unwrap_or_default().to_owned(),
            arguments: arguments.clone(),
            contract: contract.to_string(),
        }),
    };
    v1::Operation { what: Some(what) }.encode_to_vec().into()
}

/// Reads an operation.
pub(super) fn decode(body: Bytes) -> Result<Operation, Problem> {
    let v1::Operation { what } = v1::Operation::decode(body).map_err(|error| error.to_string())?;
    Ok(match what.ok_or("an operation that this node does not know")? {
        What::Inspect(path) => Operation::Inspect(parse(&path)?),
        What::Children(path) => Operation::Children(parse(&path)?),
        What::Stop(path) => Operation::Stop(parse(&path)?),
        What::Restart(path) => Operation::Restart(parse(&path)?),
        What::Kinds(_) => Operation::Kinds,
        What::Spawn(v1::Spawn { kind, name, arguments, contract }) => Operation::Spawn(Seed {
            kind: kind.into(),
            name: said(name),
            arguments,
            contract: contract.into(),
        }),
    })
}

/// What became of an operation here.
pub(super) fn answer(out: Result<Done, OperationError>) -> Outcome {
    match out {
        Ok(done) => Outcome::Reply(encode_done(done)),
        Err(error) => Outcome::Domain(undone(error).encode_to_vec().into()),
    }
}

/// What another node says became of one.
pub(super) fn outcome(outcome: Outcome) -> Result<Result<Done, OperationError>, AskError> {
    let decoded = match outcome {
        Outcome::Failed(error) => return Err(error),
        Outcome::Due(_) => return Err(AskError::Cancelled),
        Outcome::Reply(body) => decode_done(body).map(Ok),
        Outcome::Domain(body) => decode_undone(body).map(Err),
    };
    decoded.map_err(|problem| {
        let (message, delivered) = ("operation".into(), Delivery::Maybe);
        AskError::Codec(Box::new(CodecError { message, problem, delivered }))
    })
}

fn encode_done(done: Done) -> Bytes {
    let texts = |names: Vec<Box<str>>| names.into_iter().map(String::from).collect();
    let what = match done {
        Done::Report(report) => done::What::Report(v1::Report::from(report)),
        Done::Children(names) => done::What::Children(v1::Names { names: texts(names) }),
        Done::Stopped(reason) => done::What::Stopped(number_of_reason(reason)),
        Done::Restarted => done::What::Restarted(true),
        Done::Kinds(kinds) => {
            let kind =
                |kind: SpawnableKind| v1::Kind { name: kind.name.into(), contract: kind.contract.into() };
            done::What::Kinds(v1::Kinds { kinds: kinds.into_iter().map(kind).collect() })
        }
        Done::Spawned(path) => done::What::Spawned(path.as_str().to_owned()),
    };
    v1::Done { what: Some(what) }.encode_to_vec().into()
}

fn decode_done(body: Bytes) -> Result<Done, Problem> {
    let v1::Done { what } = v1::Done::decode(body).map_err(|error| error.to_string())?;
    Ok(match what.ok_or("an answer that this node does not know")? {
        done::What::Report(report) => Done::Report(report.try_into()?),
        done::What::Children(v1::Names { names }) => {
            Done::Children(names.into_iter().map(String::into_boxed_str).collect())
        }
        done::What::Stopped(reason) => Done::Stopped(reason_of(reason)),
        done::What::Restarted(_) => Done::Restarted,
        done::What::Kinds(v1::Kinds { kinds }) => {
            let kind =
                |v1::Kind { name, contract }| SpawnableKind { name: name.into(), contract: contract.into() };
            Done::Kinds(kinds.into_iter().map(kind).collect())
        }
        done::What::Spawned(path) => Done::Spawned(parse(&path)?),
    })
}

impl From<ActorReport> for v1::Report {
    fn from(report: ActorReport) -> Self {
        let ActorReport { path, id, kind, contract, state, queued, doing, children } = report;
        let state = match state {
            ActorState::Starting => State::Starting,
            ActorState::Running => State::Running,
            ActorState::Restarting => State::Restarting,
            ActorState::Stopping => State::Stopping,
        };
        Self {
            path: path.as_str().to_owned(),
            actor: id.as_u64(),
            kind: kind.into(),
            contract: contract.unwrap_or_default().into(),
            state: state.into(),
            queued,
            doing: doing.unwrap_or_default().into(),
            children,
        }
    }
}

impl TryFrom<v1::Report> for ActorReport {
    type Error = Problem;

    fn try_from(report: v1::Report) -> Result<Self, Problem> {
        let state = match report.state() {
            State::Starting => ActorState::Starting,
            State::Running | State::Unspecified => ActorState::Running,
            State::Restarting => ActorState::Restarting,
            State::Stopping => ActorState::Stopping,
        };
        let v1::Report { path, actor, kind, contract, queued, doing, children, .. } = report;
        let (path, id) = (parse(&path)?, ActorId::new(actor));
        let (contract, doing) = (said(contract), said(doing));
        Ok(Self { path, id, kind: kind.into(), contract, state, queued, doing, children })
    }
}

const NOT_FOUND: u32 = 1;
const CONTRACT: u32 = 2;
const REFUSED: u32 = 3;
const NOT_ALLOWED: u32 = 4;
const ARGUMENTS: u32 = 5;
const ALREADY_EXISTS: u32 = 6;
const MISSING_DEPENDENCY: u32 = 7;
const NOT_STARTED: u32 = 8;

fn undone(error: OperationError) -> v1::Undone {
    let of = |code, texts: Vec<String>| v1::Undone { code, texts };
    match error {
        OperationError::NotFound(path) => of(NOT_FOUND, vec![path.as_str().to_owned()]),
        OperationError::Contract { expected, found } => of(CONTRACT, vec![expected.into(), found.into()]),
        OperationError::Refused { why } => of(REFUSED, vec![why.into()]),
        OperationError::NotAllowed { kind, allowed } => {
            of(NOT_ALLOWED, [kind].into_iter().chain(allowed).map(String::from).collect())
        }
        OperationError::Arguments { kind, problem } => of(ARGUMENTS, vec![kind.into(), problem.into()]),
        OperationError::AlreadyExists(path) => of(ALREADY_EXISTS, vec![path.as_str().to_owned()]),
        OperationError::MissingDependency(text) => of(MISSING_DEPENDENCY, vec![text.into()]),
        OperationError::NotStarted(text) => of(NOT_STARTED, vec![text.into()]),
        // Of this node, which the other need not tell apart.
        other @ (OperationError::Name(_)
        | OperationError::Unreachable { .. }
        | OperationError::Timeout(_)) => of(REFUSED, vec![other.to_string()]),
    }
}

fn decode_undone(body: Bytes) -> Result<OperationError, Problem> {
    let v1::Undone { code, texts } = v1::Undone::decode(body).map_err(|error| error.to_string())?;
    let mut texts = texts.into_iter().map(String::into_boxed_str);
    let mut text = || texts.next().unwrap_or_default();
    Ok(match code {
        NOT_FOUND => OperationError::NotFound(parse(&text())?),
        CONTRACT => OperationError::Contract { expected: text(), found: text() },
        NOT_ALLOWED => OperationError::NotAllowed { kind: text(), allowed: texts.collect() },
        ARGUMENTS => OperationError::Arguments { kind: text(), problem: text() },
        ALREADY_EXISTS => OperationError::AlreadyExists(parse(&text())?),
        MISSING_DEPENDENCY => OperationError::MissingDependency(text()),
        NOT_STARTED => OperationError::NotStarted(text()),
        // Also those of a newer node.
        _ => OperationError::Refused { why: String::from(text()).into() },
    })
}

fn parse(path: &str) -> Result<ActorPath, Problem> {
    ActorPath::parse(path).map_err(|error| error.to_string().into())
}

/// A text that means something only if there is one.
fn said(text: String) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::actor::StopReason;

    fn path() -> ActorPath {
        ActorPath::parse("/user/cart").unwrap()
    }

    #[test]
    fn every_operation_survives_the_wire() {
        let seed = |name| {
            let (kind, contract, arguments) = ("Cart".into(), "shop.v1.Cart".into(), "args".into());
            Operation::Spawn(Seed { kind, name, arguments, contract })
        };
        let all = [
            Operation::Inspect(path()),
            Operation::Children(path()),
            Operation::Stop(path()),
            Operation::Restart(path()),
            Operation::Kinds,
            seed(None),
            seed(Some("cart-7".into())),
        ];

        for operation in all {
            assert_eq!(decode(encode(&operation)), Ok(operation));
        }
    }

    #[test]
    fn every_answer_survives_the_wire() {
        let report = |contract, state| {
            let (path, id, kind, doing) = (path(), ActorId::new(7), "Cart".into(), Some("add".into()));
            Done::Report(ActorReport { path, id, kind, contract, state, queued: 3, doing, children: 2 })
        };
        let kind = SpawnableKind { name: "Cart".into(), contract: "shop.v1.Cart".into() };
        let done = [
            report(None, ActorState::Starting),
            report(Some("shop.v1.Cart".into()), ActorState::Stopping),
            report(None, ActorState::Running),
            report(None, ActorState::Restarting),
            Done::Children(vec!["a".into(), "b".into()]),
            Done::Stopped(StopReason::Requested),
            Done::Restarted,
            Done::Kinds(vec![kind]),
            Done::Spawned(path()),
        ];
        let undone = [
            OperationError::NotFound(path()),
            OperationError::Contract { expected: "a".into(), found: "b".into() },
            OperationError::Refused { why: "no".into() },
            OperationError::NotAllowed { kind: "a".into(), allowed: vec!["b".into(), "c".into()] },
            OperationError::Arguments { kind: "a".into(), problem: "b".into() },
            OperationError::AlreadyExists(path()),
            OperationError::MissingDependency("a".into()),
            OperationError::NotStarted("a".into()),
        ];

        for out in done.into_iter().map(Ok).chain(undone.into_iter().map(Err)) {
            assert_eq!(outcome(answer(out.clone())).unwrap(), out);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let body = Bytes::from(bytes);
            let _ = (decode(body.clone()), decode_done(body.clone()), decode_undone(body));
        }
    }
}
