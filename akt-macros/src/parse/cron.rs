//! `#[cron("0 0 3 * * *", zone = "Europe/Berlin")]`: an expression that is checked now, and a zone that rustc knows.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, LitStr, Meta, Token};

use super::attrs::read;
use super::expression;
use crate::diag::Diag;
use crate::model::Cron;

const USAGE: &str =
    "say when: `#[cron(\"0 0 3 * * *\")]` or `#[cron(\"0 0 3 * * *\", zone = \"Europe/Berlin\")]`";
const OPTIONS: &[&str] = &["keep_alive", "zone"];

/// Reads the attribute; nothing if it does not even have an expression.
pub(super) fn cron(attr: &Attribute, diag: &mut Diag) -> Option<Cron> {
    let Meta::List(list) = &attr.meta else {
        diag.error(attr, USAGE);
        return None;
    };
    let first = |input: ParseStream<'_>| {
        let expression = input.parse::<LitStr>().map_err(|mistake| syn::Error::new(mistake.span(), USAGE))?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok((expression, input.parse::<TokenStream>()?))
    };
    let (expression, rest) = match first.parse2(list.tokens.clone()) {
        Ok(read) => read,
        Err(mistake) => {
            diag.push(mistake);
            return None;
        }
    };
    if let Err(mistake) = expression::check(&expression.value()) {
        diag.error(&expression, mistake);
    }
    let (mut zone, mut keep_alive) = (Ident::new("UTC", Span::call_site()), false);
    read(rest, OPTIONS, diag, &mut |key, input| {
        match key == "keep_alive" {
            true => keep_alive = true,
            false => zone = self::zone(&input.parse()?)?,
        }
        Ok(())
    });
    Some(Cron { expression, zone, keep_alive, place: attr.meta.span() })
}

/// The variant of `chrono_tz::Tz` for a name of the tz database: `America/Port-au-Prince` is
/// `America__PortauPrince`, `Etc/GMT-5` is `Etc__GMTMinus5`. Whether there is one, rustc says.
fn zone(literal: &LitStr) -> syn::Result<Ident> {
    let name = literal.value();
    let variant = name.replace('/', "__").replace('+', "Plus");
    let before_digit = |at: usize| variant[at + 1..].starts_with(|next: char| next.is_ascii_digit());
    let minus = if variant.find('-').is_some_and(before_digit) { "Minus" } else { "" };
    let mut zone: Ident = syn::parse_str(&variant.replace('-', minus)).map_err(|_| {
        syn::Error::new(literal.span(), format!("invalid time zone {name:?}; example: \"Europe/Berlin\""))
    })?;
    zone.set_span(literal.span());
    Ok(zone)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;
    use crate::documented;

    #[test]
    fn every_option_is_documented() {
        assert_eq!(documented::mistakes(include_str!("../docs/cron.md"), OPTIONS), [""; 0]);
    }

    #[test]
    fn zones_become_variants() {
        let variant = |name: &str| zone(&LitStr::new(name, Span::call_site())).unwrap().to_string();

        assert_eq!(variant("UTC"), "UTC");
        assert_eq!(variant("America/Argentina/Buenos_Aires"), "America__Argentina__Buenos_Aires");
        assert_eq!(variant("America/Port-au-Prince"), "America__PortauPrince");
        assert_eq!(variant("Etc/GMT-5"), "Etc__GMTMinus5");
        assert_eq!(variant("Etc/GMT+5"), "Etc__GMTPlus5");
    }

    #[test]
    fn mistakes_are_named() {
        let mut diag = Diag::default();

        cron(&parse_quote!(#[cron]), &mut diag);
        cron(&parse_quote!(#[cron(3)]), &mut diag);
        cron(&parse_quote!(#[cron("0 0 24 * * *", zone = "Mars / Olympus")]), &mut diag);
        cron(&parse_quote!(#[cron("* * * * *", zome = "UTC")]), &mut diag);

        assert_eq!(
            diag.texts(),
            [
                USAGE,
                USAGE,
                "field 3: expected 0–23",
                "invalid time zone \"Mars / Olympus\"; example: \"Europe/Berlin\"",
                "unknown option `zome`; did you mean `zone`? supported: `keep_alive`, `zone`",
            ]
        );
    }
}
