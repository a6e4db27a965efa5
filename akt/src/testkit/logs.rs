//! What is logged on a test's thread: a subscriber of its own, which passes on to the one that was there.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt::{self, Debug, Write};
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::dispatcher::{self, Dispatch};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{DefaultGuard, Interest};
use tracing::{Level, Metadata, Subscriber};

/// How many are kept: the last ones.
const ROOM: usize = 1 << 16;

thread_local! {
    static LOGS: RefCell<Logs> = RefCell::default();
}

/// One thing that was logged through `tracing`, by akt or by the code under test.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// How important it is.
    pub level: Level,
    /// Who said it: the path of a module, unless it was given.
    pub target: String,
    /// The text.
    pub message: String,
    /// Fields beside the text, in their order, as they are printed.
    pub fields: Vec<(&'static str, String)>,
}

impl Log {
    /// The value of the field `name`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|(known, value)| (*known == name).then_some(&**value))
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level, self.target, self.message)?;
        self.fields.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// What was logged so far on the thread of a test.
#[derive(Clone, Default)]
pub(super) struct Logs(Arc<Mutex<VecDeque<Log>>>);

impl Logs {
    /// Those of the test that runs on this thread.
    pub(super) fn here() -> Self {
        LOGS.with_borrow(Clone::clone)
    }

    /// Takes down what is logged on this thread until the guard is dropped.
    pub(super) fn begin() -> DefaultGuard {
        let logs = Self::default();
        LOGS.set(logs.clone());
        let outer = dispatcher::get_default(Clone::clone);
        tracing::subscriber::set_default(Scribe { logs, outer })
    }

    pub(super) fn all(&self) -> Vec<Log> {
        self.0.lock().iter().cloned().collect()
    }
}

/// Writes down events; spans are the business of the one that was there before.
struct Scribe {
    logs: Logs,
    outer: Dispatch,
}

impl Subscriber for Scribe {
    fn register_callsite(&self, _metadata: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() || self.outer.enabled(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.outer.new_span(span)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.outer.record(span, values);
    }

    fn record_follows_from(&self, span: &Id, follows: &Id) {
        self.outer.record_follows_from(span, follows);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let metadata = event.metadata();
        let mut log = Log {
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut Fields(&mut log));
        let mut logs = self.logs.0.lock();
        if logs.len() == ROOM {
            logs.pop_front();
        }
        logs.push_back(log);
        drop(logs);
        if self.outer.enabled(metadata) {
            self.outer.event(event);
        }
    }

    fn enter(&self, span: &Id) {
        self.outer.enter(span);
    }

    fn exit(&self, span: &Id) {
        self.outer.exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        self.outer.clone_span(span)
    }

    fn try_close(&self, span: Id) -> bool {
        self.outer.try_close(span)
    }
}

struct Fields<'a>(&'a mut Log);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            write!(self.0.message, "{value:?}").expect("a string takes everything");
        } else {
            self.0.fields.push((field.name(), format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
