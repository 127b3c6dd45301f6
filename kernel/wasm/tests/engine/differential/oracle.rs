//! A module's life in wasmi 1.1.

use tessera_abi::{FaultKind, IMPORT_MODULE, Row, TABLE};
use wasmi::{
    Caller, Config, Engine, Error, FuncType, Instance, Linker, Module, Store, StoreLimits,
    StoreLimitsBuilder, TrapCode, Val, ValType,
};

use super::{MEMORY_BYTES_MAX, Outcome, TABLE_ELEMENTS_MAX, Trace, answer};

struct Host {
    calls: Vec<(u16, Vec<u64>)>,
    limits: StoreLimits,
}

/// Runs the module as [`super::subject::run`] does.
pub fn run(bytes: &[u8]) -> Trace {
    let engine = Engine::new(Config::default().wasm_custom_page_sizes(true).wasm_wide_arithmetic(true));
    let module = Module::new(&engine, bytes).expect("the module is valid");
    let limits =
        StoreLimitsBuilder::new().memory_size(MEMORY_BYTES_MAX).table_elements(TABLE_ELEMENTS_MAX).build();
    let mut store = Store::new(&engine, Host { calls: Vec::new(), limits });
    store.limiter(|host| &mut host.limits);
    let mut trace = Trace::default();
    match linker(&engine).instantiate_and_start(&mut store, &module) {
        Ok(instance) => {
            trace.outcomes.push(Outcome::Returned);
            enter(&mut store, &instance, &mut trace.outcomes);
            let memory = instance.get_memory(&store, "memory").expect("exported");
            trace.memory = memory.data(&store).to_vec();
        }
        Err(error) => trace.outcomes.push(outcome(&error)),
    }
    trace.calls = store.into_data().calls;
    trace
}

fn enter(store: &mut Store<Host>, instance: &Instance, outcomes: &mut Vec<Outcome>) {
    for name in ["_start", "handle"] {
        let function = instance.get_typed_func::<(), ()>(&*store, name).expect("exported");
        match function.call(&mut *store, ()) {
            Ok(()) => outcomes.push(Outcome::Returned),
            Err(error) => return outcomes.push(outcome(&error)),
        }
    }
}

fn linker(engine: &Engine) -> Linker<Host> {
    let mut linker = Linker::new(engine);
    for row in TABLE {
        let function = move |caller: Caller<'_, Host>, args: &[Val], results: &mut [Val]| {
            results[0] = Val::I64(record(row, caller, args));
            Ok(())
        };
        linker.func_new(IMPORT_MODULE, row.name, signature(row), function).unwrap();
    }
    linker
}

fn signature(row: &Row) -> FuncType {
    let parameters = row.parameters.iter().map(|one| match one.value_type {
        tessera_abi::ValueType::I32 => ValType::I32,
        tessera_abi::ValueType::I64 => ValType::I64,
    });
    FuncType::new(parameters, [ValType::I64])
}

fn record(row: &Row, mut caller: Caller<'_, Host>, args: &[Val]) -> i64 {
    let word = |value: &Val| match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        other => panic!("{other:?} in a host call"),
    };
    let words: Vec<u64> = args.iter().map(word).collect();
    let answer = answer(row.number, &words);
    caller.data_mut().calls.push((row.number, words));
    answer
}

fn outcome(error: &Error) -> Outcome {
    let Some(code) = error.as_trap_code() else { return Outcome::NotMade };
    Outcome::Trapped(match code {
        TrapCode::UnreachableCodeReached => FaultKind::Unreachable,
        TrapCode::MemoryOutOfBounds => FaultKind::MemoryOutOfBounds,
        TrapCode::TableOutOfBounds => FaultKind::TableOutOfBounds,
        TrapCode::IndirectCallToNull => FaultKind::NullElement,
        TrapCode::IntegerDivisionByZero => FaultKind::DivideByZero,
        TrapCode::IntegerOverflow => FaultKind::IntegerOverflow,
        TrapCode::BadConversionToInteger => FaultKind::BadConversion,
        TrapCode::StackOverflow => FaultKind::CallDepth,
        TrapCode::BadSignature => FaultKind::SignatureMismatch,
        TrapCode::OutOfFuel | TrapCode::GrowthOperationLimited => unreachable!("neither is switched on"),
    })
}
