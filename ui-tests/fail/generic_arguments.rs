#[derive(akt::Inject)]
struct Cache<V: Default> {
    #[arg]
    first: u8,
    second: V,
}

fn main() {}
