//! A service: trait, message enum, reference, rpc markers and the callback macro.

mod callback;
mod definition;
mod probe;
mod protocol;
mod reference;
mod request;
mod stream;

use std::rc::Rc;

use proc_macro2::TokenStream;
use prost_build::{Comments, ServiceGenerator};
use prost_types::source_code_info::Location;
use prost_types::{FileDescriptorProto, MethodDescriptorProto};
use quote::quote;
use syn::{Ident, Type};

use crate::emit::comment;
use crate::emit::message::{domain_error, ident};
use crate::model::{Former, Model, Rpc, Service};

/// Lets prost resolve the errors of the `index`th service as it does requests: each becomes an rpc behind the real ones.
pub(crate) fn append_errors(file: &mut FileDescriptorProto, index: usize, model: &Service) {
    for error in model.rpcs.iter().filter_map(|rpc| rpc.error.as_ref()) {
        let name = Some(format!(".{}", error.full_name()));
        let methods = &mut file.service[index].method;
        // prost looks for the comments of every rpc, in vain but not without a place to look at.
        let path = [6, index, 2, methods.len()].map(|part| i32::try_from(part).unwrap_or(i32::MAX));
        let location = Location { path: path.to_vec(), ..Location::default() };
        methods.push(MethodDescriptorProto {
            name: Some("Error".to_owned()),
            input_type: name.clone(),
            output_type: name,
            ..MethodDescriptorProto::default()
        });
        file.source_code_info.iter_mut().for_each(|info| info.location.push(location.clone()));
    }
}

/// Writes our part behind prost's messages.
pub(crate) struct Generator {
    pub(crate) model: Rc<Model>,
    /// The module in which the contracts stand: `crate`, `crate::contracts`.
    pub(crate) root: Rc<syn::Path>,
}

impl ServiceGenerator for Generator {
    fn generate(&mut self, service: prost_build::Service, buf: &mut String) {
        let full_name = format!("{}.{}", service.package, service.proto_name);
        let Some(model) = self.model.service(full_name.trim_start_matches('.')) else {
            // prost expects that a package with services is not empty.
            return buf.push('\n');
        };
        let contract = Contract::new(model, &service, &self.root);
        let parts = [
            contract.definition(),
            contract.messages(),
            contract.copies(),
            contract.protocol(),
            contract.markers(),
            contract.reference(),
            contract.errors(),
            contract.probe().unwrap_or_default(),
            contract.callback(),
        ];
        for part in parts {
            buf.push_str(&part.to_string());
            buf.push('\n');
        }
    }
}

/// A service with its types as Rust sees them from the package's module.
struct Contract<'a> {
    model: &'a Service,
    docs: Vec<String>,
    calls: Vec<Call<'a>>,
    root: &'a syn::Path,
    definition: Ident,
    /// The variant for rpcs that are not known.
    unknown: Ident,
    message: Ident,
    reference: Ident,
}

/// An rpc with its types.
struct Call<'a> {
    rpc: &'a Rpc,
    docs: Vec<String>,
    deprecated: bool,
    variant: Ident,
    method: Ident,
    marker: Ident,
    request: Type,
    response: Type,
    error: Option<Type>,
}

impl Call<'_> {
    /// The rpc under its former name, if that has a wire id of its own.
    fn former(&self) -> Option<&Former> {
        self.rpc.was.as_ref().filter(|former| former.id != self.rpc.id)
    }

    /// What the handler returns.
    fn out(&self) -> TokenStream {
        let answer = self.answer();
        match &self.error {
            Some(error) => quote!(::core::result::Result<#answer, #error>),
            None => answer,
        }
    }
}

impl<'a> Contract<'a> {
    fn new(model: &'a Service, service: &prost_build::Service, root: &'a syn::Path) -> Self {
        let mut errors = service.methods[model.rpcs.len()..].iter();
        let calls = model.rpcs.iter().zip(&service.methods).map(|(rpc, method)| Call {
            rpc,
            docs: comment::docs(&method.comments, &format!("The rpc `{}`.", rpc.name)),
            deprecated: method.options.deprecated(),
            variant: ident(&rpc.variant),
            method: ident(&rpc.method),
            marker: ident(&rpc.marker),
            request: parse(&method.input_type),
            response: if rpc.oneway { parse("()") } else { parse(&method.output_type) },
            error: rpc.error.as_ref().and_then(|_| errors.next()).map(|error| parse(&error.input_type)),
        });
        Self {
            model,
            docs: docs(&service.comments, model),
            calls: calls.collect(),
            root,
            definition: ident(&model.contract),
            unknown: ident(&model.unknown),
            message: ident(&model.message),
            reference: ident(&model.reference),
        }
    }

    /// Whether some rpcs have no answer, so that the others must say that they have one.
    fn has_oneway(&self) -> bool {
        self.calls.iter().any(|call| call.rpc.oneway)
    }

    /// `Display` and `Error` of the errors first named here, unless another crate has them.
    fn errors(&self) -> TokenStream {
        let named =
            self.calls.iter().filter_map(|call| Some((call.rpc.error.as_ref()?, call.error.as_ref()?)));
        let named: Vec<_> = named.collect();
        let described = self.model.errors.iter().filter_map(|error| {
            let (_, rust) = named.iter().find(|(named, _)| *named == error)?;
            match rust {
                Type::Path(rust) if is_local(&rust.path) => Some(domain_error(error, &rust.path)),
                _ => None,
            }
        });
        quote!(#(#described)*)
    }
}

/// Whether a type stands among what is being written: not behind `::` or `crate::`.
fn is_local(path: &syn::Path) -> bool {
    path.leading_colon.is_none() && path.segments.first().is_some_and(|first| first.ident != "crate")
}

fn docs(comments: &Comments, model: &Service) -> Vec<String> {
    comment::docs(comments, &format!("The contract `{}`.", model.full_name))
}

fn text(of: &Type) -> String {
    quote!(#of).to_string()
}

/// prost's paths are types, and so are those of the builder, which checked them.
fn parse(path: &str) -> Type {
    syn::parse_str(path).unwrap_or_else(|_| Type::Verbatim(path.parse().unwrap_or_default()))
}
