//! Whom a node lets in and whom not, over QUIC on the loopback: certificates in files, their rotation, and refusals
//! that name both sides.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use akt::prelude::*;
use akt::{Event, EventStream, Refusal, Remote, StartError, Tls};

use rcgen::SanType;

use crate::authority::{Authority, Signed};
use crate::contracts::depot::v1 as depot;
use crate::depot::{Shelf, at, until};

async fn node(tls: Tls) -> ActorSystem {
    named("shop", tls).await
}

async fn named(system: &str, tls: Tls) -> ActorSystem {
    let remote = Remote::quic("127.0.0.1:0").tls(tls);
    let system = ActorSystem::builder(system).remote(remote).start().await.unwrap();
    system.spawn("shelf", Shelf::default).await.unwrap();
    system
}

async fn ask(near: &ActorSystem, far: &ActorSystem) -> Result<(), String> {
    match at(near, far, "shelf").view(()).await {
        Ok(_) => Ok(()),
        Err(AskError::Unreachable { delivered: Delivery::No, source }) => Err(source.to_string()),
        Err(other) => panic!("{other:?}"),
    }
}

async fn stop<const N: usize>(nodes: [ActorSystem; N]) {
    for node in nodes {
        node.shutdown().await;
    }
}

/// Certificates that trust `authority`, for `holder`.
fn held_by(authority: &Authority, holder: &str) -> Tls {
    let uri = SanType::URI(holder.try_into().unwrap());
    authority.tls(&authority.sign(holder, |params| params.subject_alt_names.push(uri)))
}

/// The files of one node.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("files").join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, ca: &str, signed: &Signed) {
        self.write_one("ca.pem", ca);
        self.write_one("node.pem", &signed.certificate);
        self.write_one("node.key", &signed.key);
    }

    fn write_one(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn tls(&self) -> Tls {
        let Self(folder) = self;
        Tls::files(folder.join("ca.pem"), folder.join("node.pem"), folder.join("node.key"))
    }
}

async fn replaced(events: &mut EventStream) {
    let is_said = |event: &Event| matches!(event, Event::CertificatesReplaced { .. });
    crate::support::until(events, is_said).await;
}

/// Waits until the node says `what` of its files; while they are written, it may say more.
async fn refused(events: &mut EventStream, what: &str) {
    let is_said =
        |event: &Event| matches!(event, Event::CertificatesRefused { problem } if problem.contains(what));
    crate::support::until(events, is_said).await;
}

/// Asks without a pause, and keeps what failed.
struct Load {
    stop: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<(u64, Vec<String>)>,
}

impl Load {
    fn start(near: &ActorSystem, far: &ActorSystem) -> Self {
        let (shelf, stop) = (at(near, far, "shelf"), Arc::<AtomicBool>::default());
        let stopped = stop.clone();
        #[expect(clippy::disallowed_methods, reason = "a test's own task")]
        let task = tokio::spawn(async move {
            let (mut asked, mut failed) = (0, Vec::new());
            while !stopped.load(Ordering::SeqCst) {
                asked += 1;
                failed.extend(shelf.view(()).await.err().map(|error| format!("{error:?}")));
            }
            (asked, failed)
        });
        Self { stop, task }
    }

    async fn stop(self) -> (u64, Vec<String>) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}

/// Two nodes whose files go from one CA to another while the one asks the other without a pause; in each phase a
/// guest comes by a new connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_rotated_under_load_and_no_ask_fails() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let both = format!("{}{}", old.pem, new.pem);
    let sign = |ca: &Authority| ca.sign("node", |_| {});
    let guest = |ca: &str, signed: Signed| node(Tls::from_pem(ca, signed.certificate, signed.key));
    let files = ["near", "far"].map(Files::new);
    files.iter().for_each(|files| files.write(&old.pem, &sign(&old)));
    let (near, far) = (node(files[0].tls()).await, node(files[1].tls()).await);
    let (mut near_events, mut far_events) = (near.events(), far.events());
    let load = Load::start(&near, &far);

    for (ca, signer) in [(&both, &old), (&both, &new), (&new.pem, &new)] {
        // By hand on one node; the other notices.
        files[0].write(ca, &sign(signer));
        assert!(near.reload_tls().unwrap());
        files[1].write(ca, &sign(signer));
        tokio::join!(replaced(&mut near_events), replaced(&mut far_events));
        assert!(!near.reload_tls().unwrap(), "nothing else is in the files");
        far.reload_tls().unwrap();

        let guest = guest(ca, sign(signer)).await;
        ask(&guest, &far).await.unwrap();
        ask(&far, &guest).await.unwrap();
        guest.shutdown().await;
    }
    let of_the_old = guest(&both, sign(&old)).await;
    let refused = ask(&of_the_old, &far).await.unwrap_err();
    let (asked, failed) = load.stop().await;

    assert!(refused.contains("the peer refused our certificate: unknown issuer"), "{refused}");
    until(|| far.refusals(Refusal::Certificate) == 1).await;
    assert!(failed.is_empty(), "{} of {asked} asks failed: {failed:?}", failed.len());
    println!("{asked} asks, none failed");
    stop([near, far, of_the_old]).await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_refused_and_what_was_in_use_stays() {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let signed = one.sign("near", |_| {});
    let other = one.sign("near", |_| {});
    let expired = one.sign("near", |params| params.not_after = rcgen::date_time_ymd(2002, 2, 3));
    let files = Files::new("broken");
    files.write(&one.pem, &signed);
    let (near, far) = (node(files.tls()).await, node(one.tls(&one.sign("far", |_| {}))).await);
    let mut events = near.events();

    for (name, text, says) in [
        ("node.pem", &signed.certificate[..200], "node certificate is not usable"),
        ("node.pem", &other.certificate, "node certificate and key is not usable"),
        ("ca.pem", "", "CA certificate is not usable: no certificate in it"),
        ("ca.pem", &two.pem, "signed by \"CN=one\""),
        ("node.key", "nonsense", "node key is not usable"),
    ] {
        files.write_one(name, text);

        refused(&mut events, says).await;
        let said = near.reload_tls().unwrap_err().to_string();

        assert!(said.contains(says), "{said}");
        ask(&near, &far).await.unwrap();
        files.write(&one.pem, &signed);
        until(|| near.reload_tls().is_ok_and(|replaced| !replaced)).await;
    }
    files.write(&one.pem, &expired);
    refused(&mut events, "until Feb  3 00:00:00 2002 +00:00 has expired").await;
    stop([near, far]).await;
}

#[tokio::test]
async fn a_certificate_that_ends_within_a_day_is_said_and_used() {
    let one = Authority::new("one");
    let ends = |params: &mut rcgen::CertificateParams| params.not_after = rcgen::date_time_ymd(2050, 1, 2);
    let near = node(one.tls(&one.sign("near", ends))).await;
    let mut events = near.events();
    // The second of January 2050.
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(2_524_694_400);

    near.runtime().set_wall_clock(end - Duration::from_secs(3_600));

    let is_said =
        |event: &Event| matches!(event, Event::CertificateExpires { valid_until } if *valid_until == end);
    crate::support::until(&mut events, is_said).await;
    near.shutdown().await;
}

#[tokio::test]
async fn files_that_are_missing_or_do_not_fit_fail_the_start() {
    let (one, two) = (Authority::new("one"), Authority::new("two"));
    let files = Files::new("unfit");
    files.write(&two.pem, &one.sign("near", |_| {}));
    let start = async |tls| {
        let started = ActorSystem::builder("shop").remote(Remote::quic("127.0.0.1:0").tls(tls)).start().await;
        let Err(StartError::Part { source, .. }) = started else { panic!("{started:?}") };
        source.source().unwrap().to_string()
    };

    let unsigned = start(files.tls()).await;
    let missing = start(Tls::files("/nowhere/ca.pem", "/nowhere/node.pem", "/nowhere/node.key")).await;

    assert!(
        unsigned.contains("\"CN=near\", signed by \"CN=one\"") && unsigned.contains("\"CN=two\""),
        "{unsigned}"
    );
    assert!(missing.contains("/nowhere/ca.pem cannot be read"), "{missing}");
}

#[tokio::test]
async fn a_certificate_for_somebody_else_is_refused_with_both_names() {
    let one = Authority::new("one");
    let far = node(held_by(&one, "akt://shop/node/eu-1")).await;

    for (holder, says) in [
        ("akt://bank/node", "for akt://bank/node, and it introduces itself as a node of \"shop\""),
        (
            "akt://shop/client/till-3",
            "for akt://shop/client/till-3, and it introduces itself as a node of \"shop\"",
        ),
        ("akt://shop/operator", "class operator is unknown here: there are node and client"),
    ] {
        let near = node(held_by(&one, holder)).await;

        let there = ask(&near, &far).await.unwrap_err();
        let here = ask(&far, &near).await.unwrap_err();

        assert!(
            there.contains("refused by the peer: certificate of this node is for") && there.contains(says),
            "{there}"
        );
        assert!(here.contains("certificate of the peer is for") && here.contains(says), "{here}");
        near.shutdown().await;
    }
    let friend = node(held_by(&one, "akt://shop/node")).await;
    ask(&friend, &far).await.unwrap();
    // Three that dialed and three that were dialed.
    until(|| far.refusals(Refusal::Holder) == 6).await;
    stop([friend, far]).await;
}

#[tokio::test]
async fn the_development_ca_says_for_whom_it_signs() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("named-ca");
    let (shop, bank) = (
        named("shop", Tls::development_in(&folder)).await,
        named("bank", Tls::development_in(&folder)).await,
    );
    let port = bank.address().unwrap().port;

    let lost: depot::DepotRef = shop.actor_at(&format!("akt://shop@127.0.0.1:{port}/user/shelf")).unwrap();
    let refused = lost.view(()).await.unwrap_err();

    let AskError::Unreachable { source, .. } = refused else { panic!("{refused:?}") };
    assert!(source.to_string().contains("\"shop\"") && source.to_string().contains("\"bank\""), "{source}");
    until(|| bank.refusals(Refusal::System) == 1).await;
    stop([shop, bank]).await;
}
