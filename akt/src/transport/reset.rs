//! What lets a node that was killed and started again say so to the peers of its predecessor.

use std::net::SocketAddr;
use std::sync::Arc;

use quinn::EndpointConfig;
use quinn_proto::HashedConnectionIdGenerator;
use ring::hmac;

/// The identity of an endpoint: the same at each start with `secret` at `address`, another elsewhere.
///
/// A packet for a connection that an endpoint does not know is answered with a token that only who made the connection
/// could know (RFC 9000, 10.3): it is derived from the secret, so that the next process knows it, too. Two nodes that share a
/// key file do not share tokens, for one of them would give away those of the other (21.11).
pub(super) fn endpoint(secret: &[u8], address: SocketAddr) -> EndpointConfig {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let derive = |what: &str| hmac::sign(&secret, format!("akt {what} {address}").as_bytes());
    let tokens = hmac::Key::new(hmac::HMAC_SHA256, derive("stateless reset").as_ref());
    let mut ids = [0; 8];
    ids.copy_from_slice(&derive("connection ids").as_ref()[..8]);
    let ids = u64::from_le_bytes(ids);

    let mut config = EndpointConfig::new(Arc::new(tokens));
    // Ids that it did not make itself, or its predecessor, are not answered.
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(ids)));
    config
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::path::Path;
    use std::time::Duration;

    use bytes::{Bytes, BytesMut};

    use crate::runtime::Runtime;
    use crate::transport::{Connection, Lost, QuicTransport, Tls, Transport, TransportOptions};

    /// Longer than the test is given.
    const IDLE: Duration = Duration::from_secs(600);

    fn transport(ca: &Path, listen: &str) -> QuicTransport {
        let options = TransportOptions::default().idle_timeout(IDLE);
        QuicTransport { listen: listen.into(), tls: Tls::development_in(ca), options, dials_only: false }
    }

    /// A process that can be killed: what it has is gone, and nothing is said.
    fn process() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    #[tokio::test]
    async fn a_peer_of_a_killed_node_is_told_by_its_successor() {
        let ca = std::env::temp_dir().join(format!("akt-reset-{}", std::process::id()));
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let near = transport(&ca, "127.0.0.1:0").bind(&Runtime::current().unwrap()).await.unwrap();

        let (first, far) = (process(), transport(&ca, &listen));
        let serving = first.spawn(async move {
            let endpoint = far.bind(&Runtime::current().unwrap()).await.unwrap();
            let mut connection = endpoint.accept().await.unwrap().establish().await.unwrap();
            connection.reader.read(&mut BytesMut::new()).await.unwrap();
            (endpoint, connection)
        });
        let Connection { mut writer, mut reader, .. } = near.connect("localhost", port).await.unwrap();
        writer.write(Bytes::from_static(b"hello")).await.unwrap();
        let alive = serving.await.unwrap();
        let killed = tokio::task::spawn_blocking(move || first.shutdown_timeout(IDLE));
        killed.await.unwrap();
        // Its socket, too; there is nobody left who could say goodbye.
        drop(alive);

        let (second, far) = (process(), transport(&ca, &listen));
        second.spawn(async move {
            let bound = loop {
                match far.bind(&Runtime::current().unwrap()).await {
                    Ok(bound) => break bound,
                    Err(_) => tokio::task::yield_now().await,
                }
            };
            std::future::pending::<()>().await;
            drop(bound);
        });
        let told = async {
            loop {
                // What is written is answered by a reset, once it is there.
                if let Err(lost) = writer.write(Bytes::from_static(b"are you there?")).await {
                    break lost;
                }
                let mut nothing = BytesMut::new();
                let read = tokio::time::timeout(Duration::from_millis(50), reader.read(&mut nothing));
                if let Ok(Err(lost)) = read.await {
                    break lost;
                }
            }
        };

        let lost = tokio::time::timeout(IDLE / 10, told).await.expect("told before the idle time is over");
        assert!(matches!(lost, Lost::Reset), "{lost:?}");
        second.shutdown_background();
        std::fs::remove_dir_all(ca).unwrap();
    }
}
