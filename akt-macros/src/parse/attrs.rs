//! Attributes: the options in ours, and those that generated items repeat.

use std::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, LitStr, Meta, Pat, Path, Token};

use super::{behavior, event_sourced, grain, handler, mailbox, passivate, supervise};
use crate::diag::{self, Diag};
use crate::model::{Copied, Event, Every, Options};

/// What our attributes make of a method.
pub(crate) enum Role {
    Plain,
    /// `#[handler]`, `#[every]`, `#[cron]`, or some of them.
    Handler(Vec<Attribute>),
    Hook(Box<Attribute>),
    Guard,
    Apply,
}

const OPTIONS: &[&str] = &[
    "behavior",
    "concurrency",
    "crate",
    "event_sourced",
    "mailbox",
    "max_message",
    "order",
    "passivate",
    "stash",
    "supervise",
    "unhandled",
];
/// Options that a grain has besides.
const GRAIN_OPTIONS: &[&str] =
    &["consistency", "gates", "key", "kind", "max", "placement", "schema", "state", "stateless", "upcast"];
/// Options whose value stands in parentheses.
const GROUPS: &[&str] = &["event_sourced", "supervise"];
const SPENT: &str = "__akt_spent";
const EVERY_OPTIONS: &[&str] = &["jitter", "keep_alive"];
/// Options that need no value.
const FLAGS: &[&str] = &[
    "abort_on_cancel",
    "boxed",
    "defer",
    "gates",
    "keep_alive",
    "private",
    "reentrant",
    "result",
    "stateless",
];
/// Our attributes inside `#[actor]`.
const OURS: &[&str] = &["apply", "cron", "every", "guard", "handler", "on"];

/// Reads `mailbox = bounded(64), order = fair, behavior = phase, supervise(..), crate = path`.
pub(crate) fn options(tokens: TokenStream, diag: &mut Diag) -> Options {
    let before = diag.count();
    let mut options = Options::default();
    let (tokens, is_grain) = grain::unmarked(tokens);
    let mut supported = OPTIONS.to_vec();
    supported.extend(GRAIN_OPTIONS.iter().filter(|_| is_grain));
    supported.sort_unstable();
    let (mut rules, mut events, mut given) = (None, None, grain::Given::default());
    read(tokens, &supported, diag, &mut |key, input| {
        match key.to_string().as_str() {
            "crate" => options.krate = Some(input.call(Path::parse_mod_style)?),
            "supervise" => rules = Some((key.clone(), supervise::inside(input)?)),
            "event_sourced" => events = Some((key.clone(), supervise::inside(input)?)),
            "behavior" => options.behavior = Some(input.parse()?),
            "unhandled" => options.unhandled = Some((key.clone(), behavior::unhandled(input)?)),
            "stash" => options.stash = Some(mailbox::capacity(input.parse()?, "a stash")?),
            "concurrency" => {
                options.concurrency = Some((key.clone(), handler::count(input)?));
            }
            "max_message" => options.max_message = Some(bytes(input)?),
            "passivate" => options.passivate = Some(passivate::passivate(input)?),
            "order" => options.order = Some(mailbox::order(input)?),
            name if GRAIN_OPTIONS.contains(&name) => given.read(key, input)?,
            _ => options.mailbox = Some(mailbox::mailbox(input)?),
        }
        Ok(())
    });
    options.supervise = rules.and_then(|(key, rules)| supervise::supervise(&key, rules, diag));
    options.event_sourced = events.map(|(key, inside)| event_sourced::event_sourced(key, inside, diag));
    options.grain = is_grain.then(|| given.grain(diag.count() > before, diag));
    options.broken = diag.count() > before;
    options
}

/// Reads `#[every("10s", jitter = "1s")]`.
pub(crate) fn every(attr: &Attribute, diag: &mut Diag) -> Option<Every> {
    const USAGE: &str = "say how often: `#[every(\"10s\")]` or `#[every(\"10s\", jitter = \"1s\")]`";
    let Meta::List(list) = &attr.meta else {
        diag.error(attr, USAGE);
        return None;
    };
    let first = |input: ParseStream<'_>| {
        let interval = duration(input)?;
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        Ok((interval, input.parse::<TokenStream>()?))
    };
    match first.parse2(list.tokens.clone()) {
        Ok((interval, rest)) => {
            let (mut jitter, mut keep_alive) = (Duration::ZERO, false);
            read(rest, EVERY_OPTIONS, diag, &mut |key, input| {
                match key == "keep_alive" {
                    true => keep_alive = true,
                    false => jitter = duration(input)?,
                }
                Ok(())
            });
            if interval.is_zero() {
                diag.error(&list.tokens, "a timer needs time between its ticks");
            }
            Some(Every { interval, jitter, keep_alive })
        }
        Err(mistake) => {
            diag.push(mistake);
            None
        }
    }
}

/// How large a message may be.
fn bytes(input: ParseStream<'_>) -> syn::Result<Expr> {
    mailbox::positive(input.parse()?, "a number of bytes", "a message has at least one byte")
}

/// The attribute is `name`, however it is qualified.
pub(crate) fn is(attr: &Attribute, name: &str) -> bool {
    last_is(attr.path(), name)
}

/// Reads the event of `#[on(start)]`, and the states of `#[on(enter = Phase::Ready)]`.
pub(crate) fn event(attr: &Attribute, diag: &mut Diag) -> Option<(Event, Option<Pat>)> {
    const EVENTS: &str = "`#[on(start)]`, `#[on(restart)]`, `#[on(stop)]`, `#[on(activate)]`, `#[on(deactivate)]`, `#[on(terminated)]`, `#[on(enter = Phase::Ready)]` or `#[on(event = Event::DeadLetter(_))]`";
    let Ok(list) = attr.meta.require_list() else {
        diag.error(attr, format!("say which event: {EVENTS}"));
        return None;
    };
    let name_and_rest =
        |input: ParseStream<'_>| Ok((Ident::parse_any(input)?, input.parse::<TokenStream>()?));
    let Ok((name, rest)) = name_and_rest.parse2(list.tokens.clone()) else {
        diag.error(attr, format!("one event a hook: {EVENTS}"));
        return None;
    };
    match (Event::from_name(&name.to_string()), rest.is_empty()) {
        (None, _) => diag.error(&name, diag::unknown("event", &name.to_string(), Event::NAMES)),
        (Some(event), true) => return Some((event, None)),
        (Some(event @ (Event::Enter | Event::Heard)), false) => match behavior::states.parse2(rest) {
            Ok(states) => return Some((event, Some(states))),
            Err(mistake) => diag.push(mistake),
        },
        (Some(_), false) => diag.error(attr, format!("one event a hook: {EVENTS}")),
    }
    None
}

/// Says what our attributes make of a method, and leaves them spent.
pub(crate) fn take_role(attrs: &mut [Attribute], krate: &TokenStream, diag: &mut Diag) -> Role {
    let ours = attrs.iter_mut().filter(|attr| is_ours(attr, krate));
    let ours = ours.map(spend).collect::<Vec<_>>();
    let Some(first) = ours.first() else { return Role::Plain };
    let hook = is(first, "on");
    let guard = is(first, "guard");
    let apply = is(first, "apply");
    let alone = |attr: &Attribute| ["apply", "guard", "on"].iter().any(|name| is(attr, name));
    for (index, other) in ours.iter().enumerate().skip(1) {
        let twice = ours[..index].iter().any(|earlier| is(earlier, "handler") && is(other, "handler"));
        if alone(first) || twice || alone(other) {
            diag.error(other, "a method is one handler or one hook; remove this attribute");
        }
    }
    match () {
        () if hook => Role::Hook(Box::new(first.clone())),
        () if guard => Role::Guard,
        () if apply => Role::Apply,
        () => Role::Handler(ours),
    }
}

/// Leaves an attribute that expands to nothing, so that the user's import of it stays in use.
fn spend(attr: &mut Attribute) -> Attribute {
    let path = attr.path();
    let mark = Ident::new(SPENT, Span::call_site());
    let spent = syn::parse_quote!(#[#path(#mark)]);
    std::mem::replace(attr, spent)
}

/// `#[handler]` or `#[on(..)]` was seen by `#[actor]`.
pub(crate) fn is_spent(args: &TokenStream) -> bool {
    args.to_string() == SPENT
}

/// The docs, `cfg`s and deprecation of a method, also those inside `cfg_attr`.
pub(crate) fn copied(attrs: &[Attribute]) -> Copied {
    Copied { docs: only(attrs, "doc"), cfgs: only(attrs, "cfg"), deprecated: only(attrs, "deprecated") }
}

fn only(attrs: &[Attribute], name: &str) -> Vec<Attribute> {
    attrs.iter().filter_map(|attr| filtered(attr, name)).collect()
}

fn filtered(attr: &Attribute, name: &str) -> Option<Attribute> {
    if attr.path().is_ident(name) {
        return Some(attr.clone());
    }
    if !attr.path().is_ident("cfg_attr") {
        return None;
    }
    let nested = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    let predicate = nested.first()?;
    let wanted: Vec<_> = nested.iter().skip(1).filter(|meta| meta.path().is_ident(name)).collect();
    (!wanted.is_empty()).then(|| syn::parse_quote!(#[cfg_attr(#predicate, #(#wanted),*)]))
}

fn is_ours(attr: &Attribute, krate: &TokenStream) -> bool {
    let path = attr.path();
    if !OURS.iter().any(|name| last_is(path, name)) {
        return false;
    }
    let Some(root) = path.segments.iter().rev().nth(1) else { return true };
    let renamed = krate.to_string();
    ["akt", "prelude"].iter().any(|name| root.ident == name)
        || renamed.rsplit(' ').next().is_some_and(|name| root.ident == name)
}

fn last_is(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// Reads `key = value, ..`, and `key(..)` for groups: reports every mistake and goes on behind the next comma.
pub(super) fn read(
    tokens: TokenStream,
    supported: &[&str],
    diag: &mut Diag,
    value: &mut dyn FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    let mut seen: Vec<Ident> = Vec::new();
    let all = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(mistake) = pair(input, supported, &mut seen, diag, value) {
                diag.push(mistake);
            }
            skip_pair(input)?;
        }
        Ok(())
    };
    if let Err(mistake) = all.parse2(tokens) {
        diag.push(mistake);
    }
}

fn pair(
    input: ParseStream<'_>,
    supported: &[&str],
    seen: &mut Vec<Ident>,
    diag: &mut Diag,
    value: &mut dyn FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) -> syn::Result<()> {
    let key = input.call(Ident::parse_any)?;
    let name = key.to_string();
    if !supported.contains(&name.as_str()) {
        return Err(syn::Error::new(key.span(), diag::unknown("option", &name, supported)));
    }
    if let Some(first) = seen.iter().find(|first| **first == key) {
        diag.twice(&key, &format!("`{name}` given twice"), first, &format!("`{name}` first given here"));
        return Ok(());
    }
    if FLAGS.contains(&name.as_str()) {
        seen.push(key.clone());
        value(&key, input)?;
        return if input.is_empty() || input.peek(Token![,]) {
            Ok(())
        } else {
            Err(input.error("expected `,`"))
        };
    }
    if GROUPS.contains(&name.as_str()) {
        if !input.peek(syn::token::Paren) {
            return Err(syn::Error::new(
                key.span(),
                format!("`{name}` stands with parentheses: `{name}(..)`"),
            ));
        }
    } else if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
    } else {
        return Err(syn::Error::new(key.span(), format!("`{name}` needs a value: `{name} = ..`")));
    }
    seen.push(key.clone());
    value(&key, input)?;
    if input.is_empty() || input.peek(Token![,]) { Ok(()) } else { Err(input.error("expected `,`")) }
}

/// Goes behind the next comma.
pub(super) fn skip_pair(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        if matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',') {
            break;
        }
    }
    Ok(())
}

pub(super) const EXAMPLES: &str = r#"examples: "250ms", "2s", "5m", "1h""#;

pub(super) fn duration(input: ParseStream<'_>) -> syn::Result<Duration> {
    if !input.peek(LitStr) {
        let token: TokenTree = input.parse()?;
        return Err(syn::Error::new(token.span(), format!("expected a duration; {EXAMPLES}")));
    }
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    parse_duration(&text)
        .ok_or_else(|| syn::Error::new(literal.span(), format!("invalid duration {text:?}; {EXAMPLES}")))
}

pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// The path of the runtime crate in generated code.
pub(crate) fn krate(options: &Options) -> TokenStream {
    options.krate.as_ref().map_or_else(|| quote!(::akt), ToTokens::to_token_stream)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;
    use crate::documented;
    use crate::mailbox::Mailbox;

    #[test]
    fn every_option_and_event_is_documented() {
        assert_eq!(documented::mistakes(include_str!("../docs/actor.md"), OPTIONS), [""; 0]);
        assert_eq!(documented::mistakes(include_str!("../docs/every.md"), EVERY_OPTIONS), [""; 0]);
        assert_eq!(documented::mistakes(include_str!("../docs/on.md"), Event::NAMES), [""; 0]);
    }

    fn mistakes_in(tokens: TokenStream) -> Vec<String> {
        let mut diag = Diag::default();
        options(tokens, &mut diag);
        diag.texts()
    }

    #[test]
    fn options_are_read() {
        let mut diag = Diag::default();

        let options = options(quote!(mailbox = bounded(64), crate = crate::reexport), &mut diag);

        assert!(matches!(options.mailbox, Some(Mailbox::Bounded(..))));
        assert_eq!(krate(&options).to_string(), "crate :: reexport");
        assert_eq!(diag.count(), 0);
    }

    #[test]
    fn every_wrong_option_is_reported() {
        let mistakes =
            mistakes_in(quote!(mailbx = 3, mailbox = bouded(3), mailbox = unbounded, passivte, crate));

        assert_eq!(
            mistakes,
            [
                "unknown option `mailbx`; did you mean `mailbox`? supported: `behavior`, `concurrency`, `crate`, `event_sourced`, `mailbox`, `max_message`, `order`, `passivate`, `stash`, `supervise`, `unhandled`",
                "unknown mailbox `bouded`; did you mean `bounded`? supported: `bounded`, `unbounded`",
                "`mailbox` given twice",
                "`mailbox` first given here",
                "unknown option `passivte`; did you mean `passivate`? supported: `behavior`, `concurrency`, `crate`, `event_sourced`, `mailbox`, `max_message`, `order`, `passivate`, `stash`, `supervise`, `unhandled`",
                "`crate` needs a value: `crate = ..`",
            ]
        );
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse_duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3600)));
        for wrong in
            ["", "5", "5 parsecs", "s", "-1s", "1.5s", "99999999999999999999s", "9999999999999999999h"]
        {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn cfg_attr_is_copied_in_parts() {
        let attrs: Vec<Attribute> = vec![
            parse_quote!(#[cfg(unix)]),
            parse_quote!(#[inline]),
            parse_quote!(#[cfg_attr(doc, doc = "x", inline, cfg(windows))]),
        ];

        let copied = copied(&attrs);

        assert_eq!(copied.docs.len(), 1);
        assert_eq!(copied.cfgs[1].to_token_stream().to_string(), "# [cfg_attr (doc , cfg (windows))]");
        assert!(copied.deprecated.is_empty());
    }

    #[test]
    fn our_attributes_may_be_qualified() {
        let krate = quote!(crate::reexport);
        for ours in
            [quote!(handler), quote!(akt::on), quote!(::akt::handler), quote!(crate::reexport::handler)]
        {
            assert!(is_ours(&parse_quote!(#[#ours(start)]), &krate), "{ours}");
        }
        assert!(!is_ours(&parse_quote!(#[other::handler]), &krate));
    }
}
