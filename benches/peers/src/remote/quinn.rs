//! The floor over one stream of quinn, with quinn's defaults.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ::quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use ::quinn::{ClientConfig, Connection, Endpoint, ServerConfig};
use bytes::Bytes;
use remoting::Remoting;

use super::floor::{self, Floor};
use super::tls::{self, Certificate};

/// A connection, and a stream of it.
#[derive(Clone)]
pub struct Quinn {
    connection: Connection,
    floor: Floor,
    _endpoint: Endpoint,
}

impl Remoting for Quinn {
    const NAME: &'static str = "quinn_floor";
    type Server = Endpoint;

    async fn serve() -> (Endpoint, String) {
        let certificate = Certificate::new();
        let crypto = QuicServerConfig::try_from(certificate.server()).expect("TLS 1.3 is there");
        let config = ServerConfig::with_crypto(Arc::new(crypto));
        let endpoint =
            Endpoint::server(config, "127.0.0.1:0".parse().expect("it is one")).expect("there is a port");
        let line = certificate.line(endpoint.local_addr().expect("a socket has an address"));
        let server = endpoint.clone();
        tokio::spawn(async move {
            let incoming = server.accept().await.expect("the sender comes");
            let connection = incoming.await.expect("the sender speaks TLS");
            while let Ok((writer, reader)) = connection.accept_bi().await {
                tokio::spawn(async move { floor::serve(reader, writer, &AtomicU64::new(0)).await });
            }
        });
        (endpoint, line)
    }

    async fn connect(line: &str) -> Self {
        let (address, certificate) = tls::parse(line);
        let crypto = QuicClientConfig::try_from(tls::client(&certificate)).expect("TLS 1.3 is there");
        let endpoint = Endpoint::client("127.0.0.1:0".parse().expect("it is one")).expect("there is a port");
        let address = address.parse().expect("it is an address");
        let dial = endpoint.connect_with(ClientConfig::new(Arc::new(crypto)), address, "localhost");
        let connection = dial.expect("it can be dialed").await.expect("the server answers");
        let floor = stream(&connection, 1).await;
        Self { connection, floor, _endpoint: endpoint }
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        self.floor.ask(number, padding).await
    }

    async fn tell(&self, number: u64, padding: &Bytes) {
        self.floor.tell(number, padding).await;
    }

    /// By a stream behind the first one.
    async fn beside(&self) -> Self {
        Self { floor: stream(&self.connection, 0).await, ..self.clone() }
    }
}

async fn stream(connection: &Connection, priority: i32) -> Floor {
    let (writer, reader) = connection.open_bi().await.expect("the connection lives");
    writer.set_priority(priority).expect("the stream lives");
    Floor::new(reader, writer)
}
