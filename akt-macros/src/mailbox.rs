//! What an attribute says about a mailbox: its bound, its way when it is full, its order.

use syn::Expr;

/// `mailbox = ..`
pub(crate) enum Mailbox {
    Bounded(Box<Expr>, Option<Overflow>),
    Unbounded,
}

/// What becomes of a message for which there is no room.
#[derive(Clone, Copy)]
pub(crate) enum Overflow {
    DropNewest,
    DropOldest,
    Reject,
    Wait,
}

impl Overflow {
    pub(crate) const NAMES: &'static [&'static str] = &["drop_newest", "drop_oldest", "reject", "wait"];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "drop_newest" => Self::DropNewest,
            "drop_oldest" => Self::DropOldest,
            "reject" => Self::Reject,
            "wait" => Self::Wait,
            _ => return None,
        })
    }
}

/// `order = ..`
pub(crate) enum Order {
    Fair,
    Priority(Box<Expr>),
    Queue(Box<Expr>),
}
