//! A service: trait, message enum, reference, rpc markers and the callback macro.

use std::rc::Rc;

use proc_macro2::TokenStream;
use prost_build::{Comments, ServiceGenerator};
use prost_types::source_code_info::Location;
use prost_types::{FileDescriptorProto, MethodDescriptorProto};
use quote::quote;
use syn::{Ident, Type};

use super::comment;
use super::message::{domain_error, ident};
use crate::model::{Model, Rpc, Service};

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
    /// What the handler returns.
    fn out(&self) -> TokenStream {
        let response = &self.response;
        match &self.error {
            Some(error) => quote!(::core::result::Result<#response, #error>),
            None => quote!(#response),
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
            response: parse(&method.output_type),
            error: rpc.error.as_ref().and_then(|_| errors.next()).map(|error| parse(&error.input_type)),
        });
        Self {
            model,
            docs: docs(&service.comments, model),
            calls: calls.collect(),
            root,
            definition: ident(&model.contract),
            message: ident(&model.message),
            reference: ident(&model.reference),
        }
    }

    fn definition(&self) -> TokenStream {
        let Self { definition, docs, .. } = self;
        let methods = self.calls.iter().map(|call| {
            let Call { docs, method, request, .. } = call;
            let out = call.out();
            quote! {
                #(#[doc = #docs])*
                fn #method(
                    &mut self,
                    req: #request,
                    cx: &mut ::akt::Ctx<Self>,
                ) -> impl ::core::future::Future<Output = #out> + ::core::marker::Send;
            }
        });
        quote! {
            #(#[doc = #docs])*
            pub trait #definition: ::akt::Actor {
                #(#methods)*
            }
        }
    }

    fn messages(&self) -> TokenStream {
        let Self { message, .. } = self;
        let doc = format!(" Messages of `{}`.", self.model.full_name);
        let variants = self.calls.iter().map(|call| {
            let Call { docs, variant, request, .. } = call;
            let out = call.out();
            quote!(#(#[doc = #docs])* #variant(#request, ::akt::Reply<#out>),)
        });
        let variant: Vec<_> = self.calls.iter().map(|call| &call.variant).collect();
        let name = self.calls.iter().map(|call| &call.rpc.name);
        quote! {
            #[doc = #doc]
            pub enum #message {
                #(#variants)*
            }
            impl ::core::fmt::Debug for #message {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(::akt::Message::name(self))
                }
            }
            impl ::akt::Message for #message {
                fn name(&self) -> &'static str {
                    match self {
                        #(Self::#variant(..) => #name,)*
                    }
                }
                fn carried(&self) -> &dyn ::core::any::Any {
                    match self {
                        #(Self::#variant(payload, _) => payload,)*
                    }
                }
                fn reply(&self) -> ::core::option::Option<&dyn ::akt::__private::Slot> {
                    match self {
                        #(Self::#variant(_, reply) => reply.slot(),)*
                    }
                }
                fn into_reply(self) -> ::akt::__private::AnyReply {
                    match self {
                        #(Self::#variant(_, reply) => reply.erase(),)*
                    }
                }
            }
        }
    }

    /// Messages of prost are `Clone`.
    fn copies(&self) -> TokenStream {
        let Self { message, .. } = self;
        let arms = self.calls.iter().map(|call| {
            let Call { variant, marker, .. } = call;
            let join = match call.error {
                Some(_) => quote!(|out| out),
                None => quote!(::akt::__private::good),
            };
            quote! {
                Self::#variant(payload, reply) => opener.open::<#marker>(
                    payload,
                    reply,
                    ::akt::__private::Copying { clone: ::core::clone::Clone::clone, join: #join },
                ),
            }
        });
        quote! {
            impl ::akt::CloneMessage for #message {
                fn open<O: ::akt::__private::Opener<Self>>(self, opener: O) -> O::Out {
                    match self {
                        #(#arms)*
                    }
                }
            }
        }
    }

    fn protocol(&self) -> TokenStream {
        let Self { message, .. } = self;
        let full_name = &self.model.full_name;
        let variant: Vec<_> = self.calls.iter().map(|call| &call.variant).collect();
        let marker: Vec<_> = self.calls.iter().map(|call| &call.marker).collect();
        let name: Vec<_> = self.calls.iter().map(|call| &call.rpc.name).collect();
        let outgoing = self.calls.iter().map(|call| match call.error {
            Some(_) => quote!(outgoing_result),
            None => quote!(outgoing),
        });
        let incoming = self.calls.iter().map(|call| match call.error {
            Some(_) => quote!(incoming_result),
            None => quote!(incoming),
        });
        quote! {
            impl ::akt::Protocol for #message {
                const NAME: &'static str = #full_name;
                const RPCS: &'static [::akt::RpcInfo] =
                    &[#(::akt::RpcInfo { name: #name, id: #marker::ID }),*];
                fn encoded_len(&self) -> usize {
                    match self {
                        #(Self::#variant(payload, _) => ::akt::prost::Message::encoded_len(payload),)*
                    }
                }
                fn encode(self) -> ::akt::__private::Outgoing {
                    match self {
                        #(Self::#variant(payload, reply) =>
                            ::akt::__private::#outgoing(#marker::ID, &payload, reply),)*
                    }
                }
                fn decode(
                    rpc: u32,
                    body: ::akt::bytes::Bytes,
                    reply: ::akt::__private::WireReply,
                ) -> ::core::result::Result<Self, ::akt::__private::Undecoded> {
                    match rpc {
                        #(#marker::ID => ::akt::__private::#incoming(#name, body, reply)
                            .map(|(payload, reply)| Self::#variant(payload, reply)),)*
                        _ => ::core::result::Result::Err(::akt::__private::unknown_rpc(rpc, reply)),
                    }
                }
            }
        }
    }

    fn markers(&self) -> TokenStream {
        let markers = self.calls.iter().map(|call| {
            let (marker, request) = (self.marker(call), self.request(call));
            let accepts = self.accepts(call);
            quote!(#marker #request #accepts)
        });
        quote!(#(#markers)*)
    }

    fn marker(&self, call: &Call<'_>) -> TokenStream {
        let Call { marker, rpc, .. } = call;
        let doc = format!(" Wire id of `{}`.", rpc.path);
        let id: TokenStream =
            format!("{:#06x}_{:04x}", rpc.id >> 16, rpc.id & 0xffff).parse().unwrap_or_default();
        let docs = format!(" Stands for the rpc `{}` of `{}`.", rpc.name, self.model.full_name);
        quote! {
            #[doc = #docs]
            #[doc(hidden)]
            #[derive(Debug)]
            pub struct #marker;
            impl #marker {
                #[doc = #doc]
                pub const ID: u32 = #id;
            }
        }
    }

    fn request(&self, call: &Call<'_>) -> TokenStream {
        let Self { message, .. } = self;
        let Call { rpc, variant, marker, request, response, error, .. } = call;
        let (out, name) = (call.out(), &rpc.name);
        let failure =
            error.as_ref().map_or_else(|| quote!(::core::convert::Infallible), |error| quote!(#error));
        let split = if error.is_some() { quote!(out) } else { quote!(::core::result::Result::Ok(out)) };
        let timeout = rpc.timeout.map(|timeout| {
            let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
            quote! {
                const TIMEOUT: ::core::option::Option<::core::time::Duration> =
                    ::core::option::Option::Some(::core::time::Duration::from_millis(#millis));
            }
        });
        let others = (self.calls.len() > 1).then(|| quote!(_ => ::core::option::Option::None,));
        quote! {
            impl ::akt::Request for #marker {
                type Message = #message;
                type Payload = #request;
                type Out = #out;
                type Ok = #response;
                type Err = #failure;
                const NAME: &'static str = #name;
                #timeout
                fn wrap(payload: Self::Payload, reply: ::akt::Reply<Self::Out>) -> Self::Message {
                    #message::#variant(payload, reply)
                }
                fn unwrap(message: Self::Message) -> ::core::option::Option<Self::Payload> {
                    match message {
                        #message::#variant(payload, _) => ::core::option::Option::Some(payload),
                        #others
                    }
                }
                fn split(out: Self::Out) -> ::core::result::Result<Self::Ok, Self::Err> {
                    #split
                }
            }
        }
    }

    /// By message type only where the type says which rpc is meant.
    fn accepts(&self, call: &Call<'_>) -> Option<TokenStream> {
        let Call { marker, request, .. } = call;
        let unit = matches!(request, Type::Tuple(tuple) if tuple.elems.is_empty());
        let takers = self.calls.iter().filter(|other| text(&other.request) == text(request)).count();
        let message = &self.message;
        (takers == 1 && !unit).then(|| {
            quote! {
                impl ::akt::Accepts<#message> for #request {
                    type Request = #marker;
                }
            }
        })
    }

    fn reference(&self) -> TokenStream {
        let Self { message, reference, .. } = self;
        let doc =
            format!(" Reference to an actor that serves `{}`: typed, cheap to clone.", self.model.full_name);
        let methods = self.calls.iter().map(|call| {
            let Call { docs, marker, request, .. } = call;
            let method = ident(&call.rpc.reference_method);
            let deprecated = call.deprecated.then(|| quote!(#[deprecated]));
            quote! {
                #(#[doc = #docs])*
                #deprecated
                pub fn #method(&self, req: #request) -> ::akt::Call<'_, #marker> {
                    ::akt::Call::new(&self.0, req)
                }
            }
        });
        quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone)]
            pub struct #reference(::akt::Ref<#message>);
            impl #reference {
                #(#methods)*
                /// Asks with a message that only one rpc takes.
                pub fn ask<T: ::akt::Accepts<#message>>(&self, message: T) -> ::akt::Call<'_, T::Request> {
                    self.0.ask(message)
                }
                /// Tells a message that only one rpc takes.
                pub fn tell<T: ::akt::Accepts<#message>>(
                    &self,
                    message: T,
                ) -> ::core::result::Result<(), ::akt::TellError<T>> {
                    self.0.tell(message)
                }
                /// The actor itself: path, stop, watch.
                pub fn actor(&self) -> ::akt::AnyRef {
                    self.0.actor()
                }
            }
            impl ::akt::ActorRef for #reference {
                type Message = #message;
                fn from_ref(reference: ::akt::Ref<#message>) -> Self {
                    Self(reference)
                }
                fn as_ref(&self) -> &::akt::Ref<#message> {
                    &self.0
                }
            }
            impl ::core::fmt::Debug for #reference {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(&self.0, f)
                }
            }
        }
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

    /// Hands the rpc table to the macro that sees the user's impl.
    fn callback(&self) -> TokenStream {
        let Self { definition, message, reference, model, .. } = self;
        let callback = ident(&model.callback);
        let here = |name: &Ident| self.anywhere(&parse(&name.to_string()));
        let (contract, messages, references) = (here(definition), here(message), here(reference));
        let rpcs = self.calls.iter().map(|call| {
            let Call { method, variant, .. } = call;
            let (request, response) = (self.anywhere(&call.request), self.anywhere(&call.response));
            let error = call.error.as_ref().map(|error| self.anywhere(error));
            quote!(rpc #method #variant exclusive [#request] -> [#response] error [#error])
        });
        quote! {
            #[doc(hidden)]
            #[macro_export]
            macro_rules! #callback {
                ($($item:tt)*) => {
                    ::akt::__private::contract_actor! {
                        contract {
                            trait [#contract] message [#messages] reference [#references]
                            #(#rpcs)*
                        }
                        $($item)*
                    }
                };
            }
            #[doc(hidden)]
            pub use #callback as #definition;
        }
    }

    /// A type of the package's module, as a `macro_rules` can name it in any crate.
    fn anywhere(&self, of: &Type) -> TokenStream {
        let Type::Path(of) = of else {
            return quote!(#of);
        };
        if of.path.leading_colon.is_some() {
            return quote!(#of);
        }
        let inside = |path: &syn::Path| path.segments.iter().skip(1).cloned().collect::<Vec<_>>();
        if !is_local(&of.path) {
            let rest = inside(&of.path);
            return quote!($crate #(::#rest)*);
        }
        let up = of.path.segments.iter().take_while(|segment| segment.ident == "super").count();
        let kept = self.model.modules.len().saturating_sub(up);
        let modules = self.model.modules[..kept].iter().map(|module| ident(module));
        let (root, rest) = (inside(self.root), of.path.segments.iter().skip(up));
        quote!($crate #(::#root)* #(::#modules)* #(::#rest)*)
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
