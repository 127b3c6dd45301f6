//! Containment on the host: the standard library's unwinding, with two hooks.
//!
//! The panic hook notes a contained panic quietly and leaves every other one to the hook that was
//! there before. The allocation-error hook turns a refused allocation into an unwind when it is
//! contained; otherwise it returns, and the standard library aborts. Both are installed once, at the
//! first `enter`.

use alloc::boxed::Box;
use alloc::string::String;
use core::alloc::Layout;
use core::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use crate::contain::{Escape, State, Text, leave};

/// What an unwind carries.
pub(crate) type Payload = Box<dyn Any + Send>;

/// Room in a scope for what unwinds to it: none is needed, as payloads are boxed.
pub(crate) struct Slot;

impl Slot {
    pub(crate) const fn new() -> Slot {
        Slot
    }
}

/// Marks an unwind that a refused allocation began.
struct Refused;

/// Installs the hooks, once.
pub(crate) fn prepare() {
    static HOOKS: Once = Once::new();
    HOOKS.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if State::current().begin_escape(|| note(info)).is_none() {
                before(info);
            }
        }));
        std::alloc::set_alloc_error_hook(refused);
    });
}

/// Runs `f`; what it panicked with, if it did.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, Payload> {
    panic::catch_unwind(AssertUnwindSafe(f))
}

/// Lets a caught panic go on from here.
pub(crate) fn rethrow(payload: Payload) -> ! {
    panic::resume_unwind(payload)
}

/// Unwinds with `payload` through every containment, to whoever looks for it.
pub(crate) fn throw_through(payload: Payload) -> ! {
    // As the kernel's own failure, whatever scope this is.
    leave(|| State::current().begin_escape(|| Escape::OutOfMemory { bytes: 0 }));
    panic::resume_unwind(payload)
}

/// Runs a thread's closure; a panic that leaves it is kept for the caller of `resume`.
pub(crate) fn run_to_end(body: Box<dyn FnOnce() + Send>) -> Option<Payload> {
    catch(body).err()
}

fn refused(layout: Layout) {
    let note = || Escape::OutOfMemory { bytes: layout.size() };
    if State::current().begin_escape(note).is_some() {
        panic::resume_unwind(Box::new(Refused))
    }
}

fn note(info: &PanicHookInfo<'_>) -> Escape {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("");
    let (file, line) = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    Escape::Panic { message: Text::head(text), file: Text::tail(file), line }
}
