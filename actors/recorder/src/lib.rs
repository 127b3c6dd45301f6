//! Writes snapshots of the machine to its second serial port, one JSON object a line, for tools on the host. Argument:
//! every how many seconds (10), 0 for only when asked.
//!
//! Owns: nothing but its endpoint. Where there is a port it switches statistics on, once, so that there is something to
//! record; where there is none it only answers that.
//! Invariants: a snapshot's lines are together, from `machine` to `end`, behind an empty one, so that what an earlier
//! recorder left unfinished costs none of them; nobody waits for the device but who asked.
//! Does not: keep anything between snapshots.
#![no_std]

extern crate alloc;

pub mod json;
pub mod lines;

use actor_sdk::abi::LineageRecord;
use actor_sdk::protocol::recorder;
use actor_sdk::{Capability, Clock, Endpoint, Error, NEVER, Outgoing, Port, System, args, warn};
use core::time::Duration;

use json::Object;

const EVERY_S: u64 = 10;

/// The recorder with what it was granted.
struct Recorder {
    clock: Clock,
    system: System,
    port: Port,
}

impl Recorder {
    fn find() -> Result<Self, Error> {
        Ok(Self { clock: Clock::find("clock")?, system: System::find("system")?, port: Port::find("port")? })
    }

    /// Whether the machine has the port.
    fn has_port(&self) -> bool {
        self.port.write(&[]).is_ok()
    }

    /// Writes a snapshot; how many lines.
    fn record(&self) -> Result<u64, Error> {
        let time_ns = self.clock.now_ns()?;
        self.port.write_all(b"\n", &self.clock)?;
        let mut written = 0;
        let mut write = |line: Object| {
            written += 1;
            self.write(line)
        };
        write(lines::machine(time_ns, &self.system.machine()?, &self.system.stats()?))?;
        for core in self.system.cores() {
            write(lines::core(time_ns, &core))?;
        }
        for actor in self.system.actors() {
            // One that is forgotten between the two readings has nothing more to tell.
            let activity = self.system.activity(&actor).unwrap_or_default();
            let first = LineageRecord::first(actor.index, actor.id);
            let lineage = self.system.lineage(&actor).unwrap_or(first);
            write(lines::actor(time_ns, &actor, (&activity, &lineage)))?;
        }
        for endpoint in self.system.endpoint_stats().filter(|one| one.endpoint.offered > 0) {
            write(lines::endpoint(time_ns, &endpoint))?;
        }
        self.write(lines::end(time_ns, written))?;
        Ok(written + 1)
    }

    fn write(&self, line: Object) -> Result<(), Error> {
        let mut line = line.done();
        line.push('\n');
        self.port.write_all(line.as_bytes(), &self.clock)
    }

    /// When the next snapshot is due that nobody asks for.
    fn due_ns(&self, every: Option<Duration>) -> Result<u64, Error> {
        every.map_or(Ok(NEVER), |every| self.clock.after(every))
    }
}

fn run() -> Result<(), Error> {
    let recorder = Recorder::find()?;
    let every = Some(args().trim().parse().unwrap_or(EVERY_S)).filter(|seconds| *seconds > 0);
    let every = every.map(Duration::from_secs).filter(|_| recorder.has_port());
    if every.is_some() && !recorder.system.stats()?.is_on() {
        recorder.system.set_stats(true)?;
    }
    let mut due_ns = recorder.due_ns(every)?;
    loop {
        match Endpoint::own().recv(due_ns) {
            Ok(mut message) => {
                let asked = message.label == recorder::RECORD;
                let Some(reply) = message.take_reply() else { continue };
                let answer = if asked { answer(recorder.record()) } else { Outgoing::new(recorder::UNKNOWN) };
                // Who asked may have given up: nobody else is concerned.
                let _gone = reply.send(&answer);
            }
            Err(Error::TimedOut) => {
                if let Err(error) = recorder.record() {
                    warn!("no snapshot: {}", error.name());
                }
                due_ns = recorder.due_ns(every)?;
            }
            Err(error) => return Err(error),
        }
    }
}
actor_sdk::main!(run);

fn answer(recorded: Result<u64, Error>) -> Outgoing<'static> {
    match recorded {
        Ok(lines) => Outgoing::new(recorder::RECORD).word(1, lines),
        Err(error) => Outgoing::new(recorder::RECORD).word(0, error.number().into()),
    }
}

#[cfg(test)]
mod tests;
