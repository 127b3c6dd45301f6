//! An engine with planted bugs: it panics where a module asks it to, and is the real one otherwise.
//!
//! Owns the four places: a custom section `flaw` of `load`, `instantiate`, `activate` or `midway` (in the
//! pace between two quanta, with the interpreter's frames on the stack). Scenarios show with it that a bug
//! of the engine costs one actor (design D14). Invariant: a module without the section runs on the real
//! engine, with nothing in between but a call.

use alloc::boxed::Box;
use alloc::sync::Arc;
use tessera_abi::Shape;
use tessera_core::engine::{
    Completion, Engine, Entry, Fault, Fuel, HostCalls, Instance, Limits, Module, Next, OutOfBounds, Pace,
};

/// Where the engine panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    Load,
    Instantiate,
    Activate,
    Midway,
}

impl Flaw {
    /// The section's name and content stand side by side in the module.
    const SECTIONS: [(&'static [u8], Flaw); 4] = [
        (b"flawload", Flaw::Load),
        (b"flawinstantiate", Flaw::Instantiate),
        (b"flawactivate", Flaw::Activate),
        (b"flawmidway", Flaw::Midway),
    ];

    fn of(bytes: &[u8]) -> Option<Flaw> {
        let has = |section: &[u8]| bytes.windows(section.len()).any(|window| window == section);
        Self::SECTIONS.iter().find(|(section, _)| has(section)).map(|(_, flaw)| *flaw)
    }
}

#[expect(clippy::panic, reason = "the panic is what is planted")]
fn strike() -> ! {
    panic!("a planted bug of the engine")
}

/// See the module.
pub struct Flawed<E>(pub E);

impl<E: Engine> Engine for Flawed<E> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn load(&self, bytes: &[u8]) -> Result<Arc<dyn Module>, Fault> {
        let module = self.0.load(bytes)?;
        match Flaw::of(bytes) {
            None => Ok(module),
            Some(Flaw::Load) => strike(),
            Some(flaw) => Ok(Arc::new(FlawedModule { module, flaw })),
        }
    }
}

struct FlawedModule {
    module: Arc<dyn Module>,
    flaw: Flaw,
}

impl Module for FlawedModule {
    fn check(&self, shape: Shape, limits: &Limits) -> Result<(), Fault> {
        self.module.check(shape, limits)
    }

    fn instantiate(&self, limits: &Limits, host: Arc<dyn HostCalls>) -> Result<Box<dyn Instance>, Fault> {
        let instance = self.module.instantiate(limits, host)?;
        match self.flaw {
            Flaw::Instantiate => strike(),
            flaw => Ok(Box::new(FlawedInstance { instance, flaw })),
        }
    }
}

struct FlawedInstance {
    instance: Box<dyn Instance>,
    flaw: Flaw,
}

impl Instance for FlawedInstance {
    fn activate(&mut self, entry: Entry, pace: &mut dyn Pace) -> Result<Completion, Fault> {
        match self.flaw {
            Flaw::Activate => strike(),
            _ => self.instance.activate(entry, &mut FlawedPace { pace, quanta: 0 }),
        }
    }

    fn memory_bytes(&self) -> u64 {
        self.instance.memory_bytes()
    }

    fn has_start(&self) -> bool {
        self.instance.has_start()
    }

    fn read_memory(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        self.instance.read_memory(at, into)
    }
}

/// Strikes when it has run for a few quanta.
struct FlawedPace<'a> {
    pace: &'a mut dyn Pace,
    quanta: u32,
}

impl Pace for FlawedPace<'_> {
    fn quantum(&mut self, used: Fuel) -> Next {
        const GOOD_QUANTA: u32 = 3;
        self.quanta += 1;
        if self.quanta > GOOD_QUANTA {
            strike();
        }
        self.pace.quantum(used)
    }

    fn ended(&mut self, used: Fuel) {
        self.pace.ended(used);
    }
}
