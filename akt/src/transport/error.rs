//! What can go wrong between a socket and a connection that stands.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a system cannot listen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is not a host and a port.
    #[error(
        "cannot listen on {address:?}: expected a host and a port such as `127.0.0.1:7400`, `[::1]:7400` or `localhost:7400`"
    )]
    Address {
        /// The address as given.
        address: Box<str>,
    },
    /// The name in the address stands for no address.
    #[error("cannot listen on {address}: its name is not resolved")]
    Resolve {
        /// The address as given.
        address: Box<str>,
        /// What the resolver said.
        source: io::Error,
    },
    /// Others cannot reach a node by the address that it listens on, and it gives no other.
    #[error(
        "listening on {address}, every address of this machine: say by which others reach it, with `advertise(\"host:port\")`"
    )]
    Unspecified {
        /// The address as bound.
        address: Box<str>,
    },
    /// What is to be advertised is not a host, or a host and a port.
    #[error(
        "cannot advertise {advertised:?}: expected a host such as `shop.example`, or `shop.example:7400`"
    )]
    Advertise {
        /// What was to be advertised.
        advertised: Box<str>,
    },
    /// What is to be exposed to clients is no path of users' actors.
    #[error("cannot expose {path:?} to clients: expected a path at or below `/user`, such as `/user/shop`")]
    Expose {
        /// The path as given.
        path: Box<str>,
    },
    /// A quiet connection would be lost before it gives a sign of life.
    #[error(
        "a keep-alive of {keep_alive:?} does not keep a connection alive whose idle timeout is {idle_timeout:?}"
    )]
    Times {
        /// The keep-alive as given.
        keep_alive: Duration,
        /// The idle timeout as given.
        idle_timeout: Duration,
    },
    /// The operating system refused the socket.
    #[error("cannot listen on {address}")]
    Socket {
        /// The address as given.
        address: Box<str>,
        /// What it said.
        source: io::Error,
    },
    /// Another node of the same in-process network listens there.
    #[error("cannot listen on {address}: another node of this network does")]
    Taken {
        /// The address as given.
        address: Box<str>,
    },
    /// A network inside the process has no such address.
    #[error("cannot listen on {address}: expected the address of a node in memory, such as `memory:1`")]
    NotInMemory {
        /// The address as given.
        address: Box<str>,
    },
    /// The certificates cannot be used.
    #[error("certificates are not usable")]
    Tls(#[from] TlsError),
}

/// Why certificates cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The development CA is for one machine only.
    #[error(
        "the development CA is refused on {address}, which is not a loopback address; give certificates with `Tls::files` or `Tls::from_pem`"
    )]
    NotLoopback {
        /// The address that was to be bound or dialed.
        address: Box<str>,
    },
    /// There is no folder for the development CA.
    #[error("no folder for the development CA: set AKT_DEV_CA, XDG_DATA_HOME or HOME")]
    NoFolder,
    /// A file of the development CA cannot be read or written.
    #[error("development CA at {path} cannot be {verb}", path = path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of the development CA can be read by others.
    #[error("development CA at {path} can be read by others: run `chmod -R go= {path}`", path = path.display())]
    Exposed {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file with certificates or a key cannot be read.
    #[error("{what} at {path} cannot be read", path = path.display())]
    Unreadable {
        /// Which one.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The node's own certificate is of none of the CAs that it trusts: no peer that trusts the same would take it.
    #[error("node certificate {certificate} is not signed by what the CA file holds: {trusted}")]
    Unsigned {
        /// The certificate.
        certificate: Box<str>,
        /// The CAs.
        trusted: Box<str>,
    },
    /// Certificates that were to replace others are not valid any more.
    #[error("node certificate {certificate} has expired")]
    Expired {
        /// The certificate.
        certificate: Box<str>,
    },
    /// A text is not what it should be.
    #[error("{what} is not usable: {reason}")]
    Pem {
        /// Which one.
        what: &'static str,
        /// What is wrong with it.
        reason: Box<str>,
    },
}

/// Why there is no connection.
#[derive(Debug, Error)]
pub(crate) enum ConnectError {
    #[error("host {host:?} has no usable address")]
    Resolve { host: Box<str>, source: io::Error },
    #[error("nobody listens there")]
    Refused,
    #[error("nobody listens there for TCP; a node of `Remote::quic` is reached by its own kind only")]
    NoTcp,
    #[error(
        "the node there speaks TCP and this one QUIC: start both with `Remote::tcp`, or with `Remote::quic`"
    )]
    SpeaksTcp,
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("address cannot be dialed: {reason}")]
    Address { reason: Box<str> },
    #[error(transparent)]
    Lost(#[from] Lost),
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Lost {
    /// The peer closed it and said why.
    #[error("closed by the peer: {text}")]
    Closed { code: Close, text: Box<str> },
    /// This node closed it.
    #[error("closed by this node")]
    Here,
    /// Nothing was heard of the peer for too long.
    #[error("no sign of life from the peer")]
    Silent,
    /// The peer no longer knows the connection: it was restarted.
    #[error("reset by the peer")]
    Reset,
    /// One side did not accept what the other showed before either could speak.
    #[error("{text}")]
    Distrust { why: Distrust, text: Box<str> },
    /// The peer broke the rules of the transport.
    #[error("transport failed: {text}")]
    Transport { text: Box<str> },
}

/// What one side does not accept of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distrust {
    /// No CA that is trusted has signed the certificate.
    Issuer,
    Expired,
    NotYetValid,
    /// The certificate is for another host than the one that was dialed.
    Host,
    /// There is no certificate.
    Missing,
    /// The certificate, for another reason.
    Certificate,
    /// There is no TLS.
    Plaintext,
    /// HTTP is spoken.
    Http,
    /// Another protocol is spoken.
    Protocol,
}

/// What a side says when it closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    /// In order: everything was said.
    Done,
    /// The handshake was refused.
    Refused,
    /// A frame broke the limits or could not be decoded.
    Protocol,
    /// The other side did not read for too long.
    Stalled,
    /// In order: the goodbye of the other side was read, and all before it.
    Goodbye,
    /// Something that a newer peer says.
    Other(u32),
}

impl Close {
    pub(crate) const fn code(self) -> u32 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Protocol => 2,
            Self::Stalled => 3,
            Self::Goodbye => 4,
            Self::Other(code) => code,
        }
    }

    pub(crate) const fn of(code: u32) -> Self {
        match code {
            0 => Self::Done,
            1 => Self::Refused,
            2 => Self::Protocol,
            3 => Self::Stalled,
            4 => Self::Goodbye,
            other => Self::Other(other),
        }
    }
}

/// Text of a peer, safe to print.
pub(super) fn printable(text: &str) -> Box<str> {
    let is_plain = |c: &char| !c.is_control();
    text.chars().take(256).filter(is_plain).collect()
}
