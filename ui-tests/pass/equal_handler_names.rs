//! Two actors with equal handler names in one module.

use akt::prelude::*;

struct Cat;
struct Dog;

#[actor]
impl Cat {
    #[handler]
    fn speak(&mut self, times: u8) -> String {
        "meow".repeat(times.into())
    }
}

#[actor]
impl Dog {
    #[handler]
    async fn speak(&mut self, times: u8) -> String {
        "woof".repeat(times.into())
    }
}

async fn client(cat: CatRef, dog: DogRef) -> Result<String, AskError> {
    Ok(cat.speak(1).await? + &dog.speak(2).await?)
}

fn main() {
    let _ = client;
}
