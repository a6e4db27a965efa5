//! Calls between nodes, over QUIC on the loopback.

use akt::{Remote, Tls};

use crate::depot::keeps_every_promise;

fn remote() -> Remote {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("dev-ca");
    Remote::quic("127.0.0.1:0").tls(Tls::development_in(folder))
}

#[tokio::test]
async fn quic_keeps_every_promise() {
    keeps_every_promise(remote).await;
}
