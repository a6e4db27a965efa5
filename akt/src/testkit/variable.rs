//! Numbers that the environment gives to tests.

/// The number in `variable`, if that is set.
///
/// # Panics
///
/// If it is no number.
pub(super) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    match text.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{variable} has to be a number from 0 to 2^64 - 1, and is `{text}`"),
    }
}
