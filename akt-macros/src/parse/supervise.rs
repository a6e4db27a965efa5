//! Supervision in an attribute: `supervise(strategy = .., on(DbError) = restart { .. }, else = ..)`.

use std::time::Duration;

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Token, Type};

use super::attrs::{self, duration, parse_duration, skip_pair};
use crate::diag::{self, Diag};
use crate::model::{Cause, Limits, Reaction, Rule, Supervise};

const KEYS: &[&str] = &["strategy", "on", "else"];
const STRATEGIES: &[&str] = &["one_for_one", "one_for_all", "rest_for_one"];
const DIRECTIVES: &[&str] = &["resume", "restart", "stop", "escalate"];
const LIMITS: &[&str] = &["max", "within", "backoff"];

/// What stands in the parentheses.
pub(super) fn inside(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let inside;
    syn::parenthesized!(inside in input);
    inside.parse()
}

/// Reads the rules: reports every mistake. `option` is the word in front of them.
pub(super) fn supervise(option: &Ident, rules: TokenStream, diag: &mut Diag) -> Option<Supervise> {
    let before = diag.count();
    let mut read = Read::default();
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(mistake) = read.item(input, diag) {
                diag.push(mistake);
            }
            skip_pair(input)?;
        }
        Ok(())
    };
    if let Err(mistake) = all.parse2(rules) {
        diag.push(mistake);
    }
    if diag.count() == before && read.otherwise.is_none() {
        diag.error(option, "say what happens otherwise: `else = escalate`");
    }
    let Read { strategy, rules, otherwise } = read;
    otherwise.map(|(_, otherwise)| Supervise { strategy, rules, otherwise })
}

/// What was read so far.
#[derive(Default)]
struct Read {
    strategy: Option<Ident>,
    rules: Vec<Rule>,
    otherwise: Option<(Ident, Reaction)>,
}

impl Read {
    fn item(&mut self, input: ParseStream<'_>, diag: &mut Diag) -> syn::Result<()> {
        let key = input.call(Ident::parse_any)?;
        match key.to_string().as_str() {
            "strategy" => {
                input.parse::<Token![=]>()?;
                let strategy = word(input, "strategy", STRATEGIES)?;
                if let Some(first) = self.strategy.replace(strategy) {
                    diag.twice(&key, "`strategy` given twice", first, "`strategy` first given here");
                }
            }
            "on" => {
                let cause = cause(input)?;
                input.parse::<Token![=]>()?;
                self.rules.push(Rule { cause, reaction: reaction(input, diag)? });
            }
            "else" => {
                input.parse::<Token![=]>()?;
                let reaction = reaction(input, diag)?;
                if let Some((first, _)) = self.otherwise.replace((key.clone(), reaction)) {
                    diag.twice(&key, "`else` given twice", first, "`else` first given here");
                }
            }
            name => return Err(syn::Error::new(key.span(), diag::unknown("rule", name, KEYS))),
        }
        if input.is_empty() || input.peek(Token![,]) { Ok(()) } else { Err(input.error("expected `,`")) }
    }
}

fn cause(input: ParseStream<'_>) -> syn::Result<Cause> {
    if !input.peek(syn::token::Paren) {
        return Err(input.error("say on what: `on(panic) = ..` or `on(MyError) = ..`"));
    }
    let inside;
    syn::parenthesized!(inside in input);
    let ty: Type = inside.parse()?;
    if !inside.is_empty() {
        return Err(inside.error("one error type a rule"));
    }
    match &ty {
        Type::Path(path) if path.path.is_ident("panic") => Ok(Cause::Panic),
        _ => Ok(Cause::Error(Box::new(ty))),
    }
}

fn reaction(input: ParseStream<'_>, diag: &mut Diag) -> syn::Result<Reaction> {
    let directive = word(input, "directive", DIRECTIVES)?;
    if !input.peek(syn::token::Brace) {
        return Ok(Reaction::Directive(directive));
    }
    let inside;
    let brace = syn::braced!(inside in input);
    let limits_given: TokenStream = inside.parse()?;
    if directive != "restart" {
        return Err(syn::Error::new(
            brace.span.join(),
            format!("`{directive}` has no limits; only `restart` has"),
        ));
    }
    let mut limits = Limits::default();
    attrs::read(limits_given, LIMITS, diag, &mut |key, input| {
        match key.to_string().as_str() {
            "max" => limits.max = Some(restarts(input)?),
            "within" => limits.within = Some(duration(input)?),
            _ => limits.backoff = Some(backoff(input)?),
        }
        Ok(())
    });
    Ok(Reaction::Restart(limits))
}

fn restarts(input: ParseStream<'_>) -> syn::Result<LitInt> {
    let number: LitInt = input.parse()?;
    number.base10_parse::<u32>()?;
    Ok(number)
}

fn backoff(input: ParseStream<'_>) -> syn::Result<(Duration, Duration)> {
    const EXAMPLE: &str = r#"expected `backoff = "100ms..10s"`"#;
    let literal: LitStr = input.parse().map_err(|mistake| syn::Error::new(mistake.span(), EXAMPLE))?;
    let text = literal.value();
    let at = |text: String| syn::Error::new(literal.span(), text);
    let (least, most) = text.split_once("..").ok_or_else(|| at(EXAMPLE.to_owned()))?;
    let bound = |bound: &str| {
        let bound = bound.trim();
        parse_duration(bound).ok_or_else(|| at(format!("invalid duration {bound:?}; {}", attrs::EXAMPLES)))
    };
    let (least, most) = (bound(least)?, bound(most)?);
    if least > most {
        return Err(at("lower bound is larger than upper bound".to_owned()));
    }
    Ok((least, most))
}

fn word(input: ParseStream<'_>, kind: &str, known: &[&str]) -> syn::Result<Ident> {
    let expected = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let word: Ident = input
        .parse()
        .map_err(|mistake| syn::Error::new(mistake.span(), format!("expected a {kind}: {}", expected())))?;
    if known.iter().any(|name| word == name) {
        return Ok(word);
    }
    Err(syn::Error::new(word.span(), diag::unknown(kind, &word.to_string(), known)))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn read(rules: TokenStream) -> (Option<Supervise>, Vec<String>) {
        let mut diag = Diag::default();
        let option = Ident::new("supervise", proc_macro2::Span::call_site());
        let supervise = supervise(&option, rules, &mut diag);
        (supervise, diag.texts())
    }

    #[test]
    fn rules_are_read() {
        let (supervise, mistakes) = read(quote!(
            strategy = rest_for_one,
            on(DbError) = restart { max = 5, within = "1m", backoff = "100ms..10s" },
            on(panic) = restart,
            else = escalate,
        ));

        let Some(Supervise { strategy, rules, otherwise }) = supervise else { panic!("{mistakes:?}") };
        assert_eq!(strategy.map(|name| name.to_string()).as_deref(), Some("rest_for_one"));
        let Reaction::Restart(limits) = &rules[0].reaction else { panic!("no limits") };
        assert_eq!(limits.within, Some(Duration::from_secs(60)));
        assert_eq!(limits.backoff, Some((Duration::from_millis(100), Duration::from_secs(10))));
        assert!(matches!(rules[1].cause, Cause::Panic));
        assert!(matches!(otherwise, Reaction::Directive(name) if name == "escalate"));
    }

    #[test]
    fn every_wrong_rule_is_reported() {
        let (_, mistakes) = read(quote!(
            strategy = one_for_al,
            on = stop,
            on(A) = restrt,
            on(A) = stop { max = 1 },
            on(A) = restart { max = 1, within = "5 parsecs", backoff = "10s..1s", often = 1 },
            otherwise = stop,
        ));

        assert_eq!(
            mistakes,
            [
                "unknown strategy `one_for_al`; did you mean `one_for_all`? supported: `one_for_one`, `one_for_all`, `rest_for_one`",
                "say on what: `on(panic) = ..` or `on(MyError) = ..`",
                "unknown directive `restrt`; did you mean `restart`? supported: `resume`, `restart`, `stop`, `escalate`",
                "`stop` has no limits; only `restart` has",
                r#"invalid duration "5 parsecs"; examples: "250ms", "2s", "5m", "1h""#,
                "lower bound is larger than upper bound",
                "unknown option `often`; supported: `max`, `within`, `backoff`",
                "unknown rule `otherwise`; supported: `strategy`, `on`, `else`",
            ]
        );
    }

    #[test]
    fn supervision_says_what_happens_otherwise() {
        assert_eq!(read(quote!(on(panic) = stop)).1, ["say what happens otherwise: `else = escalate`"]);
        assert_eq!(read(quote!()).1, ["say what happens otherwise: `else = escalate`"]);
    }
}
