//! to come
use crate::{descriptor::Contracts, error::Result, model::Model};
use std::path::Path;
pub(crate) fn check(_: &Path, _: &Contracts, _: &Model) -> Result {
    Ok(())
}
