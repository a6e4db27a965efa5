//! SEMANTICS.md names tests: each must be there.

use crate::tidy::source::sources;

fn named(page: &str) -> impl Iterator<Item = &str> {
    let code = page.split('`').skip(1).step_by(2);
    code.filter(|word| {
        word.matches('_').count() > 2 && word.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
    })
}

#[test]
fn every_row_names_a_test_that_exists() {
    let page = include_str!("../../../SEMANTICS.md");
    let tests: String = sources().into_iter().map(|source| source.text).collect();

    let missing: Vec<_> = named(page).filter(|name| !tests.contains(&format!("fn {name}("))).collect();

    assert!(named(page).count() > 20, "the page names its tests");
    assert_eq!(missing, [""; 0], "SEMANTICS.md names tests that do not exist");
}
