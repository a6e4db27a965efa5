//! The collector: a place that takes OTLP in requests of HTTP/1.1, one at a time over one connection.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;

/// How much of an answer is read, in bytes.
const MAX_ANSWER: usize = 64 * 1_024;

/// Where to send, and the connection there, if there is one.
pub(super) struct Collector {
    endpoint: Endpoint,
    headers: HeaderMap,
    line: Option<Line>,
}

/// Host, port, and what stands before `/v1/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
    prefix: String,
}

/// One connection. It is driven by whoever waits for an answer, and by nobody in between.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    driver: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Why nothing can be exported as it was described.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub(super) enum SettingsError {
    #[error("`{0}` is not the address of a collector: say `http://host:port`")]
    Endpoint(String),
    #[error("`{0}` is reached by TLS, which is not spoken: send to a collector beside the program")]
    Tls(String),
    #[error("`{0}` is not a header of HTTP, or its value is not one")]
    Header(String),
}

/// Why a collector did not take a request.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(super) enum PostError {
    #[error("unreachable")]
    Unreachable(#[source] io::Error),
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    #[error("it did not answer in time")]
    Late,
    #[error("it answered {0}")]
    Refused(StatusCode),
    #[error("its answer is too long or broke off")]
    Answer,
    #[error("it rejected {count}: {reason}")]
    Rejected { count: u64, reason: String },
}

impl PostError {
    /// Whether the same request may be taken later.
    pub(super) fn passes(&self) -> bool {
        let status = match self {
            Self::Unreachable(_) | Self::Broken(_) | Self::Late | Self::Answer => return true,
            Self::Rejected { .. } => return false,
            Self::Refused(status) => status,
        };
        let passing = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::BAD_GATEWAY,
            StatusCode::SERVICE_UNAVAILABLE,
            StatusCode::GATEWAY_TIMEOUT,
        ];
        passing.contains(status)
    }

    /// How many of what was sent, if it was not all.
    pub(super) fn rejected(&self) -> Option<u64> {
        match self {
            Self::Rejected { count, .. } => Some(*count),
            _ => None,
        }
    }
}

impl Endpoint {
    pub(super) fn parse(text: &str) -> Result<Self, SettingsError> {
        let wrong = || SettingsError::Endpoint(text.to_owned());
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(SettingsError::Tls(text.to_owned())),
            _ => return Err(wrong()),
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        if uri.query().is_some() || uri.authority().is_some_and(|all| all.as_str().contains('@')) {
            return Err(wrong());
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(80), prefix })
    }
}

impl Collector {
    pub(super) fn new(endpoint: Endpoint, headers: &[(String, String)]) -> Result<Self, SettingsError> {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let wrong = || SettingsError::Header(name.clone());
            let header = HeaderName::try_from(name).map_err(|_| wrong())?;
            all.insert(header, HeaderValue::try_from(value).map_err(|_| wrong())?);
        }
        Ok(Self { endpoint, headers: all, line: None })
    }

    /// Sends `body` to `/v1/{signal}`; its answer. Dropped before its end, it gives up the connection.
    pub(super) async fn post(&mut self, signal: &str, body: Bytes) -> Result<Bytes, PostError> {
        if let Some(line) = self.line.take().filter(|line| !line.sender.is_closed()) {
            match self.post_over(line, signal, body.clone()).await {
                // It was closed while it was not used.
                Err(PostError::Broken(_)) => {}
                other => return other,
            }
        }
        let line = Line::to(&self.endpoint).await?;
        self.post_over(line, signal, body).await
    }

    async fn post_over(&mut self, mut line: Line, signal: &str, body: Bytes) -> Result<Bytes, PostError> {
        let request = self.request(signal, body);
        let (status, answer) = line.exchange(request).await?;
        if !line.sender.is_closed() {
            self.line = Some(line);
        }
        if status.is_success() { Ok(answer) } else { Err(PostError::Refused(status)) }
    }

    fn request(&self, signal: &str, body: Bytes) -> Request<Full<Bytes>> {
        let Endpoint { host, port, prefix } = &self.endpoint;
        let mut request = Request::post(format!("{prefix}/v1/{signal}"))
            .header(HOST, format!("{host}:{port}"))
            .header(CONTENT_TYPE, "application/x-protobuf")
            .header(USER_AGENT, concat!("akt/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .expect("host and path were those of a uri");
        request.headers_mut().extend(self.headers.clone());
        request
    }
}

impl Line {
    async fn to(endpoint: &Endpoint) -> Result<Self, PostError> {
        let address = (endpoint.host.trim_matches(['[', ']']), endpoint.port);
        let stream = TcpStream::connect(address).await.map_err(PostError::Unreachable)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(PostError::Broken)?;
        let driver = Box::pin(async move {
            // Whoever waits for an answer is told what broke.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), PostError> {
        let sender = &mut self.sender;
        let mut exchanged = pin!(async {
            sender.ready().await.map_err(PostError::Broken)?;
            let response = sender.send_request(request).await.map_err(PostError::Broken)?;
            let status = response.status();
            let answer = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
            Ok((status, answer.map_err(|_| PostError::Answer)?.to_bytes()))
        });
        tokio::select! { biased;
            exchanged = &mut exchanged => exchanged,
            // The answer may have come with the end of the connection.
            () = &mut self.driver => exchanged.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_host_with_or_without_port_and_path() {
        let endpoint = |host: &str, port, prefix: &str| {
            Ok(Endpoint { host: host.to_owned(), port, prefix: prefix.to_owned() })
        };

        assert_eq!(Endpoint::parse("http://127.0.0.1:9000"), endpoint("127.0.0.1", 9000, ""));
        assert_eq!(Endpoint::parse("http://collector/otlp/"), endpoint("collector", 80, "/otlp"));
        assert_eq!(Endpoint::parse("http://[::1]:4318"), endpoint("[::1]", 4318, ""));
    }

    #[test]
    fn what_is_not_the_address_of_a_collector_is_refused() {
        for text in
            ["", "collector:4318", "http://", "ftp://collector", "http://a b", "http://me@a", "http://a/?b"]
        {
            assert_eq!(Endpoint::parse(text), Err(SettingsError::Endpoint(text.to_owned())), "{text}");
        }
        let tls = "https://collector:4318";
        assert_eq!(Endpoint::parse(tls), Err(SettingsError::Tls(tls.to_owned())));
    }
}
