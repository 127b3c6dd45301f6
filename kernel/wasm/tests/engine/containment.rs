//! The engine inside the kernel's containment: whatever allocation fails, and wherever it panics, one
//! actor ends and every byte that it held comes back.

use std::sync::Arc;

use khal::contain::{Escape, Meter, enter, leave};
use tessera_abi::HostCall;
use tessera_core::engine::{
    Completion, Engine, Entry, Fault, Fuel, Guest, HostCalls, Instance, Next, Pace, Stop,
};
use tessera_wasm::Interpreter;

use crate::support::ROOMY;

/// A module that makes the engine allocate in every way it has: all sections, segments, stacks that
/// grow, memory and tables that grow, objects, exceptions, host calls, and a trap with a boxed detail.
const GREEDY: &str = r#"(module
    (type $none (func))
    (type $pair (struct (field i32) (field externref)))
    (type $row (array (mut i64)))
    (import "tessera" "log_write" (func $log (param i64 i32 i32 i32) (result i64)))
    (import "tessera" "yield_now" (func $yield (result i64)))
    (tag $tag (param i32 i64))
    (global $g (mut v128) (v128.const i64x2 1 2))
    (table $t 3 100 funcref)
    (memory (export "memory") 1)
    (elem (table $t) (i32.const 0) func $deep $log)
    (elem $passive funcref (ref.func $deep) (ref.func $yield))
    (data $bytes "some passive bytes")
    (data (i32.const 8) "active bytes")
    (func $start (drop (call $yield)) (global.set $g (v128.const i64x2 3 4)))
    (start $start)
    (func $deep (param i32 i64 v128) (result i32)
        (if (result i32) (i32.eqz (local.get 0))
            (then (i32.const 1))
            (else (i32.add (i32.const 1)
                (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 2))))))
    (func $throw (throw $tag (i32.const 1) (i64.const 2)))
    (func (export "_start") (local $row (ref null $row))
        (drop (memory.grow (i32.const 2)))
        (drop (table.grow $t (ref.null func) (i32.const 20)))
        (memory.init $bytes (i32.const 0) (i32.const 0) (i32.const 18))
        (table.init $t $passive (i32.const 0) (i32.const 0) (i32.const 2))
        (drop (call $deep (i32.const 200) (i64.const 1) (global.get $g)))
        (drop (struct.new $pair (i32.const 1) (ref.null extern)))
        (local.set $row (array.new $row (i64.const 7) (i32.const 100)))
        (drop (block $caught (result i32 i64)
            (try_table (catch $tag $caught) (call $throw))
            (i32.const 0) (i64.const 0)))
        drop
        (drop (call $log (i64.const 1) (i32.const 2) (i32.const 0) (i32.const 5)))
        (call_indirect $t (type $none) (i32.const 0))))"#;

/// A host whose own work is the kernel's, as the real one's is.
struct Quiet;

impl HostCalls for Quiet {
    fn call(&self, _: HostCall, args: &[u64], memory: &mut dyn Guest) -> Result<i64, Stop> {
        leave(|| {
            let mut bytes = vec![0; 5];
            let _nothing_there_yet = memory.read(0, &mut bytes);
            Ok(i64::try_from(args.len() + bytes.len()).unwrap())
        })
    }
}

/// Unlimited, and without an allocation of its own.
struct Freely;

impl Pace for Freely {
    fn quantum(&mut self, _: Fuel) -> Next {
        Next::Run(Fuel(1000))
    }

    fn ended(&mut self, _: Fuel) {}
}

/// Where in its life an actor's n-th allocation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Load,
    Instantiate,
    Run,
}

/// What became of one life.
#[derive(Debug)]
enum End {
    Escaped(Escape),
    Faulted(Fault),
    Ran(Completion),
}

/// One life in three scopes and a fourth for what is left, as the kernel does it.
struct Life<'a> {
    meter: &'a Meter,
    /// The stage whose allocation fails, and how many it may do before.
    failing: (Stage, u64),
    /// Whether the failure came.
    came: bool,
}

impl Life<'_> {
    fn stage<R>(&mut self, stage: Stage, work: impl FnOnce() -> Result<R, Fault>) -> Result<R, End> {
        let armed = self.failing.0 == stage;
        self.meter.fail_after(if armed { self.failing.1 } else { u64::MAX });
        let outcome = enter(self.meter, work);
        self.came |= armed && !self.meter.failure_pending();
        self.meter.fail_after(u64::MAX);
        outcome.map_err(End::Escaped)?.map_err(End::Faulted)
    }

    fn live(&mut self, engine: &Interpreter, bytes: &[u8]) -> End {
        let host: Arc<dyn HostCalls> = Arc::new(Quiet);
        let module = match self.stage(Stage::Load, || engine.load(bytes)) {
            Ok(module) => module,
            Err(end) => return end,
        };
        let mut instance: Option<Box<dyn Instance>> = None;
        let end = match self.stage(Stage::Instantiate, || module.instantiate(&ROOMY, host.clone())) {
            Ok(made) => self.run(instance.insert(made)),
            Err(end) => end,
        };
        enter(self.meter, || drop((instance, module))).expect("dropping does not fail");
        end
    }

    fn run(&mut self, instance: &mut Box<dyn Instance>) -> End {
        let outcome = self.stage(Stage::Run, || match instance.activate(Entry::Start, &mut Freely)? {
            Completion::Returned => instance.activate(Entry::Main, &mut Freely),
            stopped @ Completion::Stopped(_) => Ok(stopped),
        });
        outcome.map_or_else(|end| end, End::Ran)
    }
}

/// A life, and whether the failure that was set came.
fn life(engine: &Interpreter, bytes: &[u8], meter: &Meter, failing: (Stage, u64)) -> (End, bool) {
    let mut life = Life { meter, failing, came: false };
    let end = life.live(engine, bytes);
    (end, life.came)
}

fn fail_every_allocation_of(stage: Stage) -> u64 {
    let engine = Interpreter::new();
    let bytes = wat::parse_str(GREEDY).unwrap();
    for nth in 0.. {
        let meter = Meter::new(usize::MAX);
        let (end, came) = life(&engine, &bytes, &meter, (stage, nth));
        assert_eq!((meter.live(), meter.used()), (0, 0), "{stage:?} {nth}: {end:?}");
        if !came {
            let End::Faulted(fault) = end else { panic!("the whole life ends with a trap, not {end:?}") };
            assert_eq!(fault.kind(), tessera_abi::FaultKind::SignatureMismatch);
            return nth;
        }
        // A refused growth of memory or a table is an answer to the program, so it may run on.
        let panicked = matches!(end, End::Escaped(Escape::Panic { .. }));
        assert!(!panicked, "{stage:?} {nth}: {end:?}");
    }
    unreachable!("some run has fewer allocations")
}

#[test]
fn failing_any_allocation_of_a_load_ends_it_alone_and_leaks_nothing() {
    assert!(fail_every_allocation_of(Stage::Load) > 50);
}

#[test]
fn failing_any_allocation_of_an_instantiation_ends_it_alone_and_leaks_nothing() {
    assert!(fail_every_allocation_of(Stage::Instantiate) > 10);
}

#[test]
fn failing_any_allocation_of_a_run_ends_it_alone_and_leaks_nothing() {
    assert!(fail_every_allocation_of(Stage::Run) > 10);
}

/// Enough of everything (a B-tree's node has room for 11) that sorted and hashed tables grow.
fn broad_module() -> Vec<u8> {
    let mut text = String::from("(module ");
    let many = |line: &dyn Fn(usize) -> String| (0..13).map(line).collect::<String>();
    text += &many(&|n| format!("(type $t{n} (func (param {})))", "i32 ".repeat(n)));
    text += &many(&|n| format!("(type $s{n} (struct (field {})))", "i64 ".repeat(n)));
    text += &many(&|n| format!("(import \"tessera\" \"x{n}\" (func (type $t{n})))"));
    text += "(memory (export \"memory\") 1)";
    text += &many(&|n| format!("(table $tab{n} 1 funcref) (tag $g{n} (param i32))"));
    text += &many(&|n| format!("(global $gl{n} (export \"g{n}\") i32 (i32.const {n}))"));
    text += &many(&|n| {
        let constants = (0..14).map(|c| format!("(drop (i64.const {}))", (c + n) << 40)).collect::<String>();
        let branches = "(block (block (br_table 0 1 (i32.const 0))))";
        format!("(func $f{n} (export \"f{n}\") (type $t{n}) (local i64 f32 i64) {constants} {branches})")
    });
    text += &many(&|n| format!("(elem func $f{n}) (data \"passive {n}\")"));
    wat::parse_str(text + ")").unwrap()
}

#[test]
fn failing_any_allocation_of_a_broad_load_neither_aborts_nor_leaks() {
    let (engine, bytes) = (Interpreter::new(), broad_module());
    for nth in 0.. {
        let meter = Meter::new(usize::MAX);
        meter.fail_after(nth);
        let outcome = enter(&meter, || engine.load(&bytes).map(drop));
        assert_eq!((meter.live(), meter.used()), (0, 0), "{nth}: {outcome:?}");
        if meter.failure_pending() {
            assert_eq!(outcome, Ok(Ok(())));
            assert!(nth > 1000, "only {nth} allocations");
            return;
        }
        // Where the engine can do with less it goes on; it never calls the module bad.
        let wrong = matches!(outcome, Ok(Err(_)) | Err(Escape::Panic { .. }));
        assert!(!wrong, "{nth}: {outcome:?}");
    }
}

#[test]
fn a_refused_growth_of_memory_answers_minus_one() {
    let bytes = wat::parse_str(
        r#"(module (memory (export "memory") 1)
            (func (export "_start")
                (if (i32.ne (memory.grow (i32.const 4)) (i32.const -1)) (then unreachable))))"#,
    )
    .unwrap();
    let engine = Interpreter::new();
    let meter = Meter::new(200 * 1024);
    let (end, _) = life(&engine, &bytes, &meter, (Stage::Run, u64::MAX));
    assert!(matches!(end, End::Ran(Completion::Returned)), "{end:?}");
    assert_eq!(meter.live(), 0);
}

#[test]
fn a_module_too_large_for_its_account_is_out_of_memory_and_leaves_nothing() {
    let functions = "(func (result i64) (i64.const 123456789012345))".repeat(2000);
    let bytes = wat::parse_str(format!("(module {functions})")).unwrap();
    let meter = Meter::new(100 * 1024);
    let (end, _) = life(&Interpreter::new(), &bytes, &meter, (Stage::Load, u64::MAX));
    assert!(matches!(end, End::Escaped(Escape::OutOfMemory { .. })), "{end:?}");
    assert_eq!((meter.live(), meter.used()), (0, 0));
}

/// Fails as an interpreter with a bug would: inside the scope, below the interpreter's frames.
struct Broken;

impl HostCalls for Broken {
    fn call(&self, _: HostCall, _: &[u64], _: &mut dyn Guest) -> Result<i64, Stop> {
        panic!("injected engine panic")
    }
}

#[test]
fn a_panic_in_the_engine_is_an_escape_with_its_message_and_leaks_nothing() {
    let bytes = wat::parse_str(GREEDY).unwrap();
    let (engine, meter) = (Interpreter::new(), Meter::new(usize::MAX));
    let host: Arc<dyn HostCalls> = Arc::new(Broken);
    let module = enter(&meter, || engine.load(&bytes)).unwrap().unwrap();
    let mut instance = enter(&meter, || module.instantiate(&ROOMY, host.clone())).unwrap().unwrap();
    let escape = enter(&meter, || instance.activate(Entry::Start, &mut Freely)).unwrap_err();
    let Escape::Panic { message, .. } = escape else { panic!("{escape:?}") };
    assert_eq!(message.to_string(), "injected engine panic");
    let fault = enter(&meter, || instance.activate(Entry::Main, &mut Freely)).unwrap().unwrap_err();
    assert_eq!(fault.detail(), "the instance has ended already");
    enter(&meter, || drop((instance, module))).unwrap();
    assert_eq!((meter.live(), meter.used()), (0, 0));
}
