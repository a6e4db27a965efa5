//! What akt's macros say when you are wrong, and what they accept: see `tests/ui.rs`.
