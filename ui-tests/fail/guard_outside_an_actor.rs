use akt::Admit;

struct Door;

impl Door {
    #[akt::guard]
    fn admit(&self, _: &u8) -> Admit {
        Admit::Pass
    }
}

fn main() {
    let _ = Door;
}
