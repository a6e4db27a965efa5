//! Context propagation: what is current where a call is made becomes current where it is handled.

use std::any::Any;
use std::sync::Arc;

use crate::actor::{Headers, expect_propagators, guard, guard_drop};

/// Carries a context of another library, as a trace, along with messages. Set with
/// [`SystemBuilder::propagator`](crate::SystemBuilder::propagator).
///
/// It is asked wherever a message is sent, and wherever the handler of a message with headers runs: at each of
/// its polls. Both must be quick. A panic in it is logged, and the message goes on without it.
///
/// ```
/// use std::any::Any;
/// use std::cell::RefCell;
/// use akt::{ContextPropagator, Headers};
///
/// thread_local! { static TENANT: RefCell<Option<String>> = const { RefCell::new(None) }; }
///
/// struct Tenant;
///
/// struct Restore(Option<String>);
///
/// impl Drop for Restore {
///     fn drop(&mut self) {
///         TENANT.set(self.0.take());
///     }
/// }
///
/// impl ContextPropagator for Tenant {
///     fn inject(&self, headers: &mut Headers) {
///         TENANT.with_borrow(|tenant| {
///             if let Some(tenant) = tenant {
///                 headers.insert("tenant", tenant.as_str());
///             }
///         });
///     }
///
///     fn attach(&self, headers: &Headers) -> Box<dyn Any> {
///         Box::new(Restore(TENANT.replace(headers.get("tenant").map(Into::into))))
///     }
/// }
/// ```
pub trait ContextPropagator: Send + Sync + 'static {
    /// Writes what is current into the headers of a message that is sent.
    fn inject(&self, headers: &mut Headers);

    /// Makes current what the headers say, until what it returns is dropped, on the same thread.
    fn attach(&self, headers: &Headers) -> Box<dyn Any>;

    /// Gives the span of a handler the parent that the headers of its message name.
    ///
    /// Asked before the span is entered, and only if somebody listens to the spans of handlers. Does nothing
    /// unless it is written.
    fn adopt(&self, _span: &tracing::Span, _headers: &Headers) {}
}

/// All propagators of a system, in the order in which they were set.
#[derive(Clone, Default)]
pub(crate) struct Propagators(Vec<Arc<dyn ContextPropagator>>);

impl Propagators {
    pub(crate) fn add(&mut self, propagator: Arc<dyn ContextPropagator>) {
        expect_propagators();
        self.0.push(propagator);
    }

    pub(crate) fn inject(&self, headers: &mut Headers) {
        for propagator in &self.0 {
            let before = headers.clone();
            if let Err(panic) = guard(|| propagator.inject(headers)) {
                *headers = before;
                tracing::error!(text = panic.text, place = panic.place, "a propagator panicked");
            }
        }
    }

    /// Gives the span of a handler its parent, if there are headers that name one.
    pub(crate) fn adopt(&self, span: &tracing::Span, headers: &Headers) {
        for propagator in self.0.iter().filter(|_| !headers.is_empty()) {
            if let Err(panic) = guard(|| propagator.adopt(span, headers)) {
                tracing::error!(text = panic.text, place = panic.place, "a propagator panicked");
            }
        }
    }

    /// Makes the headers current until the result is dropped; nothing if there are none.
    pub(crate) fn attach(&self, headers: &Headers) -> Attached {
        if headers.is_empty() {
            return Attached(Vec::new());
        }
        let attach = |propagator: &Arc<dyn ContextPropagator>| match guard(|| propagator.attach(headers)) {
            Ok(attached) => Some(attached),
            Err(panic) => {
                tracing::error!(text = panic.text, place = panic.place, "a propagator panicked");
                None
            }
        };
        Attached(self.0.iter().filter_map(attach).collect())
    }
}

/// What propagators have made current.
pub(crate) struct Attached(Vec<Box<dyn Any>>);

impl Drop for Attached {
    fn drop(&mut self) {
        while let Some(attached) = self.0.pop() {
            if let Err(panic) = guard_drop(attached) {
                tracing::error!(text = panic.text, place = panic.place, "a propagator panicked");
            }
        }
    }
}
