//! What the kit's test has logged.

use tracing::Level;

use super::TestKit;
use crate::testkit::logs::Log;

/// How much a failed assertion tells.
const SHOWN: usize = 20;

impl TestKit {
    /// What akt and the code under test have logged through `tracing` since the test began, in order, of every level; the last
    /// 65,536.
    ///
    /// Of what runs on the test's thread: threads that the code under test starts have subscribers of their own. A subscriber
    /// that was set before the test gets everything too.
    #[must_use]
    pub fn logs(&self) -> Vec<Log> {
        self.0.logs.all()
    }

    /// Something was logged with `level` whose text contains `text`: the first such.
    ///
    /// # Panics
    ///
    /// If nothing was: it says what was logged instead.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "it asserts")]
    pub fn expect_log(&self, level: Level, text: &str) -> Log {
        let logs = self.logs();
        match logs.iter().find(|log| log.level == level && log.message.contains(text)) {
            Some(log) => log.clone(),
            None => {
                panic!("expected that `{text}` was logged with {level}; what was:{}", shown(&logs, level))
            }
        }
    }

    /// Nothing was logged with `level` or more important.
    ///
    /// # Panics
    ///
    /// If something was.
    #[track_caller]
    pub fn expect_no_logs(&self, level: Level) {
        let logs = self.logs();
        if logs.iter().any(|log| log.level <= level) {
            panic!(
                "expected that nothing was logged with {level} or above; what was:{}",
                shown(&logs, level)
            );
        }
    }
}

/// The last of those that are as important as `level`.
fn shown(logs: &[Log], level: Level) -> String {
    let fitting: Vec<_> = logs.iter().filter(|log| log.level <= level).collect();
    let last = &fitting[fitting.len().saturating_sub(SHOWN)..];
    if last.is_empty() {
        return " nothing".to_owned();
    }
    last.iter().map(|log| format!("\n- {log}")).collect()
}
