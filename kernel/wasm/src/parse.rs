//! From bytes to a module: validate, read the exports, lower.
//!
//! Owns the order of the three and the set of Wasm features. The validator is called from here and
//! not by tinywasm's parser, because the parser gets a copy whose export section is masked as a custom
//! one: it collects exports with `Arc<[T]>::from(Vec<T>)`, which loses the vector when the memory for
//! it is refused. With validation before and separate, functions that only an export declares are
//! still declared.
//!
//! Invariants: nothing is lowered that was not validated whole; no step keeps a `BTreeMap` that can
//! grow a level, because that aborts when its memory is refused (hence `hash-collections` of
//! wasmparser, and no deduplication of operands in the parser).

use alloc::vec::Vec;

use tessera_abi::{FaultKind, HANDLER_EXPORT, MAIN_EXPORT, MEMORY_EXPORT};
use tessera_core::engine::Fault;
use tinywasm::Module;
use tinywasm::parser::{Parser, ParserOptions};
use wasmparser::{
    BinaryReader, ExportSectionReader, ExternalKind, FuncValidatorAllocations, Payload, ValidPayload,
    Validator, WasmFeatures,
};

use crate::fault;
use crate::sections::{self, CUSTOM, EXPORTS, Section, Sections};

/// What tinywasm runs: Wasm 3.0 without threads, and the proposals that it adds.
const FEATURES: WasmFeatures = WasmFeatures::WASM3
    .difference(WasmFeatures::THREADS)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::COMPACT_IMPORTS);

/// An export that an actor may have, as the module's own index of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Export {
    Function(u32),
    Memory(u32),
    Other,
}

/// The exports that mean something to the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exports {
    pub(crate) main: Option<Export>,
    pub(crate) handle: Option<Export>,
    pub(crate) memory: Option<Export>,
}

/// Parses and validates a module.
pub(crate) fn module(bytes: &[u8]) -> Result<(Module, Exports), Fault> {
    sections::check(bytes)?;
    validate(bytes)?;
    let Some(section) = Sections::of(bytes).find(|section| section.id == EXPORTS) else {
        return Ok((lower(bytes)?, Exports::default()));
    };
    let exports = read_exports(bytes, &section).map_err(|error| fault::malformed(&error))?;
    Ok((lower(&mask(bytes, &section))?, exports))
}

fn validate(bytes: &[u8]) -> Result<(), Fault> {
    let mut validator = Validator::new_with_features(FEATURES);
    let mut parser = wasmparser::Parser::new(0);
    parser.set_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(|error| fault::malformed(&error))?;
        if let Payload::UnknownSection { id, range, .. } = &payload {
            return Err(Fault::new(
                FaultKind::MalformedModule,
                format_args!("unknown section {id} at offset {}", range.start),
            ));
        }
        if let ValidPayload::Func(function, body) =
            validator.payload(&payload).map_err(|error| fault::malformed(&error))?
        {
            let index = function.index;
            let mut function = function.into_validator(core::mem::take(&mut allocations));
            function.validate(&body).map_err(|error| fault::malformed_function(index, &error))?;
            allocations = function.into_allocations();
        }
    }
    Ok(())
}

fn read_exports(bytes: &[u8], section: &Section) -> wasmparser::Result<Exports> {
    let body = bytes.get(section.body.clone()).unwrap_or_default();
    let offset = u64::try_from(section.body.start).unwrap_or(u64::MAX);
    let mut exports = Exports::default();
    for export in ExportSectionReader::new(BinaryReader::new(body, offset))? {
        let export = export?;
        let found = match export.kind {
            ExternalKind::Func => Export::Function(export.index),
            ExternalKind::Memory => Export::Memory(export.index),
            _ => Export::Other,
        };
        match export.name {
            MAIN_EXPORT => exports.main = Some(found),
            HANDLER_EXPORT => exports.handle = Some(found),
            MEMORY_EXPORT => exports.memory = Some(found),
            _ => {}
        }
    }
    Ok(exports)
}

/// A copy of the module with its export section turned into a custom section without a name, of the
/// same length, so that all offsets stay.
///
/// Memory that is refused unwinds, as everywhere in the parser: a fault would say that the module is
/// bad, and it is not.
fn mask(bytes: &[u8], section: &Section) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    if let Some(id) = copy.get_mut(section.start) {
        *id = CUSTOM;
    }
    // The count of exports becomes the length of the custom section's name.
    if let Some(count) = copy.get_mut(section.body.start) {
        *count = 0;
    }
    copy
}

fn lower(bytes: &[u8]) -> Result<Module, Fault> {
    let options = ParserOptions::default().with_validation(false).with_operand_deduplication(false);
    Parser::new(options).parse_module_bytes(bytes).map_err(|error| fault::parse(&error))
}
