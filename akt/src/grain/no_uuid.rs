//! What stands for UUIDs as keys of grains without the feature `uuid`.

/// What `key: UUID` of a contract is: the feature `uuid` of akt makes it `uuid::Uuid`.
#[doc(hidden)]
#[derive(Debug)]
pub enum UuidKey {}

#[doc(hidden)]
#[macro_export]
macro_rules! __with_uuid {
    ($($item:item)*) => {};
}
