//! Messages of fan-out routers: generic actors, handlers that may not be there, actors inside functions.

use akt::prelude::*;

struct Cache<K: Send + 'static>(Vec<K>);

#[akt::actor]
impl<K: Clone + Send + 'static> Cache<K> {
    #[handler]
    fn put(&mut self, key: K, _twice: bool) -> Result<usize, K> {
        self.0.push(key);
        Ok(self.0.len())
    }

    #[handler]
    #[cfg(any())]
    fn load(&mut self, from: Nowhere) {}

    #[handler]
    #[cfg(all())]
    fn len(&mut self, _of: &'static str) -> usize {
        self.0.len()
    }
}

/// Nobody asks these to be `Clone`.
struct Once(Vec<u8>);

struct Reader;

#[akt::actor]
impl Reader {
    #[handler]
    fn read(&mut self, once: Once) -> usize {
        once.0.len()
    }
}

fn is_cloned<M: akt::CloneMessage>() {}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    #[derive(Clone)]
    struct Local;

    struct Inside;

    #[akt::actor]
    impl Inside {
        #[handler]
        fn take(&mut self, _local: Local) {}
    }

    is_cloned::<InsideMsg>();
    let system = ActorSystem::builder("cloned").start().await?;
    let caches = system.spawn_router("caches", akt::Router::fan_out(2), || Cache(Vec::<u8>::new())).await?;
    assert_eq!(caches.put(7, true).await.unwrap(), 1);
    assert_eq!(caches.len("all").await?, 1);
    let readers = system.spawn_router("readers", akt::Router::round_robin(2), || Reader).await?;
    assert_eq!(readers.read(Once(vec![1])).await?, 1);
    system.shutdown().await;
    Ok(())
}
