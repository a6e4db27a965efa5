//! Keywords as names of an actor, a handler, an argument.

use akt::prelude::*;

#[allow(non_camel_case_types)]
struct r#Match;

#[actor]
impl r#Match {
    #[handler]
    fn r#move(&mut self, r#type: u8) -> u8 {
        r#type
    }

    #[handler]
    fn self_(&mut self) {}

    #[handler]
    fn _1(&mut self) {}
}

async fn client(reference: MatchRef) -> Result<u8, AskError> {
    reference.self_().await?;
    reference._1().await?;
    reference.r#move(1).await
}

fn main() {
    let _ = client;
}
