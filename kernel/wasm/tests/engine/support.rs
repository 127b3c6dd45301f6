//! What the tests share: modules from text, a host that keeps what it is asked, and paces.

use std::sync::{Arc, Mutex};

use tessera_abi::HostCall;
use tessera_core::engine::{
    Completion, Engine, Entry, Fault, Fuel, Guest, HostCalls, Instance, Limits, Module, Next, Pace, Stop,
};
use tessera_wasm::Interpreter;

/// Limits that no test runs into by accident.
pub const ROOMY: Limits =
    Limits { memory_bytes_max: 1 << 20, table_elements_max: 1000, stack_bytes_max: 256 * 1024 };

/// Parses the text format (and leaves it to the engine to validate) and loads the module.
pub fn load(text: &str) -> Result<Arc<dyn Module>, Fault> {
    Interpreter::new().load(&wat::parse_str(text).expect("the test's text is a module"))
}

/// An instance of the module with roomy limits.
pub fn instance(text: &str, host: Arc<dyn HostCalls>) -> Box<dyn Instance> {
    load(text).expect("loads").instantiate(&ROOMY, host).expect("instantiates")
}

/// Runs `_start` of the module to its end, without host calls.
pub fn run(text: &str) -> Result<Completion, Fault> {
    instance(text, Arc::new(Recorder::default())).activate(Entry::Main, &mut Quanta::of(10_000))
}

/// One host call as it arrived.
pub type Call = (HostCall, Vec<u64>);

/// What a host answers, and may do to who asks.
pub type Answer = fn(HostCall, &[u64], &mut dyn Guest) -> Result<i64, Stop>;

/// A host that keeps every call and answers by a function, or with 0.
pub struct Recorder {
    calls: Mutex<Vec<Call>>,
    answer: Answer,
}

impl Default for Recorder {
    fn default() -> Self {
        Self::answering(|_, _, _| Ok(0))
    }
}

impl Recorder {
    pub fn answering(answer: Answer) -> Self {
        Self { calls: Mutex::default(), answer }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

impl HostCalls for Recorder {
    fn call(&self, host_call: HostCall, args: &[u64], memory: &mut dyn Guest) -> Result<i64, Stop> {
        self.calls.lock().unwrap().push((host_call, args.to_vec()));
        (self.answer)(host_call, args, memory)
    }
}

/// Hands out equal quanta, adds up the fuel, and may stop the run after so many quanta.
#[derive(Debug)]
pub struct Quanta {
    each: u32,
    stop_after: Option<usize>,
    pub reports: Vec<u32>,
    pub ended: Vec<u32>,
}

impl Quanta {
    pub fn of(each: u32) -> Self {
        Self { each, stop_after: None, reports: Vec::new(), ended: Vec::new() }
    }

    pub fn stopping_after(each: u32, quanta: usize) -> Self {
        Self { stop_after: Some(quanta), ..Self::of(each) }
    }

    pub fn total(&self) -> u64 {
        self.reports.iter().chain(&self.ended).map(|used| u64::from(*used)).sum()
    }
}

impl Pace for Quanta {
    fn quantum(&mut self, Fuel(used): Fuel) -> Next {
        if self.stop_after == Some(self.reports.len()) {
            return Next::Stop(Stop::Killed);
        }
        self.reports.push(used);
        Next::Run(Fuel(self.each))
    }

    fn ended(&mut self, Fuel(used): Fuel) {
        self.ended.push(used);
    }
}
