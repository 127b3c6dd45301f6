//! Scopes: the stack of `enter`s and `leave`s that the current thread is in, and the way out.
//!
//! Each scope lives in the frame of its `enter` or `leave` and is linked from the thread's `State`;
//! `Opened` unlinks it however the frame is left, so the chain never names a dead frame. The state is
//! touched by its own thread only (and by nothing in an interrupt), hence cells without atomics.
//! *fatal* is set when a panic starts outside containment: then an `enter` on the way passes it on
//! instead of making it an `Escape` (host only; bare metal does not unwind such a panic at all).

use core::cell::Cell;
use core::ptr;

use super::{Escape, Meter, Text};
use crate::backend;

/// Runs `f` charged to `meter`. `Err` if `f` panicked or could not go on without memory; everything
/// it owned has then been dropped. The result must own no heap memory, or must be freed in a later
/// `enter` with the same meter.
pub fn enter<R>(meter: &Meter, f: impl FnOnce() -> R) -> Result<R, Escape> {
    backend::contain::prepare();
    let scope = Scope::new(meter);
    let opened = Opened::new(&scope);
    let payload = match backend::contain::catch(f) {
        Ok(value) => return Ok(value),
        Err(payload) => payload,
    };
    let state = State::current();
    if state.fatal.get() {
        drop(opened);
        backend::contain::rethrow(payload)
    }
    // What the payload holds was charged to the scope: it goes before `opened`, being the younger.
    Err(state.note.take().unwrap_or(Escape::Panic { message: Text::EMPTY, file: Text::EMPTY, line: 0 }))
}

/// Runs `f` as the kernel's own work: nothing is charged, and a panic in it is fatal.
pub fn leave<R>(f: impl FnOnce() -> R) -> R {
    let scope = Scope::new(ptr::null());
    let _opened = Opened::new(&scope);
    f()
}

/// A thread's containment. Part of the thread's record; off threads, of the core's or OS thread's.
pub(crate) struct State {
    scope: Cell<*const Scope>,
    note: Cell<Option<Escape>>,
    fatal: Cell<bool>,
}

impl State {
    pub(crate) const fn new() -> State {
        State { scope: Cell::new(ptr::null()), note: Cell::new(None), fatal: Cell::new(false) }
    }

    /// The current thread's. The lifetime is the caller's to bound: it must not outlive the thread.
    pub(crate) fn current<'a>() -> &'a State {
        &backend::thread::current_record().state
    }

    /// The meter that an allocation made now is charged to.
    pub(crate) fn meter<'a>(&self) -> Option<&'a Meter> {
        // SAFETY: a scope's meter is borrowed by the frame of the `enter` that opened the scope, and
        // that frame is still there: `Opened` unlinks the scope before it goes.
        self.innermost().and_then(|scope| unsafe { scope.meter.as_ref() })
    }

    /// Whether what runs does so for an actor: in containment, or in a host call out of it.
    pub(crate) fn in_scope(&self) -> bool {
        self.innermost().is_some()
    }

    /// Whether the innermost scope is being unwound.
    pub(crate) fn escaping(&self) -> bool {
        self.innermost().is_some_and(|scope| scope.escaping.get())
    }

    /// A panic or refused allocation begins. `Some`: it is contained, `note` is kept for the `enter`
    /// that will catch it, and the caller is to unwind, with that place for what it throws. `None`:
    /// it is fatal.
    pub(crate) fn begin_escape<'a>(
        &self,
        note: impl FnOnce() -> Escape,
    ) -> Option<&'a backend::contain::Slot> {
        let scope = self.innermost().filter(|scope| !scope.meter.is_null() && !scope.escaping.get());
        self.fatal.set(scope.is_none());
        let scope = scope?;
        scope.escaping.set(true);
        self.note.set(Some(note()));
        Some(&scope.slot)
    }

    fn innermost<'a>(&self) -> Option<&'a Scope> {
        // SAFETY: null, or a scope in a live frame of this thread (see `meter`).
        unsafe { self.scope.get().as_ref() }
    }
}

/// One `enter` (with a meter) or `leave` (null).
struct Scope {
    meter: *const Meter,
    outer: *const Scope,
    escaping: Cell<bool>,
    slot: backend::contain::Slot,
}

impl Scope {
    fn new(meter: *const Meter) -> Scope {
        let outer = State::current().scope.get();
        Scope { meter, outer, escaping: Cell::new(false), slot: backend::contain::Slot::new() }
    }
}

/// Links a scope in for as long as this lives.
struct Opened<'a>(&'a Scope);

impl<'a> Opened<'a> {
    fn new(scope: &'a Scope) -> Opened<'a> {
        State::current().scope.set(scope);
        Opened(scope)
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        State::current().scope.set(self.0.outer);
    }
}
