//! What travels with a message besides its payload: headers, the chain of asks, an expiry.

use std::fmt;
use std::sync::Arc;

use super::call_path::{CallPath, Caller};
use super::reference::Target;
use super::reminder::Reminder;
use crate::id::ActorId;
use crate::path::{ActorPath, NodeAddress};
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

/// How the names of headers begin that akt itself understands.
const OWN: &str = "akt.";
/// The request that an ask belongs to: asked again, it is answered as before.
pub(crate) const REQUEST: &str = "akt.request";
/// Which message of which grain this is: `7 account/anna`.
pub(crate) const PARCEL: &str = "akt.parcel";

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

    /// Those that go on to what is sent meanwhile: not those about the message itself.
    pub(crate) fn passed_on(&self) -> Self {
        if self.iter().all(|(name, _)| !name.starts_with(OWN)) {
            return self.clone();
        }
        let mut others = Self::default();
        let passed = self.iter().filter(|(name, _)| !name.starts_with(OWN));
        passed.for_each(|(name, value)| others.insert(name, value));
        others
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// What they count against their limit: names and values in bytes, and eight more for each.
    pub(crate) fn size(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len() + 8).sum()
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
    /// What it was sent for.
    pub(crate) reminder: Option<Reminder>,
}

impl Meta {
    /// The actors that wait for the answer, outermost first.
    #[allow(dead_code, reason = "only tests look at it")]
    pub(crate) fn callers(&self) -> CallPath {
        let chain = self.asker.iter().flat_map(Frame::chain);
        let mut callers: Vec<_> = chain.map(|frame| frame.who.caller(None)).collect();
        callers.reverse();
        CallPath(callers)
    }

    /// Headers only; nothing if there are none.
    pub(crate) fn of(headers: Headers) -> Option<Arc<Self>> {
        (!headers.is_empty()).then(|| Arc::new(Self { headers, ..Self::default() }))
    }
}

/// How a handler has its actor while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// Nothing else is handled: `&mut self`.
    Exclusive,
    /// Other `&self` handlers may run.
    Shared,
    /// Everything else may: `Turn<Self>`.
    Turn,
}

/// An actor that waits for an answer, in a handler.
pub(crate) struct Frame {
    pub(crate) who: Who,
    pub(crate) receiver: Receiver,
    /// What the message carried that the handler works on.
    pub(crate) meta: Option<Arc<Meta>>,
}

/// The actor that waits.
pub(crate) enum Who {
    Here(Arc<dyn Target>),
    Elsewhere(Elsewhere),
}

/// An actor that another node has named: one of its own, or one of this node, whose ask came back.
pub(crate) struct Elsewhere {
    pub(crate) node: NodeAddress,
    /// The run of the node.
    pub(crate) incarnation: u64,
    pub(crate) path: ActorPath,
    pub(crate) actor: u64,
    /// It is of this run of this node.
    pub(crate) is_ours: bool,
}

impl Who {
    fn is(&self, wanted: ActorId) -> bool {
        match self {
            Self::Here(actor) => actor.core().is_some_and(|core| core.id == wanted),
            Self::Elsewhere(there) => there.is_ours && there.actor == wanted.as_u64(),
        }
    }

    /// Named with its node, if that is known, or another than this.
    fn caller(&self, here: Option<&NodeAddress>) -> Caller {
        match self {
            Self::Here(actor) => Caller { node: here.cloned(), path: actor.path() },
            Self::Elsewhere(there) => Caller { node: Some(there.node.clone()), path: there.path.clone() },
        }
    }
}

impl Frame {
    /// How an ask of `target` finds it, whose handler is `shared` if it takes `&self`.
    pub(crate) fn way(&self, target: &dyn Target, shared: bool) -> Way {
        let Some(wanted) = target.on_core(|core| core.id) else { return Way::Free };
        let mut way = Way::Free;
        for (place, frame) in self.chain().enumerate() {
            if !frame.who.is(wanted) {
                continue;
            }
            match frame.receiver {
                Receiver::Turn => way = Way::Back,
                Receiver::Shared if shared => way = Way::Back,
                Receiver::Shared | Receiver::Exclusive => return Way::Cycle(self.path(target, place)),
            }
        }
        way
    }

    /// From the actor at `place` of the chain, which waits, to this frame and back to `target`, which it is.
    fn path(&self, target: &dyn Target, place: usize) -> CallPath {
        // Where the way led over other nodes, it was another that named this one.
        let here = self.chain().nth(place).and_then(|frame| match &frame.who {
            Who::Here(_) => None,
            Who::Elsewhere(there) => Some(&there.node),
        });
        let asked = self.chain().take(place + 1).map(|frame| frame.who.caller(here));
        let last = Caller { node: here.cloned(), path: target.path() };
        let mut path: Vec<_> = [last].into_iter().chain(asked).collect();
        path.reverse();
        CallPath(path)
    }

    /// This frame, and those that wait for it.
    pub(crate) fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |frame| frame.meta.as_ref()?.asker.as_ref())
    }
}

/// How an ask finds its target.
pub(crate) enum Way {
    /// It does not wait for the one that asks.
    Free,
    /// It waits, in handlers beside which this one may run.
    Back,
    /// It waits, and would do so for ever.
    Cycle(CallPath),
}
