//! A number for the shape of a contract on the wire: two nodes whose numbers differ know different contracts.

use std::collections::BTreeMap;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ServiceDescriptor};

use crate::model::Rpc;

/// The digest of a service and of all messages that its rpcs reach. Names of fields and values do not travel, and do
/// not count.
pub(crate) fn of(service: &ServiceDescriptor, rpcs: &[Rpc]) -> u64 {
    let mut shape = Shape::default();
    let mut text = String::new();
    for (method, rpc) in service.methods().zip(rpcs) {
        let [input, output] = [method.input(), method.output()].map(|message| shape.message(&message));
        let error = rpc.error.as_ref().map(|error| shape.message(error)).unwrap_or_default();
        let (from, to) = (method.is_client_streaming(), method.is_server_streaming());
        let former = rpc.was.as_ref().map(|former| former.id);
        text += &format!("{:08x} {former:?} {from} {input} {to} {output} {error}\n", rpc.id);
    }
    fnv(shape.parts.iter().map(|(name, part)| format!("{name}\n{part}")).chain([text]))
}

/// Messages and enums by their full names, each once: they may hold themselves.
#[derive(Default)]
struct Shape {
    parts: BTreeMap<String, String>,
}

impl Shape {
    fn message(&mut self, message: &MessageDescriptor) -> String {
        let name = message.full_name().to_owned();
        if self.parts.contains_key(&name) {
            return name;
        }
        self.parts.insert(name.clone(), String::new());
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by_key(FieldDescriptor::number);
        let lines = fields.iter().map(|field| self.field(field)).collect();
        self.parts.insert(name.clone(), lines);
        name
    }

    fn field(&mut self, field: &FieldDescriptor) -> String {
        let kind = match field.kind() {
            Kind::Message(message) => self.message(&message),
            Kind::Enum(values) => self.values(&values),
            scalar => format!("{scalar:?}"),
        };
        let (number, cardinality) = (field.number(), field.cardinality());
        format!("{number} {cardinality:?} {} {} {kind}\n", field.is_packed(), field.is_group())
    }

    fn values(&mut self, values: &EnumDescriptor) -> String {
        let mut numbers: Vec<_> = values.values().map(|value| value.number()).collect();
        numbers.sort_unstable();
        self.parts.insert(values.full_name().to_owned(), format!("{numbers:?}\n"));
        values.full_name().to_owned()
    }
}

/// FNV-1a, of 64 bits.
fn fnv(texts: impl Iterator<Item = String>) -> u64 {
    texts.fold(0xcbf2_9ce4_8422_2325, |hash, text| {
        text.bytes()
            .fold(hash, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
    })
}
