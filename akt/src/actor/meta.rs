//! What travels with a message besides its payload: headers, the chain of asks, an expiry.

use std::fmt;
use std::sync::Arc;

use super::error::CallPath;
use super::reference::Target;
use crate::time::Instant;

/// Texts by name that travel with a message, and with what its handler sends: trace context, tenant, user.
///
/// Cheap to clone. Names are compared as they are; a later value replaces an earlier one.
///
/// ```
/// let mut headers = akt::Headers::default();
/// headers.insert("tenant", "acme");
/// assert_eq!(headers.get("tenant"), Some("acme"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Option<Arc<Vec<Header>>>);

type Header = (Box<str>, Box<str>);

impl Headers {
    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Sets the value of `name`.
    pub fn insert(&mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) {
        let (name, value) = (name.into(), value.into());
        let headers = Arc::make_mut(self.0.get_or_insert_default());
        match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => headers.push((name, value)),
        }
    }

    /// Names and values, in the order of their first insertion.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|headers| headers.iter()).map(|(name, value)| (&**name, &**value))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Takes over what `other` says.
    pub(crate) fn extend(&mut self, other: &Self) {
        if self.is_empty() {
            *self = other.clone();
        } else {
            other.iter().for_each(|(name, value)| self.insert(name, value));
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta").field("headers", &self.headers).finish_non_exhaustive()
    }
}

/// What a message carries, if it carries anything: most carry nothing.
#[derive(Default)]
pub(crate) struct Meta {
    pub(crate) headers: Headers,
    /// The actor whose handler asks; none for a tell, or for an ask from outside.
    pub(crate) asker: Option<Frame>,
    /// A tell that is not begun by then is not handled.
    pub(crate) expires: Option<Instant>,
}

impl Meta {
    /// Headers only; nothing if there are none.
    pub(crate) fn of(headers: Headers) -> Option<Arc<Self>> {
        (!headers.is_empty()).then(|| Arc::new(Self { headers, ..Self::default() }))
    }
}

/// An actor that waits for an answer, in a handler.
pub(crate) struct Frame {
    pub(crate) actor: Arc<dyn Target>,
    /// What the message carried that the handler works on.
    pub(crate) meta: Option<Arc<Meta>>,
}

impl Frame {
    /// The way from `target`, which waits, to this frame and back to `target`; none if it does not wait.
    pub(crate) fn cycle(&self, target: &dyn Target) -> Option<CallPath> {
        let wanted = target.core()?.id;
        let mut path = vec![target.path()];
        let mut frame = Some(self);
        while let Some(Self { actor, meta }) = frame {
            path.push(actor.path());
            if actor.core().is_some_and(|core| core.id == wanted) {
                path.reverse();
                return Some(CallPath(path));
            }
            frame = meta.as_ref().and_then(|meta| meta.asker.as_ref());
        }
        None
    }
}
