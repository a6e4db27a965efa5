//! References in messages: fields of type `akt.Ref`, and to what they refer.

use std::collections::BTreeMap;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, ServiceDescriptor, Value};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use quote::ToTokens;

use crate::descriptor::Contracts;
use crate::error::{Error, Mistake, Result};
use crate::model::Model;
use crate::name;

/// The message that stands for a reference.
const REF: &str = "akt.Ref";

/// A package that nobody has: prost takes a message of it for each contract that is referred to, and a Rust type for
/// each of these messages.
const PACKAGE: &str = "akt.build.refs";

/// The references of all messages.
#[derive(Debug, Default)]
pub(crate) struct Refs {
    /// By the contract that is referred to: the Rust type of the field.
    types: BTreeMap<String, String>,
    /// By message and number of a field: the contract.
    fields: BTreeMap<(String, i32), String>,
}

impl Refs {
    /// Finds the references and checks each.
    pub(crate) fn read(
        contracts: &Contracts,
        model: &Model,
        root: &syn::Path,
        extern_paths: &BTreeMap<String, String>,
    ) -> Result<Self> {
        let mut reader =
            Reader { contracts, model, root, extern_paths, refs: Self::default(), mistakes: Vec::new() };
        for file in contracts.files() {
            file.messages().for_each(|message| reader.message(&message));
            for service in file.services() {
                service.methods().for_each(|method| reader.method(&method));
            }
        }
        if reader.mistakes.is_empty() { Ok(reader.refs) } else { Err(Error::Contracts(reader.mistakes)) }
    }

    /// The types that take the place of messages of prost.
    pub(crate) fn types(&self) -> impl Iterator<Item = (String, &str)> {
        self.types.values().enumerate().map(|(index, rust)| (format!(".{PACKAGE}.R{index}"), rust.as_str()))
    }

    /// The messages whose place they take: prost wants to have seen them.
    pub(crate) fn file(&self) -> Option<FileDescriptorProto> {
        let field = FieldDescriptorProto {
            name: Some("path".to_owned()),
            number: Some(1),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::String.into()),
            ..FieldDescriptorProto::default()
        };
        let message = |index| DescriptorProto {
            name: Some(format!("R{index}")),
            field: vec![field.clone()],
            ..DescriptorProto::default()
        };
        (!self.types.is_empty()).then(|| FileDescriptorProto {
            name: Some("akt/build/refs.proto".to_owned()),
            package: Some(PACKAGE.to_owned()),
            syntax: Some("proto3".to_owned()),
            message_type: (0..self.types.len()).map(message).collect(),
            ..FileDescriptorProto::default()
        })
    }

    /// Gives the fields of `file` that are references their types.
    pub(crate) fn put_into(&self, file: &mut FileDescriptorProto) {
        let package = file.package().to_owned();
        for message in &mut file.message_type {
            self.put_into_message(&package, message);
        }
    }

    fn put_into_message(&self, scope: &str, message: &mut DescriptorProto) {
        let name = format!("{scope}.{}", message.name()).trim_start_matches('.').to_owned();
        for nested in &mut message.nested_type {
            self.put_into_message(&name, nested);
        }
        for field in &mut message.field {
            let contract = self.fields.get(&(name.clone(), field.number()));
            let index = contract.and_then(|contract| self.types.keys().position(|known| known == contract));
            if let Some(index) = index {
                field.type_name = Some(format!(".{PACKAGE}.R{index}"));
            }
        }
    }
}

/// The contract to which a field refers, by its full name.
pub(crate) fn contract_of(contracts: &Contracts, field: &FieldDescriptor) -> Option<String> {
    let said = said(contracts, field)?;
    let near = format!("{}.{said}", field.parent_file().package_name());
    let near = contracts.pool().get_service_by_name(near.trim_start_matches('.'));
    let service = near.or_else(|| contracts.pool().get_service_by_name(said.trim_start_matches('.')));
    Some(service.map_or(said, |service| service.full_name().to_owned()))
}

/// What `(akt.ref)` says.
fn said(contracts: &Contracts, field: &FieldDescriptor) -> Option<String> {
    let extension = contracts.pool().get_extension_by_name("akt.ref")?;
    let options = field.options();
    let value = options.has_extension(&extension).then(|| options.get_extension(&extension))?;
    match value.as_ref() {
        Value::String(said) => Some(said.clone()),
        _ => None,
    }
}

struct Reader<'a> {
    contracts: &'a Contracts,
    model: &'a Model,
    root: &'a syn::Path,
    extern_paths: &'a BTreeMap<String, String>,
    refs: Refs,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn message(&mut self, message: &MessageDescriptor) {
        for child in message.child_messages().filter(|child| !child.is_map_entry()) {
            self.message(&child);
        }
        message.fields().for_each(|field| self.field(message, &field));
    }

    fn field(&mut self, message: &MessageDescriptor, field: &FieldDescriptor) {
        // The option stands at a map, and the type is that of its values.
        let entry = field.kind().as_message().filter(|_| field.is_map()).cloned();
        let (holder, holding) = match &entry {
            Some(entry) => (entry, entry.map_entry_value_field()),
            None => (message, field.clone()),
        };
        let is_ref = matches!(holding.kind(), Kind::Message(kind) if kind.full_name() == REF);
        let (name, owner) = (field.name(), message.full_name());
        match (is_ref, contract_of(self.contracts, field)) {
            (false, None) => {}
            (true, None) => self.refuse(field, format!(
                "field `{name}` of `{owner}` is a reference and does not say to what; write `[(akt.ref) = \"shop.v1.Cart\"]` behind its number"
            )),
            (false, Some(contract)) => self.refuse(field, format!(
                "field `{name}` of `{owner}` says that it refers to `{contract}`, and its type is not `akt.Ref`; give it that type, or remove `(akt.ref)`"
            )),
            (true, Some(contract)) => match self.reference(&contract) {
                Some(rust) => {
                    let key = (holder.full_name().to_owned(), holding.number().cast_signed());
                    self.refs.fields.insert(key, contract.clone());
                    self.refs.types.insert(contract, format!("::akt::RefField<{rust}>"));
                }
                None => self.refuse(field, format!(
                    "field `{name}` of `{owner}` refers to `{contract}`, which is no service that is compiled here, nor one under an `extern_path`; there are: `{}`",
                    self.known()
                )),
            },
        }
    }

    /// A reference alone has no place for what it refers to.
    fn method(&mut self, method: &MethodDescriptor) {
        if ![method.input(), method.output()].iter().any(|message| message.full_name() == REF) {
            return;
        }
        let at = Some(self.contracts.position(&method.parent_file(), method.path()));
        let text = format!(
            "rpc {} takes or returns `akt.Ref` itself; put it into a message, with `(akt.ref)`",
            method.name()
        );
        self.mistakes.push(Mistake { at, text });
    }

    /// The Rust path of a contract's reference, from anywhere.
    fn reference(&self, contract: &str) -> Option<String> {
        if let Some(service) = self.model.service(contract) {
            let root = self.root.to_token_stream().to_string().replace(' ', "");
            let path = [vec![root], service.modules.clone(), vec![service.reference.clone()]].concat();
            return Some(path.join("::"));
        }
        let service = self.contracts.pool().get_service_by_name(contract)?;
        let (path, rest) = self.extern_path(&service)?;
        let modules = name::modules(rest);
        let reference = format!("{}Ref", name::camel(service.name()));
        Some([vec![path.to_owned()], modules, vec![reference]].concat().join("::"))
    }

    /// The longest path of another crate that a service is under, and the packages between.
    fn extern_path<'s>(&self, service: &'s ServiceDescriptor) -> Option<(&str, &'s str)> {
        let package = service.package_name();
        let under = self.extern_paths.iter().filter_map(|(proto, rust)| {
            let rest = package.strip_prefix(proto.trim_start_matches('.'))?;
            (rest.is_empty() || rest.starts_with('.')).then(|| (rust.as_str(), rest.trim_start_matches('.')))
        });
        under.min_by_key(|(_, rest)| rest.len())
    }

    fn known(&self) -> String {
        let known: Vec<_> = self.model.services.iter().map(|service| service.full_name.as_str()).collect();
        known.join("`, `")
    }

    fn refuse(&mut self, field: &FieldDescriptor, text: String) {
        let at = Some(self.contracts.position(&field.parent_file(), field.path()));
        self.mistakes.push(Mistake { at, text });
    }
}
