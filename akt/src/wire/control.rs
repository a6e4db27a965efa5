//! *Pure.* What nodes say of actors besides messages, between its frames and our own types.

use akt_proto::v1::{self, signal::What};
use bytes::{Bytes, BytesMut};
use prost::Message as _;

use super::codec::{CodecError, parse};
use super::error::{number_of_reason, reason_of};
use super::frame::Kind;
use crate::actor::StopReason;

/// What is said of an actor besides messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Its end is asked for.
    Signal { target: Bytes, signal: Signal },
    /// Somebody wants to know when it is gone; 0 for the actor that is there now.
    Watch { watch: u64, target: Bytes, actor: u64 },
    /// Does not want to know any more.
    Unwatch { watch: u64 },
    /// It is there.
    Watched { watch: u64, actor: u64 },
    /// It is gone.
    Terminated { watch: u64, reason: StopReason },
}

/// What a caller asks of an actor's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Stop,
    Drain,
    Kill,
    Restart,
}

impl Signal {
    const ALL: [(Self, What); 4] = [
        (Self::Stop, What::Stop),
        (Self::Drain, What::Drain),
        (Self::Kill, What::Kill),
        (Self::Restart, What::Restart),
    ];

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Drain => "stop after drain",
            Self::Kill => "kill",
            Self::Restart => "restart",
        }
    }
}

/// Reads a notice; none of a newer peer that this node does not know.
pub(super) fn decode(kind: Kind, payload: Bytes) -> Result<Option<Notice>, CodecError> {
    let notice = match kind {
        Kind::SIGNAL => {
            let message: v1::Signal = parse(kind, payload)?;
            let what = message.what();
            let known = Signal::ALL.into_iter().find(|(_, number)| *number == what);
            known.map(|(signal, _)| Notice::Signal { target: message.target, signal })
        }
        Kind::WATCH => {
            let v1::Watch { watch, target, actor } = parse(kind, payload)?;
            Some(Notice::Watch { watch, target, actor })
        }
        Kind::UNWATCH => {
            let v1::Unwatch { watch } = parse(kind, payload)?;
            Some(Notice::Unwatch { watch })
        }
        Kind::WATCHED => {
            let v1::Watched { watch, actor } = parse(kind, payload)?;
            Some(Notice::Watched { watch, actor })
        }
        Kind::TERMINATED => {
            let v1::Terminated { watch, reason } = parse(kind, payload)?;
            Some(Notice::Terminated { watch, reason: reason_of(reason) })
        }
        kind => return Err(CodecError::UnknownKind(kind.0)),
    };
    Ok(notice)
}

/// Appends a notice.
pub(crate) fn put_notice(buffer: &mut BytesMut, notice: Notice) {
    match notice {
        Notice::Signal { target, signal } => {
            let what = Signal::ALL.into_iter().find(|(known, _)| *known == signal);
            let what = what.map_or(What::Unspecified, |(_, what)| what).into();
            Kind::SIGNAL.put(buffer, |buffer| v1::Signal { target, what }.encode_raw(buffer));
        }
        Notice::Watch { watch, target, actor } => {
            let message = v1::Watch { watch, target, actor };
            Kind::WATCH.put(buffer, |buffer| message.encode_raw(buffer));
        }
        Notice::Unwatch { watch } => {
            Kind::UNWATCH.put(buffer, |buffer| v1::Unwatch { watch }.encode_raw(buffer));
        }
        Notice::Watched { watch, actor } => {
            Kind::WATCHED.put(buffer, |buffer| v1::Watched { watch, actor }.encode_raw(buffer));
        }
        Notice::Terminated { watch, reason } => {
            let message = v1::Terminated { watch, reason: number_of_reason(reason) };
            Kind::TERMINATED.put(buffer, |buffer| message.encode_raw(buffer));
        }
    }
}
