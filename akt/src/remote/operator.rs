//! Does here what this node, or another, asks for.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::carrier::Carrier;
use super::codec;
use super::control::is_akts_own;
use super::kind::Kinds;
use super::node::Node;
use super::operation::{ActorReport, ActorState, Done, Operation, OperationError};
use crate::actor::{AnyRef, AskError, Core, Life, Outcome, WireReply, unless_cancelled, wire_reply};
use crate::path::ActorPath;
use crate::system::ActorSystem;

/// So many operations of other nodes are under way at once.
const AT_ONCE: usize = 256;

/// Does what a peer asks for, beside everything else.
pub(super) fn take(carrier: &Carrier, body: Bytes, reply: WireReply) {
    let refuse = |error| {
        if let Some(answer) = &reply.answer {
            answer.answer(Outcome::Failed(error));
        }
    };
    if !carrier.may_operate() {
        let why = "clients do not operate nodes";
        carrier.forbid(&why);
        return refuse(AskError::Rejected(why.into()));
    }
    let operation = match codec::decode(body) {
        Ok(operation) => operation,
        Err(problem) => return refuse(AskError::Unimplemented { rpc: String::from(problem).into() }),
    };
    let Some(place) = Place::take(carrier.node()) else { return refuse(AskError::Full) };
    let reply = wire_reply(reply, codec::answer);
    let node = carrier.node().clone();
    carrier.node().runtime().spawn("remote operation", async move {
        if let Some(slot) = reply.slot() {
            slot.begin(node.runtime().now());
        }
        let done = unless_cancelled(&reply, perform(&node.system, Some(&node.kinds), operation)).await;
        if let Some(done) = done {
            reply.send(done);
        }
        drop(place);
    });
}

/// A place among the operations that are under way.
struct Place(Arc<Node>);

impl Place {
    fn take(node: &Arc<Node>) -> Option<Self> {
        let place = Self(node.clone());
        (node.operations.fetch_add(1, Ordering::AcqRel) < AT_ONCE).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.operations.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Does it on `system`, which allows others to spawn `kinds`.
pub(super) async fn perform(
    system: &ActorSystem,
    kinds: Option<&Kinds>,
    operation: Operation,
) -> Result<Done, OperationError> {
    match operation {
        Operation::Inspect(path) => Ok(Done::Report(report(&find(system, path)?))),
        Operation::Children(path) => {
            let names = find(system, path)?.children().into_iter().map(|child| child.path().name().into());
            Ok(Done::Children(names.collect()))
        }
        Operation::Stop(path) => {
            let actor = find_users(system, path)?;
            actor.stop();
            Ok(Done::Stopped(actor.stopped().await))
        }
        Operation::Restart(path) => {
            find_users(system, path)?.restart();
            Ok(Done::Restarted)
        }
        Operation::Kinds => Ok(Done::Kinds(kinds.map(Kinds::list).unwrap_or_default())),
        Operation::Spawn(seed) => match kinds {
            Some(kinds) => kinds.spawn(system, seed).await,
            None => Err(OperationError::NotAllowed { kind: seed.kind, allowed: Vec::new() }),
        },
    }
}

fn find(system: &ActorSystem, path: ActorPath) -> Result<AnyRef, OperationError> {
    system.lookup(&path).ok_or(OperationError::NotFound(path))
}

/// An actor of the user's, which may be ended.
fn find_users(system: &ActorSystem, path: ActorPath) -> Result<AnyRef, OperationError> {
    if is_akts_own(&path) {
        return Err(OperationError::Refused { why: format!("`{path}` belongs to akt").into() });
    }
    find(system, path)
}

fn report(actor: &AnyRef) -> ActorReport {
    let target = actor.target();
    let of_core = |core: &Core| {
        let state = match core.stage() {
            Life::Starting => ActorState::Starting,
            Life::Running => ActorState::Running,
            Life::Restarting => ActorState::Restarting,
            Life::Stopping(_) | Life::Stopped { .. } => ActorState::Stopping,
        };
        (core.id, core.kind().name().into(), state, core.children().len() as u64)
    };
    let (id, kind, state, children) = target.on_core(of_core).expect("a looked-up actor is of this node");
    ActorReport {
        path: actor.path(),
        id,
        kind,
        contract: target.served().map(Into::into),
        state,
        queued: target.depth() as u64,
        doing: target.doing().map(Into::into),
        children,
    }
}
