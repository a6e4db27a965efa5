//! Compiles `.proto` contracts into typed akt references: what a `build.rs` calls.
//!
//! ```no_run
//! // build.rs
//! fn main() -> akt_build::Result {
//!     akt_build::configure().compile(&["proto/shop/v1/cart.proto"], &["proto"])
//! }
//! ```
//!
//! Then `akt::include_contracts!();` at the root of the crate brings the whole package tree: `shop::v1::Cart` is the
//! trait to implement, `shop::v1::CartRef` the reference to call, and the messages stand beside them.
//! Neither `protoc` nor a dependency on prost is needed, and `import "akt/options.proto";` needs no copy of that file.
//!
//! `google.protobuf.Empty` is `()`, wrappers such as `google.protobuf.Int64Value` are Rust's own types, and Google's other
//! messages are compiled into the tree like any import: `google::protobuf::Timestamp`. A crate that depends on prost-types
//! can use its types instead: `.extern_path("google.protobuf", "::prost_types")`.
//!
//! A field of type `akt.Ref` with `[(akt.ref) = "shop.v1.Cart"]` is an `akt::RefField<CartRef>`, a reference that is sent on
//! and resolved where it arrives.
//!
//! A message that is named by `(akt.rpc).error` gets `Display` and `Error`. Its text is the case of its oneof, or else its
//! field `message`, `reason`, `detail`, `description` or `text`, or else the whole message.

mod descriptor;
mod digest;
mod emit;
mod error;
#[cfg(test)]
mod fuzz;
mod lock;
mod model;
mod name;
mod options;
mod output;
mod refs;
mod spelling;
mod wire;

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use descriptor::Contracts;
use emit::{Attribute, Target};
use model::{Given, Model};
use output::Output;
use refs::Refs;

pub use error::{Error, Mistake, Position, Result};
pub use options::{Key, Rpc};

/// The file that `akt::include_contracts!` includes.
const FILE: &str = "akt_contracts.rs";

/// Compiles `protos` with the default settings; imports are looked up in `includes`.
///
/// # Errors
///
/// As [`Builder::compile`].
pub fn compile(protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result {
    configure().compile(protos, includes)
}

/// Starts from the default settings.
pub fn configure() -> Builder {
    Builder::default()
}

/// Settings of one compilation.
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is compiled before `compile`"]
pub struct Builder {
    bytes: Vec<String>,
    extern_paths: Vec<(String, String)>,
    attributes: Vec<Attribute>,
    root: Option<String>,
    rpcs: BTreeMap<String, Rpc>,
    keys: BTreeMap<String, Key>,
    lock: Option<PathBuf>,
    out_dir: Option<PathBuf>,
    check: Option<bool>,
    probe: bool,
}

impl Builder {
    /// Makes the `bytes` fields under these protobuf paths `Bytes`, which are cheap to clone; `"."` means all.
    pub fn bytes<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        self.bytes.extend(paths.into_iter().map(Into::into));
        self
    }

    /// Uses types and services of another crate or module for a protobuf path:
    /// `.extern_path("shop.v1", "::shop_contracts::shop::v1")`.
    pub fn extern_path(mut self, proto: &str, rust: impl Into<String>) -> Self {
        self.extern_paths.push((format!(".{}", proto.trim_start_matches('.')), rust.into()));
        self
    }

    /// Puts an attribute on the messages and enums under a protobuf path; `"."` means all.
    pub fn type_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.attributes.push(Attribute::Type(path.into(), attribute.into()));
        self
    }

    /// Puts an attribute on the fields under a protobuf path: `.field_attribute("shop.v1.Item.sku", "#[serde(rename = \"id\")]")`.
    pub fn field_attribute(mut self, path: impl Into<String>, attribute: impl Into<String>) -> Self {
        self.attributes.push(Attribute::Field(path.into(), attribute.into()));
        self
    }

    /// Derives `serde::Serialize` and `serde::Deserialize` for the messages, oneofs and enums under these protobuf paths;
    /// `"."` means all. Fields that are absent are read as their defaults.
    ///
    /// The crate depends on serde with its feature `derive`; akt does not. The format is serde's own, not the JSON of
    /// protobuf: field names as in Rust, enums as numbers, bytes as lists of numbers, a oneof as an enum of serde, and
    /// Google's messages as they are built, so that a `Timestamp` is `{"seconds": 7, "nanos": 0}`; wrappers are plain
    /// values. Fields that are [`bytes`](Self::bytes) need a dependency on the crate bytes with its feature `serde`. Types
    /// of an [`extern_path`](Self::extern_path) must have serde of their own: those of prost-types have not.
    pub fn serde<P: Into<String>>(mut self, paths: impl IntoIterator<Item = P>) -> Self {
        for path in paths {
            let path: String = path.into();
            let derive = "#[derive(::serde::Serialize, ::serde::Deserialize)]";
            self.attributes.push(Attribute::Type(path.clone(), derive.to_owned()));
            self.attributes.push(Attribute::Message(path, "#[serde(default)]".to_owned()));
        }
        self
    }

    /// Names the module in which `akt::include_contracts!()` stands; without it that is `crate`.
    pub fn root(mut self, module: impl Into<String>) -> Self {
        self.root = Some(module.into());
        self
    }

    /// Gives an rpc options that its contract does not: `.rpc("shop.v1.Cart/Add", Rpc::new().error("CartError"))`.
    pub fn rpc(mut self, name: impl Into<String>, options: Rpc) -> Self {
        self.rpcs.insert(name.into(), options);
        self
    }

    /// Says that a contract may be a grain's, found by a key of this type, as `(akt.contract).key` does:
    /// `.key("shop.v1.Cart", Key::String)`.
    pub fn key(mut self, service: impl Into<String>, key: Key) -> Self {
        self.keys.insert(service.into(), key);
        self
    }

    /// Keeps the contracts' shape in a file that belongs into version control.
    ///
    /// The file is written when it is missing and extended when the contracts grow. An edit that breaks nodes with the
    /// older contracts fails the build, with the lines of the `.proto` and of the lock and what to do.
    pub fn lock(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock = Some(path.into());
        self
    }

    /// Writes `akt_contracts.rs` into this folder; without it that is cargo's `OUT_DIR`.
    ///
    /// So the generated code can be read, and committed: `.out_dir("src/gen")`, and
    /// `akt::include_contracts!("src/gen/akt_contracts.rs");` at the crate's root. [`check`](Self::check) in CI sees
    /// that it is what the contracts make.
    pub fn out_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(path.into());
        self
    }

    /// Writes a `CartProbe` beside each `CartRef`: it stands in for an actor in tests.
    ///
    /// `let (cart, mut probe) = CartProbe::start(&system).await;` gives `cart` to who calls it, and
    /// `probe.expect_add().await` the request and the reply of the next call, or fails the test with what came instead.
    /// The probes are there where akt has its feature `testkit`, which belongs to the tests' dependencies.
    pub fn probe(mut self, probe: bool) -> Self {
        self.probe = probe;
        self
    }

    /// Compares in place of writing: a file of [`out_dir`](Self::out_dir) or a [`lock`](Self::lock) that is not what the
    /// contracts make is an error that names the first line that differs.
    ///
    /// Unless it is said here, the environment variable `AKT_BUILD_CHECK=1` asks for it, as CI does. What is written into
    /// cargo's own `OUT_DIR` is not committed, and written in any case.
    pub fn check(mut self, check: bool) -> Self {
        self.check = Some(check);
        self
    }

    /// Compiles `protos`, looking imports up in `includes`, and tells cargo when to do so again.
    ///
    /// A crate has one `akt_contracts.rs`, so call this once per `build.rs`, with all protos.
    ///
    /// # Errors
    ///
    /// When the contracts, or these settings, are wrong. Each mistake is also printed for cargo, with its place.
    pub fn compile(&self, protos: &[impl AsRef<Path>], includes: &[impl AsRef<Path>]) -> Result {
        let protos: Vec<PathBuf> = protos.iter().map(|path| path.as_ref().to_owned()).collect();
        let includes: Vec<PathBuf> = includes.iter().map(|path| path.as_ref().to_owned()).collect();
        let result = self.run(&protos, &includes);
        for line in result.as_ref().err().map(Error::report).unwrap_or_default() {
            tell_cargo("error", &line);
        }
        result
    }

    fn run(&self, protos: &[PathBuf], includes: &[PathBuf]) -> Result {
        let root = self.root_module()?;
        let extern_paths = self.extern_paths()?;
        let output = Output::of(self.check);
        let written = if self.out_dir.is_some() { output } else { Output::Write };
        let out_dir = self.out_dir.clone().or_else(|| env::var_os("OUT_DIR").map(PathBuf::from));
        let out_dir = out_dir.ok_or_else(|| {
            Error::Settings("OUT_DIR is not set: call this from a build.rs, or set `out_dir`".to_owned())
        })?;

        let contracts = Contracts::load(protos, includes)?;
        tell_cargo("rerun-if-env-changed", output::CHECK);
        let committed = self.out_dir.as_ref().map(|folder| folder.join(FILE));
        for path in contracts.paths().chain(self.lock.as_deref()).chain(committed.as_deref()) {
            tell_cargo("rerun-if-changed", &path.display().to_string());
        }
        let elsewhere = |name: &str| {
            let name = format!(".{name}");
            extern_paths
                .keys()
                .any(|path| name.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('.')))
        };
        let given = Given { rpcs: &self.rpcs, keys: &self.keys, probe: self.probe };
        let model = Rc::new(Model::new(&contracts, &given, elsewhere)?);
        for warning in &model.warnings {
            tell_cargo("warning", warning);
        }
        let refs = Refs::read(&contracts, &model, &root, &extern_paths)?;
        if let Some(path) = &self.lock {
            lock::check(path, &contracts, &model, output)?;
        }
        let (bytes, attributes) = (&self.bytes, &self.attributes);
        let target = Target { root: &root, extern_paths: &extern_paths, refs: &refs, bytes, attributes };
        written.put(&out_dir.join(FILE), &emit::write(&contracts, &model, &target)?)
    }

    fn root_module(&self) -> Result<syn::Path> {
        let text = self.root.as_deref().unwrap_or("crate");
        let path = syn::parse_str::<syn::Path>(text).ok();
        let path = path.filter(|path| path.leading_colon.is_none() && path.segments[0].ident == "crate");
        path.ok_or_else(|| {
            Error::Settings(format!("root `{text}` is not a module of this crate, as `crate::contracts` is"))
        })
    }

    fn extern_paths(&self) -> Result<BTreeMap<String, String>> {
        for (proto, rust) in &self.extern_paths {
            let absolute =
                rust.starts_with("::") || rust.starts_with("crate::") || rust == "crate" || rust == "()";
            if !absolute || syn::parse_str::<syn::Type>(rust).is_err() {
                return Err(Error::Settings(format!(
                    "extern_path for `{proto}`: `{rust}` is not a path that starts with `::` or `crate::`"
                )));
            }
        }
        Ok(self.extern_paths.iter().cloned().collect())
    }
}

#[expect(clippy::print_stdout, reason = "cargo reads the standard output of a build script")]
fn tell_cargo(what: &str, text: &str) {
    for line in text.lines() {
        println!("cargo::{what}={line}");
    }
}
