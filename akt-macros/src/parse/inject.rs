//! The struct of `#[derive(Inject)]`: where each of its fields comes from.

use proc_macro2::TokenStream;
use syn::{Attribute, Data, DeriveInput, Field, Fields, LitStr, Meta, Path, Type};

use super::attrs::{copied, krate, read};
use crate::check;
use crate::diag::Diag;
use crate::model::{Injected, InjectedField, Options, Source};

/// Reads the struct; none if it has no fields with names.
pub(crate) fn injected(input: &DeriveInput, diag: &mut Diag) -> Option<Injected> {
    let fields = named_fields(input, diag)?;
    let (options, args) = said(&input.attrs, diag);
    let injected = Injected {
        krate: krate(&options),
        args,
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        generics: input.generics.clone(),
        fields: fields.iter().filter_map(|field| self::field(field, diag)).collect(),
    };
    check::injected(&injected, diag);
    Some(injected)
}

fn named_fields<'a>(input: &'a DeriveInput, diag: &mut Diag) -> Option<&'a Fields> {
    const WANTED: &str = "`derive(akt::Inject)` needs a struct whose fields have names";
    match &input.data {
        Data::Struct(data) if matches!(data.fields, Fields::Named(_)) => return Some(&data.fields),
        Data::Struct(data) if matches!(data.fields, Fields::Unnamed(_)) => diag.error(&data.fields, WANTED),
        Data::Struct(_) => diag.error(&input.ident, format!("{WANTED}; spawn this one with a closure")),
        Data::Enum(data) => diag.error(data.enum_token, WANTED),
        Data::Union(data) => diag.error(data.union_token, WANTED),
    }
    None
}

fn field(field: &Field, diag: &mut Diag) -> Option<InjectedField> {
    let mut sources = field.attrs.iter().filter_map(|attr| Some((attr, source(attr, diag)?)));
    let first = sources.next();
    let others: Vec<_> = sources.map(|(attr, _)| attr).collect();
    for other in others {
        diag.error(
            other,
            "a field comes from one place: `#[dep]`, `#[arg]` or `Default`; remove this attribute",
        );
    }
    Some(InjectedField {
        ident: field.ident.clone()?,
        ty: field.ty.clone(),
        docs: copied(&field.attrs).docs,
        cfgs: copied(&field.attrs).cfgs,
        source: first.map_or(Source::Default, |(_, source)| source),
    })
}

fn source(attr: &Attribute, diag: &mut Diag) -> Option<Source> {
    if attr.path().is_ident("dep") {
        return Some(Source::Dependency(name(attr, diag)));
    }
    if !attr.path().is_ident("arg") {
        return None;
    }
    if !matches!(attr.meta, Meta::Path(_)) {
        diag.error(attr, "`#[arg]` has no options; the field's name is the argument's name");
    }
    Some(Source::Argument)
}

/// Reads `#[dep(named = "eu")]`; a dependency without a name has an empty one.
fn name(attr: &Attribute, diag: &mut Diag) -> String {
    let mut name = String::new();
    match &attr.meta {
        Meta::Path(_) => {}
        Meta::List(list) => read(list.tokens.clone(), &["named"], diag, &mut |_, input| {
            let literal: LitStr = input.parse()?;
            name = literal.value();
            if name.is_empty() {
                return Err(syn::Error::new(
                    literal.span(),
                    "a name is not empty; without one it is `#[dep]`",
                ));
            }
            Ok(())
        }),
        Meta::NameValue(pair) => diag.error(pair, "options stand in parentheses: `#[dep(named = \"eu\")]`"),
    }
    name
}

/// Reads `#[inject(crate = path, args = Type)]`: the options, and the type of the arguments.
fn said(attrs: &[Attribute], diag: &mut Diag) -> (Options, Option<Type>) {
    let (mut options, mut args) = (Options::default(), None);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("inject")) {
        let Ok(list) = attr.meta.require_list() else {
            diag.error(attr, "say what: `#[inject(args = Type)]` or `#[inject(crate = path)]`");
            continue;
        };
        read(list.tokens.clone(), &["args", "crate"], diag, &mut |name, input| {
            match &*name.to_string() {
                "args" => args = Some(input.parse()?),
                _ => options.krate = Some(input.call(Path::parse_mod_style)?),
            }
            Ok(())
        });
    }
    (options, args)
}

/// Reads `#[behavior(crate = path)]`, whose `name` is `behavior`.
pub(super) fn options(attrs: &[Attribute], name: &str, diag: &mut Diag) -> Options {
    let mut options = Options::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        let Ok(list) = attr.meta.require_list() else {
            diag.error(attr, format!("say what: `#[{name}(crate = path)]`"));
            continue;
        };
        read(list.tokens.clone(), &["crate"], diag, &mut |_, input| {
            options.krate = Some(input.call(Path::parse_mod_style)?);
            Ok(())
        });
    }
    options
}

/// Parses what `derive` was put on.
pub(crate) fn derived(input: TokenStream, diag: &mut Diag) -> Option<DeriveInput> {
    syn::parse2(input).map_err(|mistake| diag.push(mistake)).ok()
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn mistakes_in(tokens: TokenStream) -> Vec<String> {
        let mut diag = Diag::default();
        if let Some(input) = derived(tokens, &mut diag) {
            injected(&input, &mut diag);
        }
        diag.texts()
    }

    #[test]
    fn fields_say_where_they_come_from() {
        let mut diag = Diag::default();
        let tokens = quote! {
            struct Orders { #[dep] db: Arc<Pool>, #[dep(named = "eu")] bank: Bank, #[arg] shard: u32, open: Vec<u8> }
        };

        let orders = injected(&derived(tokens, &mut diag).unwrap(), &mut diag).unwrap();

        assert_eq!(diag.texts(), [""; 0]);
        let [db, bank, shard, open] = &orders.fields[..] else { panic!("four fields") };
        assert!(matches!(&db.source, Source::Dependency(name) if name.is_empty()));
        assert!(matches!(&bank.source, Source::Dependency(name) if name == "eu"));
        assert!(matches!(shard.source, Source::Argument));
        assert!(matches!(open.source, Source::Default));
    }

    #[test]
    fn the_arguments_may_be_of_a_type_that_is_there() {
        let mut diag = Diag::default();
        let tokens = quote! {
            #[inject(args = shop::v1::OrdersArgs)]
            struct Orders { #[arg] shard: u32 }
        };

        let orders = injected(&derived(tokens, &mut diag).unwrap(), &mut diag).unwrap();

        assert_eq!(diag.texts(), [""; 0]);
        assert_eq!(orders.args, Some(syn::parse_quote!(shop::v1::OrdersArgs)));
        let mistakes = mistakes_in(quote! {
            #[inject]
            #[inject(arguments = OrdersArgs)]
            struct Orders { #[arg] shard: u32 }
        });
        assert_eq!(
            mistakes,
            [
                "say what: `#[inject(args = Type)]` or `#[inject(crate = path)]`",
                "unknown option `arguments`; supported: `args`, `crate`",
            ]
        );
    }

    #[test]
    fn every_mistake_is_reported() {
        let mistakes = mistakes_in(quote! {
            struct Orders<T> {
                #[dep] #[arg] db: T,
                #[dep(name = "eu")] bank: Bank,
                #[dep(named = "")] till: Bank,
                #[dep = "eu"] safe: Bank,
                #[arg(u32)] shard: u32,
            }
        });

        assert_eq!(
            mistakes,
            [
                "a field comes from one place: `#[dep]`, `#[arg]` or `Default`; remove this attribute",
                "unknown option `name`; did you mean `named`? supported: `named`",
                "a name is not empty; without one it is `#[dep]`",
                "options stand in parentheses: `#[dep(named = \"eu\")]`",
                "`#[arg]` has no options; the field's name is the argument's name",
                "arguments of a generic actor are not supported: provide them with `#[dep]`, or spawn it with a closure",
            ]
        );
    }

    #[test]
    fn only_named_fields_can_be_told_apart() {
        for wrong in [
            quote!(
                struct S(#[dep] Pool);
            ),
            quote!(
                enum E {
                    A,
                }
            ),
            quote!(union U { a: u8 }),
        ] {
            assert_eq!(mistakes_in(wrong), ["`derive(akt::Inject)` needs a struct whose fields have names"]);
        }
    }
}
