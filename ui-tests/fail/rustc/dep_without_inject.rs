struct Orders {
    #[dep]
    db: String,
}

fn main() {
    drop(Orders { db: String::new() }.db);
}
