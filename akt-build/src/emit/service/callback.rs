//! The callback macro: hands the facts of a service to the macro that sees the user's impl.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Type};

use super::{Call, Contract, is_local, parse};
use crate::emit::message::ident;
use crate::model::{Receiver, Shape};

impl Contract<'_> {
    /// Hands the rpc table to the macro that sees the user's impl.
    pub(super) fn callback(&self) -> TokenStream {
        let Self { definition, message, reference, model, .. } = self;
        let callback = ident(&model.callback);
        let here = |name: &Ident| self.anywhere(&parse(&name.to_string()));
        let (contract, messages, references) = (here(definition), here(message), here(reference));
        let rpcs = self.calls.iter().map(|call| {
            let Call { method, variant, .. } = call;
            let (request, response) = (self.anywhere(&call.request), self.anywhere(&call.response));
            let error = call.error.as_ref().map(|error| self.anywhere(error));
            let receiver = match call.rpc.receiver {
                Receiver::Exclusive => quote!(exclusive),
                Receiver::Shared => quote!(shared),
                Receiver::Turn => quote!(turn),
            };
            let shape = match call.rpc.shape {
                Shape::Unary if call.rpc.oneway => quote!(oneway),
                Shape::Unary => quote!(unary),
                Shape::Server => quote!(server),
                Shape::Client => quote!(client),
                Shape::Both => quote!(both),
            };
            quote!(rpc #method #variant #receiver #shape [#request] -> [#response] error [#error])
        });
        let key = self.key_type().map(|key| quote!(key [#key]));
        quote! {
            #[doc(hidden)]
            #[macro_export]
            macro_rules! #callback {
                ($($item:tt)*) => {
                    ::akt::__private::contract_actor! {
                        contract {
                            trait [#contract] message [#messages] reference [#references] #key
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
