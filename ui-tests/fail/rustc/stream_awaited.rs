async fn wait<Q: akt::Opens>(opening: akt::Opening<'_, Q>) {
    opening.await;
}

fn main() {}
