//! What `#[cron(..)]` expands to without the feature `cron`: an error that names it.

#[doc(hidden)]
#[macro_export]
macro_rules! __cron_timer {
    ($($timer:tt)*) => {
        compile_error!("`#[cron]` needs the feature `cron` of akt: `cargo add akt --features cron`")
    };
}
