//! The engine interface, in our own words: what the kernel asks of whatever runs Wasm.
//!
//! Owns the vocabulary between the kernel and an engine: load a module once, check it against what
//! an actor's shape needs, make instances of it, run activations of an instance in quanta of fuel.
//! `kernel/wasm` implements it on an interpreter; another engine can stand beside it.
//!
//! Invariants that every engine keeps:
//! * Nothing that an actor supplies makes an engine panic by design, but an engine may have bugs and
//!   may run out of memory: the caller runs [`Engine::load`], [`Module::instantiate`] and
//!   [`Instance::activate`] inside the actor's containment. After such an escape the instance is
//!   dropped and never activated again.
//! * A module is immutable and shared. All that changes belongs to one instance, and everything an
//!   instance holds comes back when it is dropped.
//! * A host call blocks by blocking the stack it runs on. An engine never returns from an activation
//!   in order to wait, and preemption never relies on it.
//! * An engine ends an activation only between instructions, by returning.
//!
//! There are no locks here and none may be held by the caller, because host calls run inside.
//! It does not decide: limits, quanta, stopping and charging are the caller's.

use alloc::{boxed::Box, sync::Arc};
use core::fmt;

use tessera_abi::{FaultKind, HostCall, Shape};

/// Turns bytes into modules. One for the whole kernel.
pub trait Engine: Send + Sync {
    /// The engine's name and version, for `mem`, epitaphs and benchmarks.
    fn name(&self) -> &'static str;

    /// Parses and validates `bytes` completely. The result is shared by all instances and keeps no
    /// reference to `bytes`.
    ///
    /// # Errors
    /// [`FaultKind::MalformedModule`], saying what is wrong and at which offset, for bytes that are no
    /// valid module or use what this engine does not run. Memory that is refused is no error of
    /// the module and never becomes one: it unwinds to the containment.
    fn load(&self, bytes: &[u8]) -> Result<Arc<dyn Module>, Fault>;
}

/// A parsed and validated module.
pub trait Module: Send + Sync {
    /// Says whether an actor of this shape can be made from the module under these limits: every
    /// import is a host call with the right signature, the entry point is there with the right
    /// type, and the memory is exported and fits.
    ///
    /// Allocates nothing and takes time in proportion to imports and exports, so the caller may use
    /// it to answer a spawn at once; [`Module::instantiate`] makes sure of the same.
    ///
    /// # Errors
    /// The first thing found wrong, by name.
    fn check(&self, shape: Shape, limits: &Limits) -> Result<(), Fault>;

    /// Makes an instance with its memory, tables and globals, and copies its data segments. Runs no
    /// code of the actor: the start function is [`Entry::Start`].
    ///
    /// # Errors
    /// What [`Module::check`] finds but for the entry point, a segment that does not fit, or
    /// [`FaultKind::OutOfMemory`].
    fn instantiate(&self, limits: &Limits, host: Arc<dyn HostCalls>) -> Result<Box<dyn Instance>, Fault>;
}

/// One actor's program state.
pub trait Instance: Send {
    /// Runs one entry point to its end, in quanta that `pace` hands out.
    ///
    /// After `Ok(Completion::Stopped)` or an error the instance is spent: the next call is refused.
    ///
    /// # Errors
    /// The trap that ended the run, or [`FaultKind::Other`] for a spent instance.
    fn activate(&mut self, entry: Entry, pace: &mut dyn Pace) -> Result<Completion, Fault>;

    /// Bytes of linear memory now, all memories together.
    fn memory_bytes(&self) -> u64;

    /// Whether the module has a start function, which must run, once, before any other entry.
    fn has_start(&self) -> bool;

    /// Copies `into.len()` bytes of linear memory from address `at`, between activations: for
    /// inspection, also of an instance that is spent.
    ///
    /// # Errors
    /// [`OutOfBounds`] if any of them is outside the memory; `into` is then unchanged.
    fn read_memory(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds>;
}

/// Who decides how long an activation may run. Called on the activation's own stack, so it may
/// block and switch inside.
pub trait Pace {
    /// Called before the first quantum, with no fuel used, and after every quantum that did not end
    /// the run, with the fuel that this quantum used. An engine may overrun a quantum by a small
    /// bound of its own and says so in `used`.
    fn quantum(&mut self, used: Fuel) -> Next;

    /// Called once when the run has ended, with an upper bound of the fuel used since the last call.
    fn ended(&mut self, used: Fuel);
}

/// The kernel, as an instance's imports see it.
pub trait HostCalls: Send + Sync {
    /// Answers one host call. `args` has exactly the parameters that the table gives for `host_call`,
    /// in order, an `i32` zero-extended. The result is what the actor gets.
    ///
    /// # Errors
    /// [`Stop`] ends the activation; the actor runs no further instruction.
    fn call(&self, host_call: HostCall, args: &[u64], guest: &mut dyn Guest) -> Result<i64, Stop>;
}

/// An actor's program during one host call: its linear memory, and what is left of its quantum. Memory is accessed by
/// copy, so no reference into it can outlive the call.
pub trait Guest {
    /// Copies `into.len()` bytes from address `at`.
    ///
    /// # Errors
    /// [`OutOfBounds`] if any of them is outside the memory; `into` is then unchanged.
    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds>;

    /// Copies `bytes` to address `at`.
    ///
    /// # Errors
    /// [`OutOfBounds`] if any of them falls outside the memory; nothing is then written.
    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds>;

    /// Length in bytes; 0 for a module without memory.
    fn len_bytes(&self) -> u64;

    /// What is left of the running quantum. An engine counts in steps of its own: the one that is being run is not
    /// counted yet.
    fn fuel_left(&self) -> Fuel;

    /// Takes up to so much of what is left away, so that the quantum ends sooner; how much that was. An engine takes
    /// whole steps and leaves one, in which the quantum ends. What is taken away is reported to the [`Pace`] as used.
    fn shorten(&mut self, by: Fuel) -> Fuel;
}

/// A range of an actor's memory that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds;

/// Where an activation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The module's start function; nothing to do if it has none.
    Start,
    /// The entry point of a main actor.
    Main,
    /// The entry point of a handler actor.
    Handle,
}

/// How an activation ended, short of a fault of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Completion {
    /// The entry point returned.
    Returned,
    /// A host call or the pace ended it.
    Stopped(Stop),
}

/// Why the kernel ends an activation. The engine only carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The actor asked to end, with this status.
    Exit(i32),
    /// Somebody with the right to do so ended the actor.
    Killed,
    /// A host call found a fault that ends the actor.
    Fault(Fault),
}

/// What [`Pace::quantum`] answers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Run up to this much fuel. No fuel at all counts as the least the engine can run.
    Run(Fuel),
    /// End the activation here.
    Stop(Stop),
}

/// Instructions, as the engine counts them. The count repeats exactly for the same module and input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fuel(pub u32);

/// What one instance may take. The engine refuses to exceed any of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, in bytes. `memory.grow` past it answers -1; an initial size past it is
    /// [`FaultKind::MemoryOverMaximum`].
    pub memory_bytes_max: u64,
    /// Elements of all tables together. `table.grow` past it answers -1; initial sizes past it are
    /// [`FaultKind::TableOverMaximum`].
    pub table_elements_max: u32,
    /// The engine's stacks for nested calls with their operands and locals, in bytes; what does not
    /// fit is [`FaultKind::CallDepth`]. An engine may share it out among several stacks, so that one
    /// cannot use all of it, and grows them only as they are needed.
    pub stack_bytes_max: u32,
}

/// Longest text of a [`Fault`], in bytes. With its kind and length a fault stays below 128 bytes, so
/// that it travels in results without a box, which could not be had when memory is what is missing.
pub const FAULT_TEXT_BYTES: usize = 120;

/// Why a module cannot become an actor, or why an actor's program stopped. It names what and where;
/// the kernel adds which actor and which module.
#[derive(Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    len_bytes: u8,
    text: [u8; FAULT_TEXT_BYTES],
}

impl Fault {
    /// A fault with its text, which is cut at [`FAULT_TEXT_BYTES`] and has `?` for control characters.
    /// Allocates nothing.
    pub fn new(kind: FaultKind, text: fmt::Arguments<'_>) -> Self {
        let mut fault = Self { kind, len_bytes: 0, text: [0; FAULT_TEXT_BYTES] };
        // A cut text is still the best there is to tell, so the error of the writer is not one here.
        let _cut = fmt::Write::write_fmt(&mut fault, text);
        fault
    }

    /// What sort of fault it is.
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// The text: what and where. Empty if the kind says it all.
    pub fn detail(&self) -> &str {
        let written = self.text.get(..usize::from(self.len_bytes)).unwrap_or_default();
        core::str::from_utf8(written).unwrap_or_default()
    }
}

impl fmt::Write for Fault {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            // Names come from modules: a control character would reach somebody's terminal.
            let shown = if character.is_control() { '?' } else { character };
            let start = usize::from(self.len_bytes);
            let end = start.saturating_add(shown.len_utf8());
            let Some(place) = self.text.get_mut(start..end) else { return Err(fmt::Error) };
            shown.encode_utf8(place);
            self.len_bytes = u8::try_from(end).unwrap_or(u8::MAX);
        }
        Ok(())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.kind, self.detail())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_text_cut_between_characters_and_without_controls() {
        let short = Fault::new(FaultKind::MalformedModule, format_args!("at offset {}", 7));
        assert_eq!((short.kind(), short.detail()), (FaultKind::MalformedModule, "at offset 7"));
        let odd = Fault::new(FaultKind::MalformedModule, format_args!("x{}", "é".repeat(100)));
        assert_eq!(odd.detail().len(), FAULT_TEXT_BYTES - 1, "no half character");
        let sly = Fault::new(FaultKind::Other, format_args!("a\0b\x1b[2J"));
        assert_eq!(sly.detail(), "a?b?[2J");
        assert!(size_of::<Fault>() < 128, "a fault travels unboxed");
    }
}
