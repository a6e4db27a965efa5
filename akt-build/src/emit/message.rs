//! Messages: prost's settings, and what akt adds to a domain error.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use prost_build::Config;
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use quote::{format_ident, quote};
use syn::Ident;

use crate::name::{camel, snake, words};

/// Where `::akt` has prost, so that users need not depend on it.
const PROST: &str = "::akt::prost";

/// Google's messages that are a type of Rust's own.
const PLAIN: &[(&str, &str)] = &[
    ("BoolValue", "::core::primitive::bool"),
    ("BytesValue", "::akt::prost::alloc::vec::Vec<u8>"),
    ("DoubleValue", "::core::primitive::f64"),
    ("Empty", "()"),
    ("FloatValue", "::core::primitive::f32"),
    ("Int32Value", "::core::primitive::i32"),
    ("Int64Value", "::core::primitive::i64"),
    ("StringValue", "::akt::prost::alloc::string::String"),
    ("UInt32Value", "::core::primitive::u32"),
    ("UInt64Value", "::core::primitive::u64"),
];

/// prost as akt wants it: everything through `::akt`, Google's messages compiled like any other.
pub(crate) fn config(extern_paths: &BTreeMap<String, String>) -> Config {
    let mut config = Config::new();
    config.prost_path(PROST).compile_well_known_types().enable_type_names();
    for (proto, rust) in extern_paths {
        config.extern_path(proto, rust);
    }
    for (name, rust) in PLAIN {
        let proto = format!(".google.protobuf.{name}");
        if !extern_paths.contains_key(&proto) {
            config.extern_path(proto, *rust);
        }
    }
    config
}

/// `Display` and `Error` for a message that is named by `error`, whose type is `path`.
pub(crate) fn domain_error(message: &MessageDescriptor, path: &syn::Path) -> TokenStream {
    let body = display(message, path);
    quote! {
        impl ::core::fmt::Display for #path {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
            }
        }
        impl ::core::error::Error for #path {}
    }
}

/// The case of its oneof, or else its text, or else everything the message has.
fn display(message: &MessageDescriptor, path: &syn::Path) -> TokenStream {
    let what = words(message.name());
    if let Some(oneof) = message.oneofs().find(|oneof| !oneof.is_synthetic()) {
        let field = ident(&snake(oneof.name()));
        let cases = one_of(path, message, oneof.name());
        let arms = oneof.fields().map(|field| case(&field, &cases));
        return quote! {
            match &self.#field {
                #(#arms)*
                ::core::option::Option::None => f.write_str(#what),
            }
        };
    }
    if let Some(field) = message.fields().find(is_text) {
        let name = ident(&snake(field.name()));
        let text = if field.supports_presence() { quote!(self.#name()) } else { quote!(self.#name.as_str()) };
        let written = written(&what, ": {text}");
        return quote! {
            match #text {
                "" => f.write_str(#what),
                text => #written,
            }
        };
    }
    if message.fields().len() == 0 {
        return quote!(f.write_str(#what));
    }
    written(&what, ": {self:?}")
}

/// The enum prost writes for a oneof.
fn one_of(path: &syn::Path, message: &MessageDescriptor, oneof: &str) -> TokenStream {
    let mut module = path.clone();
    if let Some(last) = module.segments.last_mut() {
        last.ident = ident(&snake(message.name()));
    }
    let cases = camel(oneof);
    let nested = message.child_messages().map(|m| m.name().to_owned());
    let mut nested = nested.chain(message.child_enums().map(|e| e.name().to_owned()));
    let cases = if nested.any(|name| camel(&name) == cases) { format!("{cases}OneOf") } else { cases };
    let cases = ident(&cases);
    quote!(#module::#cases)
}

fn case(field: &FieldDescriptor, cases: &TokenStream) -> TokenStream {
    let variant = ident(&camel(field.name()));
    let what = words(field.name());
    let (pattern, text) = match field.kind() {
        Kind::Message(payload) if payload.fields().len() > 0 => {
            (quote!(cause), written(&what, ": {cause:?}"))
        }
        Kind::Message(_) | Kind::Enum(_) | Kind::Bytes => (quote!(_), quote!(f.write_str(#what))),
        _ => (quote!(cause), written(&what, ": {cause}")),
    };
    quote!(::core::option::Option::Some(#cases::#variant(#pattern)) => #text,)
}

fn written(what: &str, format: &str) -> TokenStream {
    let format = format!("{what}{format}");
    quote!(::core::write!(f, #format))
}

/// A field that says in words what went wrong.
fn is_text(field: &FieldDescriptor) -> bool {
    let named = ["message", "reason", "detail", "details", "description", "text"].contains(&field.name());
    named && field.kind() == Kind::String && field.cardinality() == Cardinality::Optional
}

/// An identifier, raw where the name says so.
pub(crate) fn ident(name: &str) -> Ident {
    name.strip_prefix("r#").map_or_else(|| format_ident!("{name}"), |raw| format_ident!("r#{raw}"))
}
