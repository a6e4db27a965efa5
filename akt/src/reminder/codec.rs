//! What of a reminder is bytes to its store: what it sends, and how often.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message;

use super::calendar::calendar;
use super::plan::{Missed, Schedule};
use crate::actor::Calendar;

/// What a reminder sends, and how often.
#[derive(Clone)]
pub(crate) struct Content {
    /// The contract whose message it is.
    pub(crate) contract: Box<str>,
    pub(crate) rpc: u32,
    pub(crate) body: Bytes,
    pub(crate) schedule: Schedule,
    pub(crate) missed: Missed,
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(string, tag = "1")]
    contract: String,
    #[prost(fixed32, tag = "2")]
    rpc: u32,
    #[prost(bytes = "bytes", tag = "3")]
    body: Bytes,
    /// 0 if it has no period.
    #[prost(uint64, tag = "4")]
    every_ms: u64,
    /// Empty if it has no calendar.
    #[prost(string, tag = "5")]
    cron: String,
    #[prost(string, tag = "6")]
    zone: String,
    /// How many of those that were missed come; 0 if they come as one.
    #[prost(uint32, tag = "7")]
    missed: u32,
    #[prost(bool, tag = "8")]
    skip: bool,
}

pub(super) fn encode(content: &Content) -> Bytes {
    let Content { contract, rpc, body, schedule, missed } = content;
    let every_ms = match schedule {
        Schedule::Every(period) => u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1),
        Schedule::Once | Schedule::On(_) => 0,
    };
    let (cron, zone) = match schedule {
        Schedule::On(calendar) => (calendar.expression().to_owned(), calendar.zone().to_owned()),
        Schedule::Once | Schedule::Every(_) => Default::default(),
    };
    let (missed, skip) = match missed {
        Missed::Once => (0, false),
        Missed::All { max } => ((*max).max(1), false),
        Missed::Skip => (0, true),
    };
    let (contract, body) = (contract.to_string(), body.clone());
    Stored { contract, rpc: *rpc, body, every_ms, cron, zone, missed, skip }.encode_to_vec().into()
}

/// Or in words why not.
pub(super) fn decode(bytes: Bytes) -> Result<Content, String> {
    let stored = Stored::decode(bytes).map_err(|error| error.to_string())?;
    let Stored { contract, rpc, body, every_ms, cron, zone, missed, skip } = stored;
    let schedule = match (every_ms, &*cron) {
        (0, "") => Schedule::Once,
        (0, cron) => Schedule::On(calendar(cron, &zone)?),
        (millis, _) => Schedule::Every(Duration::from_millis(millis)),
    };
    let missed = match (skip, missed) {
        (true, _) => Missed::Skip,
        (false, 0) => Missed::Once,
        (false, max) => Missed::All { max },
    };
    Ok(Content { contract: contract.into(), rpc, body, schedule, missed })
}

/// What makes a calendar of an expression and a zone.
pub(super) type MadeCalendar = Result<Arc<dyn Calendar>, String>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reminder_sends_comes_back_as_it_was() {
        let second = Duration::from_secs(1);
        for schedule in [Schedule::Once, Schedule::Every(second)] {
            for missed in [Missed::Once, Missed::All { max: 7 }, Missed::Skip] {
                let content = Content {
                    contract: "shop.v1.Cart".into(),
                    rpc: 7,
                    body: Bytes::from_static(b"body"),
                    schedule: schedule.clone(),
                    missed,
                };

                let back = decode(encode(&content)).unwrap();

                assert_eq!(
                    (&*back.contract, back.rpc, &*back.body, back.missed),
                    ("shop.v1.Cart", 7, &b"body"[..], missed)
                );
                assert_eq!(
                    matches!(back.schedule, Schedule::Every(period) if period == second),
                    matches!(schedule, Schedule::Every(_))
                );
            }
        }
        assert!(decode(Bytes::from_static(b"no reminder")).is_err());
    }
}
