//! The source of an actor with a hundred handlers, of every shape: what its expansion costs is measured.

use std::fmt::Write as _;

/// Handlers of the actor.
pub const HANDLERS: usize = 100;

/// `impl Hundred { .. }`, without its attribute.
#[must_use]
pub fn hundred() -> String {
    let mut methods = String::new();
    for number in 0..HANDLERS {
        let method = match number % 5 {
            0 => "fn get_#(&mut self) -> u64 { self.total }",
            1 => "fn add_#(&mut self, by: u64, note: String) { self.total += by; self.notes.push(note); }",
            2 => {
                "fn take_#(&mut self, at: usize) -> Result<String, Missing> { self.notes.get(at).cloned().ok_or(Missing) }"
            }
            3 => {
                "async fn load_#(&mut self, path: String, cx: &mut Ctx<Self>) -> Result<u64, Missing> { cx.stop(); self.read(path).await }"
            }
            _ => "async fn find_#(&self, note: String) -> Option<usize> { self.position(note).await }",
        };
        let method = method.replace('#', &number.to_string());
        let _ = writeln!(methods, "    /// Handler {number}.\n    #[handler]\n    pub {method}\n");
    }
    format!("impl Hundred {{\n{methods}}}\n")
}
