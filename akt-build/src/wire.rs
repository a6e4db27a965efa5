//! Wire ids: how nodes know an rpc, and that no two are alike.

use std::collections::BTreeMap;

use prost_reflect::{MethodDescriptor, ServiceDescriptor};
use xxhash_rust::xxh32::xxh32;

use crate::descriptor::Contracts;
use crate::error::Mistake;
use crate::model::{Former, Rpc, Service};
use crate::options;

/// `/shop.v1.Cart/Add`
pub(crate) fn path(service: &ServiceDescriptor, rpc: &str) -> String {
    format!("/{}/{rpc}", service.full_name())
}

/// The id of the rpc with this path, unless the contract gives another.
pub(crate) fn id(path: &str) -> u32 {
    xxh32(path.as_bytes(), 0)
}

/// The rpc that `was` names.
pub(crate) fn former(service: &ServiceDescriptor, was: Option<&str>) -> Option<Former> {
    let name = was.filter(|name| !name.is_empty())?;
    Some(Former { name: name.to_owned(), id: id(&path(service, name)) })
}

/// No id is zero, no two rpcs share one, and no former name is that of an rpc.
pub(crate) fn check(
    contracts: &Contracts,
    services: &[(ServiceDescriptor, Service)],
    mistakes: &mut Vec<Mistake>,
) {
    let mut check = Check { contracts, seen: BTreeMap::new(), mistakes };
    let rpcs = || {
        services.iter().flat_map(|(descriptor, service)| {
            service.rpcs.iter().zip(descriptor.methods()).map(move |(rpc, method)| (service, rpc, method))
        })
    };
    for (_, rpc, method) in rpcs() {
        check.id(rpc, &method);
    }
    for (service, rpc, method) in rpcs() {
        check.former(service, rpc, &method);
    }
}

struct Check<'a> {
    contracts: &'a Contracts,
    /// Who has an id.
    seen: BTreeMap<u32, String>,
    mistakes: &'a mut Vec<Mistake>,
}

impl Check<'_> {
    fn id(&mut self, rpc: &Rpc, method: &MethodDescriptor) {
        if rpc.id == 0 {
            let text = format!("rpc {} has the wire id 0, which is nobody's; choose another", rpc.name);
            return self.refuse(method, "id", text);
        }
        let Some(first) = self.seen.insert(rpc.id, rpc.path.clone()) else { return };
        let cure = if rpc.chosen { "choose another `id`" } else { "rename one of them, or give one an `id`" };
        let text =
            format!("rpcs `{}` and `{first}` have the same wire id {:#010x}; {cure}", rpc.path, rpc.id);
        self.refuse(method, "id", text);
    }

    fn former(&mut self, service: &Service, rpc: &Rpc, method: &MethodDescriptor) {
        let Some(Former { name, id }) = &rpc.was else { return };
        if service.rpcs.iter().any(|other| other.name == *name) {
            let text = format!(
                "rpc {} says that it was `{name}`, but an rpc of that name is there; remove the rpc, or `was`",
                rpc.name
            );
            return self.refuse(method, "was", text);
        }
        let Some(first) = self.seen.insert(*id, rpc.path.clone()).filter(|_| *id != rpc.id) else { return };
        let text = format!(
            "rpc {} was `{name}`, whose wire id {id:#010x} is that of `{first}`; give `{first}` another `id`",
            rpc.name
        );
        self.refuse(method, "was", text);
    }

    fn refuse(&mut self, method: &MethodDescriptor, option: &str, text: String) {
        let at = Some(options::place(self.contracts, method, option));
        self.mistakes.push(Mistake { at, text });
    }
}
