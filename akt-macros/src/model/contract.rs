//! What the macros know about the contract of an actor, and about its methods for it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{ImplItemFn, PatType};

use super::{Arg, Conditions, Copied, Receiver, Run, generated, plain};

/// What an actor does for its contract.
pub(crate) struct Served {
    pub(crate) contract: Contract,
    pub(crate) methods: Vec<RpcMethod>,
    /// What goes to an inherent impl as it is: private handlers, hooks, and methods that were refused.
    pub(crate) moved: Vec<ImplItemFn>,
}

/// The facts of a service, as its callback macro passes them.
pub(crate) struct Contract {
    pub(crate) path: TokenStream,
    pub(crate) message: TokenStream,
    pub(crate) reference: TokenStream,
    /// The type of the key of its grains.
    pub(crate) key: Option<TokenStream>,
    pub(crate) rpcs: Vec<Rpc>,
}

/// One rpc of a service.
pub(crate) struct Rpc {
    pub(crate) method: Ident,
    pub(crate) variant: Ident,
    pub(crate) receiver: RpcReceiver,
    pub(crate) shape: RpcShape,
    pub(crate) request: TokenStream,
    pub(crate) response: TokenStream,
    pub(crate) error: Option<TokenStream>,
}

/// How the contract says that the handler of an rpc has its actor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RpcReceiver {
    Exclusive,
    Shared,
    Turn,
}

/// Which sides of an rpc are streams.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RpcShape {
    Unary,
    /// It answers with a stream.
    Server,
    /// It is asked with a stream.
    Client,
    Both,
}

impl RpcShape {
    pub(crate) fn answers_with_stream(self) -> bool {
        matches!(self, Self::Server | Self::Both)
    }

    pub(crate) fn streams(self) -> bool {
        self != Self::Unary
    }
}

/// The user's method for one rpc.
pub(crate) struct RpcMethod {
    /// Its place in `Contract::rpcs`.
    pub(crate) rpc: usize,
    pub(crate) item: ImplItemFn,
    pub(crate) copied: Copied,
    pub(crate) receiver: Receiver,
    pub(crate) args: Vec<Arg>,
    pub(crate) conditions: Conditions,
    pub(crate) run: Run,
    /// It returns `Persist<Self, T>`.
    pub(crate) persists: bool,
    /// It returns `Forward<T>`.
    pub(crate) forwards: bool,
    /// A mistake was reported for it: the trait gets a stand-in.
    pub(crate) broken: bool,
}

impl Rpc {
    /// What the handler of this rpc returns.
    pub(crate) fn out(&self) -> TokenStream {
        let response = &self.response;
        let answer = if self.shape.answers_with_stream() { quote!(()) } else { response.clone() };
        match &self.error {
            Some(error) => quote!(::core::result::Result<#answer, #error>),
            None => answer,
        }
    }

    /// What its handler takes beside the context: names, and types in the crate `krate`.
    pub(crate) fn arguments(&self, krate: &TokenStream) -> Vec<(&'static str, TokenStream)> {
        let (request, response) = (&self.request, &self.response);
        let asked = match self.shape {
            RpcShape::Unary | RpcShape::Server => ("req", request.clone()),
            RpcShape::Client | RpcShape::Both => ("input", quote!(#krate::Streaming<#request>)),
        };
        let error = self.error.as_ref().map(|error| quote!(, #error));
        let out = self.shape.answers_with_stream();
        let out = out.then(|| ("out", quote!(#krate::StreamSink<#response #error>)));
        [asked].into_iter().chain(out).collect()
    }
}

impl RpcMethod {
    /// The arguments that the rpc is about: as many as [`Rpc::arguments`], unless a mistake was reported.
    pub(crate) fn requests(&self) -> impl Iterator<Item = &PatType> {
        self.typed(|arg| matches!(arg, Arg::Field { .. }))
    }

    /// The context, if the user named it.
    pub(crate) fn context(&self) -> Option<&PatType> {
        self.typed(|arg| matches!(arg, Arg::Context(_))).next()
    }

    pub(crate) fn is_async(&self) -> bool {
        self.item.sig.asyncness.is_some()
    }

    /// It returns what is done about the answer, which its hidden method decides.
    pub(crate) fn decides(&self) -> bool {
        self.persists || self.forwards
    }

    /// The hidden inherent method that holds the body of a sync handler.
    pub(crate) fn hidden(&self) -> Ident {
        let ident = &self.item.sig.ident;
        Ident::new(&format!("__akt_{}", plain(ident)), generated(ident.span()))
    }

    fn typed(&self, wanted: fn(&Arg) -> bool) -> impl Iterator<Item = &PatType> {
        let both = crate::parse::typed(&self.item.sig).zip(&self.args);
        both.filter(move |(_, arg)| wanted(arg)).map(|(typed, _)| typed)
    }
}
