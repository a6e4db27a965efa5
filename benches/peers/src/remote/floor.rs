//! The floor: frames with a length and an id on one stream, written by one task that drains a queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use remoting::number_of;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};

/// So much is joined into one write.
const WRITE: usize = 64 << 10;

type Waiting = Mutex<HashMap<u64, oneshot::Sender<u64>>>;

/// The sender's end of a stream.
#[derive(Clone)]
pub struct Floor {
    queue: mpsc::Sender<(u64, u64, Bytes)>,
    waiting: Arc<Waiting>,
    ids: Arc<AtomicU64>,
}

impl Floor {
    /// Begins to write to a stream and to read from it.
    pub fn new(
        reader: impl AsyncRead + Unpin + Send + 'static,
        writer: impl AsyncWrite + Unpin + Send + 'static,
    ) -> Self {
        let (queue, messages) = mpsc::channel(1_024);
        let waiting = Arc::<Waiting>::default();
        tokio::spawn(write(writer, messages));
        tokio::spawn(read(reader, waiting.clone()));
        Self { queue, waiting, ids: Arc::new(AtomicU64::new(1)) }
    }

    /// Sends a number, and waits for the total.
    pub async fn ask(&self, number: u64, padding: &Bytes) -> u64 {
        let (id, (reply, total)) = (self.ids.fetch_add(1, Relaxed), oneshot::channel());
        self.waiting.lock().expect("nobody panics").insert(id, reply);
        self.queue.send((id, number, padding.clone())).await.expect("the writer lives");
        total.await.expect("the sink answers")
    }

    /// Sends a number, and waits for room.
    pub async fn tell(&self, number: u64, padding: &Bytes) {
        self.queue.send((0, number, padding.clone())).await.expect("the writer lives");
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, mut messages: mpsc::Receiver<(u64, u64, Bytes)>) {
    let (mut batch, mut buffer) = (Vec::with_capacity(1_024), BytesMut::new());
    while messages.recv_many(&mut batch, 1_024).await > 0 {
        for (id, number, padding) in batch.drain(..) {
            buffer.put_u32_le(16 + padding.len() as u32);
            buffer.put_u64_le(id);
            buffer.put_u64_le(number);
            buffer.put_slice(&padding);
            if buffer.len() >= WRITE {
                writer.write_all_buf(&mut buffer).await.expect("the peer reads");
            }
        }
        writer.write_all_buf(&mut buffer).await.expect("the peer reads");
    }
}

async fn read(mut reader: impl AsyncRead + Unpin, waiting: Arc<Waiting>) {
    let mut buffer = BytesMut::with_capacity(WRITE);
    while reader.read_buf(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
        while buffer.len() >= 16 {
            let (id, total) = (buffer.get_u64_le(), buffer.get_u64_le());
            let reply = waiting.lock().expect("nobody panics").remove(&id).expect("an answer was asked for");
            // The asker waits.
            let _ = reply.send(total);
        }
        buffer.reserve(WRITE);
    }
}

/// The receiver's end of a stream: adds up, and answers what was read at once with one write.
pub async fn serve(mut reader: impl AsyncRead + Unpin, mut writer: impl AsyncWrite + Unpin, sum: &AtomicU64) {
    let (mut buffer, mut answers) = (BytesMut::with_capacity(WRITE), BytesMut::new());
    while reader.read_buf(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {
        while let Some(message) = frame(&mut buffer) {
            let (id, number) = (number_of(&message), number_of(&message[8..]));
            let total = sum.fetch_add(number, Relaxed) + number;
            if id != 0 {
                answers.put_u64_le(id);
                answers.put_u64_le(total);
            }
        }
        writer.write_all_buf(&mut answers).await.expect("the peer reads");
        buffer.reserve(WRITE);
    }
}

fn frame(buffer: &mut BytesMut) -> Option<Bytes> {
    let length = u32::from_le_bytes(buffer.get(..4)?.try_into().ok()?) as usize;
    if buffer.len() < 4 + length {
        return None;
    }
    buffer.advance(4);
    Some(buffer.split_to(length).freeze())
}
