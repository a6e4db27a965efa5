//! The handshake on a new connection, from both sides.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use thiserror::Error;

use super::association::{Dialer, Input, Standing};
use super::carrier::Carrier;
use super::node::Node;
use super::peer::Peer;
use super::refusals::Refusal;
use crate::path::{NodeAddress, is_reserved};
use crate::transport::{Attempt, Close, ConnectError, Connection, Distrust, Lost};
use crate::wire::{
    Decoder, Frame, FrameError, HANDSHAKE_LIMIT, HEADROOM, HandshakeError, Hello, Identity, Seen,
    check_hello, check_welcome, decode_hello, decode_reply, put_hello, put_refused, put_welcome,
};

/// A dial that has no answer for so long is tried again beside.
const AGAIN: Duration = Duration::from_millis(500);

/// A connection whose handshake is over.
pub(super) struct Greeted {
    pub(super) connection: Connection,
    pub(super) theirs: Identity,
    /// May hold what came after the handshake.
    pub(super) decoder: Decoder,
}

/// Why a handshake came to nothing.
#[derive(Debug, Error)]
pub(super) enum GreetingError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Lost(#[from] Lost),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    #[error("a client is reached over its own connection only, and there is none")]
    Client,
    #[error("stream ended in the midst of the handshake")]
    Ended,
    #[error("handshake not finished within {millis} ms")]
    Timeout { millis: u128 },
}

impl GreetingError {
    /// What this node refused, if it was this node.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Connect(ConnectError::Lost(lost)) | Self::Lost(lost) => match lost {
                Lost::Distrust { why, .. } => Some(distrusted(*why)),
                Lost::Transport { .. } => Some(Refusal::Transport),
                Lost::Silent => Some(Refusal::Timeout),
                Lost::Closed { .. } | Lost::Here | Lost::Reset => None,
            },
            Self::Connect(_) | Self::Client => None,
            Self::Frame(FrameError::TooLong { .. }) => Some(Refusal::FrameTooLong),
            Self::Frame(FrameError::Empty) | Self::Ended => Some(Refusal::Handshake),
            Self::Timeout { .. } => Some(Refusal::Timeout),
            Self::Handshake(error) => match error {
                HandshakeError::Version { .. } => Some(Refusal::Version),
                HandshakeError::System { .. } | HandshakeError::Wanted { .. } => Some(Refusal::System),
                HandshakeError::Holder { .. } => Some(Refusal::Holder),
                HandshakeError::Magic { .. }
                | HandshakeError::Undecodable { .. }
                | HandshakeError::Itself { .. } => Some(Refusal::Handshake),
                HandshakeError::Duplicate | HandshakeError::Refused { .. } | HandshakeError::Shutdown => None,
            },
        }
    }

    /// Whether the peer only preferred a dial of its own.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Handshake(HandshakeError::Refused { duplicate: true, .. }))
    }
}

fn distrusted(why: Distrust) -> Refusal {
    match why {
        Distrust::Issuer | Distrust::Certificate => Refusal::Certificate,
        Distrust::Expired => Refusal::Expired,
        Distrust::NotYetValid => Refusal::NotYetValid,
        Distrust::Host => Refusal::Host,
        Distrust::Missing => Refusal::NoCertificate,
        Distrust::Plaintext => Refusal::Plaintext,
        Distrust::Http => Refusal::Http,
        Distrust::Protocol => Refusal::Protocol,
    }
}

/// Dials `peer` and introduces this node.
pub(super) async fn dial(peer: &Peer, dial: u64, seen: Option<Seen>) -> Result<Greeted, GreetingError> {
    let (node, address) = (&peer.node, &peer.address);
    if is_reserved(&address.host) {
        return Err(GreetingError::Client);
    }
    let mut connection = connect(node, address).await?;
    let hello = Hello { from: node.introduction(), dialed: address.clone(), dial, seen };
    let mut bytes = BytesMut::new();
    put_hello(&mut bytes, &hello);
    connection.writer.write(bytes.freeze()).await?;

    let mut decoder = Decoder::new(HANDSHAKE_LIMIT);
    let checked = match read_frame(&mut connection, &mut decoder).await {
        Ok(frame) => {
            let checked = decode_reply(&frame)
                .and_then(|reply| check_welcome(&node.identity, reply, &connection.holders));
            checked.map_err(Into::into)
        }
        Err(error) => Err(error),
    };
    match checked {
        Ok((theirs, _)) => {
            decoder.set_limit(node.limits.max_message + HEADROOM);
            Ok(Greeted { connection, theirs, decoder })
        }
        Err(error) => {
            connection.control.close(Close::Refused, &error.to_string());
            Err(error)
        }
    }
}

/// Connects; while there is no answer, tries again beside: what the first try says again by itself, it says later and later,
/// and the way may have come back long before.
async fn connect(node: &Node, address: &NodeAddress) -> Result<Connection, ConnectError> {
    let connect = || node.endpoint.connect(&address.host, address.port);
    let (mut first, mut latest) = (connect(), None);
    loop {
        let latest_try = async {
            match &mut latest {
                Some(latest) => latest.await,
                None => pending().await,
            }
        };
        tokio::select! { biased;
            connected = &mut first => return connected,
            connected = latest_try => return connected,
            () = node.runtime().sleep(AGAIN) => latest = Some(connect()),
        }
    }
}

/// Greets a peer that wants to connect, or refuses it.
pub(super) async fn receive(node: &Arc<Node>, attempt: Box<dyn Attempt>) {
    let from = attempt.from();
    let timeout = node.limits.handshake_timeout;
    let greeted = tokio::select! { biased;
        greeted = greet(node, attempt) => greeted,
        () = node.runtime().sleep(timeout) => Err(GreetingError::Timeout { millis: timeout.as_millis() }),
    };
    let Err(error) = greeted else { return };
    match error.refusal() {
        Some(refusal) => node.refuse(refusal, &from, &error),
        None => tracing::debug!(from, %error, "peer left during its handshake"),
    }
}

async fn greet(node: &Arc<Node>, attempt: Box<dyn Attempt>) -> Result<(), GreetingError> {
    let mut connection = attempt.establish().await?;
    let mut decoder = Decoder::new(HANDSHAKE_LIMIT);
    let frame = match read_frame(&mut connection, &mut decoder).await {
        Ok(frame) => frame,
        Err(error) => {
            connection.control.close(Close::Protocol, &error.to_string());
            return Err(error);
        }
    };
    let checked = decode_hello(&frame).and_then(|hello| {
        let protocol = check_hello(&node.identity, &hello, &connection.holders)?;
        Ok((hello, protocol))
    });
    let (hello, protocol) = match checked {
        Ok(checked) => checked,
        Err(error) => return turn_away(connection, error).await,
    };
    decoder.set_limit(node.limits.max_message + HEADROOM);
    let by_other_name = (hello.dialed != node.identity.address).then_some(hello.dialed);
    let peer = node.peer((hello.from.address.clone(), by_other_name));
    let link = node.number();
    let dial = Seen { incarnation: hello.from.incarnation, dial: hello.dial };
    let accepted = Input::Accepted { link, dialer: Dialer { node: hello.from.node, dial, seen: hello.seen } };
    let carrier = Carrier::new(link, &peer, &hello.from, &connection);
    if !peer.offer(&carrier, accepted) {
        let leaving = matches!(peer.standing(), Standing::Refused { .. });
        let error = if leaving { HandshakeError::Shutdown } else { HandshakeError::Duplicate };
        return turn_away(connection, error).await;
    }
    let mut bytes = BytesMut::new();
    put_welcome(&mut bytes, &node.introduction(), protocol);
    // A connection that breaks here ends like any other that carries.
    let _ = connection.writer.write(bytes.freeze()).await;
    carrier.run(Greeted { connection, theirs: hello.from, decoder });
    Ok(())
}

/// Tells the peer why, and waits until it knows.
async fn turn_away(mut connection: Connection, error: HandshakeError) -> Result<(), GreetingError> {
    let mut bytes = BytesMut::new();
    put_refused(&mut bytes, &error);
    // A peer that is gone already need not be told.
    if connection.writer.write(bytes.freeze()).await.is_ok() {
        let _ = connection.writer.finish().await;
    }
    connection.control.close(Close::Refused, &error.to_string());
    Err(error.into())
}

async fn read_frame(connection: &mut Connection, decoder: &mut Decoder) -> Result<Frame, GreetingError> {
    loop {
        if let Some(frame) = decoder.next()? {
            return Ok(frame);
        }
        if !connection.reader.read(decoder.buffer()).await? {
            return Err(GreetingError::Ended);
        }
    }
}
