//! Addresses to listen on and to dial, with names resolved.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::error::{BindError, ConnectError};

/// How long one of several addresses may take to answer before the next is tried.
pub(super) const EACH: Duration = Duration::from_secs(1);

/// What `listen`, a host and a port, stands for: of a name, all its addresses, those of IPv4 first.
pub(super) async fn to_bind(listen: &str) -> Result<Vec<SocketAddr>, BindError> {
    if let Ok(address) = listen.parse() {
        return Ok(vec![address]);
    }
    let wrong = || BindError::Address { address: listen.into() };
    let (host, port) = listen.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if host.is_empty() || host.contains([':', '[', ']', '/', ' ']) {
        return Err(wrong());
    }
    let failed = |source| BindError::Resolve { address: listen.into(), source };
    let mut found: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(failed)?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    if found.is_empty() { Err(failed(io::Error::other("the name has no address"))) } else { Ok(found) }
}

/// The addresses of `host`, those that are to be tried first at the end.
pub(super) async fn to_dial(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, ConnectError> {
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let failed = |source| ConnectError::Resolve { host: host.into(), source };
    let found = tokio::net::lookup_host((host, port)).await.map_err(failed)?;
    let mut usable: Vec<_> = found.filter(|address| reach.has(address.ip())).collect();
    usable.reverse();
    match (usable.is_empty(), reach) {
        (false, _) => Ok(usable),
        (true, Reach::Everything) => Err(failed(io::Error::other("the name has no address"))),
        (true, Reach::FamilyOf(local)) => {
            let family = if local.is_ipv4() { "IPv4" } else { "IPv6" };
            let text = format!("it has no {family} address, and this node listens on {local}");
            Err(failed(io::Error::other(text)))
        }
    }
}

/// Which addresses a socket can send to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    Everything,
    FamilyOf(IpAddr),
}

impl Reach {
    /// What a socket can send to that is bound to `local`.
    pub(super) fn of(local: IpAddr) -> Self {
        // Sockets of IPv6 that are bound to no address reach IPv4 too.
        if local.is_ipv6() && local.is_unspecified() { Self::Everything } else { Self::FamilyOf(local) }
    }

    fn has(self, ip: IpAddr) -> bool {
        match self {
            Self::Everything => true,
            Self::FamilyOf(local) => ip.is_ipv4() == local.is_ipv4(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_of_both_families_and_names_can_be_listened_on() {
        for (listen, expected) in [
            ("127.0.0.1:7400", "127.0.0.1:7400"),
            ("[::1]:0", "[::1]:0"),
            ("localhost:7400", "127.0.0.1:7400"),
        ] {
            assert_eq!(to_bind(listen).await.unwrap()[0].to_string(), expected);
        }
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused_with_an_example() {
        for wrong in ["", "7400", "localhost", "::1:7400", ":7400", "host:port", "host:99999", "a/b:1"] {
            let error = to_bind(wrong).await.unwrap_err();

            assert!(matches!(error, BindError::Address { .. }), "{wrong}: {error}");
            assert!(error.to_string().contains("`127.0.0.1:7400`"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_name_that_nobody_knows_is_said_to_be_one() {
        let bind = to_bind("no-such-host.invalid:7400").await.unwrap_err();
        let dial = to_dial("no-such-host.invalid", 7400, Reach::Everything).await.unwrap_err();

        assert!(matches!(bind, BindError::Resolve { .. }), "{bind}");
        assert!(matches!(dial, ConnectError::Resolve { .. }), "{dial}");
    }

    #[tokio::test]
    async fn a_socket_of_one_family_is_offered_addresses_of_that_family_only() {
        let reach = Reach::of([127, 0, 0, 1].into());

        let found = to_dial("localhost", 7400, reach).await.unwrap();

        assert!(found.iter().all(SocketAddr::is_ipv4), "{found:?}");
    }
}
