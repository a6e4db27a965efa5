//! What a write between nodes says, in words: the frames in it.

use std::collections::BTreeMap;

use crate::wire::{Decoder, Envelope, Flow, Kind, Parcel, decode};

/// Frames of tests are smaller; a longer one is only a number of bytes here.
const LIMIT: usize = 1024 * 1024;

/// Says what `bytes` are: `ask shelf Add, credit ×2`.
pub(super) fn label(bytes: &[u8], rpcs: &BTreeMap<u32, &'static str>) -> String {
    let mut decoder = Decoder::new(LIMIT);
    decoder.buffer().extend_from_slice(bytes);
    let mut said = Vec::<(String, usize)>::new();
    while let Ok(Some(frame)) = decoder.next() {
        let word = match frame.kind {
            Kind::HELLO => "hello".to_owned(),
            Kind::WELCOME => "welcome".to_owned(),
            Kind::REFUSED => "refused".to_owned(),
            Kind::LANE => "lane".to_owned(),
            _ => decode(frame).map_or_else(|_| "no frame".to_owned(), |parcel| word(&parcel, rpcs)),
        };
        match said.last_mut() {
            Some((last, count)) if *last == word => *count += 1,
            _ => said.push((word, 1)),
        }
    }
    if said.is_empty() || !decoder.buffer().is_empty() {
        // A piece of a large message, or of several frames.
        said.push((format!("{} bytes", decoder.buffer().len()), 1));
    }
    let words =
        said.into_iter().map(|(word, count)| if count == 1 { word } else { format!("{word} ×{count}") });
    words.collect::<Vec<_>>().join(", ")
}

fn word(parcel: &Parcel, rpcs: &BTreeMap<u32, &'static str>) -> String {
    let to = |what: &str, Envelope { target, rpc, .. }: &Envelope| {
        let rpc = rpcs.get(rpc).map_or_else(|| format!("rpc {rpc:08x}"), |name| (*name).to_owned());
        format!("{what} {} {rpc}", String::from_utf8_lossy(target))
    };
    match parcel {
        Parcel::Tell(envelope) => to("tell", envelope),
        Parcel::Ask { envelope, .. } => to("ask", envelope),
        Parcel::Answer { .. } => "answer".to_owned(),
        Parcel::Cancel { .. } => "cancel".to_owned(),
        Parcel::Flow { flow, .. } => match flow {
            Flow::Item(_) => "item".to_owned(),
            _ => "of a stream".to_owned(),
        },
        Parcel::Room { .. } => "room".to_owned(),
        Parcel::Notice(_) => "notice".to_owned(),
        Parcel::Apart(_) => "apart".to_owned(),
        Parcel::Goodbye { .. } => "goodbye".to_owned(),
        Parcel::Unknown => "unknown".to_owned(),
    }
}
