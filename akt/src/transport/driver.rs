//! One connection of TCP at work: the task that moves bytes between its socket and its streams.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf, Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::chunk::{LANE, Settings};
use super::error::{Close, Lost};
use super::mux::Mux;
use super::{Connection, Control, Reader, Way, Writer};
use crate::runtime::Runtime;
use crate::time::Instant;

/// How long a side that closes waits until the other knows.
const LINGER: Duration = Duration::from_secs(1);

/// So much is read at once.
const READ: usize = 64 << 10;

/// So often is read before other tasks have their turn.
const READS: usize = 8;

/// How often a connection shows that it lives, and when a silent one is lost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) keep_alive: Duration,
    pub(super) idle_timeout: Duration,
}

/// The streams of a connection, shared by its driver and their users.
pub(super) struct Shared(Mutex<State>);

struct State {
    mux: Mux,
    driver: Option<Waker>,
    /// Of the last ping that was answered.
    round_trip: Option<Duration>,
}

impl Shared {
    pub(super) fn close(&self, reason: Close, text: &str) {
        self.with(|mux| mux.close(reason, text));
    }

    /// Lets `act` at the streams, and wakes whoever has something to do then.
    fn with<T>(&self, act: impl FnOnce(&mut Mux) -> T) -> T {
        let mut state = self.0.lock();
        let result = act(&mut state.mux);
        let woken = state.mux.take_woken();
        let is_due = state.mux.has_more() || state.mux.end().is_some();
        let driver = if is_due { state.driver.take() } else { None };
        drop(state);
        woken.into_iter().chain(driver).for_each(Waker::wake);
        result
    }

    /// What is to be sent next goes into `out`; if there is nothing, the driver is woken later.
    fn fill(&self, out: &mut BytesMut, cx: &Context<'_>) -> Option<Lost> {
        let mut state = self.0.lock();
        let end = state.mux.end().cloned();
        if end.is_none() {
            state.mux.fill(out);
            state.driver = Some(cx.waker().clone());
        }
        let woken = state.mux.take_woken();
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        end
    }
}

/// Makes a connection of a socket on which the peer is known; the driver is to be run.
pub(super) fn connect<S>(io: S, peer: Box<str>, settings: Settings, link: Link) -> (Connection, Driver<S>) {
    let shared =
        Arc::new(Shared(Mutex::new(State { mux: Mux::new(settings), driver: None, round_trip: None })));
    let handle = Arc::new(Handle(shared.clone()));
    let connection = Connection {
        holders: Vec::new(),
        peer,
        writer: Box::new(TcpWriter { handle: handle.clone(), stream: LANE }),
        reader: Box::new(TcpReader { handle: handle.clone(), stream: LANE, end: None }),
        control: Arc::new(Whole(handle)),
    };
    let now = link.clock.now();
    let driver = Driver {
        io,
        shared,
        out: BytesMut::new(),
        input: BytesMut::new(),
        link,
        heard: now,
        pinged: (0, now),
    };
    (connection, driver)
}

/// What a driver needs besides its socket.
pub(super) struct Link {
    pub(super) clock: Runtime,
    pub(super) times: Times,
    /// Says what an error of the socket means.
    pub(super) lost: Box<dyn Fn(&io::Error) -> Lost + Send + Sync>,
}

/// Runs one connection to its end.
pub(super) struct Driver<S> {
    io: S,
    shared: Arc<Shared>,
    out: BytesMut,
    input: BytesMut,
    link: Link,
    /// When something came.
    heard: Instant,
    /// The number of the last ping, and when it was said; 0 before the first.
    pinged: (u64, Instant),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Works until one side closes the connection, or it is lost.
    pub(super) async fn run(mut self) {
        let clock = self.link.clock.clone();
        loop {
            let due = (self.heard + self.link.times.idle_timeout).min(self.next_ping());
            tokio::select! { biased;
                result = poll_fn(|cx| self.poll_io(cx)) => {
                    let Err(error) = result else { break };
                    let lost = (self.link.lost)(&error);
                    self.shared.with(|mux| mux.lose(lost));
                    return;
                }
                () = clock.sleep_until(Some(due)) => self.tick(clock.now()),
            }
        }
        tokio::select! { biased;
            _ = self.say_last() => {}
            () = clock.sleep(LINGER) => {}
        }
    }

    /// Ready when one side has closed the connection, or the socket has failed.
    fn poll_io(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        for _ in 0..READS {
            if let Poll::Ready(result) = self.poll_send(cx) {
                return Poll::Ready(result);
            }
            ready!(self.poll_receive(cx))?;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sends what there is; ready when the connection has ended.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.out.is_empty() {
                if self.shared.fill(&mut self.out, cx).is_some() {
                    return Poll::Ready(Ok(()));
                }
                if self.out.is_empty() {
                    ready!(pin!(self.io.flush()).poll(cx))?;
                    return Poll::Pending;
                }
            }
            let written = ready!(pin!(self.io.write(&self.out)).poll(cx))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input.reserve(READ);
        let read = ready!(pin!(self.io.read_buf(&mut self.input)).poll(cx))?;
        if read == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.heard = self.link.clock.now();
        let input = &mut self.input;
        let pong = self.shared.with(|mux| {
            mux.receive(input);
            std::mem::take(&mut mux.pong)
        });
        if pong != 0 && pong == self.pinged.0 {
            self.shared.0.lock().round_trip = Some(self.heard.since(self.pinged.1));
        }
        Poll::Ready(Ok(()))
    }

    /// The first at once.
    fn next_ping(&self) -> Instant {
        let (number, at) = self.pinged;
        if number == 0 { at } else { at + self.link.times.keep_alive }
    }

    fn tick(&mut self, now: Instant) {
        if now >= self.heard + self.link.times.idle_timeout {
            self.shared.with(|mux| mux.lose(Lost::Silent));
        } else if now >= self.next_ping() {
            let number = self.pinged.0 + 1;
            self.pinged = (number, now);
            self.shared.with(|mux| mux.ping(number));
        }
    }

    /// Says why this side has closed, if it has, and waits until the peer knows: what it has sent meanwhile is
    /// read, or the operating system would take back what was said last.
    async fn say_last(&mut self) -> io::Result<()> {
        self.io.write_all(&self.out).await?;
        let mut last = BytesMut::new();
        self.shared.0.lock().mux.fill(&mut last);
        self.io.write_all(&last).await?;
        self.io.shutdown().await?;
        self.input.clear();
        while self.io.read_buf(&mut self.input).await? > 0 {
            self.input.clear();
        }
        Ok(())
    }
}

impl<S> Drop for Driver<S> {
    fn drop(&mut self) {
        self.shared.with(|mux| mux.lose(Lost::Here));
    }
}

/// Closes the connection with the last of its users.
struct Whole(Arc<Handle>);

struct Handle(Arc<Shared>);

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.close(Close::Done, "dropped");
    }
}

#[async_trait]
impl Control for Whole {
    async fn open(&self) -> Result<Box<dyn Writer>, Lost> {
        let handle = self.0.clone();
        let stream = poll_fn(|cx| handle.0.with(|mux| mux.open(cx.waker()))).await?;
        Ok(Box::new(TcpWriter { handle, stream }))
    }

    async fn accept(&self) -> Result<Box<dyn Reader>, Lost> {
        let handle = self.0.clone();
        let stream = poll_fn(|cx| handle.0.with(|mux| mux.accept(cx.waker()))).await?;
        Ok(Box::new(TcpReader { handle, stream, end: None }))
    }

    fn way(&self) -> Way {
        Way { round_trip: self.0.0.0.lock().round_trip, packets_lost: None }
    }

    fn close(&self, reason: Close, text: &str) {
        self.0.0.close(reason, text);
    }
}

struct TcpWriter {
    handle: Arc<Handle>,
    stream: u32,
}

#[async_trait]
impl Writer for TcpWriter {
    async fn write(&mut self, mut bytes: Bytes) -> Result<(), Lost> {
        poll_fn(|cx| self.handle.0.with(|mux| mux.write(self.stream, &mut bytes, cx.waker()))).await
    }

    async fn finish(&mut self) -> Result<(), Lost> {
        self.handle.0.with(|mux| mux.finish(self.stream));
        poll_fn(|cx| self.handle.0.with(|mux| mux.taken(self.stream, cx.waker()))).await
    }
}

impl Drop for TcpWriter {
    fn drop(&mut self) {
        self.handle.0.with(|mux| mux.drop_writer(self.stream));
    }
}

struct TcpReader {
    handle: Arc<Handle>,
    stream: u32,
    /// The last answer, once it was given.
    end: Option<Result<bool, Lost>>,
}

#[async_trait]
impl Reader for TcpReader {
    async fn read(&mut self, buffer: &mut BytesMut) -> Result<bool, Lost> {
        if let Some(end) = &self.end {
            return end.clone();
        }
        let Self { handle, stream, .. } = self;
        let read = poll_fn(|cx| handle.0.with(|mux| mux.read(*stream, buffer, cx.waker()))).await;
        if read != Ok(true) {
            self.end = Some(read.clone());
        }
        read
    }
}

impl Drop for TcpReader {
    fn drop(&mut self) {
        self.handle.0.with(|mux| mux.drop_reader(self.stream));
    }
}
