//! What an actor does with one kind of message: a handler of its own, or an rpc of its contract.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Attribute;

use super::actor::{context, local};
use crate::model::{
    Actor, Answer, Arg, Conditions, Handler, Receiver, Reply, RpcMethod, Run, Served, generated,
};
use crate::parse;

/// One kind of message that an actor handles.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    actor: &'a Actor,
    by: By<'a>,
}

#[derive(Clone, Copy)]
enum By<'a> {
    Handler(&'a Handler),
    Rpc(&'a RpcMethod, &'a Served),
}

/// All of them: the rpcs first.
pub(super) fn cases(actor: &Actor) -> impl Iterator<Item = Case<'_>> {
    let rpcs =
        actor.served.iter().flat_map(|served| served.methods.iter().map(move |it| By::Rpc(it, served)));
    rpcs.chain(actor.handlers.iter().map(By::Handler)).map(move |by| Case { actor, by })
}

impl<'a> Case<'a> {
    pub(super) fn ident(self) -> &'a Ident {
        match self.by {
            By::Handler(handler) => &handler.ident,
            By::Rpc(method, _) => &method.item.sig.ident,
        }
    }

    pub(super) fn cfgs(self) -> &'a [Attribute] {
        match self.by {
            By::Handler(handler) => &handler.copied.cfgs,
            By::Rpc(method, _) => &method.copied.cfgs,
        }
    }

    pub(super) fn conditions(self) -> &'a Conditions {
        match self.by {
            By::Handler(handler) => &handler.conditions,
            By::Rpc(method, _) => &method.conditions,
        }
    }

    pub(super) fn receiver(self) -> &'a Receiver {
        match self.by {
            By::Handler(handler) => &handler.receiver,
            By::Rpc(method, _) => &method.receiver,
        }
    }

    /// Whether its arm awaits: also what a sync handler persists.
    pub(super) fn is_async(self) -> bool {
        self.is_gated() || self.awaits()
    }

    /// Whether its turn is committed.
    fn is_gated(self) -> bool {
        self.actor.is_gated() && matches!(self.receiver(), Receiver::Exclusive)
    }

    fn awaits(self) -> bool {
        match self.by {
            By::Handler(handler) => handler.is_async || handler.answer == Answer::Persisted,
            By::Rpc(method, _) => method.is_async() || method.persists,
        }
    }

    /// Whether it stays under way while its actor goes on.
    pub(super) fn is_beside(self) -> bool {
        self.receiver().is_beside(self.is_async())
    }

    /// The pattern of its message, whose fields are `fields`.
    pub(super) fn pattern(self, fields: &TokenStream) -> TokenStream {
        let body = self.actor.body();
        match self.by {
            By::Handler(handler) => {
                let variant = handler.variant();
                quote!(#body::#variant(#fields))
            }
            By::Rpc(method, Served { contract, .. }) => {
                let (message, variant) = (&contract.message, &contract.rpcs[method.rpc].variant);
                let pattern = quote!(#message::#variant(#fields));
                if self.actor.has_own_messages() { quote!(#body::__Contract(#pattern)) } else { pattern }
            }
        }
    }

    /// Its arm in a `match`, answered by `answering`, a `&mut Ctx`. The reply stays alive while the handler runs: its
    /// drop tells of a panic.
    pub(super) fn arm(self, answering: &TokenStream) -> TokenStream {
        let (cfgs, message, reply) = (self.cfgs(), local("message"), local("reply"));
        let payload = match self.by {
            By::Handler(handler) if handler.fields().next().is_none() => quote!(_),
            _ => quote!(#message),
        };
        let pattern = self.pattern(&quote!(#payload, #reply));
        let handled = match self.by {
            By::Handler(handler) => self.handled(handler, answering),
            By::Rpc(method, served) => self.served(method, served, answering),
        };
        quote!(#(#cfgs)* #pattern => { #handled })
    }

    fn served(self, method: &RpcMethod, served: &Served, cx: &TokenStream) -> TokenStream {
        let (krate, path) = (&self.actor.subject.krate, &served.contract.path);
        let rpc = &served.contract.rpcs[method.rpc];
        if self.is_gated() {
            return self.committed_rpc(method, served);
        }
        let (message, reply, out) = (local("message"), local("reply"), local("out"));
        let (ident, context) = (&rpc.method, local("cx"));
        let me = match method.receiver {
            Receiver::Turn(_) => local("this").into_token_stream(),
            _ => quote!(self),
        };
        let (sink, kept) = (local("sink"), local("kept"));
        let streams = rpc.shape.answers_with_stream();
        // The stream does not end before the handler has answered: its error comes first.
        let parted = streams.then(|| {
            quote! {
                let (#message, #sink) = #message.into_parts();
                let #kept = ::core::clone::Clone::clone(&#sink);
            }
        });
        let given = streams.then(|| quote!(#sink,));
        let call = match method.decides() {
            true => decided(method, [message, sink]),
            false => quote!(<Self as #path>::#ident(#me, #message, #given #context)),
        };
        let answer = match (method.forwards, rpc.error.is_some()) {
            (true, true) => quote!(forward_result),
            (true, false) => quote!(forward),
            (false, true) => quote!(answer_result),
            (false, false) => quote!(answer),
        };
        let after = streams.then(|| quote!(; #krate::__private::answered(#cx, #kept)));
        let answer = match method.persists {
            true => persisted(krate, &out, &answer),
            false => quote!(#krate::__private::#answer(#cx, #reply, #out)),
        };
        let answer = quote!(#answer #after);
        let handled = if method.is_async() {
            self.awaited(&method.run, &self.boxed(&method.run, call), Some(&out), &answer)
        } else if method.decides() {
            quote!(let #out = #call; #answer)
        } else {
            quote!(let #out = #call.into_inner(); #answer)
        };
        quote!(#parted #handled)
    }

    fn handled(self, handler: &Handler, cx: &TokenStream) -> TokenStream {
        if self.is_gated() {
            return self.committed(handler);
        }
        let krate = &self.actor.subject.krate;
        let (message, reply, out) = (local("message"), local("reply"), local("out"));
        let nothing = match handler.answer {
            Answer::Deferred => true,
            Answer::Returned => matches!(handler.reply, Reply::Unit),
            Answer::Forwarded | Answer::Failing | Answer::Persisted => false,
        };
        let out = (!nothing).then_some(&out);
        let value = out.map_or_else(|| quote!(()), ToTokens::to_token_stream);
        let answer = match (handler.answer, handler.reply.is_fallible()) {
            (Answer::Deferred, _) => None,
            (Answer::Failing, _) => Some(quote!(answer_or_fail)),
            (Answer::Forwarded, true) => Some(quote!(forward_result)),
            (Answer::Forwarded, false) => Some(quote!(forward)),
            (Answer::Returned | Answer::Persisted, true) => Some(quote!(answer_result)),
            (Answer::Returned | Answer::Persisted, false) => Some(quote!(answer)),
        };
        let answer = answer.map(|answer| match (handler.answer, out) {
            (Answer::Persisted, Some(out)) => persisted(krate, out, &answer),
            _ => quote!(#krate::__private::#answer(#cx, #reply, #value)),
        });
        let call = call(handler, &message);
        let handled = if handler.is_async {
            let future = sendable(&handler.ident, &self.boxed(&handler.run, call), krate);
            self.awaited(&handler.run, &future, out, &answer.unwrap_or_default())
        } else {
            let bound = out.map(|out| quote!(let #out =));
            quote!(#bound #call; #answer)
        };
        let unboxed = handler.is_boxed().then(|| quote!(let #message = *#message;));
        quote!(#unboxed #handled)
    }

    /// An rpc whose turn is committed before it is answered.
    fn committed_rpc(self, method: &RpcMethod, served: &Served) -> TokenStream {
        let (krate, path) = (&self.actor.subject.krate, &served.contract.path);
        let rpc = &served.contract.rpcs[method.rpc];
        let (message, cx, ident) = (local("message"), local("cx"), &rpc.method);
        let call = quote!(<Self as #path>::#ident(self, #message, #cx));
        let response = &rpc.response;
        let (recording, answer) = match &rpc.error {
            Some(error) => (quote!(recorded_result::<#response, #error>()), quote!(answer_result)),
            None => (quote!(recorded::<#response>()), quote!(answer)),
        };
        // A method that is not async has run when it has returned its future.
        let call = self.boxed(&method.run, call);
        let awaited = self.within_gate(&quote!(async { #call.await }));
        let (out, gate, kept) = (local("out"), local("gate"), local("recording"));
        let closed = quote!(let #out = #awaited; #krate::__private::close_gate(self, #cx, #gate, #out, (#kept, #krate::__private::#answer)).await;);
        self.gated(&recording, &closed)
    }

    /// A handler of its own whose turn is committed before it is answered.
    fn committed(self, handler: &Handler) -> TokenStream {
        let krate = &self.actor.subject.krate;
        let (message, cx, out) = (local("message"), local("cx"), local("out"));
        let call = call(handler, &message);
        let future = match handler.is_async {
            true => self.boxed(&handler.run, sendable(&handler.ident, &call, krate)),
            false => quote!(async { #call }),
        };
        let awaited = self.within_gate(&future);
        let (recording, answer) = match handler.reply.is_fallible() {
            true => (quote!(unrecorded_result()), quote!(answer_result)),
            false => (quote!(unrecorded()), quote!(answer)),
        };
        let (gate, kept) = (local("gate"), local("recording"));
        let close = quote! {
            #krate::__private::close_gate(self, #cx, #gate, #out, (#kept, #krate::__private::#answer)).await;
        };
        let unboxed = handler.is_boxed().then(|| quote!(let #message = *#message;));
        let closed = match handler.answer {
            Answer::Failing => quote! {
                match #awaited {
                    ::core::result::Result::Ok(#out) => { #close }
                    ::core::result::Result::Err(#out) => #krate::__private::fail_gate(#cx, #gate, #out),
                }
            },
            _ => quote!(let #out = #awaited; #close),
        };
        let gated = self.gated(&recording, &closed);
        quote!(#unboxed #gated)
    }

    fn within_gate(self, future: &TokenStream) -> TokenStream {
        let krate = &self.actor.subject.krate;
        let gate = local("gate");
        awaited(self.ident(), &quote!(#krate::__private::within_gate(&#gate, #future)))
    }

    fn gated(self, recording: &TokenStream, closed: &TokenStream) -> TokenStream {
        let krate = &self.actor.subject.krate;
        let (cx, reply, gate, kept) = (local("cx"), local("reply"), local("gate"), local("recording"));
        quote! {
            let #kept = #krate::__private::#recording;
            if let ::core::option::Option::Some(#gate) = #krate::__private::open_gate(#cx, #reply, &#kept) {
                #closed
            }
        }
    }

    fn boxed(self, run: &Run, future: TokenStream) -> TokenStream {
        let krate = &self.actor.subject.krate;
        if run.boxed.is_some() { quote!(#krate::__private::Box::pin(#future)) } else { future }
    }

    /// Awaits `future` and does `answer` with its `out`.
    fn awaited(
        self,
        run: &Run,
        future: &TokenStream,
        out: Option<&Ident>,
        answer: &TokenStream,
    ) -> TokenStream {
        let (krate, reply) = (&self.actor.subject.krate, local("reply"));
        if run.abort_on_cancel.is_none() {
            let bound = out.map(|out| quote!(let #out =));
            let awaited = awaited(self.ident(), future);
            return quote!(#bound #awaited; #answer);
        }
        let out = out.map_or_else(|| quote!(()), ToTokens::to_token_stream);
        let aborted = awaited(self.ident(), &quote!(#krate::__private::unless_cancelled(&#reply, #future)));
        quote! {
            if let ::core::option::Option::Some(#out) = #aborted {
                #answer;
            }
        }
    }
}

/// Carries out the decision in `out`, and answers.
fn persisted(krate: &TokenStream, out: &Ident, answer: &TokenStream) -> TokenStream {
    let (cx, reply) = (local("cx"), local("reply"));
    quote!(#krate::__private::persist(self, #cx, #reply, #out, #krate::__private::#answer).await)
}

/// The call of the hidden method that decides what becomes of the answer to an rpc, with what its message has in `parts`.
pub(super) fn decided(method: &RpcMethod, parts: [Ident; 2]) -> TokenStream {
    let (hidden, place) = (method.hidden(), generated(method.item.sig.ident.span()));
    let mut parts = parts.into_iter();
    let args = method.args.iter().map(|arg| match arg {
        Arg::Field { .. } | Arg::Reply | Arg::Turn => parts.next().unwrap_or_else(|| local("message")),
        Arg::Context(place) => context(*place),
    });
    quote_spanned!(place=> self.#hidden(#(#args),*))
}

/// The call of a handler.
fn call(Handler { ident, args, receiver, .. }: &Handler, message: &Ident) -> TokenStream {
    let args = args.iter().map(|arg| match arg {
        Arg::Field { ident, .. } => quote!(#message.#ident),
        Arg::Reply => local("reply").into_token_stream(),
        Arg::Turn => local("this").into_token_stream(),
        Arg::Context(place) => context(*place).into_token_stream(),
    });
    match receiver {
        Receiver::Turn(_) => quote_spanned!(generated(ident.span())=> Self::#ident(#(#args),*)),
        _ => quote_spanned!(generated(ident.span())=> self.#ident(#(#args),*)),
    }
}

/// Awaits at the handler's name: what is wrong with a future is wrong at one place.
pub(super) fn awaited(ident: &Ident, future: &TokenStream) -> TokenStream {
    quote_spanned!(generated(ident.span())=> #future.await)
}

/// A future that is not `Send` is reported at the handler's name.
pub(super) fn sendable(ident: &Ident, call: &TokenStream, krate: &TokenStream) -> TokenStream {
    let place = generated(ident.span());
    let krate = parse::respan(krate.clone(), place);
    quote_spanned!(place=> #krate::__private::sendable(#call))
}
