//! Host calls from the interpreter's side.
//!
//! Owns the table of imports (one function a host call, shared by all instances), what an instance
//! keeps for them in its store, and the view of linear memory that one call gets.
//!
//! Invariants: a host call sees its arguments in the order and width of the table; it runs on the
//! activation's own stack and may block there; a [`Stop`] that it returns is kept in the store before
//! the interpreter unwinds, so that it cannot be mistaken for a trap of the program.
//!
//! It checks no argument: arguments are claims, and kernel/hostcall decodes them.

use alloc::sync::Arc;

use tessera_abi::{HostCall, IMPORT_MODULE, TABLE};
use tessera_core::engine::{GuestMemory, HostCalls, OutOfBounds, Stop};
use tinywasm::types::WasmValue;
use tinywasm::{Error, HostFunction, Imports, Memory, Store, Trap};

use crate::signature::{self, PARAMETERS_MAX};

/// What an instance keeps in its store for its host calls.
pub(crate) struct Actor {
    host: Arc<dyn HostCalls>,
    /// The exported memory, known once the instance is made.
    pub(crate) memory: Option<Memory>,
    /// Why the activation ends, once a host call has said so.
    pub(crate) stop: Option<Stop>,
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

fn function(host_call: HostCall) -> HostFunction {
    HostFunction::from_untyped(&signature::type_of(host_call), move |mut context, args, results| {
        let answer = answer(host_call, context.store_mut(), args)?;
        if let [result] = results {
            *result = WasmValue::I64(answer);
        }
        Ok(())
    })
}

/// Runs one host call. The error only unwinds the interpreter; what it means is in the store.
fn answer(host_call: HostCall, store: &mut Store, args: &[WasmValue]) -> Result<i64, Error> {
    let mut words = [0u64; PARAMETERS_MAX];
    for (word, arg) in words.iter_mut().zip(args) {
        *word = word_of(arg);
    }
    let words = words.get(..args.len()).unwrap_or_default();
    let actor = store.state::<Actor>().ok_or(LOST)?;
    let host = Arc::clone(&actor.host);
    let mut view = View { memory: actor.memory, store };
    match host.call(host_call, words, &mut view) {
        Ok(answer) => Ok(answer),
        Err(stop) => {
            if let Some(actor) = store.state_mut::<Actor>() {
                actor.stop = Some(stop);
            }
            Err(Error::Trap(Trap::Other("stopped by a host call")))
        }
    }
}

/// Only an instance that was not made by this crate could lack its state.
const LOST: Error = Error::Trap(Trap::Other("instance without host state"));

fn word_of(value: &WasmValue) -> u64 {
    match value {
        WasmValue::I32(value) => u64::from(value.cast_unsigned()),
        WasmValue::I64(value) => value.cast_unsigned(),
        // The table has no other types, and signatures were compared with it.
        _ => 0,
    }
}

/// An actor's memory during one host call.
struct View<'a> {
    store: &'a mut Store,
    memory: Option<Memory>,
}

impl GuestMemory for View<'_> {
    fn read(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        let at = usize::try_from(at).map_err(|_| OutOfBounds)?;
        memory.read_exact(self.store, at, into).map_err(|_| OutOfBounds)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory.ok_or(OutOfBounds)?;
        let at = usize::try_from(at).map_err(|_| OutOfBounds)?;
        memory.copy_from_slice(self.store, at, bytes).map_err(|_| OutOfBounds)
    }

    fn len_bytes(&self) -> u64 {
        let len = self.memory.and_then(|memory| memory.len(self.store).ok());
        len.and_then(|len| u64::try_from(len).ok()).unwrap_or(0)
    }
}
