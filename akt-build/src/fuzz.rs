//! No descriptors make akt-build panic, however they were made; the texts of contracts are tried in `tests/it/fuzz.rs`.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};
use std::{env, fs};

use fastrand::Rng;
use prost_reflect::DescriptorPool;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto, FieldOptions,
    FileDescriptorProto, MessageOptions, MethodDescriptorProto, OneofDescriptorProto, ServiceDescriptorProto,
};

use crate::descriptor::Contracts;
use crate::emit::{self, Target};
use crate::lock;
use crate::model::{Given, Model};
use crate::options::Rpc;
use crate::output::Output;
use crate::refs::Refs;

/// Names that are taken by somebody.
const NAMES: &[&str] = &[
    "A",
    "B",
    "a",
    "Cart",
    "cart",
    "CartRef",
    "CartMsg",
    "Self",
    "self",
    "Super",
    "crate",
    "type",
    "r",
    "_",
    "__",
    "_1",
    "x1",
    "X1",
    "Unknown",
    "Error",
    "Result",
    "Option",
    "Some",
    "Ask",
    "tell",
    "Clone",
    "drop",
    "into",
    "async",
    "gen",
    "Box",
    "Vec",
    "String",
    "kind",
    "Kind",
    "error",
    "message",
    "reason",
    "AEntry",
    "ü",
    "AB",
    "aB",
    "a_b",
    "A_B",
    "Msg",
    "Ref",
    "Akt",
    "core",
    "google",
    "protobuf",
    "fmt",
    "HTTPRequest2",
];
const PACKAGES: &[&str] =
    &["", "a", "a.b", "a.b.a", "type.self", "A.B", "akt", "google.protobuf", "cart", "_", "x1.v1"];

#[test]
fn no_descriptors_make_it_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/akt-build-descriptors");
    fs::create_dir_all(&folder).expect("cargo's folder can be written");
    for seed in seeds() {
        let mut rng = Rng::with_seed(seed);
        let mut pool = DescriptorPool::global();
        let mut files = Vec::new();
        for index in 0..rng.usize(1..4) {
            let file = file(&mut rng, index, &files);
            // What a compiler would refuse is not tried.
            if pool.add_file_descriptor_proto(file.clone()).is_ok() {
                files.push(file);
            }
        }
        let contracts = Contracts::of(pool);

        let done = catch_unwind(AssertUnwindSafe(|| compile(&mut rng, &contracts, &folder)));

        assert!(done.is_ok(), "AKT_FUZZ_SEED={seed}\n{files:#?}");
    }
}

fn compile(rng: &mut Rng, contracts: &Contracts, folder: &Path) {
    let error = Rpc::new().error(name(rng)).timeout("5s").was(name(rng)).id(rng.u32(..9));
    let rpcs = BTreeMap::from([(format!("{}.{}/{}", "a", name(rng), name(rng)), error)]);
    let given = if rng.u8(..8) == 0 { rpcs } else { BTreeMap::new() };
    let Ok(model) =
        Model::new(contracts, &Given { rpcs: &given, keys: &BTreeMap::new(), probe: true }, |_| false)
    else {
        return;
    };
    let lock = folder.join("akt.lock");
    let _ = lock::check(&lock, contracts, &model, Output::Write);
    if rng.bool() {
        let _ = fs::remove_file(&lock);
    }
    let (root, attributes) = (syn::parse_quote!(crate), []);
    let Ok(refs) = Refs::read(contracts, &model, &root, &BTreeMap::new()) else { return };
    let target = Target {
        refs: &refs,
        root: &root,
        extern_paths: &BTreeMap::new(),
        bytes: &[],
        attributes: &attributes,
    };
    let _ = emit::write(contracts, &Rc::new(model), &target);
}

fn file(rng: &mut Rng, index: usize, before: &[FileDescriptorProto]) -> FileDescriptorProto {
    let package = *rng.choice(PACKAGES).expect("there are packages");
    let syntax = if rng.u8(..4) == 0 { "proto2" } else { "proto3" };
    let mut known: Vec<String> = before.iter().flat_map(types).collect();
    let mut file = FileDescriptorProto {
        name: Some(format!("{index}.proto")),
        package: Some(package.to_owned()).filter(|package| !package.is_empty()),
        syntax: Some(syntax.to_owned()),
        dependency: before.iter().filter_map(|file| file.name.clone()).collect(),
        ..FileDescriptorProto::default()
    };
    file.enum_type = (0..rng.usize(..3)).map(|_| values(rng)).collect();
    file.message_type = (0..rng.usize(..5)).map(|_| shell(rng, 0)).collect();
    known.extend(types(&file));
    for message in &mut file.message_type {
        fill(rng, message, &known, syntax);
    }
    file.service = (0..rng.usize(..3)).map(|_| service(rng, &known)).collect();
    file
}

fn values(rng: &mut Rng) -> EnumDescriptorProto {
    let first = EnumValueDescriptorProto { name: Some(name(rng)), number: Some(0), options: None };
    let value =
        |_| EnumValueDescriptorProto { name: Some(name(rng)), number: Some(rng.i32(-2..4)), options: None };
    let value: Vec<_> = (0..3).map(value).collect();
    EnumDescriptorProto {
        name: Some(name(rng)),
        value: std::iter::once(first).chain(value).take(rng.usize(1..4)).collect(),
        ..EnumDescriptorProto::default()
    }
}

/// A message without fields.
fn shell(rng: &mut Rng, depth: usize) -> DescriptorProto {
    let nested = if depth < 2 { rng.usize(..3) } else { 0 };
    DescriptorProto {
        name: Some(name(rng)),
        nested_type: (0..nested).map(|_| shell(rng, depth + 1)).collect(),
        enum_type: (0..rng.usize(..2)).map(|_| values(rng)).collect(),
        ..DescriptorProto::default()
    }
}

fn fill(rng: &mut Rng, message: &mut DescriptorProto, known: &[String], syntax: &str) {
    for nested in &mut message.nested_type {
        fill(rng, nested, known, syntax);
    }
    let oneofs = rng.usize(..3);
    message.oneof_decl =
        (0..oneofs).map(|_| OneofDescriptorProto { name: Some(name(rng)), options: None }).collect();
    // A oneof must have a field.
    for index in 0..oneofs {
        let number = i32::try_from(index).unwrap_or_default() + 1;
        message
            .field
            .push(FieldDescriptorProto { oneof_index: Some(number - 1), ..field(rng, known, number) });
    }
    for number in 10..rng.i32(10..16) {
        let label = [Label::Optional, Label::Repeated, Label::Required]
            [rng.usize(..if syntax == "proto2" { 3 } else { 2 })];
        let mut field = field(rng, known, number);
        field.set_label(label);
        message.field.push(field);
    }
    if rng.u8(..6) == 0 {
        message.options = Some(MessageOptions { map_entry: Some(true), ..MessageOptions::default() });
    }
}

fn field(rng: &mut Rng, known: &[String], number: i32) -> FieldDescriptorProto {
    let mut field = FieldDescriptorProto {
        name: Some(name(rng)),
        number: Some(number),
        label: Some(Label::Optional.into()),
        ..FieldDescriptorProto::default()
    };
    match rng.choice(known).filter(|_| rng.bool()) {
        // Whether it is a message or an enum is found out by who reads it.
        Some(known) => field.type_name = Some(known.clone()),
        None => field.set_type(Type::try_from(rng.i32(1..19)).unwrap_or(Type::Bytes)),
    }
    if rng.u8(..4) == 0 {
        field.default_value = Some(["1", "nan", "\"", "\\", "x", "-inf"][rng.usize(..6)].to_owned());
    }
    if rng.u8(..6) == 0 {
        field.options = Some(FieldOptions { packed: Some(rng.bool()), ..FieldOptions::default() });
    }
    field
}

fn service(rng: &mut Rng, known: &[String]) -> ServiceDescriptorProto {
    let rpc = |_| MethodDescriptorProto {
        name: Some(name(rng)),
        input_type: rng.choice(known).cloned(),
        output_type: rng.choice(known).cloned(),
        client_streaming: Some(rng.u8(..32) == 0),
        ..MethodDescriptorProto::default()
    };
    let method = (0..5).map(rpc).collect::<Vec<_>>();
    ServiceDescriptorProto { name: Some(name(rng)), method, options: None }
}

/// The messages and enums of a file, as `.package.Name`.
fn types(file: &FileDescriptorProto) -> Vec<String> {
    fn of(
        prefix: &str,
        messages: &[DescriptorProto],
        enums: &[EnumDescriptorProto],
        found: &mut Vec<String>,
    ) {
        found.extend(enums.iter().map(|e| format!("{prefix}.{}", e.name())));
        for message in messages {
            let name = format!("{prefix}.{}", message.name());
            of(&name, &message.nested_type, &message.enum_type, found);
            found.push(name);
        }
    }

    let mut found = Vec::new();
    let prefix = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
    of(&prefix, &file.message_type, &file.enum_type, &mut found);
    found
}

fn name(rng: &mut Rng) -> String {
    (*rng.choice(NAMES).expect("there are names")).to_owned()
}

/// Seeds until the time is up.
#[expect(clippy::disallowed_methods, reason = "a deadline for the test itself")]
fn seeds() -> impl Iterator<Item = u64> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("AKT_FUZZ_SECONDS").unwrap_or(1));
    let first = number("AKT_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    (first..).take_while(move |seed| *seed == first || Instant::now() < end)
}
