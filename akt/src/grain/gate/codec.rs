//! *Pure.* What a gated grain keeps beside its state, as rows of a store.

use bytes::Bytes;
use prost::Message;

use super::window::Window;
use crate::persistence::{Kept, Row};

/// Messages that are to be delivered, by number: `out/00000000000000000007`.
pub(crate) const OUT: &str = "out/";
/// Messages that could not be delivered, and are not tried any more.
const PARKED: &str = "parked/";
/// The last number that was given to a message.
const LAST: &str = "last";
/// What was handled, by sender.
const IN: &str = "in/";
/// Answers, by request.
const REPLY: &str = "reply/";

/// What stands for a kind where a reminder is set or forgotten: no kind begins so.
pub(super) const REMINDER: &str = "$reminder";
/// What stands for the time of a reminder that is forgotten.
pub(super) const FORGOTTEN: u64 = 0;

/// A message on its way to a grain, or a reminder on its way to its store.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Parcel {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(string, tag = "2")]
    pub(super) key: String,
    #[prost(fixed32, tag = "3")]
    pub(super) rpc: u32,
    #[prost(bytes = "bytes", tag = "4")]
    pub(super) body: Bytes,
    #[prost(message, repeated, tag = "5")]
    pub(super) headers: Vec<Header>,
    /// Milliseconds from 1970 to the turn that sent it.
    #[prost(uint64, tag = "6")]
    pub(super) at: u64,
    /// The rpc's name, for people.
    #[prost(string, tag = "7")]
    pub(super) name: String,
    /// Why it was parked.
    #[prost(string, tag = "8")]
    pub(super) problem: String,
    /// Of a reminder, when it is due.
    #[prost(uint64, tag = "9")]
    pub(super) due: u64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Header {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

/// An answer that was given.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Answered {
    #[prost(bytes = "bytes", tag = "1")]
    pub(super) body: Bytes,
    /// Milliseconds from 1970.
    #[prost(uint64, tag = "2")]
    pub(super) at: u64,
}

/// What was handled of one sender.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Handled {
    pub(super) window: Window,
    /// Milliseconds from 1970 to the last of it.
    pub(super) at: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Numbers {
    #[prost(uint64, tag = "1")]
    highest: u64,
    #[prost(fixed64, repeated, tag = "2")]
    bits: Vec<u64>,
    #[prost(uint64, tag = "3")]
    at: u64,
}

/// One row, read.
pub(super) enum Read {
    Out(u64, Parcel),
    Parked,
    Last(u64),
    In(Box<str>, Handled),
    Reply(Box<str>, Answered),
}

/// What a row says; in words what is wrong with it.
pub(super) fn read(row: &Row) -> Result<Read, String> {
    let broken = |problem: &dyn std::fmt::Display| format!("row `{}` cannot be read: {problem}", row.name);
    let bytes = row.bytes.clone();
    if let Some(number) = row.name.strip_prefix(OUT) {
        let number = number.parse().map_err(|problem| broken(&problem))?;
        return Ok(Read::Out(number, Parcel::decode(bytes).map_err(|problem| broken(&problem))?));
    }
    if let Some(sender) = row.name.strip_prefix(IN) {
        let Numbers { highest, bits, at } = Numbers::decode(bytes).map_err(|problem| broken(&problem))?;
        let window = Window::of_parts(highest, bits).ok_or_else(|| broken(&"a window of another width"))?;
        return Ok(Read::In(sender.into(), Handled { window, at }));
    }
    if let Some(request) = row.name.strip_prefix(REPLY) {
        let answered = Answered::decode(bytes).map_err(|problem| broken(&problem))?;
        return Ok(Read::Reply(request.into(), answered));
    }
    if &*row.name == LAST {
        return u64::decode(bytes).map(Read::Last).map_err(|problem| broken(&problem));
    }
    if row.name.starts_with(PARKED) {
        return Ok(Read::Parked);
    }
    Err(broken(&"it has a name that this program does not know"))
}

pub(super) fn out_name(number: u64) -> Box<str> {
    format!("{OUT}{number:020}").into()
}

pub(super) fn out(number: u64, parcel: &Parcel) -> Row {
    Row { name: out_name(number), bytes: parcel.encode_to_vec().into() }
}

pub(super) fn parked(number: u64, parcel: &Parcel) -> Row {
    Row { name: format!("{PARKED}{number:020}").into(), bytes: parcel.encode_to_vec().into() }
}

pub(super) fn last(number: u64) -> Row {
    Row { name: LAST.into(), bytes: number.encode_to_vec().into() }
}

pub(super) fn handled_name(sender: &str) -> Box<str> {
    format!("{IN}{sender}").into()
}

pub(super) fn handled(sender: &str, Handled { window, at }: &Handled) -> Row {
    let (highest, bits) = window.to_parts();
    let bytes = Numbers { highest, bits, at: *at }.encode_to_vec();
    Row { name: handled_name(sender), bytes: bytes.into() }
}

pub(super) fn reply_name(request: &str) -> Box<str> {
    format!("{REPLY}{request}").into()
}

pub(super) fn reply(request: &str, answered: &Answered) -> Row {
    Row { name: reply_name(request), bytes: answered.encode_to_vec().into() }
}

/// A message of a gated grain that could not be delivered; its row stays until somebody deletes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Undelivered {
    /// Its number among those of its sender.
    pub number: u64,
    /// Where it was to go: `account/anna`.
    pub target: String,
    /// The rpc.
    pub message: String,
    /// What was said of the last try.
    pub problem: String,
}

impl Kept {
    /// The messages that this grain sent with [`Ctx::deliver`](crate::Ctx::deliver), and that are not tried any more.
    #[must_use]
    pub fn undelivered(&self) -> Vec<Undelivered> {
        let undelivered = |row: &Row| {
            let number = row.name.strip_prefix(PARKED)?.parse().ok()?;
            let Parcel { kind, key, name, problem, .. } = Parcel::decode(row.bytes.clone()).ok()?;
            Some(Undelivered { number, target: format!("{kind}/{key}"), message: name, problem })
        };
        self.rows.iter().filter_map(undelivered).collect()
    }
}
