//! Bytes that no peer should send, shown to what decodes them, and what that costs in memory; for tests.
//!
//! `AKT_FUZZ_SECONDS=600` looks for longer than a second, `AKT_FUZZ_SEED=7` begins where a failure was found.
#![expect(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::Any;
use std::cell::Cell;
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// A case that takes longer runs for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// So often a failing input is tried again with less in it.
const TRIES: usize = 3_000;

/// What decoding one input may allocate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowed {
    /// Bytes at once.
    pub(crate) largest: usize,
    /// Bytes that live at one time.
    pub(crate) peak: usize,
}

/// Shows inputs to `decode` until the time is up: what `valid` makes, and what chance makes of that.
///
/// What `decode` does [counted](counted) stays within what is allowed. It cuts its input by the chance that it is given,
/// the same for the same seed.
pub(crate) fn feed(
    name: &'static str,
    allowed: Allowed,
    valid: impl Fn(&mut Rng) -> Vec<u8>,
    decode: impl Fn(&[u8], Rng),
) {
    let watchdog = Watchdog::start(name);
    let mut inputs = 0_u64;
    for seed in seeds() {
        let mut rng = Rng::with_seed(seed);
        let input = if rng.u8(..16) == 0 { garbage(&mut rng, 600) } else { spoiled(&mut rng, &valid) };
        let cuts = rng.fork();
        let problem = |input: &[u8]| {
            watchdog.beat(seed);
            problem(allowed, || decode(input, cuts.clone()))
        };
        if let Some(first) = problem(&input) {
            let short = shortened(&input, |input| problem(input).is_some());
            let what = problem(&short).unwrap_or(first);
            panic!(
                "{name}: {what}\nAKT_FUZZ_SEED={seed} begins here; {} bytes, shortened:\nlet bytes: &[u8] = {};",
                input.len(),
                literal(&short)
            );
        }
        inputs += 1;
    }
    eprintln!("{name}: {inputs} inputs");
}

/// What is wrong with what `run` does.
fn problem(allowed: Allowed, run: impl FnOnce()) -> Option<String> {
    METER.set(Meter::default());
    QUIET.set(true);
    let ran = catch_unwind(AssertUnwindSafe(run));
    QUIET.set(false);
    let Meter { largest, peak, .. } = METER.replace(Meter::default());
    let Allowed { largest: at_once, peak: at_one_time } = allowed;
    match ran {
        Err(panic) => Some(format!("panicked: {}", text(&*panic))),
        Ok(()) if largest > at_once => {
            Some(format!("allocated {largest} bytes at once, allowed are {at_once}"))
        }
        Ok(()) if peak > at_one_time.cast_signed() => {
            Some(format!("had {peak} bytes at one time, allowed are {at_one_time}"))
        }
        Ok(()) => None,
    }
}

fn text(panic: &dyn Any) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without words")
}

/// Seeds until the time is up.
#[expect(clippy::disallowed_methods, reason = "a deadline for the test itself")]
fn seeds() -> impl Iterator<Item = u64> {
    quiet_panics();
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse().ok());
    let end = Instant::now() + Duration::from_secs(number("AKT_FUZZ_SECONDS").unwrap_or(1));
    let first = number("AKT_FUZZ_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    (first..).take_while(move |seed| *seed == first || Instant::now() < end)
}

// ---- inputs --------------------------------------------------------------------------------

/// What a length, a count or a number may be that nobody expects.
const EXTREMES: [u32; 10] = [0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x0010_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX];

pub(crate) fn garbage(rng: &mut Rng, most: usize) -> Vec<u8> {
    let length = rng.usize(..most);
    std::iter::repeat_with(|| rng.u8(..)).take(length).collect()
}

/// Something valid, in three of four cases with something wrong in it.
fn spoiled(rng: &mut Rng, valid: &impl Fn(&mut Rng) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = valid(rng);
    for _ in 0..rng.usize(..4) {
        let at = rng.usize(..=bytes.len());
        let end = (at + rng.usize(..40)).min(bytes.len());
        match rng.u8(..10) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes[at..end].repeat(rng.usize(1..60));
                bytes.splice(at..at, part);
            }
            3 => {
                let other = valid(rng);
                let from = rng.usize(..=other.len());
                bytes.splice(at..end, other[from..].iter().copied());
            }
            4 => drop(bytes.splice(at..end, garbage(rng, 12))),
            5 => {
                let extreme = rng.choice(EXTREMES).unwrap_or_default().to_be_bytes();
                let end = (at + 4).min(bytes.len());
                bytes.splice(at..end, extreme);
            }
            6 => {
                // A number of protobuf that is as long as it can be, or longer.
                let mut number = vec![0xff; rng.usize(1..12)];
                number.push(rng.u8(..));
                bytes.splice(at..(at + 1).min(bytes.len()), number);
            }
            7 => {
                let same =
                    vec![rng.choice([0, 0x0a, 0x12, 0x1a, 0x22, 0xff]).unwrap_or(0); rng.usize(..9_000)];
                bytes.splice(at..at, same);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.u8(..8);
                }
            }
        }
    }
    bytes
}

/// The same failure with less: parts are left out, then bytes are made zero.
fn shortened(input: &[u8], fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let (mut best, mut tries) = (input.to_vec(), 0);
    let mut part = best.len().div_ceil(2);
    while part > 0 && tries < TRIES {
        let mut at = 0;
        while at < best.len() && tries < TRIES {
            let mut less = best.clone();
            less.drain(at..(at + part).min(best.len()));
            tries += 1;
            if fails(&less) { best = less } else { at += part }
        }
        part /= 2;
    }
    for at in 0..best.len().min(TRIES) {
        let mut plain = best.clone();
        plain[at] = 0;
        if plain != best && fails(&plain) {
            best = plain;
        }
    }
    best
}

fn literal(bytes: &[u8]) -> String {
    let shown: Vec<_> = bytes.iter().map(|byte| format!("{byte:#04x}")).collect();
    format!("&[{}]", shown.join(", "))
}

/// So many decisions make a sequence.
const STEPS: usize = 1_000;

/// Decisions read from bytes, so that a sequence of events is shortened like any input.
pub(crate) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self(&bytes[..bytes.len().min(STEPS)])
    }

    /// The next decision; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// A number: small mostly, and at times an extreme one.
    pub(crate) fn number(&mut self) -> u64 {
        match self.next().unwrap_or_default() {
            250.. => u64::MAX - u64::from(self.next().unwrap_or_default()),
            240..250 => u64::from(u32::MAX),
            small => u64::from(small % 8),
        }
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.next().unwrap_or_default() % 2 == 1
    }
}

// ---- what it costs -------------------------------------------------------------------------

/// Counts what `work` allocates.
pub(crate) fn counted<T>(work: impl FnOnce() -> T) -> T {
    struct Off;
    impl Drop for Off {
        fn drop(&mut self) {
            METER.set(Meter { on: false, ..METER.get() });
        }
    }
    METER.set(Meter { on: true, live: 0, ..METER.get() });
    let _off = Off;
    work()
}

/// Bytes that live now of those that were allocated [counted](counted) on this thread.
pub(crate) fn live() -> isize {
    METER.get().live
}

#[derive(Clone, Copy, Default)]
struct Meter {
    on: bool,
    live: isize,
    peak: isize,
    largest: usize,
}

impl Meter {
    const OFF: Self = Self { on: false, live: 0, peak: 0, largest: 0 };

    fn change(added: usize, removed: usize) {
        // Nothing is counted while a thread ends.
        let _ = METER.try_with(|cell| {
            let mut meter = cell.get();
            if meter.on {
                meter.live += added.cast_signed() - removed.cast_signed();
                meter.peak = meter.peak.max(meter.live);
                meter.largest = meter.largest.max(added);
                cell.set(meter);
            }
        });
    }
}

thread_local! {
    static METER: Cell<Meter> = const { Cell::new(Meter::OFF) };
    /// Panics are awaited, and not printed.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Meter::change(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Meter::change(layout.size(), 0);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Meter::change(size, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Meter::change(0, layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn quiet_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}

/// Ends the process when a case runs for ever, and says which.
struct Watchdog(Arc<Beats>);

#[derive(Default)]
struct Beats {
    cases: AtomicU64,
    seed: AtomicU64,
}

impl Watchdog {
    fn start(name: &'static str) -> Self {
        let beats = Arc::new(Beats::default());
        let watched = Arc::downgrade(&beats);
        thread::spawn(move || {
            let mut last = 0;
            loop {
                thread::park_timeout(PATIENCE);
                let Some(beats) = watched.upgrade() else { return };
                let cases = beats.cases.load(Ordering::Relaxed);
                if cases == last {
                    let seed = beats.seed.load(Ordering::Relaxed);
                    eprintln!("{name}: an input takes longer than {PATIENCE:?}: AKT_FUZZ_SEED={seed}");
                    std::process::abort();
                }
                last = cases;
            }
        });
        Self(beats)
    }

    fn beat(&self, seed: u64) {
        self.0.seed.store(seed, Ordering::Relaxed);
        self.0.cases.fetch_add(1, Ordering::Relaxed);
    }
}

// ---- what finds nothing proves nothing -----------------------------------------------------

const LITTLE: Allowed = Allowed { largest: 1_000, peak: 2_000 };

#[test]
fn a_panic_an_allocation_and_a_hoard_are_found_and_others_pass() {
    let fine = problem(LITTLE, || drop(counted(|| vec![0_u8; 1_000])));
    let panics = problem(LITTLE, || panic!("of {}", 7));
    let allocates = problem(LITTLE, || drop(counted(|| Vec::<u8>::with_capacity(1_001))));
    let hoards = problem(LITTLE, || drop(counted(|| [(); 3].map(|()| vec![1_u8; 900]))));

    assert_eq!(fine, None);
    assert_eq!(panics.as_deref(), Some("panicked: of 7"));
    assert_eq!(allocates.as_deref(), Some("allocated 1001 bytes at once, allowed are 1000"));
    assert_eq!(hoards.as_deref(), Some("had 2700 bytes at one time, allowed are 2000"));
}

#[test]
fn a_failing_input_is_shortened_to_what_fails() {
    let input: Vec<u8> = (0..=255).collect();

    let short = shortened(&input, |input| input.contains(&7) && input.contains(&200));

    assert_eq!(literal(&short), "&[0x07, 0xc8]");
}

#[test]
fn a_decoder_that_trusts_a_length_is_found() {
    let trusts = |input: &[u8], _| {
        let length = input.first_chunk().map_or(0, |head| u32::from_be_bytes(*head));
        counted(|| drop(Vec::<u8>::with_capacity(length as usize % (1 << 24))));
    };

    let found = catch_unwind(|| {
        QUIET.set(true);
        feed("a decoder that trusts", LITTLE, |rng| garbage(rng, 40), trusts);
    });

    QUIET.set(false);
    let said = found.expect_err("it is found at once");
    let said = text(&*said);
    assert!(said.contains("at once, allowed are 1000") && said.contains("AKT_FUZZ_SEED="), "{said}");
    assert!(said.contains("let bytes: &[u8] = &[0x"), "{said}");
}
