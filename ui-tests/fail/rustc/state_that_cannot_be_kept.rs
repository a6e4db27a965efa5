use akt::{Ctx, handler, on};

#[derive(Default)]
struct Items(Vec<String>);

struct Cart {
    items: Items,
}

#[akt::grain(kind = "cart", key = String, state = items: Items)]
impl Cart {
    #[on(activate)]
    fn wake(items: Items) -> Self {
        Self { items }
    }

    #[handler]
    async fn add(&mut self, item: String, cx: &mut Ctx<Self>) -> usize {
        self.items.0.push(item);
        let _ = cx.save(&self.items).await;
        self.items.0.len()
    }
}

fn main() {}
