//! Tells of a connection that has ended, of which nobody here knows whether they arrived.

use super::association::LinkId;
use super::peer::Peer;
use crate::path::ActorPath;
use crate::system::Event;

/// So many actors are named, those first for which there are most.
const NAMED: usize = 64;

impl Peer {
    /// Says what was given to the connection and may or may not have arrived; called once, by its writer, at its end.
    pub(super) fn say_unconfirmed(&self, link: LinkId) {
        let routes = self.routes();
        let counted = routes.iter().map(|route| (route, route.take_unconfirmed(link)));
        let mut targets: Vec<_> = counted.filter(|(_, tells)| *tells > 0).collect();
        let tells = targets.iter().map(|(_, tells)| tells).sum();
        if tells == 0 {
            return;
        }
        targets.sort_by_key(|(_, tells)| std::cmp::Reverse(*tells));
        tracing::info!(peer = %self.address, tells, "tells may or may not have been delivered");
        let named = || targets.iter().take(NAMED).map(|(route, tells)| (route.path.clone(), *tells));
        let targets = || named().collect::<Box<[(ActorPath, u64)]>>();
        let peer = || self.address.clone();
        self.node.system.maybe_delivered_to(tells, || Event::MaybeDelivered {
            peer: peer(),
            tells,
            targets: targets(),
        });
    }
}
