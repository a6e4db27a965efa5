//! The function under `#[akt::test]` or `#[akt::sim_test]`, and what the attribute says about it.

use proc_macro2::TokenStream;
use syn::{FnArg, Ident, Item, Path, Type};

use super::attrs::{krate, read};
use super::spell::ungroup;
use crate::check;
use crate::diag::Diag;
use crate::model::{Options, Test};

const OPTIONS: &[&str] = &["crate", "limit", "nodes", "start", "system"];
const SIM_OPTIONS: &[&str] = &["crate", "limit", "nodes", "seeds", "start"];

/// Reads the function under `#[akt::test]` and the attribute's options; none if it is no function.
pub(crate) fn test(args: TokenStream, input: TokenStream, diag: &mut Diag) -> Option<Test> {
    read_test(args, input, OPTIONS, diag)
}

/// The same under `#[akt::sim_test]`.
pub(crate) fn sim_test(args: TokenStream, input: TokenStream, diag: &mut Diag) -> Option<Test> {
    read_test(args, input, SIM_OPTIONS, diag)
}

fn read_test(args: TokenStream, input: TokenStream, supported: &[&str], diag: &mut Diag) -> Option<Test> {
    let is_simulation = supported == SIM_OPTIONS;
    let function = match syn::parse2(input) {
        Ok(Item::Fn(function)) => function,
        Ok(other) => {
            check::is_function(&other, is_simulation, diag);
            return None;
        }
        Err(mistake) => {
            diag.push(mistake);
            return None;
        }
    };
    let (mut options, mut settings) = (Options::default(), Vec::new());
    read(args, supported, diag, &mut |key, input| {
        if key == "crate" {
            options.krate = Some(input.call(Path::parse_mod_style)?);
        } else {
            settings.push((key.clone(), input.parse()?));
        }
        Ok(())
    });
    let test = Test { krate: krate(&options), is_simulation, settings, function };
    check::test(&test, diag);
    Some(test)
}

/// The name of the type of an argument, if it has one.
pub(crate) fn type_name(arg: &FnArg) -> Option<&Ident> {
    let FnArg::Typed(typed) = arg else { return None };
    let Type::Path(path) = ungroup(&typed.ty) else { return None };
    path.path.segments.last().map(|segment| &segment.ident)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documented;

    #[test]
    fn every_option_is_documented() {
        assert_eq!(documented::mistakes(include_str!("../docs/test.md"), OPTIONS), [""; 0]);
        assert_eq!(documented::mistakes(include_str!("../docs/sim_test.md"), SIM_OPTIONS), [""; 0]);
    }
}
