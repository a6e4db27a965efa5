//! What a contract, or `build.rs` for it, says about an rpc: `(akt.rpc)` and `(akt.contract)`.

use std::time::Duration;

use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage, ServiceDescriptor, Value};

use crate::descriptor::Contracts;
use crate::error::Position;

const METHOD_OPTIONS: i32 = 4;

/// Options of one rpc, given from `build.rs` so that a contract written by others compiles unedited.
///
/// What is given here wins over the same option in the `.proto`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Rpc {
    pub(crate) error: Option<String>,
    pub(crate) timeout: Option<String>,
    pub(crate) oneway: Option<bool>,
    pub(crate) read_only: Option<bool>,
    pub(crate) reentrant: Option<bool>,
    pub(crate) id: Option<u32>,
    pub(crate) was: Option<String>,
}

impl Rpc {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the message of the domain error, as `(akt.rpc).error` does.
    pub fn error(mut self, message: impl Into<String>) -> Self {
        self.error = Some(message.into());
        self
    }

    /// Says how long an ask waits unless the caller says otherwise, as `(akt.rpc).timeout` does: `"250ms"`, `"5s"`.
    pub fn timeout(mut self, duration: impl Into<String>) -> Self {
        self.timeout = Some(duration.into());
        self
    }

    /// Lets nothing come back, as `(akt.rpc).oneway` does: the rpc can only be told, and its response must be
    /// `google.protobuf.Empty`.
    pub fn oneway(mut self) -> Self {
        self.oneway = Some(true);
        self
    }

    /// Lets the handler take `&self` and run beside other read-only handlers, as `(akt.rpc).read_only` does.
    pub fn read_only(mut self) -> Self {
        self.read_only = Some(true);
        self
    }

    /// Lets other messages be handled while the handler waits, as `(akt.rpc).reentrant` does.
    pub fn reentrant(mut self) -> Self {
        self.reentrant = Some(true);
        self
    }

    /// Replaces the wire id, as `(akt.rpc).id` does; without it that is the hash of `/package.Service/Method`.
    pub fn id(mut self, id: u32) -> Self {
        self.id = Some(id);
        self
    }

    /// Names the rpc as it was called before, as `(akt.rpc).was` does: calls of older nodes are still understood.
    pub fn was(mut self, name: impl Into<String>) -> Self {
        self.was = Some(name.into());
        self
    }

    /// These options, and those of `other` where these say nothing.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            error: self.error.or(other.error),
            timeout: self.timeout.or(other.timeout),
            oneway: self.oneway.or(other.oneway),
            read_only: self.read_only.or(other.read_only),
            reentrant: self.reentrant.or(other.reentrant),
            id: self.id.or(other.id),
            was: self.was.or(other.was),
        }
    }
}

/// The type of the key of a contract's grains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A string.
    String,
    /// A signed integer.
    Int64,
    /// An unsigned integer.
    Uint64,
    /// A UUID.
    Uuid,
}

impl Key {
    const ALL: [Self; 4] = [Self::String, Self::Int64, Self::Uint64, Self::Uuid];

    /// As a `.proto` says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Int64 => "INT64",
            Self::Uint64 => "UINT64",
            Self::Uuid => "UUID",
        }
    }
}

/// Reads `(akt.rpc)` of a method.
pub(crate) fn rpc(contracts: &Contracts, method: &MethodDescriptor) -> Rpc {
    let mut read = Rpc::new();
    let Some((_, options)) = extension(contracts, "akt.rpc", &method.options()) else {
        return read;
    };
    for (field, value) in options.fields() {
        match (field.name(), value) {
            ("error", Value::String(name)) => read.error = Some(name.clone()),
            ("timeout", Value::String(text)) => read.timeout = Some(text.clone()),
            ("oneway", Value::Bool(on)) => read.oneway = Some(*on),
            ("read_only", Value::Bool(on)) => read.read_only = Some(*on),
            ("reentrant", Value::Bool(on)) => read.reentrant = Some(*on),
            ("id", Value::U32(id)) => read.id = Some(*id),
            ("was", Value::String(name)) => read.was = Some(name.clone()),
            _ => {}
        }
    }
    read
}

/// Reads the key of `(akt.contract)`.
pub(crate) fn key(contracts: &Contracts, service: &ServiceDescriptor) -> Option<Key> {
    let (_, options) = extension(contracts, "akt.contract", &service.options())?;
    let field = options.descriptor().get_field_by_name("key")?;
    let said = options.get_field(&field).as_enum_number()?;
    let keys = field.kind();
    let name = keys.as_enum()?.get_value(said)?;
    Key::ALL.into_iter().find(|key| key.name() == name.name())
}

/// `"250ms"`, `"5s"`, `"5m"`, `"1h"`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u64 = text[..digits].parse().ok()?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    count.checked_mul(millis).filter(|millis| *millis > 0).map(Duration::from_millis)
}

fn extension(contracts: &Contracts, name: &str, options: &DynamicMessage) -> Option<(i32, DynamicMessage)> {
    let extension = contracts.pool().get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    let message = options.get_extension(&extension).as_message()?.clone();
    Some((extension.number().cast_signed(), message))
}

/// Where one option of `(akt.rpc)` stands, or the method if it has none.
pub(crate) fn place(contracts: &Contracts, method: &MethodDescriptor, option: &str) -> Position {
    let extension = contracts.pool().get_extension_by_name("akt.rpc");
    let number = extension.as_ref().map(|extension| extension.number().cast_signed());
    let options = contracts.pool().get_message_by_name("akt.RpcOptions");
    let field = options.and_then(|m| Some(m.get_field_by_name(option)?.number().cast_signed()));
    option_position(contracts, method, &number.into_iter().chain(field).collect::<Vec<_>>())
}

fn option_position(contracts: &Contracts, method: &MethodDescriptor, option: &[i32]) -> Position {
    let path = [method.path(), &[METHOD_OPTIONS], option].concat();
    contracts.position(&method.parent_file(), &path)
}
