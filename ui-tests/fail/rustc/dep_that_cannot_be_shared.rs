use std::rc::Rc;

#[derive(akt::Inject)]
struct Orders {
    #[dep]
    db: Rc<String>,
}

fn main() {}
