//! The coroutine under `thread`: its record, its life, and the switch, for both backends.
//!
//! A record lives at the top of its own stack, so making a thread allocates nothing and the record's
//! address is stable. It is written by the side that runs: the core loop up to the switch, the thread
//! after it; both are the same core at that moment, with interrupts masked (bare), so plain cells do.
//! Life: Fresh → (resume) Begun ⇄ paused … → Ended, and never back.

use alloc::boxed::Box;
use core::cell::Cell;
use core::mem::{ManuallyDrop, align_of, size_of};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::backend;
use crate::contain::State;
use crate::thread::Stack;

pub(crate) mod switch;

/// What the thread's side says to the loop's side at a switch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Signal {
    Yield = 0,
    Block = 1,
    Preempt = 2,
    End = 3,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Fresh,
    Begun,
    Ended,
    /// Not a thread: a core loop.
    Loop,
}

type Body = Box<dyn FnOnce() + Send>;

/// What is known of a thread. Each core (host: OS thread) has one of its own as well, which stands
/// for "no thread": its core loop's.
pub(crate) struct Record {
    /// The containment scopes the thread is in.
    pub(crate) state: State,
    life: Cell<Life>,
    /// The thread's saved stack pointer while it does not run.
    thread_sp: Cell<*mut u8>,
    /// The core loop's, while it does.
    loop_sp: Cell<*mut u8>,
    body: Cell<Option<Body>>,
    carried: Cell<Option<backend::contain::Payload>>,
}

impl Record {
    /// The record that stands for a core's loop.
    pub(crate) const fn of_a_loop() -> Record {
        Record::new(Life::Loop)
    }

    const fn new(life: Life) -> Record {
        Record {
            state: State::new(),
            life: Cell::new(life),
            thread_sp: Cell::new(core::ptr::null_mut()),
            loop_sp: Cell::new(core::ptr::null_mut()),
            body: Cell::new(None),
            carried: Cell::new(None),
        }
    }

    /// Whether this is no thread's record.
    pub(crate) fn stands_for_a_loop(&self) -> bool {
        self.life.get() == Life::Loop
    }
}

static ABANDONED: AtomicUsize = AtomicUsize::new(0);

/// A stack and the record at its top.
pub(crate) struct Coroutine {
    stack: ManuallyDrop<Stack>,
    record: NonNull<Record>,
}

// SAFETY: the body is Send, and what it puts on its own stack moves with the whole stack: no other
// thread holds a reference into it that is not itself Sync. On the host, where OS thread-local
// state could be on the stack, `resume` refuses any OS thread but the one that began it.
unsafe impl Send for Coroutine {}

impl Coroutine {
    pub(crate) fn new(stack: Stack, body: Body) -> Coroutine {
        let place = (stack.0.top() as usize - size_of::<Record>()) & !(align_of::<Record>().max(64) - 1);
        let below = stack.0.top() as usize - place;
        let at = stack.0.top().wrapping_sub(below).cast::<Record>();
        let record = Record::new(Life::Fresh);
        record.body.set(Some(body));
        // SAFETY: `place` lies within the stack, is aligned, and nobody else has the stack.
        unsafe { at.write(record) };
        // SAFETY: just written, and part of the stack that `self` keeps.
        let record = unsafe { NonNull::new_unchecked(at) };
        let coroutine = Coroutine { stack: ManuallyDrop::new(stack), record };
        coroutine.record().thread_sp.set(switch::first_frame(at.cast(), thread_main, at.cast()));
        coroutine
    }

    fn record(&self) -> &Record {
        // SAFETY: the record was written in `new` and lies in the stack that `self` keeps.
        unsafe { self.record.as_ref() }
    }

    pub(crate) fn begun(&self) -> bool {
        self.record().life.get() != Life::Fresh
    }

    pub(crate) fn ended(&self) -> bool {
        self.record().life.get() == Life::Ended
    }

    pub(crate) fn high_water(&self) -> usize {
        self.stack.0.high_water()
    }

    pub(crate) fn resume(&mut self) -> Signal {
        let record = self.record();
        assert!(record.life.get() != Life::Ended, "an ended thread was resumed");
        assert!(!on_thread(), "a thread was resumed from inside a thread");
        assert!(backend::thread::depth() == 0, "a thread was resumed under a preemption guard");
        backend::thread::check_home(&self.stack.0, self.begun());
        let mask = backend::thread::mask();
        backend::thread::set_current(self.record.as_ptr());
        // SAFETY: `thread_sp` is the frame that `first_frame` or the thread's own last switch left;
        // nobody else can use it, as we hold `&mut self` and the thread does not run.
        let said = unsafe { switch::switch(record.loop_sp.as_ptr(), record.thread_sp.get(), 0) };
        backend::thread::set_current(core::ptr::null());
        backend::thread::unmask(mask);
        if let Some(payload) = record.carried.take() {
            backend::contain::rethrow(payload);
        }
        match said {
            0 => Signal::Yield,
            1 => Signal::Block,
            2 => Signal::Preempt,
            _ => Signal::End,
        }
    }

    pub(crate) fn into_stack(self) -> Result<Stack, Coroutine> {
        if self.record().life.get() == Life::Begun {
            return Err(self);
        }
        let mut whole = ManuallyDrop::new(self);
        // SAFETY: `whole` is never used again, and its destructor does not run.
        Ok(unsafe { whole.take_stack() })
    }

    /// Drops the record and gives the stack away.
    ///
    /// # Safety
    /// The thread does not stand between its beginning and its end, and `self` is not used again.
    unsafe fn take_stack(&mut self) -> Stack {
        // SAFETY: valid since `new`, and dropped here alone (see the caller's duties).
        unsafe { self.record.drop_in_place() };
        // SAFETY: taken here alone.
        unsafe { ManuallyDrop::take(&mut self.stack) }
    }
}

impl Drop for Coroutine {
    fn drop(&mut self) {
        if self.record().life.get() == Life::Begun {
            ABANDONED.fetch_add(1, Relaxed);
            return;
        }
        // SAFETY: not between beginning and end, and this is the destructor.
        drop(unsafe { self.take_stack() });
    }
}

/// Threads dropped between their beginning and their end.
pub(crate) fn abandoned() -> usize {
    ABANDONED.load(Relaxed)
}

/// Whether a thread runs here, rather than a core loop.
pub(crate) fn on_thread() -> bool {
    !backend::thread::current_record().stands_for_a_loop()
}

/// Hands the core back to the loop; returns at the next resume.
pub(crate) fn pause(signal: Signal) {
    assert!(on_thread(), "pause was called off a thread");
    assert!(backend::thread::depth() == 0, "pause was called under a preemption guard");
    let mask = backend::thread::mask();
    switch_out(signal);
    backend::thread::unmask(mask);
}

/// The switch from the current thread to its core's loop. Interrupts are masked, depth is 0.
pub(crate) fn switch_out(signal: Signal) {
    let record: &Record = backend::thread::current_record();
    // SAFETY: `loop_sp` was saved by the `resume` that runs this thread and waits in the switch.
    unsafe { switch::switch(record.thread_sp.as_ptr(), record.loop_sp.get(), signal as usize) };
}

/// The first and last frame of every thread.
extern "sysv64" fn thread_main(record: *mut u8) -> ! {
    // SAFETY: `first_frame` was given this thread's own record, which outlives the thread.
    let record = unsafe { &*record.cast::<Record>() };
    record.life.set(Life::Begun);
    backend::thread::unmask(true);
    if let Some(body) = record.body.take() {
        record.carried.set(backend::contain::run_to_end(body));
    }
    backend::thread::mask();
    // After masking: a forced switch in between would show an ended thread that still runs.
    record.life.set(Life::Ended);
    loop {
        switch_out(Signal::End);
    }
}
