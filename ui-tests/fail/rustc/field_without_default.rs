struct Bank;

#[derive(akt::Inject)]
struct Orders {
    bank: Bank,
}

fn main() {}
