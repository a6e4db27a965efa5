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
        self.channel.connect(&line);
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::num::NonZeroU32;

    use parking_lot::Mutex;

    use super::*;
    use crate::actor::stream::Streaming;

    /// Notes what is said along it.
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Line for Notes {
        fn item(&self, _: Bytes) {
            unreachable!("a reader sends no items");
        }

        fn grant(&self, items: NonZeroU32) {
            self.0.lock().push(format!("grant {items}"));
        }

        fn end(&self, _: End<Bytes>) {
            unreachable!("a reader does not end");
        }

        fn halt(&self) {
            self.0.lock().push("halt".to_owned());
        }
    }

    fn basin(size: usize) -> (Streaming<String>, Arc<Basin<String, Infallible>>, Arc<Notes>) {
        let channel = Channel::from_peer(size);
        let basin = Basin::new(channel.clone(), |_| Err("no".into()));
        let notes = Arc::<Notes>::default();
        basin.connect(notes.clone());
        (Streaming::new(channel), basin, notes)
    }

    fn item(text: &str) -> Bytes {
        message::encode(&text.to_owned())
    }

    #[akt::test]
    async fn an_item_beyond_the_credit_ends_the_stream_behind_what_was_granted() {
        let (mut stream, basin, _) = basin(2);
        basin.item(item("a")).unwrap();
        basin.item(item("b")).unwrap();

        let problem = basin.item(item("c")).unwrap_err();

        assert_eq!(&*problem, "an item more than was granted");
        assert_eq!(stream.next().await.unwrap().unwrap(), "a");
        assert_eq!(stream.next().await.unwrap().unwrap(), "b");
        assert!(matches!(stream.next().await, Some(Err(AskError::Codec(_)))));
        assert!(stream.next().await.is_none());
    }

    #[akt::test]
    async fn an_item_that_cannot_be_decoded_ends_the_stream() {
        let (mut stream, basin, _) = basin(2);

        assert!(basin.item(Bytes::from_static(&[0xff; 3])).is_err());

        assert!(matches!(stream.next().await, Some(Err(AskError::Codec(_)))));
    }

    #[akt::test]
    async fn credit_is_given_when_half_of_it_was_taken_and_a_reader_that_goes_says_so() {
        let (mut stream, basin, notes) = basin(4);
        for text in ["a", "b", "c"] {
            basin.item(item(text)).unwrap();
        }

        for _ in 0..3 {
            stream.next().await.unwrap().unwrap();
        }
        drop(stream);

        assert_eq!(*notes.0.lock(), ["grant 4", "grant 2", "halt"]);
    }
}
