//! The time that a process has used of all processors.

/// Nanoseconds of all living threads of a process; 0 where there is no `/proc`.
pub fn used(process: u32) -> u64 {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else { return 0 };
    threads.flatten().filter_map(|thread| nanoseconds(&thread.path().join("schedstat"))).sum()
}

fn nanoseconds(schedstat: &std::path::Path) -> Option<u64> {
    std::fs::read_to_string(schedstat).ok()?.split_whitespace().next()?.parse().ok()
}
