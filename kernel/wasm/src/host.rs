//! Host calls from the interpreter's side.
//!
//! Owns the table of imports (one function a host call, shared by all instances), what an instance
//! keeps for them in its store, and the view of its program that one call gets.
//!
//! Invariants: a host call sees its arguments in the order and width of the table; it runs on the
//! activation's own stack and may block there; a [`Stop`](tessera_core::engine::Stop) that it returns is kept in the store before
//! the interpreter unwinds, so that it cannot be mistaken for a trap of the program.
//!
//! It checks no argument: arguments are claims, and kernel/hostcall decodes them.

use alloc::sync::Arc;

use tessera_abi::{HostCall, IMPORT_MODULE, TABLE, arg};
use tessera_core::engine::{Fuel, Guest, HostCalls, OutOfBounds};
use tinywasm::{Error, FuncContext, HostFunction, Imports, Memory, Trap};

use crate::instance::STEP;
use crate::stop::Kept;

/// What an instance keeps in its store for its host calls.
pub(crate) struct Actor {
    host: Arc<dyn HostCalls>,
    /// The exported memory, known once the instance is made.
    pub(crate) memory: Option<Memory>,
    /// Why the activation ends, once a host call has said so.
    pub(crate) stop: Option<Kept>,
}

impl Actor {
    pub(crate) fn new(host: Arc<dyn HostCalls>) -> Self {
        Self { host, memory: None, stop: None }
    }
}

/// Every host call as an import.
pub(crate) fn imports() -> Imports {
    let mut imports = Imports::new();
    for row in TABLE {
        imports.define(IMPORT_MODULE, row.name, function(row.call));
    }
    imports
}

macro_rules! functions {
    ($($number:literal $variant:ident $name:ident($($arg:ident: $meaning:ident),*) needs $needs:ident
        [$($right:ident)*] gives $gives:literal refuses [$($error:ident)*] $prose:literal;)*) => {
        /// A host call as a typed function of the interpreter: an untyped one copies its arguments twice.
        fn function(host_call: HostCall) -> HostFunction {
            match host_call {
                $(HostCall::$variant => HostFunction::from(
                    |mut context: FuncContext<'_>, ($($arg,)*): ($(<arg::$meaning as Crossing>::Wasm,)*)| {
                        let words = [$(<arg::$meaning as Crossing>::word($arg)),*];
                        answer(HostCall::$variant, &mut context, &words)
                    },
                ),)*
            }
        }
    };
}
tessera_abi::for_each_host_call!(functions);

/// How an argument of the table arrives from the interpreter, and as what it goes on.
trait Crossing {
    type Wasm;

    fn word(value: Self::Wasm) -> u64;
}

impl Crossing for u32 {
    type Wasm = i32;

    fn word(value: i32) -> u64 {
        u64::from(value.cast_unsigned())
    }
}

impl Crossing for u64 {
    type Wasm = i64;

    fn word(value: i64) -> u64 {
        value.cast_unsigned()
    }
}

/// Runs one host call. The error only unwinds the interpreter; what it means is in the store.
fn answer(host_call: HostCall, context: &mut FuncContext<'_>, words: &[u64]) -> Result<i64, Error> {
    let actor = context.store().state::<Actor>().ok_or(LOST)?;
    let host = Arc::clone(&actor.host);
    let memory = actor.memory;
    match host.call(host_call, words, &mut View { context, memory }) {
        Ok(answer) => Ok(answer),
        Err(stop) => {
            if let Some(actor) = context.store_mut().state_mut::<Actor>() {
                actor.stop = Some(stop.into());
            }
            Err(Error::Trap(Trap::Other("stopped by a host call")))
        }
    }
}

/// Only an instance that was not made by this crate could lack its state.
const LOST: Error = Error::Trap(Trap::Other("instance without host state"));

/// An actor's program during one host call.
struct View<'a, 'b> {
    context: &'a mut FuncContext<'b>,
    memory: Option<Memory>,
}

impl Guest for View<'_, '_> {
    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        let at = usize::try_from(at).map_err(|_| OutOfBounds)?;
        memory.read_exact(self.context.store(), at, into).map_err(|_| OutOfBounds)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        let at = usize::try_from(at).map_err(|_| OutOfBounds)?;
        memory.copy_from_slice(self.context.store_mut(), at, bytes).map_err(|_| OutOfBounds)
    }

    fn len_bytes(&self) -> u64 {
        let len = self.memory.and_then(|memory| memory.len(self.context.store()).ok());
        len.and_then(|len| u64::try_from(len).ok()).unwrap_or(0)
    }

    fn fuel_left(&self) -> Fuel {
        Fuel(self.context.remaining_fuel())
    }

    fn shorten(&mut self, by: Fuel) -> Fuel {
        let most = self.context.remaining_fuel().saturating_sub(1);
        // Whole steps, so that what the quantum has used is still a whole number of them.
        let taken = by.0.min(most) / STEP * STEP;
        self.context.charge_fuel(taken);
        Fuel(taken)
    }
}
