//! A node of the directory as a machine: what it knows of the views, of the one partition, and what is active on it.

use akt::Instant;
use akt::testkit::world::Machine;

/// Who hands out the partition: the first of these that is in the view. D joins later and comes before the others.
const ORDER: [usize; 4] = [3, 0, 1, 2];

/// The rules of the protocol that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Rules {
    /// Nothing new is activated until those who are down have fenced themselves.
    pub(super) hold: bool,
    /// A host that was asked by a newer owner takes nothing from an older one.
    pub(super) barrier: bool,
    /// An entry is not given to another host because of time alone.
    pub(super) sticky: bool,
    /// A host takes a token once, and none below it.
    pub(super) token_monotone: bool,
    /// A host says what it rejects and burns the token; what is said again carries the owner's epoch of now.
    pub(super) rejections: bool,
    /// The owner moves entries to other hosts.
    pub(super) migration: bool,
    /// And waits for the old host to have stopped.
    pub(super) migration_waits: bool,
}

impl Rules {
    pub(super) const ALL: Self = Self {
        hold: true,
        barrier: true,
        sticky: true,
        token_monotone: true,
        rejections: true,
        migration: false,
        migration_waits: true,
    };
}

/// Epoch of the owner's view, and a number.
pub(super) type Token = (usize, u8);

/// The nodes that are up, one bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct View(pub(super) u8);

impl View {
    pub(super) fn has(self, node: usize) -> bool {
        self.0 & (1 << node) != 0
    }

    pub(super) fn with(self, node: usize) -> Self {
        Self(self.0 | (1 << node))
    }

    pub(super) fn without(self, node: usize) -> Self {
        Self(self.0 & !(1 << node))
    }

    pub(super) fn nodes(self) -> impl Iterator<Item = usize> {
        (0..4).filter(move |node| self.has(*node))
    }

    pub(super) fn owner(self) -> usize {
        ORDER.into_iter().find(|node| self.has(*node)).expect("a view is never empty")
    }
}

/// Every view up to an epoch.
pub(super) type History = Vec<View>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Entry {
    pub(super) host: usize,
    pub(super) token: Token,
    /// Where it moves, and with which token.
    pub(super) moving: Option<(usize, Token)>,
}

/// How the partition is to a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Elsewhere,
    Serving(Option<Entry>),
    /// What the next owner gets.
    Sealed(Option<Entry>),
    /// Waits for the previous owner.
    Getting(usize),
    /// Asks everyone what is active there.
    Asking {
        epoch: usize,
        replied: View,
        found: Option<(Token, usize)>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Message {
    Activate { token: Token, epoch: usize },
    Leave { token: Token },
    Get(History),
    Snapshot(usize, Option<Entry>),
    Nack(usize),
    Query(History),
    Found(usize, Option<Token>),
}

/// What goes to whoever serves the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Notice {
    Unregistered(Token),
    Rejected(Token),
    MigratedOut(Token),
}

#[derive(Debug)]
pub(super) enum Input {
    Received(usize, Message),
    Noticed(Notice),
    Learned(History),
    Recovered,
    Allocate { host: usize, token: Token },
    Retry,
    Migrate { host: usize, token: Token },
    Deactivate,
    Clear,
    Fence,
}

#[derive(Debug)]
pub(super) enum Output {
    Send(usize, Message),
    Notify(Notice),
    Activated(Token),
}

#[derive(Clone, Debug, Hash)]
pub(super) struct Node {
    pub(super) me: usize,
    pub(super) rules: Rules,
    pub(super) history: History,
    pub(super) part: Part,
    pub(super) active: Option<Token>,
    barrier: usize,
    /// The last token that was taken or burnt.
    last: Option<Token>,
}

impl Node {
    pub(super) fn new(me: usize, rules: Rules, first: View) -> Self {
        let part = if first.owner() == me { Part::Serving(None) } else { Part::Elsewhere };
        Self { me, rules, history: vec![first], part, active: None, barrier: 0, last: None }
    }

    pub(super) fn epoch(&self) -> usize {
        self.history.len() - 1
    }

    pub(super) fn view(&self) -> View {
        self.history[self.epoch()]
    }

    /// The entry, if this node hands it out.
    pub(super) fn serves(&self) -> Option<Option<Entry>> {
        match self.part {
            Part::Serving(entry) if self.view().has(self.me) => Some(entry),
            _ => None,
        }
    }

    /// The epoch that an activation is sent with, and sent again.
    fn epoch_of(&self, token: Token) -> usize {
        if self.rules.rejections { self.epoch() } else { token.0 }
    }

    pub(super) fn activate(&self, token: Token) -> Message {
        Message::Activate { token, epoch: self.epoch_of(token) }
    }

    fn learn(&mut self, history: History, out: &mut Vec<Output>) {
        if history.len() <= self.history.len() {
            return;
        }
        let old = self.epoch();
        self.history = history;
        if self.view().owner() == self.me {
            self.acquire(old, out);
            return;
        }
        self.part = match std::mem::replace(&mut self.part, Part::Elsewhere) {
            Part::Serving(entry) | Part::Sealed(entry) => Part::Sealed(entry),
            Part::Getting(_) | Part::Asking { .. } | Part::Elsewhere => Part::Elsewhere,
        };
    }

    fn acquire(&mut self, old: usize, out: &mut Vec<Output>) {
        let others = self.history.iter().rposition(|view| view.owner() != self.me);
        let since = others.map_or(0, |last| last + 1);
        if matches!(self.part, Part::Serving(_)) && since <= old {
            return;
        }
        let before = others.map(|last| self.history[last].owner()).filter(|owner| self.view().has(*owner));
        let is_under_way = matches!(self.part, Part::Getting(_) | Part::Asking { .. });
        match before {
            Some(owner) if !is_under_way => {
                self.part = Part::Getting(self.epoch());
                out.push(Output::Send(owner, Message::Get(self.history.clone())));
            }
            _ => self.ask(out),
        }
    }

    fn ask(&mut self, out: &mut Vec<Output>) {
        let (epoch, me) = (self.epoch(), self.me);
        let found = self.active.map(|token| (token, me));
        self.part = Part::Asking { epoch, replied: View(0).with(me), found };
        self.barrier = self.barrier.max(epoch);
        let others = self.view().nodes().filter(|node| *node != me);
        out.extend(others.map(|node| Output::Send(node, Message::Query(self.history.clone()))));
    }

    fn received(&mut self, from: usize, message: Message, out: &mut Vec<Output>) {
        match message {
            Message::Activate { token, epoch } => self.host(token, epoch, out),
            Message::Leave { token } => self.leave(token, out),
            Message::Get(history) => {
                let epoch = history.len() - 1;
                self.learn(history, out);
                let answer = match self.part {
                    Part::Sealed(entry) => Message::Snapshot(epoch, entry),
                    _ => Message::Nack(epoch),
                };
                out.push(Output::Send(from, answer));
            }
            Message::Snapshot(epoch, entry) if self.waits(epoch) => self.part = Part::Serving(entry),
            Message::Nack(epoch) if self.waits(epoch) => self.ask(out),
            Message::Snapshot(..) | Message::Nack(_) => {}
            Message::Query(history) => {
                let epoch = history.len() - 1;
                self.learn(history, out);
                if self.rules.barrier {
                    self.barrier = self.barrier.max(epoch);
                }
                out.push(Output::Send(from, Message::Found(epoch, self.active)));
            }
            Message::Found(asked, token) => {
                if let Part::Asking { epoch, replied, found } = &mut self.part
                    && *epoch == asked
                {
                    *replied = replied.with(from);
                    *found = (*found).max(token.map(|token| (token, from)));
                }
            }
        }
    }

    fn waits(&self, epoch: usize) -> bool {
        self.part == Part::Getting(epoch) && self.epoch() == epoch
    }

    fn host(&mut self, token: Token, epoch: usize, out: &mut Vec<Output>) {
        let is_old = self.rules.barrier && epoch < self.barrier;
        let is_used = self.rules.token_monotone && self.last.is_some_and(|last| token <= last);
        if !is_old && !is_used && self.active.is_none() {
            self.active = Some(token);
            self.last = Some(token);
            out.push(Output::Activated(token));
            return;
        }
        if self.rules.rejections && self.active != Some(token) {
            self.last = self.last.max(Some(token));
            out.push(Output::Notify(Notice::Rejected(token)));
        }
    }

    fn leave(&mut self, token: Token, out: &mut Vec<Output>) {
        self.active = self.active.filter(|active| *active != token);
        self.last = self.last.max(Some(token));
        out.push(Output::Notify(Notice::MigratedOut(token)));
    }

    fn noticed(&mut self, notice: Notice, out: &mut Vec<Output>) {
        let Part::Serving(entry) = &mut self.part else { return };
        let moving = entry.take().and_then(|entry| entry.moving);
        if let (Notice::MigratedOut(_), Some((host, token))) = (notice, moving) {
            *entry = Some(Entry { host, token, moving: None });
            out.push(Output::Send(host, self.activate(token)));
        }
    }

    fn allocate(&mut self, host: usize, token: Token, out: &mut Vec<Output>) {
        self.part = Part::Serving(Some(Entry { host, token, moving: None }));
        out.push(Output::Send(host, self.activate(token)));
    }

    fn retry(&mut self, out: &mut Vec<Output>) {
        let Some(Some(Entry { host, token, moving })) = self.serves() else { return };
        let again = if moving.is_some() { Message::Leave { token } } else { self.activate(token) };
        out.push(Output::Send(host, again));
    }

    fn migrate(&mut self, host: usize, token: Token, out: &mut Vec<Output>) {
        let Some(Some(old)) = self.serves() else { return };
        if !self.rules.migration_waits {
            self.allocate(host, token, out);
        } else {
            self.part = Part::Serving(Some(Entry { moving: Some((host, token)), ..old }));
        }
        out.push(Output::Send(old.host, Message::Leave { token: old.token }));
    }
}

impl Machine for Node {
    type Input = Input;
    type Output = Output;

    fn handle(&mut self, _now: Instant, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Received(from, message) => self.received(from, message, out),
            Input::Noticed(notice) => self.noticed(notice, out),
            Input::Learned(history) => self.learn(history, out),
            Input::Recovered => {
                if let Part::Asking { found, .. } = self.part {
                    let entry = found.map(|(token, host)| Entry { host, token, moving: None });
                    self.part = Part::Serving(entry);
                }
            }
            Input::Allocate { host, token } => self.allocate(host, token, out),
            Input::Retry => self.retry(out),
            Input::Migrate { host, token } => self.migrate(host, token, out),
            Input::Deactivate => {
                let ended = self.active.take();
                out.extend(ended.map(|token| Output::Notify(Notice::Unregistered(token))));
            }
            Input::Clear => self.part = Part::Serving(None),
            Input::Fence => (self.part, self.active) = (Part::Elsewhere, None),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn handle_timeout(&mut self, _now: Instant, _out: &mut Vec<Output>) {}
}
