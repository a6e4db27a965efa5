//! What akt-build makes of contracts that know nothing of akt.

akt::include_contracts!();
