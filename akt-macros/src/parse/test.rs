//! The function under `#[akt::test]`, and what the attribute says about it.

use proc_macro2::TokenStream;
use syn::{FnArg, Ident, Item, Path, Type};

use super::attrs::{krate, read};
use super::spell::ungroup;
use crate::check;
use crate::diag::Diag;
use crate::model::{Options, Test};

const OPTIONS: &[&str] = &["crate", "system"];

/// Reads the function and the attribute's options; none if it is no function.
pub(crate) fn test(args: TokenStream, input: TokenStream, diag: &mut Diag) -> Option<Test> {
    let function = match syn::parse2(input) {
        Ok(Item::Fn(function)) => function,
        Ok(other) => {
            check::is_function(&other, diag);
            return None;
        }
        Err(mistake) => {
            diag.push(mistake);
            return None;
        }
    };
    let (mut options, mut system) = (Options::default(), None);
    read(args, OPTIONS, diag, &mut |key, input| {
        if key == "crate" {
            options.krate = Some(input.call(Path::parse_mod_style)?);
        } else {
            system = Some((key.clone(), input.parse()?));
        }
        Ok(())
    });
    let test = Test { krate: krate(&options), system, function };
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
    }
}
