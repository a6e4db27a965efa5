//! From the descriptors to a lock.

use std::collections::BTreeMap;

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ServiceDescriptor,
};

use super::text::{Block, Entry, Key, Lock};
use crate::descriptor::Contracts;
use crate::model::{Model, Rpc, Service};
use crate::refs;

/// What the lock of these contracts says.
pub(super) fn lock(contracts: &Contracts, model: &Model) -> Lock {
    let mut blocks = BTreeMap::new();
    for file in contracts.files() {
        let reader = Reader { contracts, file: &file };
        let (messages, enums) = (contracts.pool().all_messages(), contracts.pool().all_enums());
        for message in messages.filter(|m| m.parent_file() == file && !m.is_map_entry()) {
            blocks.insert(format!("message {}", message.full_name()), reader.message(&message));
        }
        for values in enums.filter(|e| e.parent_file() == file) {
            blocks.insert(format!("enum {}", values.full_name()), reader.values(&values));
        }
        for service in file.services() {
            if let Some(read) = model.service(service.full_name()) {
                blocks.insert(format!("service {}", service.full_name()), reader.service(&service, read));
            }
        }
    }
    blocks.retain(|name, _| !name.contains(" google.protobuf."));
    Lock { blocks, ..Lock::default() }
}

/// Reads blocks from the descriptors of one file.
struct Reader<'a> {
    contracts: &'a Contracts,
    file: &'a FileDescriptor,
}

impl Reader<'_> {
    fn message(&self, message: &MessageDescriptor) -> Block {
        let mut block = self.block(message.path());
        for range in message.reserved_ranges() {
            let key = Key::Reserved(range.start.into(), i64::from(range.end) - 1);
            block.entries.insert(key, self.entry("", &[]));
        }
        for field in message.fields() {
            let mut text = format!("{}: {}", field.name(), field_type(self.contracts, &field));
            if let Some(oneof) = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()) {
                text = format!("{text} in {}", oneof.name());
            }
            block.entries.insert(Key::Number(field.number().into()), self.entry(&text, field.path()));
        }
        block
    }

    fn values(&self, values: &EnumDescriptor) -> Block {
        let mut block = self.block(values.path());
        for range in values.reserved_ranges() {
            let key = Key::Reserved((*range.start()).into(), (*range.end()).into());
            block.entries.insert(key, self.entry("", &[]));
        }
        // As they stand in the file: those of one number come in no order.
        let mut in_order: Vec<_> = values.values().collect();
        in_order.sort_by_key(|value| value.path().to_vec());
        for value in in_order {
            let entry = self.entry(value.name(), value.path());
            let named = block.entries.entry(Key::Number(value.number().into()));
            // With `allow_alias` a number has several names.
            named
                .and_modify(|first| first.text = format!("{}, {}", first.text, value.name()))
                .or_insert(entry);
        }
        block
    }

    fn service(&self, service: &ServiceDescriptor, read: &Service) -> Block {
        let mut block = self.block(service.path());
        if let Some(key) = read.key {
            block.entries.insert(Key::Grain, self.entry(key.name(), service.path()));
        }
        for (method, rpc) in service.methods().zip(&read.rpcs) {
            block
                .entries
                .insert(Key::Rpc(rpc.name.clone()), self.entry(&rpc_text(&method, rpc), method.path()));
        }
        block
    }

    fn block(&self, path: &[i32]) -> Block {
        Block { entries: BTreeMap::new(), at: Some(self.contracts.position(self.file, path)) }
    }

    fn entry(&self, text: &str, path: &[i32]) -> Entry {
        Entry { text: text.to_owned(), line: 0, at: Some(self.contracts.position(self.file, path)) }
    }
}

fn rpc_text(method: &MethodDescriptor, rpc: &Rpc) -> String {
    let stream = |on: bool| if on { "stream " } else { "" };
    let (from, to) = (stream(method.is_client_streaming()), stream(method.is_server_streaming()));
    let (input, output) = (method.input(), method.output());
    let mut text = format!("({from}{}) returns ({to}{})", input.full_name(), output.full_name());
    if let Some(error) = &rpc.error {
        text = format!("{text} error {}", error.full_name());
    }
    if rpc.chosen {
        text = format!("{text} id {:#010x}", rpc.id);
    }
    if let Some(former) = &rpc.was {
        text = format!("{text} was {}", former.name);
    }
    text
}

fn field_type(contracts: &Contracts, field: &FieldDescriptor) -> String {
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        return format!("map<{}, {}>", kind(contracts, &key), value_kind(contracts, field, &value));
    }
    let kind = kind(contracts, field);
    match field.cardinality() {
        Cardinality::Repeated => format!("repeated {kind}"),
        Cardinality::Required => format!("required {kind}"),
        Cardinality::Optional => kind,
    }
}

/// The type of a map's values; the map says to what they refer.
fn value_kind(contracts: &Contracts, map: &FieldDescriptor, value: &FieldDescriptor) -> String {
    let kind = kind(contracts, value);
    refs::contract_of(contracts, map).map_or_else(|| kind.clone(), |contract| format!("{kind} of {contract}"))
}

/// The type as a `.proto` says it.
fn kind(contracts: &Contracts, field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) if field.is_group() => format!("group {}", message.full_name()),
        Kind::Message(message) => match refs::contract_of(contracts, field) {
            Some(contract) => format!("{} of {contract}", message.full_name()),
            None => message.full_name().to_owned(),
        },
        Kind::Enum(values) => values.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    }
}
