//! The headings in `docs/*.md`: every option has one, with an example that compiles.

/// What is wrong with a page whose second-level headings are to be `names`, in this order.
pub(crate) fn mistakes(page: &str, names: &[&str]) -> Vec<String> {
    let sections: Vec<_> =
        page.split("\n## `").skip(1).filter_map(|section| section.split_once('`')).collect();
    let headings: Vec<_> = sections.iter().map(|(heading, _)| *heading).collect();
    let mut mistakes = Vec::new();
    if headings != names {
        mistakes.push(format!("the headings are {headings:?}, the names {names:?}"));
    }
    let bare = sections.iter().filter(|(_, section)| !has_example(section));
    mistakes.extend(bare.map(|(heading, _)| format!("`{heading}` has no example that compiles")));
    mistakes
}

/// Every other fence begins a block; a word behind it may say that nobody compiles it.
fn has_example(section: &str) -> bool {
    let fences = section.lines().filter_map(|line| line.strip_prefix("```"));
    fences.step_by(2).any(|word| ["", "standalone_crate", "test_harness"].contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_says_too_little_is_found() {
        let page = "# Options\n\n## `a`\n\nText.\n\n```\n1;\n```\n\n## `b`\n\n```text\nerror\n```\n";

        assert_eq!(mistakes(page, &["a", "b"]), ["`b` has no example that compiles"]);
        assert_eq!(
            mistakes(&page.replace("text", ""), &["a", "b", "c"]),
            [r#"the headings are ["a", "b"], the names ["a", "b", "c"]"#]
        );
    }
}
