//! An instance and its activations.
//!
//! Owns an actor's store and the loop that runs it a quantum at a time. The interpreter's handle of a
//! suspended run borrows the store, so it lives on the activation's stack and nowhere else: an actor
//! that waits does so inside `pace` or inside a host call, below this loop.
//!
//! Invariants: an instance is marked as spent before the first instruction and unmarked only when the
//! entry point returns, so a trap, a stop or a panic that unwinds leaves it spent. Fuel that is
//! reported is never less than what was used, and at most [`STEP`] more.

use tessera_abi::{FaultKind, Shape};
use tessera_core::engine::{Completion, Entry, Fault, Fuel, Instance, Next, OutOfBounds, Pace};
use tinywasm::types::{FuncType, WasmType, WasmValue};
use tinywasm::{ExecProgress, Function, HostFunction, Memory, ModuleInstance, Store};

use crate::entry::export_name;
use crate::fault;
use crate::host::Actor;
use crate::parse::{Export, Exports};

/// The interpreter looks at its fuel once in so many instructions, and suspends only then.
pub(crate) const STEP: u32 = 128;

pub(crate) struct RunningInstance {
    store: Store,
    start: Option<Function>,
    main: Option<Function>,
    handle: Option<Function>,
    /// Tells how much fuel the last quantum left.
    gauge: Function,
    spent: bool,
}

impl RunningInstance {
    pub(crate) fn new(
        mut store: Store,
        instance: &ModuleInstance,
        exports: &Exports,
    ) -> tinywasm::Result<Self> {
        let function = |export| match export {
            Some(Export::Function(index)) => instance.func_by_index(&store, index).map(Some),
            _ => Ok(None),
        };
        let (main, handle) = (function(exports.main)?, function(exports.handle)?);
        let start = instance.start_func(&store)?;
        let gauge = gauge().instantiate(&mut store)?;
        Ok(Self { store, start, main, handle, gauge, spent: false })
    }

    fn entry(&self, entry: Entry) -> Result<Option<Function>, Fault> {
        let (function, shape) = match entry {
            Entry::Start => return Ok(self.start.clone()),
            Entry::Main => (&self.main, Shape::Main),
            Entry::Handle => (&self.handle, Shape::Handler),
        };
        match function {
            Some(function) => Ok(Some(function.clone())),
            None => {
                Err(Fault::new(FaultKind::NoEntryPoint, format_args!("no export {}", export_name(shape))))
            }
        }
    }

    /// Runs to the end. Also says how much fuel the last quantum had, if one was run at all.
    fn run(&mut self, function: &Function, pace: &mut dyn Pace) -> (tinywasm::Result<Completion>, u32) {
        let mut execution = match function.call_resumable(&mut self.store, &[], &mut []) {
            Ok(execution) => execution,
            Err(error) => return (Err(error), 0),
        };
        let mut used = Fuel(0);
        loop {
            let quantum = match pace.quantum(used) {
                Next::Run(Fuel(quantum)) => quantum.max(1),
                Next::Stop(stop) => return (Ok(Completion::Stopped(stop)), 0),
            };
            match execution.resume_with_fuel(quantum) {
                Ok(ExecProgress::Suspended) => used = Fuel(whole_steps(quantum)),
                Ok(ExecProgress::Completed(())) => return (Ok(Completion::Returned), quantum),
                Err(error) => return (Err(error), quantum),
            }
        }
    }

    /// Fuel that the unfinished last quantum used: the whole steps, and one for the step it ended in.
    fn used_of(&mut self, quantum: u32) -> Fuel {
        if quantum == 0 {
            return Fuel(0);
        }
        let mut left = [WasmValue::I64(0)];
        let left = match self.gauge.call(&mut self.store, &[], &mut left) {
            Ok(()) => left,
            Err(_) => [WasmValue::I64(0)],
        };
        let left = if let [WasmValue::I64(left)] = left { u32::try_from(left).unwrap_or(0) } else { 0 };
        Fuel(quantum.saturating_sub(left).saturating_add(STEP))
    }

    fn memory(&self) -> Option<Memory> {
        self.store.state::<Actor>()?.memory
    }

    fn take_stop(&mut self) -> Option<Completion> {
        self.store.state_mut::<Actor>()?.stop.take().map(|stop| Completion::Stopped(stop.into()))
    }
}

impl Instance for RunningInstance {
    fn activate(&mut self, entry: Entry, pace: &mut dyn Pace) -> Result<Completion, Fault> {
        if self.spent {
            return Err(Fault::new(FaultKind::Other, format_args!("the instance has ended already")));
        }
        let Some(function) = self.entry(entry)? else { return Ok(Completion::Returned) };
        self.spent = true;
        let (outcome, quantum) = self.run(&function, pace);
        pace.ended(self.used_of(quantum));
        let completion = match outcome {
            Ok(completion) => completion,
            // The error may be the one with which a host call ended the run.
            Err(error) => self.take_stop().ok_or_else(|| fault::run(&error))?,
        };
        self.spent = completion != Completion::Returned;
        Ok(completion)
    }

    fn memory_bytes(&self) -> u64 {
        let len = self.memory().and_then(|memory| memory.len(&self.store).ok());
        len.and_then(|len| u64::try_from(len).ok()).unwrap_or(0)
    }

    fn has_start(&self) -> bool {
        self.start.is_some()
    }

    fn read_memory(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        let memory = self.memory().ok_or(OutOfBounds)?;
        let at = usize::try_from(at).map_err(|_| OutOfBounds)?;
        memory.read_exact(&self.store, at, into).map_err(|_| OutOfBounds)
    }
}

fn whole_steps(quantum: u32) -> u32 {
    quantum.checked_next_multiple_of(STEP).unwrap_or(u32::MAX)
}

/// The interpreter shows what is left of a quantum to host functions alone, so this is one.
fn gauge() -> HostFunction {
    HostFunction::from_untyped(&FuncType::new(&[], &[WasmType::I64]), |context, _, results| {
        if let [left] = results {
            *left = WasmValue::I64(i64::from(context.remaining_fuel()));
        }
        Ok(())
    })
}
