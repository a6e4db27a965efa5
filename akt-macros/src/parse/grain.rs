//! What `#[grain]` has beyond `#[actor]`: its kind, its key, and the hook that makes its value.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Expr, ImplItemFn, LitInt, LitStr, Path, Token, Type};

use super::item::{returned, typed};
use super::{attrs, event_sourced, mailbox, ungroup};
use crate::check;
use crate::diag::{self, Diag};
use crate::model::{Arg, Consistency, Event, Grain, Hook, Kept, Placement, Stateless};

/// Tells the options of a grain from those of an actor, also on their way through a contract's macro.
const MARK: &str = "__akt_grain";

/// The options of `#[grain]`.
pub(crate) fn marked(args: &TokenStream) -> TokenStream {
    let mark = Ident::new(MARK, Span::call_site());
    quote!(#mark, #args)
}

/// The options without the mark, if they have it; and whether they had.
pub(super) fn unmarked(tokens: TokenStream) -> (TokenStream, bool) {
    let mut rest = tokens.clone().into_iter();
    let mark = matches!(rest.next(), Some(TokenTree::Ident(mark)) if mark == MARK);
    if mark { (rest.skip(1).collect(), true) } else { (tokens, false) }
}

/// What was given of the options that only a grain has.
#[derive(Default)]
pub(super) struct Given {
    kind: Option<LitStr>,
    key: Option<Type>,
    state: Option<(Ident, Ident, Type)>,
    schema: Option<(Ident, LitInt)>,
    upcast: Option<(Ident, Path)>,
    gates: Option<Ident>,
    placement: Option<Placement>,
    consistency: Option<Consistency>,
    stateless: Option<Ident>,
    max: Option<(Ident, Expr)>,
}

/// Where activations live, as `placement` says it and as akt calls it.
const PLACEMENTS: &[(&str, &str)] = &[
    ("hash", "Hash"),
    ("least_load", "LeastLoad"),
    ("local_first", "LocalFirst"),
    ("random", "Random"),
    ("round_robin", "RoundRobin"),
];

/// What is promised when nodes lose sight of each other, as `consistency` says it and as akt calls it.
const CONSISTENCIES: &[(&str, &str)] = &[("fenced", "Fenced"), ("prompt", "Prompt"), ("strict", "Strict")];

impl Given {
    pub(super) fn read(&mut self, word: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match word.to_string().as_str() {
            "kind" => self.kind = Some(kind(input)?),
            "state" => {
                let (field, ty) = field(word, input)?;
                self.state = Some((word.clone(), field, ty));
            }
            "schema" => self.schema = Some((word.clone(), event_sourced::schema(&input.parse()?)?)),
            "upcast" => self.upcast = Some((word.clone(), input.call(Path::parse_mod_style)?)),
            "gates" => self.gates = Some(word.clone()),
            "max" => self.max = Some((word.clone(), workers(input)?)),
            "stateless" => self.stateless = Some(word.clone()),
            "placement" => self.placement = Some(Placement(choice(input, "placement", PLACEMENTS)?)),
            "consistency" => {
                self.consistency = Some(Consistency(choice(input, "consistency", CONSISTENCIES)?));
            }
            _ => self.key = Some(input.parse()?),
        }
        Ok(())
    }

    /// The state with what belongs to it.
    fn kept(&mut self, diag: &mut Diag) -> Option<Kept> {
        let (schema, upcast) = (self.schema.take(), self.upcast.take());
        let Some((word, field, ty)) = self.state.take() else {
            let words = schema.map(|(word, _)| word).into_iter().chain(upcast.map(|(word, _)| word));
            for word in words {
                diag.error(&word, format!("`{word}` is of a state: say `state = CartState`"));
            }
            return None;
        };
        let (schema, upcast) = (schema.map(|(_, schema)| schema), upcast.map(|(_, upcast)| upcast));
        check::schema("states", "State", schema.as_ref(), upcast.as_ref(), diag);
        Some(Kept { word, field, ty, schema, upcast })
    }

    /// What must be there; a mistake otherwise, unless one was reported.
    pub(super) fn grain(mut self, reported: bool, diag: &mut Diag) -> Grain {
        const USAGE: &str = "`#[akt::grain(kind = \"cart\", key = String)]`";
        let state = self.kept(diag);
        let Self { kind, key, gates, placement, consistency, stateless, max, .. } = self;
        if kind.is_none() && !reported {
            diag.error(TokenStream::new(), format!("a grain needs a kind, the name of its type: {USAGE}"));
        }
        if key.is_none() && !reported {
            diag.error(TokenStream::new(), format!("a grain needs the type of its key: {USAGE}"));
        }
        let stateless = self::stateless(stateless, max, reported, diag);
        Grain { kind, key, state, gates, placement, consistency, stateless }
    }
}

/// Reads `items: CartState`, or `CartState` for the field `state`.
fn field(word: &Ident, input: ParseStream<'_>) -> syn::Result<(Ident, Type)> {
    let named = input.peek(syn::Ident) && input.peek2(Token![:]) && !input.peek2(Token![::]);
    if !named {
        return Ok((Ident::new("state", word.span()), input.parse()?));
    }
    let field = input.parse()?;
    input.parse::<Token![:]>()?;
    Ok((field, input.parse()?))
}

/// Reads one of `choices`; the variant that stands for it.
fn choice(input: ParseStream<'_>, what: &str, choices: &[(&str, &str)]) -> syn::Result<Ident> {
    let given = input.call(Ident::parse_any)?;
    let name = given.to_string();
    match choices.iter().find(|(choice, _)| *choice == name) {
        Some((_, variant)) => Ok(Ident::new(variant, given.span())),
        None => {
            let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
            Err(syn::Error::new(given.span(), diag::unknown(what, &name, &names)))
        }
    }
}

/// `stateless` and `max` go together.
fn stateless(
    word: Option<Ident>,
    max: Option<(Ident, Expr)>,
    reported: bool,
    diag: &mut Diag,
) -> Option<Stateless> {
    const USAGE: &str = "`#[akt::grain(kind = \"resizer\", key = String, stateless, max = 8)]`";
    match (word, max) {
        (Some(word), Some((_, max))) => return Some(Stateless { word, max }),
        (Some(word), None) if !reported => {
            diag.error(&word, format!("say how many workers a key may have at once: {USAGE}"));
        }
        (None, Some((max, _))) if !reported => {
            diag.error(&max, format!("`max` counts the workers of a stateless grain: {USAGE}"));
        }
        _ => {}
    }
    None
}

fn workers(input: ParseStream<'_>) -> syn::Result<Expr> {
    mailbox::positive(input.parse()?, "a number of workers", "a key has at least one worker")
}

pub(super) fn kind(input: ParseStream<'_>) -> syn::Result<LitStr> {
    const SHAPE: &str =
        "a kind is a name: 1 to 255 bytes without `/`, spaces or control characters, and no `$` in front";
    let kind: LitStr = input.parse().map_err(|mistake| {
        syn::Error::new(mistake.span(), "expected the kind in quotes: `kind = \"cart\"`")
    })?;
    let text = kind.value();
    let odd = |c: char| c == '/' || c.is_whitespace() || c.is_control();
    if text.is_empty() || text.len() > 255 || text.starts_with('$') || text.contains(odd) {
        return Err(syn::Error::new(kind.span(), SHAPE));
    }
    Ok(kind)
}

/// Reads `async fn activate(key: &String, state: State, cx: &mut Ctx<Self>) -> Result<Self, Fault>`.
pub(super) fn activate(method: &ImplItemFn, diag: &mut Diag) -> Option<Hook> {
    let sig = &method.sig;
    let before = diag.count();
    check::activate(sig, diag);
    let args = typed(sig).map(|arg| match check::is_context_argument(arg) {
        true => Arg::Context(arg.ty.span()),
        false => {
            let borrowed = matches!(ungroup(&arg.ty), Type::Reference(_));
            let ident = Ident::new(if borrowed { "key" } else { "state" }, Span::mixed_site());
            Arg::Field { ident, ty: TokenStream::new() }
        }
    });
    let args = args.collect();
    (diag.count() == before).then(|| Hook {
        event: Event::Activate,
        pattern: None,
        ident: sig.ident.clone(),
        copied: attrs::copied(&method.attrs),
        is_async: sig.asyncness.is_some(),
        args,
        fallible: returned(&sig.output).is_some_and(check::is_result),
    })
}
