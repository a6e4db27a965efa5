//! *Pure.* What a node lets clients reach.

use crate::path::{ActorPath, is_reserved};

/// Below this guardian are the actors of users.
const USER: &str = "/user";

/// Actors that clients may reach: those at or below these paths, or all of users, and never akt's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Exposure(Vec<Box<str>>);

impl Exposure {
    pub(super) fn add(&mut self, path: Box<str>) {
        self.0.push(path);
    }

    /// The first that is no path of users' actors.
    pub(super) fn mistake(&self) -> Option<&str> {
        let is_wrong = |path: &&str| !is_at_or_below(path, USER) || ActorPath::parse(path).is_err();
        self.0.iter().map(|path| &**path).find(is_wrong)
    }

    pub(super) fn holds(&self, path: &ActorPath) -> bool {
        let is_users = is_at_or_below(path.as_str(), USER) && path.names().count() > 1;
        let is_chosen =
            self.0.is_empty() || self.0.iter().any(|chosen| is_at_or_below(path.as_str(), chosen));
        is_users && is_chosen && !path.names().any(is_reserved)
    }
}

fn is_at_or_below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(exposed: &[&str], path: &str) -> bool {
        let exposure = Exposure(exposed.iter().map(|&path| path.into()).collect());
        exposure.holds(&ActorPath::parse(path).unwrap())
    }

    #[test]
    fn clients_reach_actors_of_users_unless_some_are_chosen() {
        for (exposed, path, expected) in [
            (&[][..], "/user/cart", true),
            (&[], "/user/shop/cart", true),
            (&[], "/user", false),
            (&[], "/system/cart", false),
            (&[], "/user/$pool/cart", false),
            (&["/user/shop"], "/user/shop", true),
            (&["/user/shop"], "/user/shop/cart", true),
            (&["/user/shop"], "/user/shopping", false),
            (&["/user/shop", "/user/till"], "/user/till", true),
            (&["/user"], "/user/cart", true),
        ] {
            assert_eq!(held(exposed, path), expected, "{path} of {exposed:?}");
        }
    }

    #[test]
    fn what_cannot_be_exposed_is_named() {
        let mistake = |path: &str| Exposure(vec![path.into()]).mistake().map(str::to_owned);

        for path in ["/system", "user/cart", "/user/", "/users/cart", ""] {
            assert_eq!(mistake(path).as_deref(), Some(path));
        }
        assert_eq!(mistake("/user/cart"), None);
    }
}
