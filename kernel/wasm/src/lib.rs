//! The engine: tinywasm behind the interface of `tessera_core::engine`.
//!
//! Owns everything that knows tinywasm: parsing, the check of a module's imports and exports, the
//! limits of an instance, activations in quanta, and the names of what goes wrong. No other crate
//! names the interpreter, and none sees how it keeps memory.
//!
//! Invariants:
//! * Every module that was not refused has been validated completely.
//! * Nothing here panics on what a module contains. The interpreter may (its own bugs, or memory
//!   that is refused where it cannot cope); then the panic unwinds through here, and all that
//!   happens is that the instance stays marked as spent.
//! * An activation holds the interpreter's execution only on its own stack.
//!
//! It takes no locks, charges nobody and chooses no limits. What tinywasm 0.11.0 does not do right
//! is listed in `docs/decisions/0002-engine-configuration.md`.
#![no_std]

extern crate alloc;

mod entry;
mod fault;
mod host;
mod instance;
mod limits;
mod module;
mod parse;
mod sections;
mod signature;
mod stop;

use alloc::sync::Arc;

use tessera_core::engine::{Engine, Fault, Module};
use tinywasm::Imports;

use crate::module::LoadedModule;

/// The interpreter, with its table of imports, which all modules share.
pub struct Interpreter {
    imports: Arc<Imports>,
}

impl Interpreter {
    /// Builds the table of imports, one a host call. Some tens of small allocations, which are the
    /// kernel's; make one engine at boot.
    #[must_use]
    pub fn new() -> Self {
        Self { imports: Arc::new(host::imports()) }
    }
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for Interpreter {
    fn name(&self) -> &'static str {
        "tinywasm 0.11.0"
    }

    fn load(&self, bytes: &[u8]) -> Result<Arc<dyn Module>, Fault> {
        let (module, exports) = parse::module(bytes)?;
        Ok(Arc::new(LoadedModule::new(module, exports, Arc::clone(&self.imports))))
    }
}
