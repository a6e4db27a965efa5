//! *Pure.* What nodes say of actors besides messages, between its frames and our own types.

use akt_proto::v1::{self, signal::What};
use bytes::{Bytes, BytesMut};
use prost::Message as _;

use super::codec::{CodecError, parse};
use super::frame::Kind;

/// What is said of an actor besides messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Its end is asked for.
    Signal { target: Bytes, signal: Signal },
}

/// What a caller asks of an actor's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Stop,
    Drain,
    Kill,
}

impl Signal {
    const ALL: [(Self, What); 3] =
        [(Self::Stop, What::Stop), (Self::Drain, What::Drain), (Self::Kill, What::Kill)];

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Drain => "stop after drain",
            Self::Kill => "kill",
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
    }
}
