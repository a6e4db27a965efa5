//! The shortest programs stay short, and are those of the page about the language. Lines are counted as `cargo fmt`
//! leaves them.

const COUNTER: &str = include_str!("../counter.rs");
const CONTRACT: &str = include_str!("../contract.rs");
const PROTO: &str = include_str!("../proto/greeter/v1/greeter.proto");
const PAGE: &str = include_str!("../../docs/dsl.md");

/// Lines that are neither blank nor a comment.
fn lines(source: &str) -> usize {
    source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

/// The struct and the `impl` of the contract's actor, and `main`.
fn actor_and_main() -> (&'static str, &'static str) {
    let begin = CONTRACT.find("struct Host").expect("its struct");
    CONTRACT[begin..].split_once("#[tokio::main]").expect("its use")
}

/// The program from its first line of code to the end of `main`.
#[test]
fn a_counter_of_two_handlers_and_its_use_take_18_lines() {
    assert_eq!(COUNTER.matches("#[akt::handler]").count(), 2);

    let count = lines(COUNTER);

    assert!(count <= 18, "{count} lines: neither blank nor a comment, `main` included");
}

/// The actor from its struct to the end of its `impl`, and the lines of `main` that spawn and call it.
#[test]
fn an_actor_of_three_rpcs_and_its_use_take_16_lines() {
    let (actor, main) = actor_and_main();
    assert_eq!(actor.matches("\n    fn ").count(), 3);
    let used: Vec<_> = main.lines().filter(|line| line.contains("host")).collect();

    let count = lines(actor) + used.len();

    assert!(count <= 16, "{count} lines: the struct, the impl, and those of `main` that name the actor");
}

#[test]
fn the_page_about_the_language_shows_the_contract_and_its_actor_as_they_are() {
    let (actor, _) = actor_and_main();

    for shown in [PROTO, actor] {
        assert!(PAGE.contains(&format!("\n{}\n```\n", shown.trim())), "docs/dsl.md does not show\n{shown}");
    }
}
