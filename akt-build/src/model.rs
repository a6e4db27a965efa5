//! The contracts as akt sees them: services, rpcs, their Rust names and wire ids, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use heck::ToSnakeCase;
use prost_reflect::{MessageDescriptor, MethodDescriptor, ServiceDescriptor};

use crate::descriptor::Contracts;
use crate::error::{Error, Mistake, Position, Result};
use crate::name::{self, Taken, camel, snake};
use crate::options::{self, Key, Rpc as Options};
use crate::{digest, spelling, wire};

/// Methods every reference has, by Rust's prelude too; an rpc of that name gets a trailing underscore there.
const REFERENCE_METHODS: &[&str] =
    &["actor", "ask", "clone", "grain", "grain_of", "into", "tell", "try_into"];

/// What a one-way rpc returns.
const EMPTY: &str = "google.protobuf.Empty";

/// Everything our part of the generated code is written from.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) services: Vec<Service>,
    /// What the author should know although the contracts compile.
    pub(crate) warnings: Vec<String>,
}

/// One service and the names of what it becomes.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) full_name: String,
    pub(crate) modules: Vec<String>,
    /// The trait, and the callback macro of the same path.
    pub(crate) contract: String,
    pub(crate) message: String,
    pub(crate) reference: String,
    /// What stands in for an actor in tests, if that is wanted.
    pub(crate) probe: Option<String>,
    /// The name under which the callback macro is exported from the crate.
    pub(crate) callback: String,
    pub(crate) rpcs: Vec<Rpc>,
    /// The variant for rpcs that are not known.
    pub(crate) unknown: String,
    /// Of its shape on the wire.
    pub(crate) digest: u64,
    /// By what its grains are found.
    pub(crate) key: Option<Key>,
    /// Domain errors that are described beside this service, and by no service before it.
    pub(crate) errors: Vec<MessageDescriptor>,
}

/// One rpc.
#[derive(Debug)]
pub(crate) struct Rpc {
    /// As the `.proto` says it: `AddItem`.
    pub(crate) name: String,
    /// As the wire says it: `/shop.v1.Cart/AddItem`.
    pub(crate) path: String,
    pub(crate) id: u32,
    /// The id is not the hash of the path.
    pub(crate) chosen: bool,
    pub(crate) was: Option<Former>,
    pub(crate) variant: String,
    pub(crate) method: String,
    /// `method`, unless every reference has a method of that name.
    pub(crate) reference_method: String,
    /// The hidden type that stands for the rpc.
    pub(crate) marker: String,
    pub(crate) receiver: Receiver,
    /// Nothing comes back.
    pub(crate) oneway: bool,
    pub(crate) shape: Shape,
    pub(crate) error: Option<MessageDescriptor>,
    pub(crate) timeout: Option<Duration>,
}

/// How an rpc was called before.
#[derive(Debug)]
pub(crate) struct Former {
    pub(crate) name: String,
    pub(crate) id: u32,
}

/// How the handler of an rpc has its actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// `&mut self`
    Exclusive,
    /// `&self`
    Shared,
    /// `this: Turn<Self>`
    Turn,
}

/// Which sides of an rpc are streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Unary,
    /// `returns (stream ..)`
    Server,
    /// A stream of requests.
    Client,
    Both,
}

impl Shape {
    fn of(method: &MethodDescriptor) -> Self {
        match (method.is_client_streaming(), method.is_server_streaming()) {
            (false, false) => Self::Unary,
            (false, true) => Self::Server,
            (true, false) => Self::Client,
            (true, true) => Self::Both,
        }
    }

    pub(crate) fn answers_with_stream(self) -> bool {
        matches!(self, Self::Server | Self::Both)
    }
}

impl Model {
    /// Reads and checks the services of `contracts`.
    ///
    /// Services for which `elsewhere` holds
    /// belong to another crate.
    pub(crate) fn new(
        contracts: &Contracts,
        given: &Given<'_>,
        elsewhere: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let mistakes = spelling::check(contracts);
        if !mistakes.is_empty() {
            return Err(Error::Contracts(mistakes));
        }
        let mut reader = Reader { contracts, given, mistakes, warnings: Vec::new() };
        let services = contracts.files().flat_map(|file| file.services().collect::<Vec<_>>());
        let services: Vec<_> = services.filter(|service| !elsewhere(service.full_name())).collect();

        reader.check_given(&services);
        let services = reader.services(&services);
        wire::check(contracts, &services, &mut reader.mistakes);

        if !reader.mistakes.is_empty() {
            return Err(Error::Contracts(reader.mistakes));
        }
        let services = services.into_iter().map(|(_, service)| service).collect();
        Ok(Self { services, warnings: reader.warnings })
    }

    /// The service of this full name, unless nothing is written for it.
    pub(crate) fn service(&self, full_name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.full_name == full_name)
    }
}

/// The options of `build.rs`.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    /// By `package.Service/Method`.
    pub(crate) rpcs: &'a BTreeMap<String, Options>,
    /// By `package.Service`.
    pub(crate) keys: &'a BTreeMap<String, Key>,
    /// Whether each service gets a probe.
    pub(crate) probe: bool,
}

/// Reads services and notes every mistake on the way.
struct Reader<'a> {
    contracts: &'a Contracts,
    given: &'a Given<'a>,
    mistakes: Vec<Mistake>,
    warnings: Vec<String>,
}

impl Reader<'_> {
    fn services(&mut self, found: &[ServiceDescriptor]) -> Vec<(ServiceDescriptor, Service)> {
        let mut scopes = self.type_names();
        let mut callbacks = Taken::default();
        let mut described = BTreeSet::new();
        let with_rpcs: Vec<_> = found.iter().filter(|service| self.has_rpcs(service)).collect();
        // Traits come first: a service `CartRef` keeps its name, and the reference of `Cart` gives way.
        let traits: Vec<String> = with_rpcs
            .iter()
            .map(|service| {
                let scope = scopes.entry(service.package_name().to_owned()).or_default();
                self.claim(scope, service, "trait", &camel(service.name()))
            })
            .collect();
        let mut services = Vec::new();
        for (service, contract) in with_rpcs.into_iter().zip(traits) {
            let scope = scopes.entry(service.package_name().to_owned()).or_default();
            let name = camel(service.name());
            let message = self.claim(scope, service, "message enum", &format!("{name}Msg"));
            let reference = self.claim(scope, service, "reference", &format!("{name}Ref"));
            let probe =
                self.given.probe.then(|| self.claim(scope, service, "probe", &format!("{name}Probe")));
            let (rpcs, unknown) = self.rpcs(service, scope);
            let errors = rpcs.iter().filter_map(|rpc| rpc.error.clone());
            let errors = errors.filter(|error| described.insert(error.full_name().to_owned())).collect();
            let callback = service.full_name().split('.').map(|part| part.to_snake_case());
            let callback = callbacks.claim(format!("__akt_{}", callback.collect::<Vec<_>>().join("_")));
            let full_name = service.full_name().to_owned();
            let modules = name::modules(service.package_name());
            let key = options::key(self.contracts, service);
            let key = self.given.keys.get(&full_name).copied().or(key);
            let digest = digest::of(service, &rpcs);
            let read = Service {
                digest,
                full_name,
                modules,
                contract,
                message,
                reference,
                probe,
                callback,
                rpcs,
                unknown,
                key,
                errors,
            };
            services.push((service.clone(), read));
        }
        services
    }

    /// The rpcs, and the variant for those that are not known.
    fn rpcs(&mut self, service: &ServiceDescriptor, scope: &mut Taken) -> (Vec<Rpc>, String) {
        let (mut variants, mut methods) = (Taken::default(), Taken::default());
        let mut rpcs = Vec::new();
        for method in service.methods() {
            let options = self.options(service, &method);
            let name = method.name();
            let path = wire::path(service, name);
            let rust = methods.claim(snake(name));
            let reserved = REFERENCE_METHODS.contains(&rust.as_str());
            rpcs.push(Rpc {
                name: name.to_owned(),
                id: options.id.unwrap_or_else(|| wire::id(&path)),
                chosen: options.id.is_some(),
                was: wire::former(service, options.was.as_deref()),
                path,
                variant: variants.claim(camel(name)),
                reference_method: if reserved { format!("{rust}_") } else { rust.clone() },
                method: rust,
                marker: scope.claim(format!("__{}{}", camel(service.name()), camel(name))),
                receiver: self.receiver(&method, &options),
                oneway: self.oneway(&method, &options),
                shape: Shape::of(&method),
                error: self.error(service, &method, options.error),
                timeout: self.timeout(&method, options.timeout),
            });
        }
        (rpcs, variants.claim("Unknown".to_owned()))
    }

    /// The options of the `.proto`, overlaid with those of `build.rs`.
    fn options(&mut self, service: &ServiceDescriptor, method: &MethodDescriptor) -> Options {
        let given = self.given.rpcs.get(&format!("{}/{}", service.full_name(), method.name()));
        given.cloned().unwrap_or_default().or(options::rpc(self.contracts, method))
    }

    fn oneway(&mut self, method: &MethodDescriptor, options: &Options) -> bool {
        let oneway = options.oneway.unwrap_or_default();
        let mut refuse = |text: String| {
            let at = options::place(self.contracts, method, "oneway");
            self.mistakes.push(Mistake { at: Some(at), text });
        };
        if oneway && Shape::of(method) != Shape::Unary {
            refuse(format!(
                "rpc {} is `oneway`, and so has no streams; remove one of the two",
                method.name()
            ));
        }
        if oneway && method.output().full_name() != EMPTY {
            refuse(format!(
                "rpc {} is `oneway` and returns `{}`; let it return `{EMPTY}`, or remove `oneway`",
                method.name(),
                method.output().full_name()
            ));
        }
        if let Some(error) = options.error.as_deref().filter(|error| oneway && !error.is_empty()) {
            refuse(format!(
                "rpc {} is `oneway`, and nobody hears of its error `{error}`; remove one of the two",
                method.name()
            ));
        }
        oneway
    }

    fn receiver(&mut self, method: &MethodDescriptor, options: &Options) -> Receiver {
        match (options.read_only.unwrap_or_default(), options.reentrant.unwrap_or_default()) {
            (false, false) => Receiver::Exclusive,
            (true, false) => Receiver::Shared,
            (false, true) => Receiver::Turn,
            (true, true) => {
                let text = format!(
                    "rpc {} is `read_only` and `reentrant`; choose one: `&self` beside other read-only handlers, or `Turn<Self>` beside everything",
                    method.name()
                );
                self.mistake(options::place(self.contracts, method, "reentrant"), text);
                Receiver::Exclusive
            }
        }
    }

    fn error(
        &mut self,
        service: &ServiceDescriptor,
        method: &MethodDescriptor,
        name: Option<String>,
    ) -> Option<MessageDescriptor> {
        let name = name.filter(|name| !name.is_empty())?;
        let package = service.package_name();
        let pool = self.contracts.pool();
        let full_name = name.trim_start_matches('.');
        let near = pool.get_message_by_name(&format!("{package}.{name}"));
        let found = near.or_else(|| pool.get_message_by_name(full_name));
        if found.is_none() {
            let text = format!(
                "rpc {} names the error `{name}`, but no message of package `{package}` has that name, nor has any the full name",
                method.name()
            );
            self.mistake(options::place(self.contracts, method, "error"), text);
        }
        found
    }

    fn timeout(&mut self, method: &MethodDescriptor, text: Option<String>) -> Option<Duration> {
        let text = text.filter(|text| !text.is_empty())?;
        let duration = options::duration(&text);
        if duration.is_none() {
            let text = format!(
                "`{text}` is not a duration (timeout of rpc {}); examples: \"250ms\", \"5s\", \"5m\"",
                method.name()
            );
            self.mistake(options::place(self.contracts, method, "timeout"), text);
        }
        duration
    }

    /// The names prost gives to messages and enums, by package.
    fn type_names(&self) -> BTreeMap<String, Taken> {
        let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in self.contracts.files() {
            let package = names.entry(file.package_name().to_owned()).or_default();
            package.extend(file.messages().map(|message| camel(message.name())));
            package.extend(file.enums().map(|e| camel(e.name())));
        }
        names.into_iter().map(|(package, names)| (package, names.into_iter().collect())).collect()
    }

    fn claim(&mut self, scope: &mut Taken, service: &ServiceDescriptor, what: &str, name: &str) -> String {
        let claimed = scope.claim(name.to_owned());
        if claimed != name {
            let at = self.contracts.position(&service.parent_file(), service.path());
            let service = service.name();
            self.warnings.push(format!(
                "{at}: the {what} of service {service} is called `{claimed}`, because something else in its package is called `{name}`"
            ));
        }
        claimed
    }

    fn has_rpcs(&mut self, service: &ServiceDescriptor) -> bool {
        if service.methods().len() > 0 {
            return true;
        }
        let at = self.contracts.position(&service.parent_file(), service.path());
        self.warnings
            .push(format!("{at}: service {} has no rpcs, nothing is written for it", service.name()));
        false
    }

    /// Options in `build.rs` must be about an rpc that exists.
    fn check_given(&mut self, services: &[ServiceDescriptor]) {
        let known: BTreeSet<String> = services
            .iter()
            .flat_map(|s| s.methods().map(|m| format!("{}/{}", s.full_name(), m.name())).collect::<Vec<_>>())
            .collect();
        for name in self.given.rpcs.keys().filter(|name| !known.contains(*name)) {
            let known = known.iter().map(String::as_str).collect::<Vec<_>>().join("`, `");
            let text = format!(
                "build.rs has options for rpc `{name}`, which is not compiled here; there are: `{known}`"
            );
            self.mistakes.push(Mistake { at: None, text });
        }
        let known: BTreeSet<_> = services.iter().map(ServiceDescriptor::full_name).collect();
        for name in self.given.keys.keys().filter(|name| !known.contains(name.as_str())) {
            let known = known.iter().copied().collect::<Vec<_>>().join("`, `");
            let text = format!(
                "build.rs has a key for service `{name}`, which is not compiled here; there are: `{known}`"
            );
            self.mistakes.push(Mistake { at: None, text });
        }
    }

    fn mistake(&mut self, at: Position, text: String) {
        self.mistakes.push(Mistake { at: Some(at), text });
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn nothing() -> Given<'static> {
        static RPCS: BTreeMap<String, Options> = BTreeMap::new();
        static KEYS: BTreeMap<String, Key> = BTreeMap::new();
        Given { rpcs: &RPCS, keys: &KEYS, probe: false }
    }

    #[test]
    fn a_name_that_is_taken_is_warned_about() {
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");
        let contracts =
            Contracts::load(&[include.join("names/names.proto")], &[include]).expect("it compiles");

        let model = Model::new(&contracts, &nothing(), |_| false).expect("names are no mistake");

        let first = &model.warnings[0];
        assert!(
            first.contains("names.proto:28:1: the trait of service Cart is called `Cart_`, because"),
            "{first}"
        );
        let cart = model.service("names.type.Cart").expect("it was read");
        assert_eq!([&cart.contract, &cart.message, &cart.reference], ["Cart_", "CartMsg_", "CartRef_"]);
    }

    #[test]
    fn an_rpc_is_known_by_the_hash_of_its_path() {
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");
        let contracts =
            Contracts::load(&[include.join("shop/v1/cart.proto")], &[include]).expect("it compiles");

        let model = Model::new(&contracts, &nothing(), |_| false).expect("there is no mistake");

        let add = &model.services[0].rpcs[0];
        assert_eq!((add.path.as_str(), add.id), ("/shop.v1.Cart/Add", 0x22ea_d1d8));
    }
}
