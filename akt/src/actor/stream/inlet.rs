//! What takes in the items of a stream from a peer.

use std::sync::Arc;

use bytes::Bytes;

use super::channel::Channel;
use super::error::End;
use super::wire::{Inlet, Line};
use crate::actor::error::{AskError, CodecError, Delivery};
use crate::message::{self, Travels};

/// The half of a stream that a peer fills.
pub(super) struct Basin<T, E> {
    channel: Arc<Channel<T, E>>,
    /// How its error comes out of bytes.
    decode: fn(Bytes) -> Result<E, Box<str>>,
}

impl<T: Travels + Send, E: Send + 'static> Basin<T, E> {
    pub(super) fn new(channel: Arc<Channel<T, E>>, decode: fn(Bytes) -> Result<E, Box<str>>) -> Arc<Self> {
        Arc::new(Self { channel, decode })
    }

    fn refuse(&self, problem: Box<str>) -> Box<str> {
        self.channel.end(End::Failed(garbled(problem.clone())));
        problem
    }
}

impl<T: Travels + Send, E: Send + 'static> Inlet for Basin<T, E> {
    fn connect(&self, line: Arc<dyn Line>) {
        self.channel.connect(line);
    }

    fn item(&self, body: Bytes) -> Result<(), Box<str>> {
        let item = message::decode(body).map_err(|problem| self.refuse(problem))?;
        match self.channel.receive(item) {
            true => Ok(()),
            false => Err(self.refuse("an item more than was granted".into())),
        }
    }

    fn end(&self, end: End<Bytes>) {
        self.channel.end(match end {
            End::Done => End::Done,
            End::Failed(error) => End::Failed(error),
            End::Domain(body) => match (self.decode)(body) {
                Ok(error) => End::Domain(error),
                Err(problem) => End::Failed(garbled(problem)),
            },
        });
    }
}

fn garbled(problem: Box<str>) -> AskError {
    let message = "item of a stream".into();
    AskError::Codec(Box::new(CodecError { message, problem, delivered: Delivery::Maybe }))
}
