//! How the messages of streaming rpcs leave a node and come in. Generated code calls it.
#![expect(clippy::needless_pass_by_value, reason = "functions of an rpc, made where they are given")]

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;

use super::channel::Channel;
use super::inlet::Basin;
use super::opened::Opened;
use super::pump::Pump;
use super::streaming::Streaming;
use super::wire::Ends;
use crate::actor::error::AskError;
use crate::actor::outbound::{
    Outcome, Outgoing, Undecoded, WireReply, decode_plain, decode_request, decode_result, encode_plain,
    encode_result, pending, wire_reply,
};
use crate::actor::reply::Reply;
use crate::message::{self, Travels};

/// How many items an input may have under way to the node that reads it.
const WINDOW: usize = 16;

/// What a variant of a message enum has.
type Message<Q, T, E, R> = (Opened<Q, T, E>, Reply<R>);

/// How the answer and the domain error of an rpc travel.
#[doc(hidden)]
pub struct Ways<R, E> {
    encode: fn(R) -> Outcome,
    decode: fn(Outcome) -> Result<R, AskError>,
    encode_error: fn(&E) -> Bytes,
    decode_error: fn(Bytes) -> Result<E, Box<str>>,
}

/// Of an rpc without a domain error.
#[doc(hidden)]
#[must_use]
pub fn plain<U: Travels + Send>() -> Ways<U, Infallible> {
    Ways {
        encode: encode_plain::<U>,
        decode: decode_plain::<U>,
        encode_error: |never| match *never {},
        decode_error: |_| Err("a domain error from an rpc that has none here".into()),
    }
}

/// Of an rpc with a domain error.
#[doc(hidden)]
#[must_use]
pub fn fallible<U: Travels + Send, E: Travels + Send>() -> Ways<Result<U, E>, E> {
    Ways {
        encode: encode_result::<U, E>,
        decode: decode_result::<U, E>,
        encode_error: message::encode::<E>,
        decode_error: message::decode::<E>,
    }
}

impl<R, E> std::fmt::Debug for Ways<R, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ways")
    }
}

// ---- out -------------------------------------------------------------------------------------

#[doc(hidden)]
pub fn outgoing_server<Q, T, R, E>(
    rpc: u32,
    opened: Opened<Q, T, E>,
    reply: Reply<R>,
    ways: Ways<R, E>,
) -> Outgoing
where
    Q: Travels,
    T: Travels + Send,
    R: Send + 'static,
    E: Send + 'static,
{
    let (request, inlet) = leaving(opened, &ways);
    let ends = Ends { inlet: Some(inlet), outlet: None };
    let meta = reply.meta();
    Outgoing { rpc, body: message::encode(&request), meta, reply: pending(reply, ways.decode), ends }
}

#[doc(hidden)]
pub fn outgoing_client<T, R, E>(rpc: u32, input: Streaming<T>, reply: Reply<R>, ways: Ways<R, E>) -> Outgoing
where
    T: Travels + Send,
    R: Send + 'static,
{
    let ends = Ends { inlet: None, outlet: Some(draining(input)) };
    let meta = reply.meta();
    Outgoing { rpc, body: Bytes::new(), meta, reply: pending(reply, ways.decode), ends }
}

#[doc(hidden)]
pub fn outgoing_both<S, T, R, E>(
    rpc: u32,
    opened: Opened<Streaming<S>, T, E>,
    reply: Reply<R>,
    ways: Ways<R, E>,
) -> Outgoing
where
    S: Travels + Send,
    T: Travels + Send,
    R: Send + 'static,
    E: Send + 'static,
{
    let (input, inlet) = leaving(opened, &ways);
    let ends = Ends { inlet: Some(inlet), outlet: Some(draining(input)) };
    let meta = reply.meta();
    Outgoing { rpc, body: Bytes::new(), meta, reply: pending(reply, ways.decode), ends }
}

fn leaving<Q, T: Travels + Send, R, E: Send + 'static>(
    opened: Opened<Q, T, E>,
    ways: &Ways<R, E>,
) -> (Q, Arc<Basin<T, E>>) {
    let (request, channel) = opened.into_inner();
    channel.expect_peer();
    (request, Basin::new(channel, ways.decode_error))
}

fn draining<T: Travels + Send>(input: Streaming<T>) -> Arc<Pump<T, Infallible>> {
    Pump::behind(input, |never| match *never {})
}

// ---- in --------------------------------------------------------------------------------------

#[doc(hidden)]
pub fn incoming_server<Q, T, R, E>(
    rpc: &'static str,
    body: Bytes,
    reply: WireReply,
    ways: Ways<R, E>,
) -> Result<Message<Q, T, E, R>, Undecoded>
where
    Q: Travels,
    T: Travels + Send,
    R: Send + 'static,
    E: Send + 'static,
{
    let (request, reply) = decode_request(rpc, body, reply)?;
    let (opened, outlet) = arriving(request, &ways);
    let reply = open(rpc, reply, Ends { inlet: None, outlet: Some(outlet) }, ways)?;
    Ok((opened, reply))
}

#[doc(hidden)]
pub fn incoming_client<T, R, E>(
    rpc: &'static str,
    reply: WireReply,
    ways: Ways<R, E>,
) -> Result<(Streaming<T>, Reply<R>), Undecoded>
where
    T: Travels + Send,
    R: Send + 'static,
{
    let (input, inlet) = filling();
    let reply = open(rpc, reply, Ends { inlet: Some(inlet), outlet: None }, ways)?;
    Ok((input, reply))
}

#[doc(hidden)]
pub fn incoming_both<S, T, R, E>(
    rpc: &'static str,
    reply: WireReply,
    ways: Ways<R, E>,
) -> Result<Message<Streaming<S>, T, E, R>, Undecoded>
where
    S: Travels + Send,
    T: Travels + Send,
    R: Send + 'static,
    E: Send + 'static,
{
    let (input, inlet) = filling();
    let (opened, outlet) = arriving(input, &ways);
    let reply = open(rpc, reply, Ends { inlet: Some(inlet), outlet: Some(outlet) }, ways)?;
    Ok((opened, reply))
}

fn arriving<Q, T: Travels + Send, R, E: Send + 'static>(
    request: Q,
    ways: &Ways<R, E>,
) -> (Opened<Q, T, E>, Arc<Pump<T, E>>) {
    let channel = Channel::to_peer();
    let pump = Pump::fresh(channel.clone(), ways.encode_error);
    (Opened::new(request, channel), pump)
}

fn filling<T: Travels + Send>() -> (Streaming<T>, Arc<Basin<T, Infallible>>) {
    let channel = Channel::from_peer(WINDOW);
    let basin = Basin::new(channel.clone(), |_| Err("a domain error in an input".into()));
    (Streaming::new(channel), basin)
}

/// Begins the streams of a call that came in.
fn open<R: Send + 'static, E>(
    rpc: &'static str,
    reply: WireReply,
    ends: Ends,
    ways: Ways<R, E>,
) -> Result<Reply<R>, Undecoded> {
    let reply = reply.open(rpc, ends)?;
    Ok(wire_reply(reply, ways.encode))
}
