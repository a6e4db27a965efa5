//! What protobuf's grammar allows and no Rust can be made of: names without a letter, two names that are one in Rust,
//! and maps that were not written as such.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FileDescriptor, MessageDescriptor};

use crate::descriptor::Contracts;
use crate::error::Mistake;
use crate::name::{camel, snake};

/// The field of a file's descriptor that names its package.
const PACKAGE: i32 = 2;

/// Each name must have a letter or digit: underscores are dropped where words meet.
pub(crate) fn check(contracts: &Contracts) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut packages: BTreeMap<String, Scope> = BTreeMap::new();
    for file in contracts.files() {
        let mut check = Check { contracts, file: &file, mistakes: &mut mistakes };
        for part in file.package_name().split('.').filter(|_| !file.package_name().is_empty()) {
            check.name("package", part, &[PACKAGE]);
        }
        let package = packages.entry(file.package_name().to_owned()).or_default();
        for message in file.messages() {
            check.alone(package, &camel(message.name()), message.name(), message.path());
            check.message(&message);
        }
        for values in file.enums() {
            check.alone(package, &camel(values.name()), values.name(), values.path());
            check.values(&values);
        }
        for service in file.services() {
            check.name("service", service.name(), service.path());
            service.methods().for_each(|method| check.name("rpc", method.name(), method.path()));
        }
    }
    mistakes
}

/// Who has a Rust name.
type Scope = BTreeMap<String, String>;

struct Check<'a> {
    contracts: &'a Contracts,
    file: &'a FileDescriptor,
    mistakes: &'a mut Vec<Mistake>,
}

impl Check<'_> {
    fn message(&mut self, message: &MessageDescriptor) {
        if message.is_map_entry() {
            return self.map_entry(message);
        }
        self.name("message", message.name(), message.path());
        message.fields().for_each(|field| self.name("field", field.name(), field.path()));
        message.oneofs().filter(|oneof| !oneof.is_synthetic()).for_each(|oneof| {
            self.name("oneof", oneof.name(), oneof.path());
        });
        self.fields(message);
        let mut nested = Scope::new();
        for child in message.child_messages().filter(|child| !child.is_map_entry()) {
            self.alone(&mut nested, &camel(child.name()), child.name(), child.path());
        }
        for values in message.child_enums() {
            self.alone(&mut nested, &camel(values.name()), values.name(), values.path());
            self.values(&values);
        }
        message.child_messages().for_each(|child| self.message(&child));
    }

    /// Compilers make them of `map<..>`; who says so of a message may forget what they have.
    fn map_entry(&mut self, message: &MessageDescriptor) {
        let fields = message.fields().map(|field| (field.number(), field.name().to_owned()));
        let made = fields.eq([(1, "key".to_owned()), (2, "value".to_owned())]);
        if made && message.parent_message().is_some() {
            return;
        }
        let at = Some(self.contracts.position(self.file, message.path()));
        let text =
            format!("`map_entry` is not said by hand; write `map<..>` where `{}` is used", message.name());
        self.mistakes.push(Mistake { at, text });
    }

    fn values(&mut self, values: &EnumDescriptor) {
        self.name("enum", values.name(), values.path());
        values.values().for_each(|value| self.name("value", value.name(), value.path()));
        let mut in_order: Vec<_> = values.values().collect();
        in_order.sort_by_key(|value| value.path().to_vec());
        let (mut scope, mut numbers) = (Scope::new(), BTreeSet::new());
        // Of several names of a number prost takes the first.
        for value in in_order.iter().filter(|value| numbers.insert(value.number())) {
            let rust = variant(&camel(values.name()), value.name());
            self.alone(&mut scope, &rust, value.name(), value.path());
        }
    }

    fn fields(&mut self, message: &MessageDescriptor) {
        let mut scope = Scope::new();
        for field in
            message.fields().filter(|field| field.containing_oneof().is_none_or(|oneof| oneof.is_synthetic()))
        {
            self.alone(&mut scope, &snake(field.name()), field.name(), field.path());
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            self.alone(&mut scope, &snake(oneof.name()), oneof.name(), oneof.path());
            let mut cases = Scope::new();
            for field in oneof.fields() {
                self.alone(&mut cases, &camel(field.name()), field.name(), field.path());
            }
        }
    }

    /// Nobody before has the Rust name.
    fn alone(&mut self, scope: &mut Scope, rust: &str, name: &str, path: &[i32]) {
        let Some(first) = scope.insert(rust.to_owned(), name.to_owned()).filter(|_| has_letter(name)) else {
            return;
        };
        let at = Some(self.contracts.position(self.file, path));
        let text = format!("`{first}` and `{name}` are both `{rust}` in Rust; give one of them another name");
        self.mistakes.push(Mistake { at, text });
    }

    fn name(&mut self, what: &str, name: &str, path: &[i32]) {
        if has_letter(name) {
            return;
        }
        let at = Some(self.contracts.position(self.file, path));
        let text = format!("no Rust name can be made of the {what} `{name}`; give it a letter");
        self.mistakes.push(Mistake { at, text });
    }
}

fn has_letter(name: &str) -> bool {
    name.chars().any(|c| c != '_')
}

/// The variant that prost makes of an enum's value: without the enum's name in front, if that is a word.
fn variant(of: &str, value: &str) -> String {
    let value = camel(value);
    match value.strip_prefix(of).filter(|rest| rest.starts_with(char::is_uppercase)) {
        Some(rest) => camel_of(rest),
        None => value,
    }
}

/// What is camel case already, and may be a word of Rust.
fn camel_of(rest: &str) -> String {
    if rest == "Self" { camel(rest) } else { rest.to_owned() }
}
