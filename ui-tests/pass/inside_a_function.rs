//! An actor inside a function body.

fn main() {
    use akt::prelude::*;

    struct Local {
        seen: Vec<Seen>,
    }

    #[derive(Clone)]
    struct Seen(u8);

    #[actor]
    impl Local {
        #[handler]
        fn see(&mut self, seen: Seen) -> Vec<Seen> {
            self.seen.push(seen);
            self.seen.clone()
        }

        #[handler]
        async fn forget(&mut self) -> Result<(), String> {
            self.seen.clear();
            Ok(())
        }
    }

    async fn client(local: LocalRef) -> Result<u8, AskError> {
        Ok(local.see(Seen(1)).await?[0].0)
    }

    let _ = client;
}
