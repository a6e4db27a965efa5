use akt::prelude::*;

struct Counter {
    value: i64,
}

struct View {
    value: i64,
}

#[actor]
impl Counter {
    #[handler]
    pub fn view(&mut self) -> View {
        View { value: self.value }
    }
}

async fn client(counter: CounterRef) -> Result<i64, AskError> {
    Ok(counter.view().await?.value)
}

fn main() {}
