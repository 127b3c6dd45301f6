//! A loaded module: the check of what it asks for, and instances of it.
//!
//! Invariant: what [`Module::check`] lets pass, instantiation does not refuse for its imports, its
//! memory or its tables; both run the same checks.

use alloc::{boxed::Box, sync::Arc};

use tessera_abi::Shape;
use tessera_core::engine::{Fault, HostCalls, Instance, Limits, Module};
use tinywasm::{Engine, Imports, Memory, ModuleInstance, Store};

use crate::host::Actor;
use crate::instance::RunningInstance;
use crate::parse::{Export, Exports};
use crate::{entry, fault, limits, signature};

pub(crate) struct LoadedModule {
    module: tinywasm::Module,
    exports: Exports,
    imports: Arc<Imports>,
}

impl LoadedModule {
    pub(crate) fn new(module: tinywasm::Module, exports: Exports, imports: Arc<Imports>) -> Self {
        Self { module, exports, imports }
    }

    fn check_instance(&self, limits: &Limits) -> Result<(), Fault> {
        signature::check_imports(&self.module)?;
        entry::check_memory(&self.module, &self.exports, limits)?;
        entry::check_tables(&self.module, limits)
    }

    fn make(&self, store: Store) -> tinywasm::Result<RunningInstance> {
        let mut store = store;
        let instance = ModuleInstance::instantiate_no_start(&mut store, &self.module, Some(&self.imports))?;
        let memory = self.memory(&mut store, &instance)?;
        if let Some(actor) = store.state_mut::<Actor>() {
            actor.memory = memory;
        }
        RunningInstance::new(store, &instance, &self.exports)
    }

    /// The memory that host calls mean, if the module exports one.
    fn memory(&self, store: &mut Store, instance: &ModuleInstance) -> tinywasm::Result<Option<Memory>> {
        match (self.exports.memory, self.module.memory_types.first()) {
            // The interpreter leaves out a memory that no code touches. Host calls may, so make it.
            (Some(Export::Memory(_)), Some(ty)) if self.module.skip_local_memory_allocation => {
                Memory::try_new(store, *ty).map(Some)
            }
            (Some(Export::Memory(index)), Some(_)) => instance.memory_by_index(index).map(Some),
            _ => Ok(None),
        }
    }
}

impl Module for LoadedModule {
    fn check(&self, shape: Shape, limits: &Limits) -> Result<(), Fault> {
        self.check_instance(limits)?;
        entry::check_entry(&self.module, &self.exports, shape)
    }

    fn instantiate(&self, limits: &Limits, host: Arc<dyn HostCalls>) -> Result<Box<dyn Instance>, Fault> {
        self.check_instance(limits)?;
        let engine = Engine::new(limits::configuration(limits));
        let store = Store::new(engine).with_state(Actor::new(host));
        let running = self.make(store).map_err(|error| fault::run(&error))?;
        Ok(Box::new(running))
    }
}
