//! What a module has to export to become an actor: the entry point of its shape, and its memory.
//!
//! Owns these checks and their texts, and the comparison of declared initial sizes with the limits,
//! so that a spawn is refused before anything is taken.

use tessera_abi::{FaultKind, HANDLER_EXPORT, MAIN_EXPORT, MEMORY_EXPORT, Shape};
use tessera_core::engine::{Fault, Limits};
use tinywasm::Module;
use tinywasm::types::{FuncType, MemoryArch};

use crate::parse::{Export, Exports};
use crate::signature::Found;

/// The export that an actor of this shape starts at.
pub(crate) fn export_name(shape: Shape) -> &'static str {
    match shape {
        Shape::Main => MAIN_EXPORT,
        Shape::Handler => HANDLER_EXPORT,
    }
}

/// Makes sure of the entry point: there, a function, no parameters, no results.
pub(crate) fn check_entry(module: &Module, exports: &Exports, shape: Shape) -> Result<(), Fault> {
    let name = export_name(shape);
    let wrong = |why: core::fmt::Arguments<'_>| Err(Fault::new(FaultKind::NoEntryPoint, why));
    let export = match shape {
        Shape::Main => exports.main,
        Shape::Handler => exports.handle,
    };
    let index = match export {
        Some(Export::Function(index)) => index,
        Some(_) => return wrong(format_args!("export {name}: expected a function")),
        None => {
            return wrong(format_args!("a {} actor exports {name}, and this module does not", shape.name()));
        }
    };
    match function_type(module, index) {
        Some(found) if found.params().is_empty() && found.results().is_empty() => Ok(()),
        Some(found) => wrong(format_args!("export {name}: expected (), found {}", Found(found))),
        None => wrong(format_args!("export {name}: no such function")),
    }
}

fn function_type(module: &Module, index: u32) -> Option<&FuncType> {
    let type_index = module.func_type_idxs.get(usize::try_from(index).ok()?)?;
    module.types.get(*type_index)?.as_func()
}

/// Makes sure that the module has at most one memory, that addresses in it are 32 bits wide, that
/// host calls can reach it, and that it fits the limits as it starts.
pub(crate) fn check_memory(module: &Module, exports: &Exports, limits: &Limits) -> Result<(), Fault> {
    let unsupported = |why: core::fmt::Arguments<'_>| Err(Fault::new(FaultKind::Other, why));
    let memory = match &*module.memory_types {
        [] => return Ok(()),
        [memory] => memory,
        several => return unsupported(format_args!("{} memories; an actor has one", several.len())),
    };
    if memory.arch() == MemoryArch::I64 {
        return unsupported(format_args!("a 64-bit memory; addresses of host calls are 32 bits wide"));
    }
    let initial_bytes = memory.page_count_initial().saturating_mul(memory.page_size());
    if initial_bytes > limits.memory_bytes_max {
        return Err(Fault::new(
            FaultKind::MemoryOverMaximum,
            format_args!(
                "memory starts with {initial_bytes} bytes; the maximum is {}",
                limits.memory_bytes_max
            ),
        ));
    }
    // A memory that no instruction and no segment touches can do no harm by being out of reach.
    if matches!(exports.memory, Some(Export::Memory(_))) || module.skip_local_memory_allocation {
        return Ok(());
    }
    unsupported(format_args!("its memory is not exported as {MEMORY_EXPORT}, so host calls cannot reach it"))
}

/// Makes sure that the tables fit the limits as they start.
pub(crate) fn check_tables(module: &Module, limits: &Limits) -> Result<(), Fault> {
    let initial = module.tables.iter().fold(0u64, |sum, table| sum.saturating_add(table.ty.size_initial));
    if initial <= u64::from(limits.table_elements_max) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::TableOverMaximum,
        format_args!("tables start with {initial} elements; the maximum is {}", limits.table_elements_max),
    ))
}
