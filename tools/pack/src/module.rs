//! What the packer reads out of a module: that it is valid, what it imports, how it starts.
//!
//! Owns: the only look into Wasm that the tools take.
//! Does not: know the manifest.

use tessera_abi::{HostCall, IMPORT_MODULE, Shape, ValueType};
use wasmparser::{ExternalKind, FuncType, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures};

use crate::problem::Problem;

/// A module, seen from outside.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The host calls that it can make.
    pub calls: Vec<HostCall>,
    /// Its first memory's size at the start, in bytes.
    pub memory_bytes: u64,
    types: Vec<Option<FuncType>>,
    functions: Vec<u32>,
    exports: Vec<(String, u32)>,
}

impl Module {
    /// Reads a module that is called `name`.
    ///
    /// # Errors
    /// What is wrong with it, whoever runs it.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Problem> {
        let invalid = |error: wasmparser::BinaryReaderError| {
            Problem::InvalidModule(name.into(), error.message().into())
        };
        let features = WasmFeatures::default() | WasmFeatures::CUSTOM_PAGE_SIZES;
        Validator::new_with_features(features).validate_all(bytes).map_err(invalid)?;
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            module.payload(name, payload.map_err(invalid)?)?;
        }
        Ok(module)
    }

    /// Checks that the module exports what actors of this shape start at.
    ///
    /// # Errors
    /// [`Problem::NoEntryPoint`].
    pub fn check_entry(&self, name: &str, shape: Shape) -> Result<(), Problem> {
        let export = match shape {
            Shape::Main => tessera_abi::MAIN_EXPORT,
            Shape::Handler => tessera_abi::HANDLER_EXPORT,
        };
        let found = self.exports.iter().find(|(name, _)| name == export).and_then(|(_, function)| {
            let type_index = self.functions.get(*function as usize)?;
            self.types.get(*type_index as usize)?.as_ref()
        });
        match found {
            Some(signature) if signature.params().is_empty() && signature.results().is_empty() => Ok(()),
            _ => Err(Problem::NoEntryPoint(name.into(), export)),
        }
    }

    fn payload(&mut self, name: &str, payload: Payload<'_>) -> Result<(), Problem> {
        match payload {
            Payload::TypeSection(types) => {
                for group in types.into_iter().flatten() {
                    for one in group.into_types() {
                        let function = match one.composite_type.inner {
                            wasmparser::CompositeInnerType::Func(function) => Some(function),
                            _ => None,
                        };
                        self.types.push(function);
                    }
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports().flatten() {
                    self.import(name, &import)?;
                }
            }
            Payload::FunctionSection(functions) => self.functions.extend(functions.into_iter().flatten()),
            Payload::MemorySection(memories) => {
                if let Some(Ok(memory)) = memories.into_iter().next() {
                    self.memory_bytes = memory.initial << memory.page_size_log2.unwrap_or(16);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.into_iter().flatten().filter(|export| export.kind == ExternalKind::Func)
                {
                    self.exports.push((export.name.into(), export.index));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, name: &str, import: &wasmparser::Import<'_>) -> Result<(), Problem> {
        let unknown = || Problem::UnknownImport(name.into(), format!("{}.{}", import.module, import.name));
        let TypeRef::Func(type_index) = import.ty else { return Err(unknown()) };
        if import.module != IMPORT_MODULE {
            return Err(unknown());
        }
        let host_call = HostCall::from_name(import.name).ok_or_else(unknown)?;
        let signature = self.types.get(type_index as usize).and_then(Option::as_ref);
        if !signature.is_some_and(|signature| has_signature(host_call, signature)) {
            return Err(Problem::WrongSignature(name.into(), host_call.name()));
        }
        self.functions.push(type_index);
        self.calls.push(host_call);
        Ok(())
    }
}

fn has_signature(host_call: HostCall, found: &FuncType) -> bool {
    let parameters = host_call.row().parameters.iter().map(|parameter| match parameter.value_type {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
    });
    found.params().iter().copied().eq(parameters) && found.results() == [ValType::I64]
}
