//! The `.proto` files as descriptors, and where everything in them stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorPool, FileDescriptor};
use prost_types::{DescriptorProto, FileDescriptorProto};
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::error::{Error, Mistake, Position, Result};

/// The name under which contracts import akt's options.
pub(crate) const OPTIONS: &str = "akt/options.proto";

/// What protox does not say so plainly.
const EDITIONS: &str = "editions are not read by this version of akt-build; say `syntax = \"proto3\";`, where `optional` gives a field presence";

/// The field of a file's descriptor that names its package.
const PACKAGE: i32 = 2;

const OPTIONS_SOURCE: &str = include_str!("../proto/akt/options.proto");

/// The contracts of one compilation with all they import.
pub(crate) struct Contracts {
    pool: DescriptorPool,
    paths: BTreeMap<String, PathBuf>,
    kept: BTreeSet<String>,
}

impl Contracts {
    /// Compiles `protos`, looking imports up in `includes`.
    pub(crate) fn load(protos: &[PathBuf], includes: &[PathBuf]) -> Result<Self> {
        let mut resolver = ChainFileResolver::new();
        resolver.add(OptionsResolver);
        for include in includes {
            resolver.add(IncludeFileResolver::new(include.clone()));
        }
        resolver.add(GoogleFileResolver::new());

        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).include_source_info(true);
        for proto in protos {
            compiler.open_file(proto).map_err(|error| mistake_of(&error, includes))?;
        }

        let paths =
            compiler.files().filter_map(|f| Some((f.name().to_owned(), f.path()?.to_owned()))).collect();
        let pool = compiler.descriptor_pool();
        let kept = kept(&pool);
        Ok(Self { pool, paths, kept })
    }

    /// Contracts that were no files.
    #[cfg(test)]
    pub(crate) fn of(pool: DescriptorPool) -> Self {
        let kept = kept(&pool);
        Self { pool, paths: BTreeMap::new(), kept }
    }

    /// Every descriptor, akt's options and Google's included.
    pub(crate) fn pool(&self) -> &DescriptorPool {
        &self.pool
    }

    /// The files Rust is written for, sorted by name.
    ///
    /// akt's options are not among them, nor are Google's own files unless a message or rpc needs one of their types.
    pub(crate) fn files(&self) -> impl Iterator<Item = FileDescriptor> {
        self.kept.iter().filter_map(|name| self.pool.get_file_by_name(name))
    }

    /// The files on disk that were read.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.paths.values().map(PathBuf::as_path)
    }

    /// Where a file of the package of `name` names it, for what is not there any more.
    pub(crate) fn package_of(&self, name: &str) -> Option<Position> {
        let (package, _) = name.rsplit_once('.').unwrap_or_default();
        let file = self.files().find(|file| file.package_name() == package)?;
        Some(self.position(&file, &[PACKAGE]))
    }

    /// Where the element with this descriptor path stands, or the closest element around it that is known.
    pub(crate) fn position(&self, file: &FileDescriptor, path: &[i32]) -> Position {
        let name = file.name();
        let opened = self.paths.get(name).cloned().unwrap_or_else(|| PathBuf::from(name));
        let locations = file.file_descriptor_proto().source_code_info.iter().flat_map(|info| &info.location);
        let around = locations.filter(|location| path.starts_with(&location.path));
        let closest = around.max_by_key(|location| location.path.len());
        let span =
            closest.filter(|location| !location.path.is_empty()).map(|location| location.span.as_slice());
        let Some([line, column, ..]) = span else {
            return Position { file: opened, line: 0, column: 0 };
        };
        Position { file: opened, line: count(*line), column: count(*column) }
    }
}

/// Descriptors count lines from zero, people from one.
fn count(number: i32) -> usize {
    usize::try_from(number).map_or(0, |number| number + 1)
}

fn kept(pool: &DescriptorPool) -> BTreeSet<String> {
    let (google, own): (Vec<_>, Vec<_>) = pool
        .files()
        .filter(|file| file.name() != OPTIONS)
        .partition(|file| file.name().starts_with("google/protobuf/"));
    let mut kept: BTreeSet<String> = own.iter().map(|file| file.name().to_owned()).collect();
    let mut needed: BTreeSet<String> =
        own.iter().flat_map(|f| named_types(f.file_descriptor_proto())).collect();
    // Imports are listed before their importers, so the last file is asked first.
    for file in google.iter().rev() {
        if defined_types(file).any(|name| needed.contains(&format!(".{name}"))) {
            kept.insert(file.name().to_owned());
            needed.extend(named_types(file.file_descriptor_proto()));
        }
    }
    kept
}

/// The types that messages and rpcs of `file` are made of, as `.package.Name`.
fn named_types(file: &FileDescriptorProto) -> Vec<String> {
    fn of_message(message: &DescriptorProto, names: &mut Vec<String>) {
        names.extend(message.field.iter().filter_map(|field| field.type_name.clone()));
        for nested in &message.nested_type {
            of_message(nested, names);
        }
    }

    let mut names = Vec::new();
    for message in &file.message_type {
        of_message(message, &mut names);
    }
    for method in file.service.iter().flat_map(|service| &service.method) {
        names.extend([method.input_type().to_owned(), method.output_type().to_owned()]);
    }
    names
}

fn defined_types(file: &FileDescriptor) -> impl Iterator<Item = String> {
    let pool = file.parent_pool().clone();
    let messages: Vec<_> = pool.all_messages().filter(|m| m.parent_file() == *file).collect();
    let enums: Vec<_> = pool.all_enums().filter(|e| e.parent_file() == *file).collect();
    let messages = messages.into_iter().map(|m| m.full_name().to_owned());
    messages.chain(enums.into_iter().map(|e| e.full_name().to_owned()))
}

/// Serves `akt/options.proto` out of this crate.
#[derive(Debug)]
struct OptionsResolver;

impl FileResolver for OptionsResolver {
    fn open_file(&self, name: &str) -> core::result::Result<File, protox::Error> {
        if name == OPTIONS {
            return File::from_source(OPTIONS, OPTIONS_SOURCE);
        }
        Err(protox::Error::file_not_found(name))
    }
}

/// protox prints `name:line:column: text` as `Debug`, where the name is the one imports use.
fn mistake_of(error: &protox::Error, includes: &[PathBuf]) -> Error {
    let text = format!("{error:?}");
    let Some(name) = error.file() else {
        return Error::contract(None, text);
    };
    let file = includes.iter().map(|include| include.join(name)).find(|path| path.exists());
    let file = file.unwrap_or_else(|| PathBuf::from(name));
    let Some((line, column, text)) = text.strip_prefix(name).and_then(after_position) else {
        return Error::contract(Some(Position { file, line: 0, column: 0 }), error.to_string());
    };
    let at = Position { file, line, column };
    let text = if text.ends_with("found 'edition'") { EDITIONS } else { text };
    Error::Contracts(vec![Mistake { at: Some(at), text: text.to_owned() }])
}

fn after_position(rest: &str) -> Option<(usize, usize, &str)> {
    let mut parts = rest.trim_start_matches(':').splitn(3, ':');
    let line = parts.next()?.parse().ok()?;
    let column = parts.next()?.parse().ok()?;
    Some((line, column, parts.next()?.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_was_read_is_watched() {
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");

        let contracts =
            Contracts::load(&[include.join("post/v1/post.proto")], std::slice::from_ref(&include))
                .expect("it compiles");

        let watched: Vec<_> = contracts.paths().filter_map(|path| path.strip_prefix(&include).ok()).collect();
        let read = ["geo/v1/place.proto", "post/v1/inner/parcel.proto", "post/v1/post.proto"];
        assert_eq!(watched, read.map(Path::new));
    }

    #[test]
    fn files_nobody_needs_are_left_out() {
        let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proto");

        let contracts =
            Contracts::load(&[include.join("shop/v1/cart.proto")], &[include]).expect("it compiles");

        let kept: Vec<_> = contracts.files().map(|file| file.name().to_owned()).collect();
        assert_eq!(kept, ["google/protobuf/empty.proto", "shop/v1/cart.proto"]);
    }
}
