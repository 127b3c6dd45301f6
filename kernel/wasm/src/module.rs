//! A loaded module: the check of what it asks for, and instances of it.
//!
//! Invariant: what [`Module::check`] lets pass, instantiation does not refuse for its imports, its
//! memory or its tables; both run the same checks.

use alloc::{boxed::Box, sync::Arc};

use tessera_abi::{MEMORY_EXPORT, Shape};
use tessera_core::engine::{Fault, HostCalls, Instance, Limits, Module};
use tinywasm::{Engine, Imports, ModuleInstance, Store};

use crate::host::Actor;
use crate::instance::RunningInstance;
use crate::{entry, fault, limits, signature};

pub(crate) struct LoadedModule {
    module: tinywasm::Module,
    imports: Arc<Imports>,
}

impl LoadedModule {
    pub(crate) fn new(module: tinywasm::Module, imports: Arc<Imports>) -> Self {
        Self { module, imports }
    }

    fn check_instance(&self, limits: &Limits) -> Result<(), Fault> {
        signature::check_imports(&self.module)?;
        entry::check_memory(&self.module, limits)?;
        entry::check_tables(&self.module, limits)
    }
}

impl Module for LoadedModule {
    fn check(&self, shape: Shape, limits: &Limits) -> Result<(), Fault> {
        self.check_instance(limits)?;
        entry::check_entry(&self.module, shape)
    }

    fn instantiate(&self, limits: &Limits, host: Arc<dyn HostCalls>) -> Result<Box<dyn Instance>, Fault> {
        self.check_instance(limits)?;
        let engine = Engine::new(limits::configuration(limits));
        let mut store = Store::new(engine).with_state(Actor::new(host));
        let instance = ModuleInstance::instantiate_no_start(&mut store, &self.module, Some(&self.imports))
            .map_err(|error| fault::run(&error))?;
        if let Some(actor) = store.state_mut::<Actor>() {
            // A module without a memory has no such export; its host calls see an empty one.
            actor.memory = instance.memory(MEMORY_EXPORT).ok();
        }
        let running = RunningInstance::new(store, &instance).map_err(|error| fault::run(&error))?;
        Ok(Box::new(running))
    }
}
