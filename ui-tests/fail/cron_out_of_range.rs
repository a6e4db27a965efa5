use akt::prelude::*;

struct Store;

#[akt::actor]
impl Store {
    #[cron("0 0 24 * * *")]
    fn compact(&mut self) {}

    #[cron("0 3 * *")]
    fn sweep(&mut self) {}

    #[handler]
    #[cron("0 0 30 2 *", zone = "Europe, Berlin")]
    async fn leap(&mut self) {}

    #[cron(0 0 3, zome = "UTC")]
    fn quote(&mut self) {}

    #[cron("@dayly")]
    fn daily(&mut self, keep: usize) {
        drop(keep);
    }
}

fn main() {}
