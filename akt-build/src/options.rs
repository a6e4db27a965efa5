//! What a contract, or `build.rs` for it, says about an rpc: `(akt.rpc)` and `(akt.contract)`.

use std::time::Duration;

use prost_reflect::{DynamicMessage, FileDescriptor, MethodDescriptor, ServiceDescriptor, Value};

use crate::descriptor::Contracts;
use crate::error::{Mistake, Position};

const SERVED: &[&str] = &["error", "read_only", "reentrant", "timeout"];
const METHOD_OPTIONS: i32 = 4;
const SERVICE_OPTIONS: i32 = 3;

/// Options of one rpc, given from `build.rs` so that a contract written by others compiles unedited.
///
/// What is given here wins over the same option in the `.proto`.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Rpc {
    pub(crate) error: Option<String>,
    pub(crate) timeout: Option<String>,
    pub(crate) read_only: Option<bool>,
    pub(crate) reentrant: Option<bool>,
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
}

/// Reads `(akt.rpc)` of a method; what is not served yet becomes a mistake.
pub(crate) fn rpc(contracts: &Contracts, method: &MethodDescriptor, mistakes: &mut Vec<Mistake>) -> Rpc {
    let mut served = Rpc::new();
    let Some((number, options)) = extension(contracts, "akt.rpc", &method.options()) else {
        return served;
    };
    for (field, value) in options.fields() {
        match (field.name(), value) {
            ("error", Value::String(name)) => served.error = Some(name.clone()),
            ("timeout", Value::String(text)) => served.timeout = Some(text.clone()),
            ("read_only", Value::Bool(on)) => served.read_only = Some(*on),
            ("reentrant", Value::Bool(on)) => served.reentrant = Some(*on),
            (name, _) => mistakes.push(Mistake {
                at: Some(option_position(contracts, method, &[number, field.number().cast_signed()])),
                text: not_served(name, &format!("rpc {}", method.name())),
            }),
        }
    }
    served
}

/// Refuses what `(akt.contract)` asks for.
pub(crate) fn contract(contracts: &Contracts, service: &ServiceDescriptor, mistakes: &mut Vec<Mistake>) {
    let Some((number, options)) = extension(contracts, "akt.contract", &service.options()) else {
        return;
    };
    for (field, _) in options.fields() {
        let option = [SERVICE_OPTIONS, number, field.number().cast_signed()];
        mistakes.push(Mistake {
            at: Some(below(contracts, &service.parent_file(), service.path(), &option)),
            text: not_served(field.name(), &format!("service {}", service.name())),
        });
    }
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
    below(contracts, &method.parent_file(), method.path(), &[&[METHOD_OPTIONS], option].concat())
}

fn below(contracts: &Contracts, file: &FileDescriptor, path: &[i32], rest: &[i32]) -> Position {
    contracts.position(file, &[path, rest].concat())
}

fn not_served(option: &str, owner: &str) -> String {
    let served = SERVED.join("`, `");
    format!(
        "`{option}` is not served yet by this version of akt-build; remove it from {owner} (served options of an rpc: `{served}`)"
    )
}
