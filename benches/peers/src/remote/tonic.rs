//! tonic over TLS: a call for each message, or one stream of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use ::tonic::transport::{Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};
use ::tonic::{Request, Response, Status, Streaming as Incoming};
use bytes::Bytes;
use remoting::Remoting;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};

use self::generated::bench_client::BenchClient;
use self::generated::bench_server::{Bench, BenchServer};
use self::generated::{Load, Total};
use super::tls::{self, Certificate};

mod generated {
    tonic::include_proto!("bench");
}

/// The sink.
#[derive(Clone, Default)]
struct Adder(Arc<AtomicU64>);

impl Adder {
    fn add(&self, load: &Load) -> Total {
        Total { total: self.0.fetch_add(load.number, Relaxed) + load.number }
    }
}

#[tonic::async_trait]
impl Bench for Adder {
    type TalkStream = ReceiverStream<Result<Total, Status>>;

    async fn add(&self, load: Request<Load>) -> Result<Response<Total>, Status> {
        Ok(Response::new(self.add(load.get_ref())))
    }

    async fn talk(&self, loads: Request<Incoming<Load>>) -> Result<Response<Self::TalkStream>, Status> {
        let (totals, answers) = mpsc::channel(1_024);
        let (mut loads, adder) = (loads.into_inner(), self.clone());
        tokio::spawn(async move {
            while let Ok(Some(load)) = loads.message().await {
                let total = adder.add(&load);
                if !load.quiet && totals.send(Ok(total)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

async fn serve() -> ((), String) {
    let certificate = Certificate::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let line = certificate.line(listener.local_addr().expect("a listener has an address"));
    let identity = Identity::from_pem(&certificate.certificate, &certificate.key);
    let server = Server::builder()
        .tls_config(ServerTlsConfig::new().identity(identity))
        .expect("the certificate is good")
        .add_service(BenchServer::new(Adder::default()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(server);
    ((), line)
}

async fn connect(line: &str) -> BenchClient<Channel> {
    let (address, certificate) = tls::parse(line);
    let ca = ::tonic::transport::Certificate::from_pem(certificate);
    let tls = ClientTlsConfig::new().ca_certificate(ca).domain_name("localhost");
    let endpoint = Endpoint::from_shared(format!("https://{address}")).expect("it is an address");
    let endpoint = endpoint.tls_config(tls).expect("the certificate is good").tcp_nodelay(true);
    BenchClient::new(endpoint.connect().await.expect("the server answers"))
}

/// A call for each message.
#[derive(Clone)]
pub struct Unary(BenchClient<Channel>);

impl Remoting for Unary {
    const NAME: &'static str = "tonic_unary";
    const TELLS: bool = false;
    type Server = ();

    async fn serve() -> ((), String) {
        serve().await
    }

    async fn connect(line: &str) -> Self {
        Self(connect(line).await)
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        let load = Load { number, padding: padding.clone(), quiet: false };
        self.0.clone().add(load).await.expect("the sink answers").into_inner().total
    }
}

/// One stream of messages, whose answers come in their order.
#[derive(Clone)]
pub struct Streaming {
    loads: mpsc::Sender<Load>,
    waiting: Arc<Mutex<VecDeque<oneshot::Sender<u64>>>>,
}

impl Remoting for Streaming {
    const NAME: &'static str = "tonic_stream";
    type Server = ();

    async fn serve() -> ((), String) {
        serve().await
    }

    async fn connect(line: &str) -> Self {
        let (loads, requests) = mpsc::channel(1_024);
        let mut client = connect(line).await;
        let totals = client.talk(ReceiverStream::new(requests)).await.expect("the sink answers");
        let waiting = Arc::<Mutex<VecDeque<oneshot::Sender<u64>>>>::default();
        let (mut totals, askers) = (totals.into_inner(), waiting.clone());
        tokio::spawn(async move {
            while let Ok(Some(Total { total })) = totals.message().await {
                let asker = askers.lock().expect("nobody panics").pop_front();
                // The asker waits.
                let _ = asker.expect("an answer was asked for").send(total);
            }
        });
        Self { loads, waiting }
    }

    async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        let (asker, total) = oneshot::channel();
        let load = Load { number, padding: padding.clone(), quiet: false };
        let room = self.loads.reserve().await.expect("the stream lives");
        {
            let mut waiting = self.waiting.lock().expect("nobody panics");
            waiting.push_back(asker);
            room.send(load);
        }
        total.await.expect("the sink answers")
    }

    async fn tell(&self, number: u64, padding: &Bytes) {
        let load = Load { number, padding: padding.clone(), quiet: true };
        self.loads.send(load).await.expect("the stream lives");
    }
}
