//! What every transport promises, tested on each of them.

mod kit;

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Close, ConnectError, Lost, Reader};
use kit::{Kit, Network, Pair};

/// Makes a test of each promise for each transport.
macro_rules! promises {
    ($($promise:ident)*) => {
        mod memory {
            $(#[akt::test]
            async fn $promise() {
                super::$promise(super::Kit::memory()).await;
            })*
        }

        mod memory_with_faults {
            $(#[akt::test]
            async fn $promise() {
                for seed in 0..5 {
                    super::$promise(super::Kit::faulty(seed)).await;
                }
            })*
        }

        mod quic {
            $(#[tokio::test]
            async fn $promise() {
                super::kit::in_time(super::$promise(super::Kit::quic())).await;
            })*
        }

        mod tcp {
            $(#[tokio::test]
            async fn $promise() {
                super::kit::in_time(super::$promise(super::Kit::tcp())).await;
            })*
        }
    };
}

promises! {
    bytes_arrive_in_order_in_both_directions
    a_large_write_arrives_whole
    a_writer_waits_for_a_reader_that_does_not_read
    a_finished_stream_ends_after_its_last_byte
    what_was_finished_before_a_close_is_still_read
    a_close_says_why_and_nothing_comes_after_it
    a_close_ends_whoever_waits
    a_connection_that_is_dropped_is_closed
    an_endpoint_that_closes_takes_its_connections_along
    nobody_there_is_said_or_waited_for
    a_peer_that_is_turned_away_is_told
    a_certificate_of_another_ca_is_named_by_both_sides
    a_silent_peer_is_lost_within_the_idle_time
    a_quiet_connection_lives_on
    many_connections_stand_side_by_side
    a_read_that_is_dropped_loses_nothing
    streams_of_their_own_arrive_whole_and_in_order
    a_stream_that_is_not_read_holds_up_no_other
    a_lane_that_is_not_read_holds_up_no_stream
    a_peer_has_no_more_than_64_streams
    a_stream_that_is_dropped_early_is_torn_off
    a_stream_that_nobody_reads_says_so
}

fn letters(count: usize) -> Bytes {
    (0..count).map(|n| b"abcdefghijklmnopqrstuvwxyz0"[n % 27]).collect()
}

/// Everything that comes until the end of the stream.
async fn read_all(reader: &mut dyn Reader) -> Result<BytesMut, Lost> {
    let mut all = BytesMut::new();
    while reader.read(&mut all).await? {}
    Ok(all)
}

async fn read_some(reader: &mut dyn Reader, least: usize) -> BytesMut {
    let mut some = BytesMut::new();
    while some.len() < least {
        assert!(reader.read(&mut some).await.unwrap(), "the stream ended after {} bytes", some.len());
    }
    some
}

/// The error that ends a stream, whatever comes before it.
async fn read_to_error(reader: &mut dyn Reader) -> Lost {
    let mut ignored = BytesMut::new();
    loop {
        match reader.read(&mut ignored).await {
            Ok(true) => ignored.clear(),
            Ok(false) => panic!("the stream was finished"),
            Err(lost) => return lost,
        }
    }
}

/// Whether it waits, as far as a moment tells.
async fn waits<T>(future: impl Future<Output = T>) -> bool {
    tokio::time::timeout(Duration::from_millis(100), future).await.is_err()
}

fn closed(code: Close, text: &str) -> Lost {
    Lost::Closed { code, text: text.into() }
}

fn stopped() -> Lost {
    closed(Close::Done, "stream stopped")
}

async fn bytes_arrive_in_order_in_both_directions(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;
    let all = letters(100_000);

    for (writer, reader) in [(&mut near.writer, &mut far.reader), (&mut far.writer, &mut near.reader)] {
        let write = async {
            for part in all.chunks(977) {
                writer.write(Bytes::copy_from_slice(part)).await.unwrap();
            }
        };
        let ((), got) = tokio::join!(write, read_some(&mut **reader, all.len()));
        assert!(got == all);
    }
}

async fn a_large_write_arrives_whole(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;
    let all = letters(20 << 20);

    let (written, got) = tokio::join!(near.writer.write(all.clone()), read_some(&mut *far.reader, all.len()));

    written.unwrap();
    assert!(got == all);
}

async fn a_writer_waits_for_a_reader_that_does_not_read(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;
    let part = letters(64 << 10);
    let mut written = 0;

    while !waits(near.writer.write(part.clone())).await {
        written += part.len();
        assert!(written < 64 << 20, "64 MiB were taken and nobody read");
    }

    let (again, _) = tokio::join!(near.writer.write(part.clone()), read_some(&mut *far.reader, written));
    again.unwrap();
}

async fn a_finished_stream_ends_after_its_last_byte(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;

    near.writer.write(Bytes::from_static(b"bye")).await.unwrap();
    let (finished, got) = tokio::join!(near.writer.finish(), read_all(&mut *far.reader));

    assert_eq!((finished, &got.unwrap()[..]), (Ok(()), &b"bye"[..]));
    assert_eq!(far.reader.read(&mut BytesMut::new()).await, Ok(false), "the last answer is repeated");
    far.writer.write(Bytes::from_static(b"back")).await.unwrap();
    assert_eq!(read_some(&mut *near.reader, 4).await, "back", "the other direction goes on");
}

async fn what_was_finished_before_a_close_is_still_read(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;

    let say = async {
        near.writer.write(letters(50_000)).await.unwrap();
        near.writer.finish().await.unwrap();
        near.control.close(Close::Done, "that was all");
    };
    let ((), got) = tokio::join!(say, read_all(&mut *far.reader));

    assert!(got.unwrap() == letters(50_000));
}

async fn a_close_says_why_and_nothing_comes_after_it(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;

    near.control.close(Close::Protocol, "that will do");

    let told = closed(Close::Protocol, "that will do");
    assert_eq!(read_to_error(&mut *far.reader).await, told);
    assert_eq!(far.writer.write(Bytes::from_static(b"x")).await, Err(told.clone()));
    assert_eq!(far.control.open().await.err(), Some(told.clone()));
    assert_eq!(far.control.accept().await.err(), Some(told.clone()));
    assert_eq!(far.reader.read(&mut BytesMut::new()).await, Err(told), "the last answer is repeated");
    assert_eq!(near.writer.write(Bytes::from_static(b"x")).await, Err(Lost::Here));
    assert_eq!(read_to_error(&mut *near.reader).await, Lost::Here);
    assert_eq!(near.control.open().await.err(), Some(Lost::Here));
}

async fn a_close_ends_whoever_waits(kit: Kit) {
    let Pair { near, mut far, .. } = kit.pair().await;
    let close = async {
        assert!(waits(std::future::pending::<()>()).await);
        near.control.close(Close::Stalled, "now");
    };
    let part = letters(64 << 10);
    let fill = async { while far.writer.write(part.clone()).await.is_ok() {} };

    let ((), (), near_end, far_end, read) = tokio::join!(
        close,
        fill,
        near.control.accept(),
        far.control.accept(),
        read_to_error(&mut *far.reader)
    );

    let told = closed(Close::Stalled, "now");
    assert_eq!((near_end.err(), far_end.err(), read), (Some(Lost::Here), Some(told.clone()), told));
}

async fn a_connection_that_is_dropped_is_closed(kit: Kit) {
    let Pair { near, mut far, .. } = kit.pair().await;

    drop(near);

    // Its lane may be torn off before the connection is closed.
    assert!(matches!(read_to_error(&mut *far.reader).await, Lost::Closed { code: Close::Done, .. }));
    assert!(matches!(far.control.accept().await, Err(Lost::Closed { code: Close::Done, .. })));
}

async fn an_endpoint_that_closes_takes_its_connections_along(kit: Kit) {
    let Pair { near, mut far, endpoints: (a, b) } = kit.pair().await;

    let ((), accepted) = tokio::join!(b.close(), b.accept());
    drop(near);

    assert!(accepted.is_none());
    assert_eq!(read_to_error(&mut *far.reader).await, Lost::Here);
    a.close().await;
}

async fn nobody_there_is_said_or_waited_for(kit: Kit) {
    let (a, b) = (kit.endpoint().await, kit.endpoint().await);
    let (host, port) = b.local();
    b.close().await;
    drop(b);

    let connected = tokio::time::timeout(Duration::from_millis(500), a.connect(&host, port)).await;

    match kit.network {
        Network::Memory(_) => assert!(matches!(connected, Ok(Err(ConnectError::Refused)))),
        Network::Tcp => {
            let error = connected.unwrap().unwrap_err();
            assert!(error.to_string().contains("`Remote::quic`"), "{error}");
        }
        Network::Quic => assert!(connected.is_err(), "{connected:?}"),
    }
}

async fn a_peer_that_is_turned_away_is_told(kit: Kit) {
    let (a, b) = (kit.endpoint().await, kit.endpoint().await);
    let (host, port) = b.local();

    let refuse = async { b.accept().await.unwrap().refuse() };
    let connect = async {
        let mut connection = a.connect(&host, port).await?;
        Err::<(), _>(read_to_error(&mut *connection.reader).await.into())
    };
    let (connected, ()) = tokio::join!(connect, refuse);

    let Err(ConnectError::Lost(Lost::Closed { code, text })) = connected else { panic!("{connected:?}") };
    assert_eq!(code, Close::Refused);
    assert!(text.contains("turned away"), "{text}");
}

async fn a_certificate_of_another_ca_is_named_by_both_sides(kit: Kit) {
    if matches!(kit.network, Network::Memory(_)) {
        return;
    }
    let (a, b) = (kit.endpoint().await, kit.stranger().await);
    let (host, port) = b.local();

    let (near, far) =
        tokio::join!(a.connect(&host, port), async { b.accept().await.unwrap().establish().await });

    assert!(matches!(near, Err(ConnectError::Lost(Lost::Distrust { .. }))), "{near:?}");
    assert!(matches!(far, Err(Lost::Distrust { .. })), "{far:?}");
}

async fn a_silent_peer_is_lost_within_the_idle_time(kit: Kit) {
    let (Pair { mut near, mut far, .. }, wire) = kit.pair_on_a_wire().await;
    near.writer.write(Bytes::from_static(b"hello")).await.unwrap();
    read_some(&mut *far.reader, 5).await;

    wire.cut();

    let (a, b) = tokio::join!(read_to_error(&mut *near.reader), read_to_error(&mut *far.reader));
    assert_eq!((a, b), (Lost::Silent, Lost::Silent));
    assert_eq!(near.writer.write(Bytes::from_static(b"x")).await, Err(Lost::Silent));
}

async fn a_quiet_connection_lives_on(kit: Kit) {
    let (Pair { mut near, mut far, .. }, _wire) = kit.pair_on_a_wire().await;

    let quiet = tokio::time::timeout(5 * kit::IDLE, read_to_error(&mut *far.reader)).await;

    assert!(quiet.is_err(), "{quiet:?}");
    near.writer.write(Bytes::from_static(b"hello")).await.unwrap();
    read_some(&mut *far.reader, 5).await;
}

async fn many_connections_stand_side_by_side(kit: Kit) {
    let (a, b) = (kit.endpoint().await, kit.endpoint().await);
    let (host, port) = b.local();
    let mut pairs = Vec::new();
    for _ in 0..40 {
        pairs.push(kit::meet(&*a, &*b, (&host, port)).await);
    }

    for (number, (near, _)) in pairs.iter_mut().enumerate() {
        near.writer.write(letters(number + 1)).await.unwrap();
    }
    for (number, (_, far)) in pairs.iter_mut().enumerate() {
        assert_eq!(read_some(&mut *far.reader, number + 1).await, letters(number + 1));
    }
}

async fn a_read_that_is_dropped_loses_nothing(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;
    let all = letters(300_000);
    let write = async {
        for part in all.chunks(1_013) {
            near.writer.write(Bytes::copy_from_slice(part)).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    let read = async {
        let mut got = BytesMut::new();
        while got.len() < all.len() {
            tokio::select! { biased;
                read = far.reader.read(&mut got) => assert!(read.unwrap()),
                () = kit.moment() => {}
            }
        }
        got
    };

    let ((), got) = tokio::join!(write, read);

    assert!(got == all);
}

async fn streams_of_their_own_arrive_whole_and_in_order(kit: Kit) {
    let Pair { near, far, .. } = kit.pair().await;
    let send = async |number: usize| {
        let mut writer = near.control.open().await.unwrap();
        for part in letters(number * 100_000).chunks(50_000) {
            writer.write(Bytes::copy_from_slice(part)).await.unwrap();
        }
        writer.finish().await.unwrap();
    };
    let take = async {
        let mut lengths = Vec::new();
        for _ in 0..4 {
            let all = read_all(&mut *far.control.accept().await.unwrap()).await.unwrap();
            assert!(all == letters(all.len()));
            lengths.push(all.len());
        }
        lengths.sort_unstable();
        lengths
    };

    let (.., lengths) = tokio::join!(send(1), send(2), send(30), send(4), take);

    assert_eq!(lengths, [100_000, 200_000, 400_000, 3_000_000]);
}

async fn a_stream_that_is_not_read_holds_up_no_other(kit: Kit) {
    let Pair { mut near, mut far, .. } = kit.pair().await;
    let mut stuck = near.control.open().await.unwrap();
    let part = letters(64 << 10);
    while !waits(stuck.write(part.clone())).await {}
    let _unread = far.control.accept().await.unwrap();

    near.writer.write(Bytes::from_static(b"lane")).await.unwrap();
    assert_eq!(read_some(&mut *far.reader, 4).await, "lane");
    let mut other = near.control.open().await.unwrap();
    other.write(letters(1 << 20)).await.unwrap();
    let mut reader = far.control.accept().await.unwrap();
    let (finished, all) = tokio::join!(other.finish(), read_all(&mut *reader));

    finished.unwrap();
    assert!(all.unwrap() == letters(1 << 20));
}

async fn a_lane_that_is_not_read_holds_up_no_stream(kit: Kit) {
    let Pair { mut near, far, .. } = kit.pair().await;
    let part = letters(64 << 10);
    while !waits(near.writer.write(part.clone())).await {}

    let send = async {
        let mut writer = near.control.open().await.unwrap();
        writer.write(letters(1 << 20)).await.unwrap();
        writer.finish().await.unwrap();
    };
    let take = async { read_all(&mut *far.control.accept().await.unwrap()).await.unwrap() };
    let ((), all) = tokio::join!(send, take);

    assert!(all == letters(1 << 20));
}

async fn a_peer_has_no_more_than_64_streams(kit: Kit) {
    let Pair { near, far, .. } = kit.pair().await;
    let mut writers = Vec::new();
    for _ in 0..64 {
        let mut writer = near.control.open().await.unwrap();
        writer.write(Bytes::from_static(b"x")).await.unwrap();
        writers.push(writer);
    }

    assert!(waits(near.control.open()).await);

    // QUIC gives places back in groups.
    for mut writer in writers.drain(..32) {
        let mut reader = far.control.accept().await.unwrap();
        let (finished, all) = tokio::join!(writer.finish(), read_all(&mut *reader));
        assert_eq!((finished, &all.unwrap()[..]), (Ok(()), &b"x"[..]));
    }
    near.control.open().await.unwrap();
}

async fn a_stream_that_is_dropped_early_is_torn_off(kit: Kit) {
    let Pair { near, far, .. } = kit.pair().await;
    let mut writer = near.control.open().await.unwrap();
    writer.write(Bytes::from_static(b"half")).await.unwrap();
    let mut reader = far.control.accept().await.unwrap();

    drop(writer);

    assert_eq!(read_to_error(&mut *reader).await, stopped());
    assert_eq!(reader.read(&mut BytesMut::new()).await, Err(stopped()), "the last answer is repeated");
}

async fn a_stream_that_nobody_reads_says_so(kit: Kit) {
    let Pair { near, far, .. } = kit.pair().await;
    let mut writer = near.control.open().await.unwrap();
    writer.write(Bytes::from_static(b"half")).await.unwrap();
    let reader = far.control.accept().await.unwrap();

    drop(reader);

    let part = letters(1 << 10);
    let lost = loop {
        match writer.write(part.clone()).await {
            Ok(()) => tokio::task::yield_now().await,
            Err(lost) => break lost,
        }
    };
    assert_eq!(lost, stopped());
    assert!(waits(far.control.accept()).await, "the connection lives on");
}
