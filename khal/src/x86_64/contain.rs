//! Containment on bare metal: the `unwinding` crate under the kernel's panic and out-of-memory handlers.
//!
//! A contained failure unwinds with an exception whose storage is the scope that will catch it, so the
//! way out allocates nothing. It happens with interrupts masked from the throw to the catch: the
//! unwinder restores a frame's registers from memory below the stack pointer it has just set, where
//! an interrupt would push its frame. Everything else that panics is the end: an epitaph, and out.

use alloc::boxed::Box;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt::Write;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use unwinding::abi::{UnwindException, UnwindReasonCode};
use unwinding::panicking::{Exception, begin_panic, catch_unwind};

use super::thread;
use super::traps::epitaph;
use crate::contain::{Escape, State, Text};

/// What an unwind carries: nothing, since what happened is noted in the thread's state.
pub(crate) struct Payload;

/// Room in a scope for the exception that unwinds to it.
pub(crate) struct Slot(UnsafeCell<MaybeUninit<UnwindException>>);

impl Slot {
    pub(crate) const fn new() -> Slot {
        Slot(UnsafeCell::new(MaybeUninit::zeroed()))
    }
}

/// The exception in flight: only the place where it lies.
struct Thrown(*mut UnwindException);

// SAFETY: `wrap` gives a place that lives until the catch (it is in the catching frame's scope) and
// that nothing else uses meanwhile, as a scope is unwound at most once; `unwrap` frees nothing.
unsafe impl Exception for Thrown {
    const CLASS: [u8; 8] = *b"TESSERA\0";

    fn wrap(this: Thrown) -> *mut UnwindException {
        this.0
    }

    unsafe fn unwrap(exception: *mut UnwindException) -> Thrown {
        Thrown(exception)
    }
}

/// Nothing to prepare.
#[inline]
pub(crate) fn prepare() {}

/// Runs `f`; `Err` if it was unwound.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    let unmasked = thread::interrupts_unmasked();
    catch_unwind::<Thrown, _, _>(f).map_err(|_thrown| {
        thread::unmask(unmasked);
        Payload
    })
}

/// Only what is fatal is to go on, and that is never unwound here.
pub(crate) fn rethrow(_payload: Payload) -> ! {
    epitaph::halt(format_args!("an uncontained failure was unwound"))
}

/// Runs a thread's closure. A panic that leaves it uncontained has ended the machine.
pub(crate) fn run_to_end(body: Box<dyn FnOnce() + Send>) -> Option<Payload> {
    body();
    None
}

/// Every panic of the kernel and of what it contains.
#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    if let Some(slot) = State::current().begin_escape(|| note(info)) {
        throw(slot)
    }
    epitaph::panic(info)
}

/// Every allocation that was refused and that its asker cannot do without.
#[alloc_error_handler]
fn refused(layout: Layout) -> ! {
    if let Some(slot) = State::current().begin_escape(|| Escape::OutOfMemory { bytes: layout.size() }) {
        throw(slot)
    }
    epitaph::halt(format_args!("the kernel's own allocation of {} bytes was refused", layout.size()))
}

fn throw(slot: &Slot) -> ! {
    thread::mask();
    let UnwindReasonCode(code) = begin_panic(Thrown(slot.0.get().cast()));
    epitaph::halt(format_args!("a contained failure could not be unwound (code {code})"))
}

fn note(info: &PanicInfo<'_>) -> Escape {
    let mut message = Text::EMPTY;
    // A text takes what fits and never fails.
    let _ = write!(message, "{}", info.message());
    let (file, line) = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    Escape::Panic { message, file: Text::tail(file), line }
}
