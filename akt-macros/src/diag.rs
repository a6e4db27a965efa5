//! Collects every mistake of one macro run, so that all of them are reported at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Diag {
    mistakes: Vec<syn::Error>,
}

impl Diag {
    /// Reports a mistake on the user's tokens `at`.
    pub(crate) fn error(&mut self, at: impl ToTokens, text: impl Display) {
        self.push(syn::Error::new_spanned(at, text));
    }

    /// Reports one mistake that has two places, the later one first.
    pub(crate) fn twice(&mut self, at: impl ToTokens, text: &str, first: impl ToTokens, first_text: &str) {
        self.error(at, text);
        self.error(first, first_text);
    }

    /// Reports a mistake that `syn` found.
    pub(crate) fn push(&mut self, mistake: syn::Error) {
        self.mistakes.push(mistake);
    }

    /// How many mistakes were found; a larger number later means that a step failed.
    pub(crate) fn count(&self) -> usize {
        self.mistakes.len()
    }

    /// The mistakes as `compile_error!` items, in the order in which they were found.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.mistakes.iter().map(syn::Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn texts(self) -> Vec<String> {
        self.mistakes.into_iter().flatten().map(|mistake| mistake.to_string()).collect()
    }
}

/// Says that `word` is unknown, what was probably meant, and what there is.
pub(crate) fn unknown(kind: &str, word: &str, supported: &[&str]) -> String {
    let supported_list = supported.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match similar(word, supported) {
        Some(meant) => {
            format!("unknown {kind} `{word}`; did you mean `{meant}`? supported: {supported_list}")
        }
        None => format!("unknown {kind} `{word}`; supported: {supported_list}"),
    }
}

/// The candidate closest to `word`, if it is at most two typing mistakes away.
pub(crate) fn similar<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let distance = |candidate: &&str| levenshtein(word, candidate);
    let best = candidates.iter().copied().min_by_key(distance)?;
    let close = distance(&best) <= 2 && distance(&best) < best.chars().count();
    close.then_some(best)
}

fn levenshtein(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_gets_a_suggestion() {
        assert_eq!(similar("mailbx", &["crate", "mailbox"]), Some("mailbox"));
        assert_eq!(similar("strat", &["start", "stop"]), Some("start"));
    }

    #[test]
    fn a_different_word_gets_none() {
        assert_eq!(similar("passivate", &["crate", "mailbox"]), None);
        assert_eq!(similar("on", &["at"]), None);
    }

    #[test]
    fn an_unknown_word_lists_what_there_is() {
        let text = unknown("option", "mailbx", &["crate", "mailbox"]);

        assert_eq!(text, "unknown option `mailbx`; did you mean `mailbox`? supported: `crate`, `mailbox`");
    }

    #[test]
    fn distances_count_edits() {
        assert_eq!(levenshtein("kitten", "sitting"), 3);
        assert_eq!(levenshtein("", "abc"), 3);
        assert_eq!(levenshtein("abc", "abc"), 0);
    }
}
