//! An engine without an interpreter: its programs are written in Rust, in here.
//!
//! With it a measure has the kernel's part alone: host calls from decoding to answer, endpoints, gates,
//! scheduling, switches, containment and pace are what they are for any engine. A module's bytes are a
//! program's name and a number. Programs do what `adds_hundred.wat` and `adder.wat` in tests/modules do.

use super::bulk::{Bulk, ROOM_BYTES};
use super::memory::Memory;
use crate::pack::pack;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use tessera_abi::image::Image;
use tessera_abi::{FaultKind, Handle, HostCall, Shape};
use tessera_core::engine::{
    Completion, Engine, Entry, Fault, Fuel, Guest, HostCalls, Instance, Limits, Module, Next, OutOfBounds,
    Pace, Stop,
};

/// The programs: a module's name, and its bytes.
const PROGRAMS: [(&str, &str); 14] = [
    ("calls", "calls 100"),
    ("calls_many", "calls 100000"),
    ("serves", "serves 0"),
    ("answers", "answers 0"),
    // As many as a stream's messages, a half and an eighth of them.
    ("sends_all", "sends 8000"),
    ("sends_half", "sends 4000"),
    ("sends_eighth", "sends 1000"),
    ("receives_all", "receives 8000"),
    ("reads", "reads 200"),
    ("writes", "writes 200"),
    ("sends_region", "sends_region 2000"),
    ("takes_region", "takes_region 2000"),
    // 256 make up a mebibyte.
    ("sends_bytes", "sends_bytes 2560"),
    ("takes_bytes", "takes_bytes 2560"),
];

const WORD: u32 = 8;
const REPLY: u32 = 48;
const RECORD: u64 = 0;
const NEVER: u64 = u64::MAX;

/// All programs as an image, which stays for the process's life.
pub fn image() -> Option<Image<'static>> {
    let modules = PROGRAMS.map(|(name, bytes)| (String::from(name), bytes.as_bytes().to_vec()));
    Image::parse(pack(&modules).leak()).ok()
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Native;

impl Engine for Native {
    fn name(&self) -> &'static str {
        "programs in Rust"
    }

    fn load(&self, bytes: &[u8]) -> Result<Arc<dyn Module>, Fault> {
        let words = core::str::from_utf8(bytes).ok().and_then(|text| text.split_once(' '));
        let times = words.and_then(|(_, times)| times.parse().ok());
        let program = match (words, times) {
            (Some(("calls", _)), Some(times)) => Program::Calls(times),
            (Some(("serves", _)), _) => Program::Serves,
            (Some(("answers", _)), _) => Program::Answers,
            (Some(("sends", _)), Some(times)) => Program::Sends(times),
            (Some(("receives", _)), Some(times)) => Program::Receives(times),
            (Some((name, _)), Some(times)) if let Some(bulk) = Bulk::named(name) => {
                Program::Bulk(bulk, times)
            }
            _ => return Err(Fault::new(FaultKind::MalformedModule, format_args!("no such program"))),
        };
        Ok(Arc::new(program))
    }
}

#[derive(Clone, Copy)]
enum Program {
    /// Calls slot 0 so many times, and checks the answers.
    Calls(u64),
    /// Receives and answers, for ever.
    Serves,
    /// Receives and answers, once an activation.
    Answers,
    /// Sends so many messages through slot 0, waiting for room.
    Sends(u64),
    /// Receives so many from slot 0.
    Receives(u64),
    /// Moves what is long so many times.
    Bulk(Bulk, u64),
}

impl Module for Program {
    fn check(&self, _: Shape, _: &Limits) -> Result<(), Fault> {
        Ok(())
    }

    fn instantiate(&self, _: &Limits, host: Arc<dyn HostCalls>) -> Result<Box<dyn Instance>, Fault> {
        let room = if matches!(self, Program::Bulk(..)) { ROOM_BYTES as usize } else { 0 };
        let memory = Memory::new(room);
        Ok(Box::new(Running { program: *self, host, memory }))
    }
}

struct Running {
    program: Program,
    host: Arc<dyn HostCalls>,
    memory: Memory,
}

impl Running {
    fn call(&mut self, call: HostCall, args: &[u64]) -> Result<i64, Stop> {
        self.host.call(call, args, &mut self.memory)
    }

    fn run(&mut self) -> Result<(), Stop> {
        match self.program {
            Program::Calls(times) => (0..times).try_for_each(|n| self.ask(n)),
            Program::Answers => self.answer(0),
            Program::Sends(times) => (0..times).try_for_each(|_| self.pass_on(HostCall::Send)),
            Program::Receives(times) => (0..times).try_for_each(|_| self.pass_on(HostCall::Recv)),
            Program::Bulk(bulk, times) => (0..times).try_for_each(|_| self.moves(bulk)),
            Program::Serves => loop {
                self.answer(NEVER)?;
            },
        }
    }

    fn ask(&mut self, n: u64) -> Result<(), Stop> {
        self.memory.set_word(WORD, n);
        let status = self.call(HostCall::Call, &[Handle::OWN_ENDPOINT.bits(), RECORD, NEVER])?;
        if status == 0 && self.memory.word(WORD) == n + 1 { Ok(()) } else { Err(Stop::Exit(1)) }
    }

    fn pass_on(&mut self, call: HostCall) -> Result<(), Stop> {
        match self.call(call, &[Handle::OWN_ENDPOINT.bits(), RECORD, NEVER])? {
            0 => Ok(()),
            _ => Err(Stop::Exit(4)),
        }
    }

    fn moves(&mut self, bulk: Bulk) -> Result<(), Stop> {
        for prepare in bulk.calls() {
            let (call, args) = prepare(&mut self.memory);
            if self.call(call, &args)? != 0 {
                return Err(Stop::Exit(5));
            }
        }
        Ok(())
    }

    fn answer(&mut self, deadline: u64) -> Result<(), Stop> {
        let status = self.call(HostCall::Recv, &[Handle::OWN_ENDPOINT.bits(), RECORD, deadline])?;
        if status != 0 {
            return Err(Stop::Exit(2));
        }
        self.memory.set_word(WORD, self.memory.word(WORD) + 1);
        match self.call(HostCall::Reply, &[self.memory.word(REPLY), RECORD])? {
            0 => Ok(()),
            _ => Err(Stop::Exit(3)),
        }
    }
}

impl Instance for Running {
    fn activate(&mut self, entry: Entry, pace: &mut dyn Pace) -> Result<Completion, Fault> {
        if entry == Entry::Start {
            return Ok(Completion::Returned);
        }
        if let Next::Stop(stop) = pace.quantum(Fuel(0)) {
            return Ok(Completion::Stopped(stop));
        }
        let ran = self.run();
        pace.ended(Fuel(1));
        Ok(ran.map_or_else(Completion::Stopped, |()| Completion::Returned))
    }

    fn memory_bytes(&self) -> u64 {
        self.memory.len_bytes()
    }

    fn has_start(&self) -> bool {
        false
    }

    fn read_memory(&self, at: u32, into: &mut [u8]) -> Result<(), OutOfBounds> {
        self.memory.read(at, into)
    }
}
