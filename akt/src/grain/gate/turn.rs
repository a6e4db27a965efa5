//! The turn of a gated grain: its state, what it delivers and what it answers are one commit, and leave after it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::codec::{self, Answered, FORGOTTEN, Handled, Header, Parcel, REMINDER, Read};
use super::passage::REPEATED;
use super::relay::Relay;
use crate::actor::{
    AskError, Call, Ctx, Fault, Hold, Lasting, OfReminder, PARCEL, Protocol, REQUEST, Recording, Reply,
    Request, StopReason, ToGrain, holding,
};

use crate::grain::state::{Stateful, opened, restored, saved};
use crate::persistence::{Change, Row, StoreError, Stored, Write, told};

/// For how long an answer is given again to the same request.
const REPEATS: Duration = Duration::from_secs(600);

/// For how long it is known which messages of a sender were handled, after the last of them.
const REMEMBERS: Duration = Duration::from_secs(7 * 24 * 3600);

/// The longest name of a request.
const LONGEST: usize = 256;

/// A grain whose turns are committed. Implemented by `#[akt::grain(gates, state = ..)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not gated",
    label = "no `gates` in its attribute",
    note = "say `#[akt::grain(gates, state = ..)]`: then a turn's state and what it delivers are one commit"
)]
pub trait Gated: Stateful {}

/// What a gated grain knows of its commits, between its turns.
struct Gate {
    relay: Arc<Relay>,
    /// The state as it was committed.
    saved: Bytes,
    /// The number of the last message that it delivers.
    last: u64,
    handled: BTreeMap<Box<str>, Handled>,
    replies: Replies,
    /// Rows that the next commit deletes.
    forgotten: Vec<Box<str>>,
    turn: Turn,
}

/// A turn that has begun.
#[doc(hidden)]
#[derive(Debug)]
pub struct OpenGate<R: Send + 'static> {
    gate: Box<Gate>,
    reply: Reply<R>,
}

/// What the present turn is about, and what it has sent.
#[derive(Default)]
struct Turn {
    hold: Arc<Hold>,
    /// The message that it handles: of whom, and its number.
    parcel: Option<(Box<str>, u64)>,
    request: Option<Box<str>>,
}

/// The answers that are given again.
#[derive(Default)]
struct Replies {
    known: BTreeMap<Box<str>, Answered>,
    /// The oldest first.
    order: VecDeque<Box<str>>,
}

impl Replies {
    fn add(&mut self, request: Box<str>, answered: Answered) {
        self.order.push_back(request.clone());
        self.known.insert(request, answered);
    }

    /// Forgets those that are too old by `now`: their names.
    fn expire(&mut self, now: u64) -> Vec<Box<str>> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.order.front() {
            if self.known.get(oldest).is_some_and(|answered| !is_past(answered.at, REPEATS, now)) {
                break;
            }
            self.known.remove(oldest);
            gone.extend(self.order.pop_front());
        }
        gone
    }
}

/// Whether `at` is longer ago than `time`.
fn is_past(at: u64, time: Duration, now: u64) -> bool {
    Duration::from_millis(now.saturating_sub(at)) > time
}

/// The state of a gated grain that is activated; what it has not delivered goes on. Generated code calls it first.
#[doc(hidden)]
pub async fn open_gates<G: Gated>(cx: &mut Ctx<G>) -> Result<G::State, Fault> {
    let (keeper, kept) = opened(cx).await?;
    let state = restored::<G>(keeper.id(), &kept)?;
    let relay = Relay::new(cx.system().clone(), keeper);
    let (gate, parcels) = Gate::read(relay, saved::<G>(&state).bytes, &kept.rows)?;
    gate.relay.send(parcels);
    cx.keep_journal(Box::new(gate));
    Ok(state)
}

/// Begins a turn; none if its message was handled before, which is answered.
#[doc(hidden)]
pub fn open_gate<G: Gated, R: Send + 'static>(
    cx: &mut Ctx<G>,
    reply: Reply<R>,
    recording: &Recording<R>,
) -> Option<OpenGate<R>> {
    let gate = cx.take_journal().and_then(|gate| gate.downcast::<Gate>().ok());
    let mut gate = gate.expect("a gated grain has its gate between its turns");
    let Some(meta) = reply.meta() else {
        gate.turn = Turn::default();
        return Some(OpenGate { gate, reply });
    };
    let parcel = meta.headers.get(PARCEL).and_then(sender_and_number);
    let request = meta.headers.get(REQUEST).map(|id| format!("{}/{id}", cx.message_name()).into_boxed_str());
    let repeated = parcel.as_ref().is_some_and(|(sender, number)| gate.has_handled(sender, *number));
    if repeated {
        reply.erase().fail(AskError::Rejected(REPEATED.into()));
    } else if request.as_ref().is_some_and(|request| request.len() > cx.message_name().len() + 1 + LONGEST) {
        let text = format!("the id of a request has at most {LONGEST} bytes");
        reply.erase().fail(AskError::Rejected(text.into()));
    } else if let Some(answered) = request.as_ref().and_then(|request| gate.answered(request)) {
        match (recording.decode)(answered) {
            Ok(out) => reply.send(out),
            Err(error) => drop(reply.erase().fail(error)),
        }
    } else {
        gate.turn = Turn { parcel, request, ..Turn::default() };
        return Some(OpenGate { gate, reply });
    }
    cx.keep_journal(gate);
    None
}

/// Polls a handler of a gated grain: what it tells is held back.
#[doc(hidden)]
pub fn within_gate<R: Send + 'static, F: Future>(
    open: &OpenGate<R>,
    future: F,
) -> impl Future<Output = F::Output> + use<R, F> {
    let hold = open.gate.turn.hold.clone();
    async move { holding(&hold, future).await }
}

/// Answers when a turn is committed.
type Answering<G, R> = fn(&mut Ctx<G>, Reply<R>, R);

/// Commits a turn, then lets its effects go; an error of the domain leaves no trace.
#[doc(hidden)]
pub async fn close_gate<G: Gated, R: Send + 'static>(
    grain: &mut G,
    cx: &mut Ctx<G>,
    OpenGate { mut gate, reply }: OpenGate<R>,
    out: R,
    (recording, answer): (Recording<R>, Answering<G, R>),
) {
    if cx.has_failed() {
        return cx.fail_answering(reply, None);
    }
    let mut held = gate.turn.hold.take();
    if (recording.refuses)(&out) {
        if let Err(fault) = gate.undo(grain) {
            return cx.fail_answering(reply, Some((AskError::Unanswered, fault)));
        }
        cx.keep_journal(gate);
        return answer(cx, reply, out);
    }
    let lasting = std::mem::take(&mut held.lasting);
    let commit = gate.commit::<G>(grain, lasting, (recording.encode)(&out));
    match gate.write(commit).await {
        Ok(parcels) => {
            let relay = gate.relay.clone();
            cx.keep_journal(gate);
            answer(cx, reply, out);
            held.release();
            relay.send(parcels);
        }
        Err(StoreError::StaleFence { .. }) => {
            reply.erase().fail(AskError::Moved);
            cx.give_way();
        }
        Err(error) => cx.fail_answering(reply, Some((told(&error), Fault::from(error)))),
    }
}

/// Ends a turn that has failed.
#[doc(hidden)]
pub fn fail_gate<G: Gated, R: Send + 'static>(
    cx: &mut Ctx<G>,
    OpenGate { reply, .. }: OpenGate<R>,
    fault: Fault,
) {
    cx.fail(fault);
    cx.fail_answering(reply, None);
}

/// Commits what `#[on(deactivate)]` has changed. Generated code calls it last.
#[doc(hidden)]
pub async fn close_gates<G: Gated>(grain: &G, cx: &mut Ctx<G>) -> Result<(), Fault> {
    if matches!(cx.stop_reason(), None | Some(StopReason::Fault | StopReason::Moved)) {
        return Ok(());
    }
    let gate = cx.take_journal().and_then(|gate| gate.downcast::<Gate>().ok());
    let Some(mut gate) = gate else { return Ok(()) };
    gate.turn = Turn::default();
    let commit = gate.commit::<G>(grain, Vec::new(), None);
    gate.write(commit).await?;
    Ok(())
}

/// What one turn writes, and what is known of it then.
struct Commit {
    write: Write,
    parcels: Vec<(u64, Parcel)>,
    saved: Bytes,
    answered: Option<Answered>,
    now: u64,
}

impl Gate {
    fn read(relay: Arc<Relay>, saved: Bytes, rows: &[Row]) -> Result<(Self, Vec<(u64, Parcel)>), Fault> {
        let now = relay.now();
        let mut gate = Self {
            relay,
            saved,
            last: 0,
            handled: BTreeMap::new(),
            replies: Replies::default(),
            forgotten: Vec::new(),
            turn: Turn::default(),
        };
        let (mut parcels, mut replies) = (Vec::new(), Vec::new());
        for row in rows {
            match codec::read(row).map_err(Fault::new)? {
                Read::Out(number, parcel) => parcels.push((number, parcel)),
                Read::Parked => {}
                Read::Last(number) => gate.last = number,
                Read::In(_, handled) if is_past(handled.at, REMEMBERS, now) => {
                    gate.forgotten.push(row.name.clone());
                }
                Read::In(sender, handled) => drop(gate.handled.insert(sender, handled)),
                Read::Reply(request, answered) => replies.push((request, answered)),
            }
        }
        replies.sort_by_key(|(_, answered)| answered.at);
        replies.into_iter().for_each(|(request, answered)| gate.replies.add(request, answered));
        Ok((gate, parcels))
    }

    fn has_handled(&self, sender: &str, number: u64) -> bool {
        self.handled.get(sender).is_some_and(|handled| handled.window.has(number))
    }

    fn answered(&self, request: &str) -> Option<Bytes> {
        let answered = self.replies.known.get(request)?;
        (!is_past(answered.at, REPEATS, self.relay.now())).then(|| answered.body.clone())
    }

    /// Makes the state what was committed.
    fn undo<G: Gated>(&self, grain: &mut G) -> Result<(), Fault> {
        if grain.kept().to_bytes() != self.saved {
            *grain.kept_mut() = G::State::from_bytes(self.saved.clone())?;
        }
        Ok(())
    }

    /// What the present turn has changed, sent and answered.
    fn commit<G: Gated>(&mut self, grain: &G, lasting: Vec<Lasting>, answer: Option<Bytes>) -> Commit {
        let (mut write, now) = (Write::default(), self.relay.now());
        let state = saved::<G>(grain.kept());
        let saved = state.bytes.clone();
        if saved != self.saved {
            write.state = Change::Save(state);
        }
        let parcels = (self.last + 1..).zip(lasting.into_iter().map(|lasting| parcel(lasting, now)));
        let parcels: Vec<_> = parcels.collect();
        if let Some((last, _)) = parcels.last() {
            write.put.extend(parcels.iter().map(|(number, parcel)| codec::out(*number, parcel)));
            write.put.push(codec::last(*last));
        }
        if let Some((sender, number)) = &self.turn.parcel {
            let mut handled = self.handled.get(sender).cloned().unwrap_or_default();
            handled.window.add(*number);
            handled.at = now;
            write.put.push(codec::handled(sender, &handled));
        }
        let answered = answer.filter(|_| self.turn.request.is_some()).map(|body| Answered { body, at: now });
        if let (Some(request), Some(answered)) = (&self.turn.request, &answered) {
            write.put.push(codec::reply(request, answered));
        }
        Commit { write, parcels, saved, answered, now }
    }

    /// Writes, if there is something; the messages that are to be delivered.
    async fn write(&mut self, commit: Commit) -> Result<Vec<(u64, Parcel)>, StoreError> {
        let Commit { mut write, parcels, saved, answered, now } = commit;
        if write == Write::default() {
            return Ok(parcels);
        }
        let expired = self.replies.expire(now);
        self.forgotten.extend(expired.iter().map(|request| codec::reply_name(request)));
        write.remove.extend(self.forgotten.iter().cloned());
        self.relay.commit(write).await?;
        self.forgotten.clear();
        self.saved = saved;
        self.last = parcels.last().map_or(self.last, |(number, _)| *number);
        if let Some((sender, number)) = self.turn.parcel.take() {
            let handled = self.handled.entry(sender).or_default();
            handled.window.add(number);
            handled.at = now;
        }
        if let (Some(request), Some(answered)) = (self.turn.request.take(), answered) {
            self.replies.add(request, answered);
        }
        Ok(parcels)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({})", self.relay.id)
    }
}

fn parcel(lasting: Lasting, at: u64) -> Parcel {
    match lasting {
        Lasting::Message(ToGrain { kind, key, name, rpc, body, headers }) => {
            let header =
                |(name, value): (&str, &str)| Header { name: name.to_owned(), value: value.to_owned() };
            let headers = headers.iter().map(header).collect();
            let (kind, name) = (kind.to_owned(), name.to_owned());
            Parcel { kind, key, rpc, body, headers, at, name, ..Parcel::default() }
        }
        Lasting::Reminder(OfReminder { id, name, due, bytes }) => {
            let (kind, key, name) = (REMINDER.to_owned(), id.into(), name.into());
            Parcel { kind, key, body: bytes, at, name, due: due.unwrap_or(FORGOTTEN), ..Parcel::default() }
        }
    }
}

fn sender_and_number(header: &str) -> Option<(Box<str>, u64)> {
    let (number, sender) = header.split_once(' ')?;
    Some((sender.into(), number.parse().ok()?))
}

impl<G: Gated> Ctx<G> {
    /// Has `call`, of a grain, delivered once this turn is committed: certainly, also after a crash, and if the receiver is
    /// gated once.
    ///
    /// What goes to one grain is delivered in the order of these calls. It is tried again until a handler has answered it,
    /// be it with an error of the domain; what its grain fails at or refuses ten times, or that took six days, is logged and
    /// stays as a row of this grain, which [`Kept::undelivered`](crate::persistence::Kept::undelivered) reads. The receiver's kind is
    /// registered, by [`SystemBuilder::grain`](crate::SystemBuilder::grain), and serves a contract.
    ///
    /// A `.tell()` in such a handler leaves after the commit too, and is lost if the process ends in between.
    ///
    /// # Panics
    ///
    /// Outside of a handler with `&mut self`, and if `call` is not one of a grain: a fault, of which the turn leaves no trace.
    #[track_caller]
    pub fn deliver<Q: Request>(&mut self, call: Call<'_, Q>)
    where
        Q::Message: Protocol,
    {
        self.deliver_by_hold(call);
    }
}
