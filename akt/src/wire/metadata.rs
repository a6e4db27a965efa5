//! *Pure.* What a message carries besides its payload, as it travels.

use std::sync::Arc;
use std::time::Duration;

use akt_proto::v1::{self, waiting::Receiver as Wire};
use bytes::Bytes;
use prost::Message as _;

use super::codec::CodecError;
use super::parts::parts;
use crate::actor::{Elsewhere, Frame, Headers, Meta, Receiver, Who};
use crate::path::{ActorPath, NodeAddress};
use crate::time::Instant;

/// The longest metadata of a message: headers, the chain of asks, and what they are packed in.
pub(crate) const METADATA_LIMIT: usize = 40 * 1024;

/// What the headers of one message may have in bytes: see [`Headers::size`].
pub(crate) const HEADERS_LIMIT: usize = 16 * 1024;

/// As many headers may come: within their limit, there is room for no more.
const HEADERS: usize = HEADERS_LIMIT / 8;

/// Where those who wait are.
const WAITING: u32 = 2;

/// As many actors, and as many bytes, of a chain travel; a longer one forgets its outermost.
const CHAIN: (usize, usize) = (64, 16 * 1024);

/// The longest expiry that a peer may say: longer is as good as none.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// This node, and this run of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Here<'a> {
    pub(crate) address: &'a NodeAddress,
    pub(crate) incarnation: u64,
}

/// What travels of `meta`.
pub(crate) fn encode_meta(meta: &Meta, here: Here<'_>, now: Instant) -> Bytes {
    let headers =
        meta.headers.iter().map(|(name, value)| v1::Header { name: name.into(), value: value.into() });
    let (most, mut left) = CHAIN;
    let chain = meta.asker.iter().flat_map(Frame::chain).take(most).map_while(|frame| {
        let waiting = waiting(frame, here)?;
        left = left.checked_sub(waiting.encoded_len())?;
        Some(waiting)
    });
    // Not zero, which is none.
    let micros = |expires: Instant| u64::try_from(expires.since(now).as_micros()).unwrap_or(u64::MAX).max(1);
    let expires_us = meta.expires.map_or(0, micros);
    v1::Meta { headers: headers.collect(), chain: chain.collect(), expires_us }.encode_to_vec().into()
}

fn waiting(frame: &Frame, Here { address, incarnation }: Here<'_>) -> Option<v1::Waiting> {
    let receiver = match frame.receiver {
        Receiver::Exclusive => Wire::Exclusive,
        Receiver::Shared => Wire::Shared,
        Receiver::Turn => Wire::Turn,
    };
    let receiver = receiver.into();
    Some(match &frame.who {
        Who::Here(actor) => {
            let (node, path) = (address.to_string(), actor.path().as_str().to_owned());
            let actor = actor.on_core(|core| core.id.as_u64())?;
            v1::Waiting { node, incarnation, path, actor, receiver }
        }
        Who::Elsewhere(Elsewhere { node, incarnation, path, actor, .. }) => {
            let (node, path) = (node.to_string(), path.as_str().to_owned());
            v1::Waiting { node, incarnation: *incarnation, path, actor: *actor, receiver }
        }
    })
}

/// What a message came with; nothing if it came with nothing.
///
/// # Errors
///
/// [`CodecError`] for more than is allowed, or what is no metadata.
pub(crate) fn decode_meta(
    bytes: Bytes,
    here: Here<'_>,
    now: Instant,
) -> Result<Option<Arc<Meta>>, CodecError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > METADATA_LIMIT {
        return Err(CodecError::Metadata { bytes: bytes.len(), limit: METADATA_LIMIT });
    }
    check_parts(&bytes)?;
    let v1::Meta { headers: said, chain, expires_us } =
        v1::Meta::decode(bytes).map_err(|source| CodecError::Meta { source })?;
    let mut headers = Headers::default();
    said.into_iter().for_each(|v1::Header { name, value }| headers.insert(name, value));
    let outermost_first = chain.into_iter().take(CHAIN.0).rev();
    let asker =
        outermost_first.filter_map(|said| frame(said, here)).fold(None, |outer: Option<Frame>, frame| {
            let meta = outer.map(|outer| Arc::new(Meta { asker: Some(outer), ..Meta::default() }));
            Some(Frame { meta, ..frame })
        });
    let within = |micros| now + Duration::from_micros(micros).min(LONGEST);
    let expires = (expires_us > 0).then(|| within(expires_us));
    Ok(Some(Arc::new(Meta { headers, asker, expires, reminder: None })))
}

/// Decoding takes far more for a header or an actor than its bytes.
fn check_parts(bytes: &[u8]) -> Result<(), CodecError> {
    let (mut waiting, mut headers) = (0, 0);
    parts(bytes).for_each(|(tag, _)| *if tag == WAITING { &mut waiting } else { &mut headers } += 1);
    for (parts, limit) in [(waiting, CHAIN.0), (headers, HEADERS)] {
        if parts > limit {
            return Err(CodecError::Parts { parts, limit });
        }
    }
    Ok(())
}

/// None if it names no actor.
fn frame(said: v1::Waiting, here: Here<'_>) -> Option<Frame> {
    let receiver = match said.receiver() {
        Wire::Exclusive => Receiver::Exclusive,
        Wire::Shared => Receiver::Shared,
        Wire::Turn => Receiver::Turn,
    };
    let v1::Waiting { node, incarnation, path, actor, .. } = said;
    let (node, path): (NodeAddress, _) = (node.parse().ok()?, ActorPath::parse(&path).ok()?);
    let is_ours = incarnation == here.incarnation && node == *here.address;
    let who = Who::Elsewhere(Elsewhere { node, incarnation, path, actor, is_ours });
    Some(Frame { who, receiver, meta: None })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(port: u16) -> NodeAddress {
        NodeAddress { system: "shop".into(), host: "host".into(), port }
    }

    fn waits(port: u16, actor: u64, outer: Option<Frame>) -> Frame {
        let path = ActorPath::parse("/user/cart").unwrap();
        let who =
            Who::Elsewhere(Elsewhere { node: address(port), incarnation: 7, path, actor, is_ours: false });
        let meta = outer.map(|outer| Arc::new(Meta { asker: Some(outer), ..Meta::default() }));
        Frame { who, receiver: Receiver::Turn, meta }
    }

    fn ids(meta: &Meta) -> Vec<(u64, bool)> {
        let of = |frame: &Frame| match &frame.who {
            Who::Elsewhere(there) => (there.actor, there.is_ours),
            Who::Here(_) => panic!("it came from elsewhere"),
        };
        meta.asker.iter().flat_map(Frame::chain).map(of).collect()
    }

    fn there_and_back(meta: &Meta) -> Meta {
        let (here, now) = (address(2), Instant::ZERO + Duration::from_secs(1));
        let here = Here { address: &here, incarnation: 7 };
        let decoded = decode_meta(encode_meta(meta, here, now), here, now).unwrap();
        Arc::into_inner(decoded.unwrap()).unwrap()
    }

    #[test]
    fn a_chain_keeps_its_order_and_finds_its_own_node_again() {
        let asker = Some(waits(1, 30, Some(waits(2, 20, Some(waits(1, 10, None))))));

        let back = there_and_back(&Meta { asker, ..Meta::default() });

        assert_eq!(ids(&back), [(30, false), (20, true), (10, false)]);
    }

    #[test]
    fn a_chain_that_is_too_long_forgets_its_outermost() {
        let asker = (0..200).fold(None, |outer, actor| Some(waits(1, actor, outer)));

        let back = there_and_back(&Meta { asker, ..Meta::default() });

        assert_eq!(ids(&back).len(), 64);
        assert_eq!(ids(&back)[0].0, 199);
    }

    #[test]
    fn an_expiry_travels_as_the_time_that_remains() {
        let expires = Some(Instant::ZERO + Duration::from_secs(3));

        assert_eq!(there_and_back(&Meta { expires, ..Meta::default() }).expires, expires);
    }

    #[test]
    fn metadata_that_is_too_long_is_refused_before_it_is_decoded() {
        let node = address(1);
        let bytes = Bytes::from(vec![0; METADATA_LIMIT + 1]);

        let refused = decode_meta(bytes, Here { address: &node, incarnation: 1 }, Instant::ZERO);

        assert!(matches!(refused, Err(CodecError::Metadata { bytes: 40_961, limit: METADATA_LIMIT })));
    }

    proptest! {
        #[test]
        fn headers_survive_the_wire(pairs in prop::collection::btree_map("[a-z]{1,9}", ".{0,40}", 1..20)) {
            let mut headers = Headers::default();
            pairs.iter().for_each(|(name, value)| headers.insert(name.as_str(), value.as_str()));

            prop_assert_eq!(there_and_back(&Meta { headers: headers.clone(), ..Meta::default() }).headers, headers);
        }

        #[test]
        fn garbage_is_no_metadata_and_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let node = address(1);
            let _ = decode_meta(bytes.into(), Here { address: &node, incarnation: 1 }, Instant::ZERO);
        }
    }
}
