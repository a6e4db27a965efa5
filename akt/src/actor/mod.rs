//! Actors within one process: messages, mailboxes, cells, supervision.

mod admission;
mod admit;
mod asked;
mod asker;
mod attend;
mod batch;
mod behavior;
mod board;
mod breaker;
mod calendar;
mod call;
mod call_path;
mod cell;
mod children;
mod closing;
mod context;
mod core;
mod current;
mod errand;
mod error;
mod extra;
mod face;
#[cfg(test)]
mod fate;
mod fault;
mod flight;
mod forward;
mod function;
mod guardian;
mod held;
mod hold;
mod incarnation;
mod journal;
mod lifecycle;
mod listen;
mod mailbox;
mod measure;
mod meta;
mod narrow;
mod one_way;
mod orphan;
mod outbound;
mod panic;
mod partly;
mod passivation;
mod pipe;
mod post;
mod presence;
mod recipient;
mod recording;
mod reference;
mod regroup;
mod reminder;
mod reply;
mod resident;
mod rhythm;
mod roll;
mod runner;
mod scope;
mod sender;
mod slot;
mod spawn;
mod start;
mod stash;
mod step;
mod stream;
mod supervisor;
mod timers;
mod trace;
mod traits;
mod turn;
mod unknown;
mod watch;
mod widen;
mod witness;
mod work;

pub use self::admit::{Admit, reject};
pub use self::batch::{Answers, Batch, BatchError, batch};
pub use self::behavior::{Behavior, BehaviorStack, State, Treatment};
pub use self::breaker::BreakerOptions;
pub use self::call::Call;
pub use self::call_path::{CallPath, Caller};
pub use self::context::{Ctx, answer, answer_or_fail, answer_result};
pub use self::error::{
    AskError, CodecError, Delivery, Directive, Fault, FaultInfo, PeerError, Stage, StopReason, TellError,
    TimeoutInfo, TooLarge,
};
pub use self::flight::{
    Concurrent, Deck, Flight, Flights, Full, Lost, Mode, Next, NoFlight, NoReturns, Returning, Returns, share,
};
pub use self::forward::{Forward, answer_of, forward, forward_result};
pub use self::function::{FnActor, FnCall, FnMsg, FnRef};
pub use self::journal::JournalError;
pub use self::listen::listen;
pub use self::mailbox::{Mailbox, MailboxOrder, MailboxPlace, MailboxQueue, Overflow};
pub use self::meta::Headers;
pub use self::narrow::{Wraps, narrow, open_nested};
pub use self::one_way::{AnswersAll, OneWay};
pub use self::outbound::{
    Incoming, Outgoing, Undecoded, WireReply, incoming, incoming_result, outgoing, outgoing_result, receive,
};
pub use self::partly::PartlyInfo;
pub use self::passivation::Passivate;
pub use self::post::Post;
pub use self::recipient::Recipient;
pub use self::recording::Recording;
pub use self::recording::{recorded, recorded_result, unrecorded, unrecorded_result};
pub use self::reference::{AnyRef, Ref};
pub use self::reminder::Reminder;
pub use self::reply::{AnyReply, Begin, Came, Reply, Slot, unless_cancelled};
pub use self::spawn::{ActorOptions, Spawn, SpawnError, Spawning};
pub use self::stash::{NoStash, Shelf, Stash, Stashes};
pub use self::stream::{
    AnsweredOnce, Input, Opened, Opening, Opens, SendError, StreamSink, Streaming, Ways, answered, fallible,
    incoming_both, incoming_client, incoming_server, one_reader, outgoing_both, outgoing_client,
    outgoing_server, plain, stream, tie,
};
pub use self::supervisor::{Reaction, Restart, Supervise};
pub use self::timers::{Timer, every};
pub use self::traits::{
    Accepts, Actor, ActorRef, Answered, AskedRpc, CloneMessage, ContractKey, Copying, Join, Message, Opener,
    Protocol, Request, RpcInfo, ToldRpc,
};
pub use self::turn::{Turn, TurnCtx};
pub use self::unknown::{HoldsUnknown, UnknownRpc};
pub use self::watch::Terminated;
pub use self::work::{Breaker, PipeError, Work};

pub(crate) use self::asker::{Asker, is_there};
pub(crate) use self::attend::yield_now;
pub(crate) use self::board::Board;
pub(crate) use self::calendar::Calendar;
pub(crate) use self::cell::LocalCell;
pub(crate) use self::core::Core;
pub(crate) use self::current::{
    Handling, expect_propagators, hold, inherited, reminded_by, throughout, within,
};
pub(crate) use self::face::{ACTIVATE, Face, begin, conceive};
pub(crate) use self::guardian::Guardian;
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::held::Held;
pub(crate) use self::hold::{Hold, KeepsReminders, Lasting, OfReminder, ReminderKeeper, ToGrain, holding};
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::lifecycle::Stage as Life;
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::mailbox::Woken;
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::mailbox::{Batch as Found, Queue, Ticket};
pub(crate) use self::mailbox::{Control, Room};
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::meta::{Elsewhere, Frame, Meta, PARCEL, REQUEST, Receiver, Way, Who};
pub(crate) use self::orphan::part;
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::outbound::{
    Answer, Origin, Outcome, PendingReply, WireAsk, pending, undecoded, wire_reply,
};
pub(crate) use self::panic::{guard, guard_drop, guarded, install_hook};
pub(crate) use self::passivation::Usage;
pub(crate) use self::post::Letter;
pub(crate) use self::presence::Presence;
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::reference::{Lent, Refusal, Refused, Sink};
pub(crate) use self::reference::{OnTurn, Target};
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::reply::Progress;
pub(crate) use self::rhythm::Rhythm;
pub(crate) use self::scope::{Member, Place, Scope};
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::stream::{End, Ends, Line};
#[allow(unused_imports, reason = "what only connections use, and they are a feature")]
pub(crate) use self::witness::Witness;
