//! Rust names for protobuf names, by prost's rules, and who has taken them.

use std::collections::BTreeSet;

use heck::{ToSnakeCase, ToUpperCamelCase};
use prost_build::Module;

/// `AddItem` as the name of a method, field or module: `add_item`, `r#type`.
pub(crate) fn snake(name: &str) -> String {
    // prost keeps its list of reserved words to itself, but applies it to each part of a package.
    Module::from_protobuf_package_name(name).parts().collect()
}

/// `add_item` as the name of a type or variant: `AddItem`.
pub(crate) fn camel(name: &str) -> String {
    let camel = name.to_upper_camel_case();
    match camel.as_str() {
        "Self" => "Self_".to_owned(),
        digit if digit.starts_with(|c: char| c.is_numeric()) => format!("_{camel}"),
        _ => camel,
    }
}

/// `OutOfStock` as a person says it: `out of stock`.
pub(crate) fn words(name: &str) -> String {
    name.to_snake_case().replace('_', " ")
}

/// The modules of a package, outermost first.
pub(crate) fn modules(package: &str) -> Vec<String> {
    Module::from_protobuf_package_name(package).parts().map(str::to_owned).collect()
}

/// The names of one scope.
#[derive(Debug, Default)]
pub(crate) struct Taken(BTreeSet<String>);

impl Taken {
    /// Takes `name`, with as many underscores after it as it needs to be new.
    pub(crate) fn claim(&mut self, mut name: String) -> String {
        while !self.0.insert(name.clone()) {
            name.push('_');
        }
        name
    }
}

impl FromIterator<String> for Taken {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}
