//! `Self` in arguments and replies.

use akt::prelude::*;

trait Keyed {
    type Key: Send + 'static;
}

#[derive(Clone)]
struct Grid<const W: usize> {
    cells: Vec<u8>,
}

impl<const W: usize> Keyed for Grid<W> {
    type Key = u64;
}

struct Counter {
    value: [u8; Self::N],
}

impl Keyed for Counter {
    type Key = String;
}

#[actor]
impl Counter {
    const N: usize = 4;

    #[handler]
    fn set(&mut self, value: [u8; Self::N]) -> [u8; Self::N] {
        std::mem::replace(&mut self.value, value)
    }

    #[handler]
    fn swap(&mut self, other: Box<Self>) -> Result<Box<Self>, <Self as Keyed>::Key> {
        Ok(Box::new(std::mem::replace(self, *other)))
    }
}

#[actor]
impl<const W: usize> Grid<W>
where
    Self: Clone,
{
    #[handler]
    fn fill(&mut self, from: Vec<Self>, key: <Self as Keyed>::Key) -> (Self, Option<u8>) {
        self.cells = from.into_iter().flat_map(|grid| grid.cells).collect();
        (self.clone(), u8::try_from(key).ok())
    }

    #[handler]
    async fn width(&mut self) -> usize {
        W
    }
}

async fn client(counter: CounterRef, grid: GridRef<3>) -> Result<usize, AskError<String>> {
    let _: [u8; 4] = counter.set([0; 4]).await.map_err(|_| AskError::Handler(String::new()))?;
    let _: Box<Counter> = counter.swap(Box::new(Counter { value: [0; 4] })).await?;
    let _ = grid.fill(Vec::new(), 1).await;
    Ok(grid.clone().width().await.unwrap_or_default())
}

fn main() {
    let _ = client;
}
