//! Imports against the table of host calls.
//!
//! Owns the check that every import of a module is a function of module `tessera` that the table
//! knows, with exactly the table's parameters and result, and the text that says what was expected
//! and what was found. The interpreter would only say that an import is incompatible.

use core::fmt;

use tessera_abi::{FaultKind, HostCall, IMPORT_MODULE, ValueType};
use tessera_core::engine::Fault;
use tinywasm::Module;
use tinywasm::types::{FuncType, ImportType, ModuleImport, WasmType};

fn wasm_type(value: ValueType) -> WasmType {
    match value {
        ValueType::I32 => WasmType::I32,
        ValueType::I64 => WasmType::I64,
    }
}

/// Finds the first import that is no host call, or is one by another signature.
pub(crate) fn check_imports(module: &Module) -> Result<(), Fault> {
    module.imports().try_for_each(|import| check_import(&import))
}

fn check_import(import: &ModuleImport<'_>) -> Result<(), Fault> {
    let ModuleImport { module, name, ty } = import;
    let unknown = |why: fmt::Arguments<'_>| {
        Fault::new(FaultKind::UnknownImport, format_args!("import {module}.{name}: {why}"))
    };
    if *module != IMPORT_MODULE {
        return Err(unknown(format_args!("only host calls of module {IMPORT_MODULE} can be imported")));
    }
    let ImportType::Func(found) = ty else {
        return Err(unknown(format_args!("a {}, where only host calls can be imported", noun(ty))));
    };
    let Some(host_call) = HostCall::from_name(name) else {
        return Err(unknown(format_args!("no such host call")));
    };
    if matches(host_call, found) {
        return Ok(());
    }
    let expected = Expected(host_call);
    let found = Found(found);
    let text = format_args!("import {module}.{name}: expected {expected}, found {found}");
    Err(Fault::new(FaultKind::WrongSignature, text))
}

fn matches(host_call: HostCall, found: &FuncType) -> bool {
    let expected = host_call.row().parameters.iter().map(|parameter| wasm_type(parameter.value_type));
    found.params().iter().copied().eq(expected) && found.results() == [WasmType::I64]
}

fn noun(ty: &ImportType<'_>) -> &'static str {
    match ty {
        ImportType::Func(_) => "function",
        ImportType::Table(_) => "table",
        ImportType::Memory(_) => "memory",
        ImportType::Global(_) => "global",
        ImportType::Tag(_) => "tag",
    }
}

/// A host call's signature as text, `(i64, i32) -> i64`.
struct Expected(HostCall);

impl fmt::Display for Expected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters = self.0.row().parameters.iter().map(|parameter| parameter.value_type.name());
        list(out, parameters)?;
        out.write_str(" -> i64")
    }
}

/// A module's function type as text, in the same form.
pub(crate) struct Found<'a>(pub(crate) &'a FuncType);

impl fmt::Display for Found<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(out, self.0.params().iter().map(type_name))?;
        match self.0.results() {
            [] => Ok(()),
            [one] => write!(out, " -> {}", type_name(one)),
            many => {
                out.write_str(" -> ")?;
                list(out, many.iter().map(type_name))
            }
        }
    }
}

fn list<'a>(out: &mut fmt::Formatter<'_>, names: impl Iterator<Item = &'a str>) -> fmt::Result {
    out.write_str("(")?;
    for (index, name) in names.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(out, "{comma}{name}")?;
    }
    out.write_str(")")
}

fn type_name(ty: &WasmType) -> &'static str {
    match ty {
        WasmType::I32 => "i32",
        WasmType::I64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
        WasmType::V128 => "v128",
        WasmType::Ref(_) => "ref",
    }
}
