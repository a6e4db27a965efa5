//! The agent of a node's reminders: does what the agenda decides.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use flume::{Receiver, Sender};
use tokio::sync::{oneshot, watch};

use super::agenda::{Agenda, Input, Item, Key, Output};
use super::codec::{Content, decode};
use super::flight::{Flight, Landing};
use super::shard::{OURS, shard_of};
use crate::actor::{AnyRef, KeepsReminders, OfReminder, ReminderKeeper};
use crate::grain::Roster;
use crate::persistence::{KeptReminder, ReminderRow, ReminderStore, StoreError};
use crate::runtime::{from_wall, to_wall};
use crate::system::{ActorSystem, Event, Extension, StartError, SystemBuilder};
use crate::time::Wall;

/// How many reminders are read at once.
const PAGE: usize = 256;

/// How many notes may wait for the agent; who writes more waits.
const NOTES: usize = 1_024;

impl SystemBuilder {
    /// Sets where grains keep their reminders, and has this node send them: see [`Ctx::remind`](crate::Ctx::remind).
    ///
    /// The kinds that have reminders are registered, by [`grain`](Self::grain).
    pub fn reminder_store(self, store: impl ReminderStore) -> Self {
        self.part(async move |system| {
            let agent = Arc::new(Agent::start(&system, Arc::new(store)));
            let keeper: Weak<dyn KeepsReminders> =
                Arc::downgrade(&(agent.clone() as Arc<dyn KeepsReminders>));
            // A second store sends its own; turns set theirs in the first.
            let _ = system.part::<ReminderKeeper>().0.set(keeper);
            Ok::<_, StartError>(agent)
        })
    }
}

/// Sends the reminders of a node.
pub(super) struct Agent {
    system: ActorSystem,
    store: Arc<dyn ReminderStore>,
    notes: Sender<Note>,
    stop: watch::Sender<bool>,
}

/// What the agent is told; who waits for it is told when it is done.
struct Note(Input, Option<oneshot::Sender<()>>);

impl Agent {
    fn start(system: &ActorSystem, store: Arc<dyn ReminderStore>) -> Self {
        let (notes, inbox) = flume::bounded(NOTES);
        let (stop, stopped) = watch::channel(false);
        let work = Work::new(system.clone(), store.clone(), notes.clone());
        system.runtime().spawn("reminders", work.run(inbox, stopped));
        Self { system: system.clone(), store, notes, stop }
    }

    pub(super) async fn list(&self, id: &str) -> Result<Vec<KeptReminder>, StoreError> {
        self.store.list(id).await
    }

    /// Keeps `row`; whoever asked may go.
    pub(super) async fn keep(&self, row: ReminderRow, content: Content) -> Result<(), StoreError> {
        let (store, key, due) = (self.store.clone(), key(&row), to_wall(row.due));
        let content = Arc::new(content);
        self.carry_out(async move {
            let version = store.put(row).await?;
            Ok(((), Input::Put(key, Item { version, due, content: Ok(content) })))
        })
        .await
    }

    /// Forgets the reminder of this id and name; whoever asked may go.
    pub(super) async fn forget(&self, id: &str, name: &str) -> Result<bool, StoreError> {
        let (store, key) = (self.store.clone(), Key { id: id.into(), name: name.into() });
        self.carry_out(async move {
            let was = store.delete(&key.id, &key.name).await?;
            Ok((was, Input::Forget(key)))
        })
        .await
    }

    /// Changes the store and then the agenda, even if nobody waits for it any more.
    async fn carry_out<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<(T, Input), StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let notes = self.notes.clone();
        self.system.runtime().spawn("reminder", async move {
            let done = match change.await {
                Ok((out, input)) => {
                    let (seen, saw) = oneshot::channel();
                    // An agent that has stopped sends nothing.
                    let _ = notes.send_async(Note(input, Some(seen))).await;
                    let _ = saw.await;
                    Ok(out)
                }
                Err(error) => Err(error),
            };
            let _ = answer.send(done);
        });
        answered.await.unwrap_or_else(|_| Err(StoreError::unknown("the system has ended")))
    }
}

impl KeepsReminders for Agent {
    fn carry_out(
        self: Arc<Self>,
        said: OfReminder,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send>> {
        let OfReminder { id, name, due, bytes } = said;
        Box::pin(async move {
            let done = match due {
                None => self.forget(&id, &name).await.map(drop),
                Some(millis) => {
                    let content = decode(bytes.clone())?;
                    let (shard, due) =
                        (shard_of(&id), SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
                    self.keep(ReminderRow { id, name, shard, due, bytes }, content).await
                }
            };
            done.map_err(|error| error.to_string())
        })
    }
}

impl Extension for Agent {
    async fn stop(&self, _system: &ActorSystem) {
        self.stop.send_replace(true);
        self.stop.closed().await;
    }
}

/// The agent at work.
struct Work {
    system: ActorSystem,
    store: Arc<dyn ReminderStore>,
    agenda: Agenda,
    notes: Sender<Note>,
    flights: BTreeMap<Key, Arc<Flight>>,
    landings: Sender<Landing>,
    landed: Receiver<Landing>,
}

impl Work {
    fn new(system: ActorSystem, store: Arc<dyn ReminderStore>, notes: Sender<Note>) -> Self {
        // One for each that is under way, and the agenda bounds those.
        let (landings, landed) = flume::unbounded();
        let (agenda, flights) = (Agenda::new(OURS), BTreeMap::new());
        Self { system, store, agenda, notes, flights, landings, landed }
    }

    async fn run(mut self, inbox: Receiver<Note>, mut stopped: watch::Receiver<bool>) {
        let runtime = self.system.runtime().clone();
        loop {
            let deadline = self.agenda.deadline(runtime.now(), runtime.wall());
            let Note(input, done) = tokio::select! { biased;
                _ = stopped.wait_for(|stopped| *stopped) => return,
                landing = self.landed.recv_async() => match landing {
                    Ok(landing) => Note(self.land(landing), None),
                    Err(_) => return,
                },
                note = inbox.recv_async() => match note {
                    Ok(note) => note,
                    Err(_) => return,
                },
                () = runtime.sleep_until(Some(deadline)) => Note(Input::Tick, None),
            };
            self.take(input);
            if let Some(done) = done {
                let _ = done.send(());
            }
        }
    }

    /// Takes in what happened, and what follows from it at once.
    fn take(&mut self, input: Input) {
        let (mut inputs, mut out) = (vec![input], Vec::new());
        while let Some(input) = inputs.pop() {
            let runtime = self.system.runtime();
            self.agenda.handle(runtime.now(), runtime.wall(), input, &mut out);
            for output in std::mem::take(&mut out) {
                inputs.extend(self.perform(output));
            }
        }
    }

    fn perform(&mut self, output: Output) -> Option<Input> {
        match output {
            Output::Scan { shard, to } => self.scan(shard, to),
            Output::Load(key) => self.load(key),
            Output::Advance { key, version, next } => self.advance(key, version, next),
            Output::Revoke(key) => {
                if let Some(flight) = self.flights.remove(&key) {
                    flight.revoke();
                }
            }
            Output::Send { key, version, due } => {
                let Err(problem) = self.send(&key, version, due) else { return None };
                let (id, name) = (&*key.id, &*key.name);
                tracing::error!(id, name, problem, "a reminder is due that this program cannot send");
                let (grain, name, problem) = (key.id.clone(), key.name.clone(), problem.into());
                self.system.publish(|| Event::ReminderParked { grain, name, problem });
                return Some(Input::Parked(key, version));
            }
        }
        None
    }

    /// Or in words why not.
    fn send(&mut self, key: &Key, version: u64, due: Wall) -> Result<(), String> {
        let Some(content) = self.agenda.content(key).cloned() else { return Ok(()) };
        let content = content.map_err(|problem| format!("it cannot be read: {problem}"))?;
        let target = self.target(&key.id, &content)?.target().clone();
        let flight = Flight::begin((key.clone(), version, due), &content, target, self.landings.clone());
        self.flights.insert(key.clone(), flight);
        Ok(())
    }

    fn target(&self, id: &str, content: &Content) -> Result<AnyRef, String> {
        let Some((kind, text)) = id.split_once('/') else {
            return Err("its grain has no kind and key".to_owned());
        };
        let contract = &content.contract;
        let Some(known) = self.system.part::<Roster>().of_kind(kind) else {
            return Err(format!(
                "no grain of kind `{kind}` is registered; say `.grain::<..>()` of its type on the builder"
            ));
        };
        if known.contract != Some(contract) {
            let serves = known.contract.unwrap_or("no contract");
            return Err(format!(
                "its message is one of `{contract}`, and grains of kind `{kind}` serve {serves}"
            ));
        }
        let found = (known.find)(&self.system, text);
        found.ok_or_else(|| format!("`{text}` is no key of grains of kind `{kind}`"))
    }

    fn land(&mut self, Landing { key, version, problem }: Landing) -> Input {
        if self.flights.get(&key).is_some_and(|flight| flight.version() == version) {
            self.flights.remove(&key);
        }
        let Some(problem) = problem else { return Input::Handled(key, version) };
        let (id, name) = (&*key.id, &*key.name);
        tracing::warn!(id, name, problem, "a reminder was not handled; it comes again");
        Input::Failed(key, version)
    }

    /// Reads page after page of what is due in a shard before `to`.
    fn scan(&self, shard: u16, to: Wall) {
        let (store, notes) = (self.store.clone(), self.notes.clone());
        self.system.runtime().spawn("reminder scan", async move {
            let window = SystemTime::UNIX_EPOCH..from_wall(to);
            let mut last = None;
            loop {
                let input = match store.due(shard, window.clone(), last.as_ref(), PAGE).await {
                    Ok(rows) => {
                        let is_last = rows.len() < PAGE;
                        last = rows.last().cloned();
                        Input::Scanned { shard, page: rows.into_iter().map(item).collect(), is_last }
                    }
                    Err(error) => {
                        tracing::warn!(shard, %error, "reminders were not read, and may be late");
                        Input::NotScanned { shard }
                    }
                };
                let is_over = !matches!(input, Input::Scanned { is_last: false, .. });
                if notes.send_async(Note(input, None)).await.is_err() || is_over {
                    return;
                }
            }
        });
    }

    fn load(&self, key: Key) {
        let (store, notes) = (self.store.clone(), self.notes.clone());
        self.system.runtime().spawn("reminder load", async move {
            // What is not found now is found when its shard is read again.
            let found = store.get(&key.id, &key.name).await.ok().flatten();
            let _ = notes.send_async(Note(Input::Loaded(key, found.map(|kept| item(kept).1)), None)).await;
        });
    }

    fn advance(&self, key: Key, version: u64, next: Option<Wall>) {
        let (store, notes) = (self.store.clone(), self.notes.clone());
        self.system.runtime().spawn("reminder advance", async move {
            let input = match store.advance(&key.id, &key.name, version, next.map(from_wall)).await {
                Ok(new) => Input::Advanced(key, version, new),
                Err(StoreError::Conflict { .. }) => Input::Overtaken(key, version),
                Err(error) => {
                    let (id, name) = (&*key.id, &*key.name);
                    tracing::warn!(id, name, %error, "a reminder was handled, and the store does not know");
                    Input::NotAdvanced(key, version)
                }
            };
            let _ = notes.send_async(Note(input, None)).await;
        });
    }
}

fn key(row: &ReminderRow) -> Key {
    Key { id: row.id.as_ref().into(), name: row.name.as_ref().into() }
}

fn item(KeptReminder { version, row }: KeptReminder) -> (Key, Item) {
    let (key, due) = (key(&row), to_wall(row.due));
    let content = decode(row.bytes).map(Arc::new).map_err(Into::into);
    (key, Item { version, due, content })
}
