//! What `#[handler(..)]` and `#[actor(..)]` say about messages: their names, their place, their end.

use std::io;
use std::sync::Arc;

use akt::prelude::*;
use akt::testkit::TestKit;
use akt::{Call, Request};
use tokio::sync::Notify;

use crate::support::{Log, take};

struct Reader {
    log: Log,
    gate: Arc<Notify>,
}

struct Left(Log);

impl Drop for Left {
    fn drop(&mut self) {
        self.0.lock().push("left".into());
    }
}

#[akt::actor(max_message = 64)]
impl Reader {
    #[handler(result)]
    fn read(&mut self, path: String) -> io::Result<usize> {
        if path.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(path.len()) }
    }

    #[handler(boxed)]
    async fn sum(&mut self, numbers: [u64; 64]) -> u64 {
        tokio::task::yield_now().await;
        numbers.iter().sum()
    }

    #[handler(boxed)]
    fn first(&mut self, numbers: [u64; 64]) -> u64 {
        numbers[0]
    }

    #[handler(name = "ask_again")]
    fn ask(&mut self, by: u8) -> u8 {
        by
    }

    #[handler(abort_on_cancel)]
    async fn wait(&mut self) -> u8 {
        let _left = Left(self.log.clone());
        self.gate.notified().await;
        self.log.lock().push("waited".into());
        7
    }

    #[handler(abort_on_cancel)]
    async fn peek(&self) -> u8 {
        let _left = Left(self.log.clone());
        self.gate.notified().await;
        7
    }
}

struct Shelf {
    reader: ReaderRef,
    log: Log,
    gate: Arc<Notify>,
}

impl Shelf {
    async fn new(kit: &TestKit) -> Self {
        let (log, gate) = (Log::default(), Arc::<Notify>::default());
        let (seen, opened) = (log.clone(), gate.clone());
        let factory = move || Reader { log: seen.clone(), gate: opened.clone() };
        let reader = kit.spawn(factory).await;
        Self { reader, log, gate }
    }
}

#[akt::test]
async fn the_error_of_an_alias_of_result_is_the_caller_s(kit: TestKit) {
    let Shelf { reader, .. } = Shelf::new(&kit).await;

    assert_eq!(reader.read("abc".into()).await.unwrap(), 3);
    let error = reader.read(String::new()).await.unwrap_err();
    assert!(
        matches!(&error, AskError::Handler(error) if error.kind() == io::ErrorKind::NotFound),
        "{error:?}"
    );
}

#[akt::test]
async fn a_boxed_message_is_handed_over_and_handed_back_whole(kit: TestKit) {
    let Shelf { reader, .. } = Shelf::new(&kit).await;

    assert_eq!(reader.sum([3; 64]).await.unwrap(), 192);
    assert_eq!(reader.first([3; 64]).await.unwrap(), 3);

    reader.actor().stop();
    reader.actor().stopped().await;
    let error = reader.first([5; 64]).tell().unwrap_err();
    assert_eq!(error.into_message().numbers, [5; 64]);
}

#[akt::test]
async fn a_message_has_the_name_that_it_was_given(kit: TestKit) {
    let Shelf { reader, .. } = Shelf::new(&kit).await;

    let call = reader.ask_again(4);
    assert_eq!(name_of(&call), "ask_again");
    assert_eq!(call.await.unwrap(), 4);
}

fn name_of<Q: Request>(_: &Call<'_, Q>) -> &'static str {
    Q::NAME
}

#[akt::test]
async fn a_handler_that_is_aborted_ends_at_its_await_when_its_asker_gives_up(kit: TestKit) {
    let Shelf { reader, log, gate } = Shelf::new(&kit).await;

    let waiting = reader.wait().start();
    kit.settle().await;
    drop(waiting);
    kit.settle().await;
    assert_eq!(take(&log), ["left"]);
    let peeking = reader.peek().start();
    kit.settle().await;
    drop(peeking);
    kit.settle().await;
    assert_eq!(take(&log), ["left"]);

    gate.notify_one();
    assert_eq!(reader.wait().await.unwrap(), 7);
    assert_eq!(take(&log), ["waited", "left"]);
}
