//! *Pure.* How two nodes introduce themselves, and every reason for which one refuses the other.

use std::collections::BTreeMap;
use std::fmt;

use akt_proto::v1;
use bytes::{Bytes, BytesMut};
use prost::Message as _;
use thiserror::Error;

use super::frame::{Frame, Kind};
use super::parts::values;
use crate::holder::Class;
use crate::id::NodeId;
use crate::path::{NodeAddress, PathError, check_name};

const MAGIC: u32 = u32::from_be_bytes(*b"akt1");
const MAX_HOST: usize = 255;
/// Bytes of an introduction that contracts may take.
const MAX_CONTRACTS: usize = 2 * 1024;
/// As many may be said: more, without a name even, would take more room than the frame.
const MOST_CONTRACTS: usize = 128;
/// Where an introduction is in a hello and in a welcome, and its contracts in it.
const FROM: u32 = 1;
const CONTRACTS: u32 = 13;
/// The classes of holders of certificates.
const CLASSES: [&str; 2] = ["node", "client"];

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) node: NodeId,
    /// Another one after every start of the node.
    pub(crate) incarnation: u64,
    pub(crate) address: NodeAddress,
    pub(crate) protocols: Protocols,
    /// The largest body that the node takes.
    pub(crate) max_message: usize,
    /// How many lanes the node takes; 0 of one that knows neither lanes nor streams of their own.
    pub(crate) lanes: u32,
    pub(crate) class: Class,
    /// A bit for each thing that it can do besides.
    pub(crate) features: u64,
    pub(crate) contracts: BTreeMap<Box<str>, u64>,
}

/// The protocols that a node speaks, from the oldest to the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Protocols {
    pub(crate) oldest: u32,
    pub(crate) newest: u32,
}

impl Protocols {
    /// What this build speaks.
    pub(crate) const OURS: Self = Self { oldest: 1, newest: 1 };

    /// The newest one that both speak.
    fn common(self, other: Self) -> Option<u32> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest.max(other.oldest)).then_some(newest)
    }
}

impl fmt::Display for Protocols {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.oldest, self.newest)
    }
}

/// The first frame of the dialer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    pub(crate) from: Identity,
    /// The address that was dialed: the system may be another one, the host another name of this one.
    pub(crate) dialed: NodeAddress,
    /// Grows with every dial of this incarnation.
    pub(crate) dial: u64,
    /// The last dial of the other side that the dialer took.
    pub(crate) seen: Option<Seen>,
}

/// A dial that was taken, of one incarnation of its dialer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) incarnation: u64,
    pub(crate) dial: u64,
}

/// What the other side answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Welcome { from: Identity, protocol: u32 },
    Refused { reason: Reason, text: Box<str> },
}

/// The kinds of refusal that a peer can tell apart.
pub(crate) type Reason = v1::refused::Reason;

/// Why two nodes do not speak with each other.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum HandshakeError {
    /// The peer does not speak akt.
    #[error("peer does not speak akt: magic {theirs:#010x}, expected {ours:#010x}")]
    Magic {
        /// What this build sends.
        ours: u32,
        /// What came.
        theirs: u32,
    },
    /// No protocol version is common to both.
    #[error("no common protocol: this node speaks {ours}, the peer {theirs}")]
    Version {
        /// The versions of this node.
        ours: Box<str>,
        /// The versions of the peer.
        theirs: Box<str>,
    },
    /// The peer belongs to another system.
    #[error("system mismatch: this node belongs to {ours:?}, the peer to {theirs:?}")]
    System {
        /// The system of this node.
        ours: Box<str>,
        /// The system of the peer.
        theirs: Box<str>,
    },
    /// The peer looks for another system than this one.
    #[error("system mismatch: this node belongs to {ours:?}, the peer looks for {wanted:?}")]
    Wanted {
        /// The system of this node.
        ours: Box<str>,
        /// The system that the peer looks for.
        wanted: Box<str>,
    },
    /// The certificate is for somebody else.
    #[error(
        "certificate of {whose} is for {holders}, and it introduces itself as a {class} of {system:?}{}",
        unknown_classes(holders)
    )]
    Holder {
        /// Whose certificate it is.
        whose: &'static str,
        /// For whom it is.
        holders: Box<str>,
        /// What it would have to be for.
        class: Class,
        /// Of which system.
        system: Box<str>,
    },
    /// The address leads back to this node.
    #[error("address leads back to this node, {address}")]
    Itself {
        /// The address of this node.
        address: Box<str>,
    },
    /// A connection of the same two nodes is preferred.
    #[error("another connection of the same two nodes is preferred")]
    Duplicate,
    /// The frame is not a handshake.
    #[error("undecodable handshake: {what}")]
    Undecodable {
        /// What is wrong with it.
        what: Box<str>,
    },
    /// The peer refused this node.
    #[error("refused by the peer: {text}")]
    Refused {
        /// What the peer said.
        text: Box<str>,
        /// Whether that was only because another connection is preferred.
        duplicate: bool,
    },
    /// The node is shutting down.
    #[error("node is shutting down")]
    Shutdown,
}

impl HandshakeError {
    /// What the peer is told.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Magic { .. } => Reason::Magic,
            Self::Version { .. } => Reason::Version,
            Self::System { .. } | Self::Wanted { .. } => Reason::System,
            Self::Holder { .. } => Reason::Holder,
            Self::Itself { .. } => Reason::Itself,
            Self::Duplicate => Reason::Duplicate,
            Self::Undecodable { .. } => Reason::Undecodable,
            Self::Refused { .. } => Reason::Unspecified,
            Self::Shutdown => Reason::Shutdown,
        }
    }

    /// The same mismatch in the eyes of the peer.
    fn seen_by_peer(&self) -> Self {
        match self.clone() {
            Self::Magic { ours, theirs } => Self::Magic { ours: theirs, theirs: ours },
            Self::Version { ours, theirs } => Self::Version { ours: theirs, theirs: ours },
            Self::System { ours, theirs } => Self::System { ours: theirs, theirs: ours },
            Self::Wanted { ours, wanted } => Self::System { ours: wanted, theirs: ours },
            Self::Holder { holders, class, system, .. } => {
                Self::Holder { whose: "this node", holders, class, system }
            }
            same => same,
        }
    }

    fn undecodable(what: impl fmt::Display) -> Self {
        Self::Undecodable { what: what.to_string().into() }
    }
}

/// The classes that no version of this build knows, for the words of a refusal.
fn unknown_classes(holders: &str) -> String {
    let classes = holders.split(", ").filter_map(|holder| class_of(holder)).map(|(_, class)| class);
    let unknown: Vec<_> = classes.filter(|class| !CLASSES.contains(class)).collect();
    if unknown.is_empty() {
        return String::new();
    }
    format!("; class {} is unknown here: there are {}", unknown.join(", "), CLASSES.join(" and "))
}

/// The system and the class in `akt://shop/node/eu-1`.
fn class_of(holder: &str) -> Option<(&str, &str)> {
    let (system, rest) = holder.strip_prefix("akt://")?.split_once('/')?;
    Some((system, rest.split('/').next().unwrap_or_default()))
}

/// Decides whether a certificate for these `holders` may belong to a `class` of `system`.
///
/// One for nobody may belong to anybody; one of a node may be used to call, too.
fn check_holder(holders: &[Box<str>], class: Class, system: &str) -> Result<(), HandshakeError> {
    let fits = |holder: &str| match class_of(holder) {
        Some((of, "node")) => of == system,
        Some((of, "client")) => of == system && class == Class::Client,
        _ => false,
    };
    if holders.is_empty() || holders.iter().any(|holder| fits(holder)) {
        return Ok(());
    }
    let holders = holders.join(", ").into();
    Err(HandshakeError::Holder { whose: "the peer", holders, class, system: system.into() })
}

/// Decides whether `ours` speaks with the dialer that says `hello`, and whose certificate is for `holders`; gives the
/// protocol.
///
/// # Errors
///
/// The first mismatch, with the values of both sides.
pub(crate) fn check_hello(
    ours: &Identity,
    hello: &Hello,
    holders: &[Box<str>],
) -> Result<u32, HandshakeError> {
    let protocol = check_identity(ours, &hello.from)?;
    if hello.dialed.system != ours.address.system {
        let (ours, wanted) = (ours.address.system[..].into(), hello.dialed.system[..].into());
        return Err(HandshakeError::Wanted { ours, wanted });
    }
    check_holder(holders, hello.from.class, &ours.address.system)?;
    Ok(protocol)
}

/// Decides whether the dialer `ours` speaks with the node that answered.
///
/// # Errors
///
/// The refusal of the peer, or the first mismatch with the values of both sides.
pub(crate) fn check_welcome(
    ours: &Identity,
    reply: Reply,
    holders: &[Box<str>],
) -> Result<(Identity, u32), HandshakeError> {
    match reply {
        Reply::Welcome { from, protocol } => {
            check_identity(ours, &from)?;
            check_holder(holders, Class::Node, &ours.address.system)?;
            if !(ours.protocols.oldest..=ours.protocols.newest).contains(&protocol) {
                let (ours, theirs) = (ours.protocols.to_string().into(), protocol.to_string().into());
                return Err(HandshakeError::Version { ours, theirs });
            }
            Ok((from, protocol))
        }
        Reply::Refused { reason, text } => {
            Err(HandshakeError::Refused { text, duplicate: reason == Reason::Duplicate })
        }
    }
}

fn check_identity(ours: &Identity, theirs: &Identity) -> Result<u32, HandshakeError> {
    let Some(protocol) = ours.protocols.common(theirs.protocols) else {
        let (ours, theirs) = (ours.protocols.to_string().into(), theirs.protocols.to_string().into());
        return Err(HandshakeError::Version { ours, theirs });
    };
    if ours.address.system != theirs.address.system {
        let (ours, theirs) = (ours.address.system[..].into(), theirs.address.system[..].into());
        return Err(HandshakeError::System { ours, theirs });
    }
    if (ours.node, ours.incarnation) == (theirs.node, theirs.incarnation) {
        return Err(HandshakeError::Itself { address: ours.address.to_string().into() });
    }
    Ok(protocol)
}

/// Appends the frame of `hello`.
pub(crate) fn put_hello(buffer: &mut BytesMut, hello: &Hello) {
    let message = v1::Hello {
        from: Some(introduction(&hello.from)),
        dialed: hello.dialed.to_string(),
        dial: hello.dial,
        seen: hello.seen.map_or(0, |seen| seen.dial),
        seen_incarnation: hello.seen.map_or(0, |seen| seen.incarnation),
    };
    Kind::HELLO.put(buffer, |buffer| message.encode_raw(buffer));
}

/// Appends the frame of a welcome from `from`.
pub(crate) fn put_welcome(buffer: &mut BytesMut, from: &Identity, protocol: u32) {
    let message = v1::Welcome { from: Some(introduction(from)), protocol };
    Kind::WELCOME.put(buffer, |buffer| message.encode_raw(buffer));
}

/// Appends the frame that tells the peer why it is refused.
pub(crate) fn put_refused(buffer: &mut BytesMut, error: &HandshakeError) {
    let message = v1::Refused { reason: error.reason().into(), text: error.seen_by_peer().to_string() };
    Kind::REFUSED.put(buffer, |buffer| message.encode_raw(buffer));
}

/// Reads the first frame of a dialer.
///
/// # Errors
///
/// [`HandshakeError::Magic`] and [`HandshakeError::Undecodable`].
pub(crate) fn decode_hello(frame: &Frame) -> Result<Hello, HandshakeError> {
    if frame.kind != Kind::HELLO {
        return Err(HandshakeError::undecodable(format_args!(
            "first frame is of kind {:#04x}",
            frame.kind.0
        )));
    }
    check_contracts(&frame.payload)?;
    let message: v1::Hello = decode(frame.payload.clone())?;
    let from = identity(message.from)?;
    let dialed = message.dialed.parse().map_err(|e: PathError| HandshakeError::undecodable(e))?;
    let seen =
        (message.seen != 0).then_some(Seen { incarnation: message.seen_incarnation, dial: message.seen });
    Ok(Hello { from, dialed, dial: message.dial, seen })
}

/// Reads what the dialed node answered.
///
/// # Errors
///
/// [`HandshakeError::Magic`] and [`HandshakeError::Undecodable`].
pub(crate) fn decode_reply(frame: &Frame) -> Result<Reply, HandshakeError> {
    match frame.kind {
        Kind::WELCOME => {
            check_contracts(&frame.payload)?;
            let message: v1::Welcome = decode(frame.payload.clone())?;
            Ok(Reply::Welcome { from: identity(message.from)?, protocol: message.protocol })
        }
        Kind::REFUSED => {
            let message: v1::Refused = decode(frame.payload.clone())?;
            Ok(Reply::Refused { reason: message.reason(), text: printable(&message.text) })
        }
        kind => Err(HandshakeError::undecodable(format_args!("answer is of kind {:#04x}", kind.0))),
    }
}

fn check_contracts(payload: &[u8]) -> Result<(), HandshakeError> {
    let said = values(payload, FROM, |tag, _| (tag == CONTRACTS).into());
    if said > MOST_CONTRACTS {
        let what = format_args!("{said} contracts, the limit is {MOST_CONTRACTS}");
        return Err(HandshakeError::undecodable(what));
    }
    Ok(())
}

fn decode<M: prost::Message + Default>(payload: Bytes) -> Result<M, HandshakeError> {
    M::decode(payload).map_err(HandshakeError::undecodable)
}

fn introduction(identity: &Identity) -> v1::Introduction {
    v1::Introduction {
        magic: MAGIC,
        oldest: identity.protocols.oldest,
        newest: identity.protocols.newest,
        system: identity.address.system[..].into(),
        node: identity.node.as_u64(),
        incarnation: identity.incarnation,
        host: identity.address.host[..].into(),
        port: identity.address.port.into(),
        max_message: identity.max_message as u64,
        lanes: identity.lanes,
        class: match identity.class {
            Class::Node => 0,
            Class::Client => 1,
        },
        features: identity.features,
        contracts: contracts(&identity.contracts),
    }
}

/// As many as fit beside the rest of an introduction.
fn contracts(known: &BTreeMap<Box<str>, u64>) -> Vec<v1::Contract> {
    let mut room = MAX_CONTRACTS;
    let mut fit = |name: &str| {
        room = room.saturating_sub(name.len() + 16);
        room > 0
    };
    let fitting = known.iter().take_while(|(name, _)| fit(name));
    fitting.map(|(name, digest)| v1::Contract { name: name[..].into(), digest: *digest }).collect()
}

fn identity(message: Option<v1::Introduction>) -> Result<Identity, HandshakeError> {
    let message = message.ok_or_else(|| HandshakeError::undecodable("no introduction"))?;
    if message.magic != MAGIC {
        return Err(HandshakeError::Magic { ours: MAGIC, theirs: message.magic });
    }
    check_name(&message.system).map_err(HandshakeError::undecodable)?;
    if message.host.is_empty()
        || message.host.len() > MAX_HOST
        || !message.host.bytes().all(|b| b.is_ascii_graphic())
    {
        return Err(HandshakeError::undecodable("host is not one"));
    }
    let port = u16::try_from(message.port).map_err(|_| HandshakeError::undecodable("port above 65535"))?;
    let class = match message.class {
        0 => Class::Node,
        1 => Class::Client,
        other => {
            let what = format_args!("class {other} is unknown: there are 0, a node, and 1, a client");
            return Err(HandshakeError::undecodable(what));
        }
    };
    let contracts =
        message.contracts.into_iter().map(|contract| (printable(&contract.name), contract.digest));
    Ok(Identity {
        class,
        features: message.features,
        contracts: contracts.collect(),
        node: NodeId::from_u64(message.node),
        incarnation: message.incarnation,
        address: NodeAddress { system: message.system.into(), host: message.host.into(), port },
        protocols: Protocols { oldest: message.oldest, newest: message.newest },
        max_message: usize::try_from(message.max_message).unwrap_or(usize::MAX),
        lanes: message.lanes,
    })
}

/// Text of a peer, safe to print: control characters escaped, cut after 512 characters.
pub(crate) fn printable(text: &str) -> Box<str> {
    let mut safe = String::new();
    for c in text.chars().take(512) {
        match c {
            '"' | '\'' | '\\' => safe.push(c),
            c => safe.extend(c.escape_debug()),
        }
    }
    safe.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::frame::{Decoder, HANDSHAKE_LIMIT};
    use super::*;

    fn node(system: &str, node: u64) -> Identity {
        Identity {
            node: NodeId::from_u64(node),
            incarnation: 7,
            address: NodeAddress { system: system.into(), host: "127.0.0.1".into(), port: 7400 },
            protocols: Protocols::OURS,
            max_message: 1 << 20,
            lanes: 1,
            class: Class::Node,
            features: 0b101,
            contracts: BTreeMap::from([("shop.v1.Cart".into(), 7)]),
        }
    }

    fn hello(from: Identity) -> Hello {
        let seen = Some(Seen { incarnation: 9, dial: 1 });
        Hello { dialed: from.address.clone(), from, dial: 3, seen }
    }

    fn frame(put: impl FnOnce(&mut BytesMut)) -> Frame {
        let mut decoder = Decoder::new(HANDSHAKE_LIMIT);
        put(decoder.buffer());
        decoder.next().unwrap().unwrap()
    }

    #[test]
    fn a_handshake_survives_the_wire() {
        let (ours, theirs) = (node("shop", 1), node("shop", 2));

        let hello_frame = frame(|b| put_hello(b, &hello(theirs.clone())));
        let reply_frame = frame(|b| put_welcome(b, &ours, 1));

        assert_eq!(decode_hello(&hello_frame), Ok(hello(theirs.clone())));
        assert_eq!(check_hello(&ours, &hello(theirs.clone()), &[]), Ok(1));
        assert_eq!(check_welcome(&theirs, decode_reply(&reply_frame).unwrap(), &[]), Ok((ours, 1)));
    }

    #[test]
    fn every_mismatch_names_the_values_of_both_sides() {
        let ours = node("shop", 1);
        let old = Identity { protocols: Protocols { oldest: 4, newest: 5 }, ..node("shop", 2) };
        let lost = Hello { dialed: node("bank", 1).address, ..hello(node("shop", 2)) };
        let cases = [
            (check_hello(&ours, &hello(node("bank", 2)), &[]), Reason::System, vec!["\"shop\"", "\"bank\""]),
            (check_hello(&ours, &lost, &[]), Reason::System, vec!["\"shop\"", "looks for \"bank\""]),
            (check_hello(&ours, &hello(old), &[]), Reason::Version, vec!["1 to 1", "4 to 5"]),
            (check_hello(&ours, &hello(ours.clone()), &[]), Reason::Itself, vec!["shop@127.0.0.1:7400"]),
        ];

        for (result, reason, said) in cases {
            let error = result.unwrap_err();
            assert_eq!(error.reason(), reason);
            for said in said {
                assert!(error.to_string().contains(said), "{error}");
            }
        }
    }

    #[test]
    fn a_refusal_tells_the_peer_why_in_text_that_is_safe_to_print() {
        let error = check_hello(&node("shop", 1), &hello(node("bank", 2)), &[]).unwrap_err();

        let reply = decode_reply(&frame(|b| put_refused(b, &error))).unwrap();
        let printed = check_welcome(&node("bank", 2), reply, &[]).unwrap_err().to_string();

        assert!(printed.contains("refused by the peer") && printed.contains("shop"), "{printed}");
        assert_eq!(&*printable("a\nb\x1b[31m"), "a\\nb\\u{1b}[31m");
    }

    #[test]
    fn a_certificate_is_for_whom_it_names() {
        let client = || Identity { class: Class::Client, ..node("shop", 2) };
        let check =
            |from: Identity, holder: &str| check_hello(&node("shop", 1), &hello(from), &[holder.into()]);

        for (from, holder, said) in [
            (node("shop", 2), "akt://shop/node/eu-1", None),
            (client(), "akt://shop/client/till-3", None),
            (client(), "akt://shop/node", None),
            (
                node("shop", 2),
                "akt://shop/client",
                Some("is for akt://shop/client, and it introduces itself as a node of \"shop\""),
            ),
            (
                node("shop", 2),
                "akt://bank/node",
                Some("is for akt://bank/node, and it introduces itself as a node of \"shop\""),
            ),
            (
                client(),
                "akt://shop/gateway",
                Some("class gateway is unknown here: there are node and client"),
            ),
            (client(), "akt://shop", Some("is for akt://shop, and")),
        ] {
            let text = check(from, holder).err().map(|error| error.to_string());
            assert_eq!(text.is_some(), said.is_some(), "{holder}: {text:?}");
            assert!(text.unwrap_or_default().contains(said.unwrap_or_default()), "{holder}: {said:?}");
        }
    }

    #[test]
    fn a_node_that_knows_nothing_of_classes_features_and_contracts_is_a_node() {
        let old = v1::Hello {
            from: Some(v1::Introduction {
                class: 0,
                features: 0,
                contracts: Vec::new(),
                ..introduction(&node("shop", 2))
            }),
            dialed: "shop@127.0.0.1:7400".into(),
            ..Default::default()
        };

        let read = decode_hello(&frame(|b| Kind::HELLO.put(b, |b| old.encode_raw(b)))).unwrap().from;

        assert_eq!((read.class, read.features, read.contracts.len()), (Class::Node, 0, 0));
    }

    #[test]
    fn contracts_beyond_what_a_handshake_holds_are_left_out() {
        let name = |n: usize| format!("some.package.with.a.name.v1.Contract{n}").into();
        let contracts: BTreeMap<_, _> = (0..1_000).map(|n| (name(n), n as u64)).collect();

        let told = decode_hello(&frame(|b| put_hello(b, &hello(Identity { contracts, ..node("shop", 2) }))));

        let told = told.unwrap().from.contracts.len();
        assert!((20..100).contains(&told), "{told}");
    }

    #[test]
    fn another_magic_is_named() {
        let message = v1::Hello {
            from: Some(v1::Introduction { magic: 0x1234, ..Default::default() }),
            ..Default::default()
        };

        let error = decode_hello(&frame(|b| Kind::HELLO.put(b, |b| message.encode_raw(b)))).unwrap_err();

        assert_eq!(error, HandshakeError::Magic { ours: MAGIC, theirs: 0x1234 });
        assert!(error.to_string().contains("0x00001234") && error.to_string().contains("0x616b7431"));
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(kind in 0_u8..5, bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            let frame = Frame { kind: Kind(kind), payload: bytes.into() };

            let _ = decode_hello(&frame);
            let _ = decode_reply(&frame);
        }

        #[test]
        fn a_damaged_handshake_never_panics(at in 0_usize..80, with in any::<u8>()) {
            let whole = frame(|b| put_hello(b, &hello(node("shop", 2))));
            let mut bytes = whole.payload.to_vec();
            let at = at % bytes.len();
            bytes[at] = with;

            if let Ok(hello) = decode_hello(&Frame { kind: Kind::HELLO, payload: bytes.into() }) {
                let _ = check_hello(&node("shop", 1), &hello, &[]);
            }
        }
    }
}
