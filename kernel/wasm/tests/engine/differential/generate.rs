//! Random valid modules, with entry points that make what they compute visible in memory.
//!
//! wasm-smith makes the module; two functions are added to it, `_start` and `handle`, each of which
//! calls one of the module's own with constant arguments and stores its results and all globals.

use std::convert::Infallible;

use arbitrary::Unstructured;
use tessera_abi::{IMPORT_MODULE, TABLE};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, InstructionSink, MemArg, MemArgTarget,
    TypeSection,
};
use wasm_smith::Config;
use wasmparser::{Payload, TypeRef, ValType};
use wasmparser_of_tests as wasmparser;

/// The next number of a sequence in which every bit depends on every bit before (SplitMix64).
pub fn scramble(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Loop rounds and calls after which a module stops itself by a trap.
const FUEL: u32 = 300;

/// The module of this seed.
pub fn module(seed: u64) -> Vec<u8> {
    let words = (0..1024).map(|index| scramble(seed.wrapping_mul(1 << 20) + index));
    let bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
    let mut unstructured = Unstructured::new(&bytes);
    let mut module = wasm_smith::Module::new(config(), &mut unstructured).expect("enough random bytes");
    module.ensure_termination(FUEL).expect("all functions are valid");
    add_entries(&module.to_bytes(), seed)
}

fn config() -> Config {
    Config {
        available_imports: Some(imports()),
        canonicalize_nans: true,
        exceptions_enabled: false,
        gc_enabled: false,
        generate_custom_sections: true,
        max_imports: 10,
        max_memory32_bytes: 1 << 18,
        max_table_elements: 400,
        memory64_enabled: false,
        min_funcs: 2,
        min_memories: 1,
        min_types: 1,
        relaxed_simd_enabled: false,
        compact_imports_enabled: false,
        threads_enabled: false,
        ..Config::default()
    }
}

/// A module that imports every host call.
fn imports() -> Vec<u8> {
    let import = |row: &tessera_abi::Row| {
        let types: String = row.parameters.iter().map(|one| format!(" {}", one.value_type.name())).collect();
        format!(r#"(import "{IMPORT_MODULE}" "{}" (func (param{types}) (result i64)))"#, row.name)
    };
    let imports: String = TABLE.iter().map(import).collect();
    wat::parse_str(format!("(module {imports})")).unwrap()
}

/// What has to be known of a module to call into it.
#[derive(Default)]
struct Shape {
    types: Vec<wasmparser::FuncType>,
    /// Type indices of all functions, imported ones first.
    functions: Vec<u32>,
    globals: Vec<ValType>,
    defined: usize,
}

impl Shape {
    fn of(bytes: &[u8]) -> Self {
        let mut shape = Self::default();
        for payload in wasmparser::Parser::new(0).parse_all(bytes) {
            shape.add(payload.unwrap());
        }
        shape
    }

    fn add(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::TypeSection(types) => {
                self.types.extend(types.into_iter_err_on_gc_types().map(Result::unwrap));
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let TypeRef::Func(ty) = import.unwrap().ty else {
                        panic!("only host calls are imported")
                    };
                    self.functions.push(ty);
                }
            }
            Payload::FunctionSection(functions) => {
                let before = self.functions.len();
                self.functions.extend(functions.into_iter().map(Result::unwrap));
                self.defined = self.functions.len() - before;
            }
            Payload::GlobalSection(globals) => {
                self.globals.extend(globals.into_iter().map(|global| global.unwrap().ty.content_type));
            }
            _ => {}
        }
    }

    fn function_type(&self, index: usize) -> &wasmparser::FuncType {
        &self.types[self.functions[index] as usize]
    }

    /// The functions of the module's own that take only numbers.
    fn callable(&self) -> Vec<usize> {
        let own = self.functions.len() - self.defined..self.functions.len();
        own.filter(|index| !self.function_type(*index).params().iter().any(ValType::is_reference_type))
            .collect()
    }
}

/// Adds the entry points while it copies everything else.
struct AddEntries {
    shape: Shape,
    bodies: Vec<Function>,
}

fn add_entries(bytes: &[u8], seed: u64) -> Vec<u8> {
    let shape = Shape::of(bytes);
    let callable = shape.callable();
    let body = |turn: u64| {
        let pick = scramble(seed ^ turn);
        let target = callable.get(usize::try_from(pick).unwrap() % callable.len().max(1)).copied();
        entry_body(&shape, target, pick)
    };
    let bodies = vec![body(1), body(2)];
    let mut module = wasm_encoder::Module::new();
    let mut copier = AddEntries { shape, bodies };
    copier.parse_core_module(&mut module, wasmparser::Parser::new(0), bytes).unwrap();
    module.finish()
}

impl Reencode for AddEntries {
    type Error = Infallible;

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: wasmparser::TypeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([], []);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: wasmparser::FunctionSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_function_section(self, functions, section)?;
        for _ in &self.bodies {
            functions.function(u32::try_from(self.shape.types.len()).unwrap());
        }
        Ok(())
    }

    /// The module's own exports go: they are random names, and none of ours may be among them.
    fn parse_export_section(
        &mut self,
        exports: &mut ExportSection,
        _: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        let first = u32::try_from(self.shape.functions.len()).unwrap();
        exports.export("memory", ExportKind::Memory, 0);
        exports.export("_start", ExportKind::Func, first);
        exports.export("handle", ExportKind::Func, first + 1);
        for index in 0..first {
            // An export is what declares a function that `ref.func` names.
            exports.export(&format!("function {index}"), ExportKind::Func, index);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: wasmparser::CodeSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        utils::parse_code_section(self, code, section)?;
        for body in &self.bodies {
            code.function(body);
        }
        Ok(())
    }
}

/// Calls the target, stores its results from address 0 and all globals from 1024 on, 16 bytes each.
fn entry_body(shape: &Shape, target: Option<usize>, pick: u64) -> Function {
    let (params, results) = target.map_or((&[][..], &[][..]), |index| {
        let ty = shape.function_type(index);
        (ty.params(), ty.results())
    });
    let encode = |ty: &ValType| wasm_encoder::ValType::try_from(*ty).unwrap();
    let mut body = Function::new(results.iter().map(|ty| (1, encode(ty))));
    let mut code = body.instructions();
    if let Some(index) = target {
        for (position, ty) in params.iter().enumerate() {
            constant(&mut code, *ty, scramble(pick + position as u64));
        }
        code.call(u32::try_from(index).unwrap());
    }
    for local in (0..u32::try_from(results.len()).unwrap()).rev() {
        code.local_set(local);
    }
    for (local, ty) in (0u32..).zip(results) {
        store(&mut code, 16 * local, *ty, |code| {
            code.local_get(local);
        });
    }
    for (global, ty) in (0u32..).zip(&shape.globals) {
        store(&mut code, 1024 + 16 * global, *ty, |code| {
            code.global_get(global);
        });
    }
    code.end();
    body
}

/// One of the numbers that arithmetic goes wrong at, or any.
fn interesting(pick: u64) -> u64 {
    match pick % 8 {
        0 => 0,
        1 => u64::MAX,
        2 => 1 << 63,
        3 => 1 << 31,
        4 => pick % 100,
        _ => scramble(pick),
    }
}

fn constant(code: &mut InstructionSink<'_>, ty: ValType, pick: u64) {
    let value = interesting(pick);
    let narrow = value as u32;
    match ty {
        ValType::I32 => code.i32_const(narrow.cast_signed()),
        ValType::I64 => code.i64_const(value.cast_signed()),
        ValType::F32 => code.f32_const((narrow.cast_signed() as f32).into()),
        ValType::F64 => code.f64_const((value.cast_signed() as f64).into()),
        ValType::V128 => code.v128_const((u128::from(value) * 0x1_0000_0001).cast_signed()),
        ValType::Ref(_) => unreachable!("only functions that take numbers are called"),
    };
}

fn store(
    code: &mut InstructionSink<'_>,
    address: u32,
    ty: ValType,
    value: impl Fn(&mut InstructionSink<'_>),
) {
    if ty.is_reference_type() {
        return;
    }
    code.i32_const(address.cast_signed());
    value(code);
    let place = MemArg { offset: 0, align: 0, target: MemArgTarget::Memory(0), ordering: None };
    match ty {
        ValType::I32 => code.i32_store(place),
        ValType::I64 => code.i64_store(place),
        ValType::F32 => code.f32_store(place),
        ValType::F64 => code.f64_store(place),
        ValType::V128 => code.v128_store(place),
        ValType::Ref(_) => unreachable!("returned above"),
    };
}
