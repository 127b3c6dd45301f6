//! Call and reply on one core: from one call of a client to its next.
//!
//! A hundred calls a round, so 99 samples of it. What the client does in between (it checks the answer)
//! is in them; with native programs that is a few cycles.

use super::{Sink, stamps};
use crate::stage::endpoint;
use crate::{Stage, Verdict, check};
use alloc::vec;
use tessera_abi::{EndReason, Priority, Rights, Shape};

const CALLS: usize = 100;

pub fn served_by_a_main_actor(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    pair(stage, sink, ("serves", Shape::Main), "calls")
}

pub fn served_by_a_handler(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    pair(stage, sink, ("answers", Shape::Handler), "calls")
}

pub fn through_the_interpreter(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    pair(stage, sink, ("adder", Shape::Handler), "adds_hundred")
}

pub fn through_the_interpreter_and_traced(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    stage.kernel.trace().set(true);
    through_the_interpreter(stage, sink)
}

pub fn through_the_interpreter_and_measured(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    stage.kernel.stats().set(true);
    through_the_interpreter(stage, sink)
}

fn pair(stage: &mut Stage<'_>, sink: &mut Sink<'_>, (server, shape): (&str, Shape), client: &str) -> Verdict {
    let door = endpoint(2)?;
    let server = stage.actor(server, shape, Priority::Normal, vec![door.derive(Rights::ALL, 0)?])?;
    for _ in 0..stage.rounds {
        stamps::clear();
        let client = stage.main(client, vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(0))?;
        let stamps = stamps::all();
        check!(stamps.len() == CALLS, "{} of {CALLS} calls were stamped", stamps.len());
        for (before, after) in stamps.iter().zip(stamps.iter().skip(1)) {
            sink(after - before, 1);
        }
    }
    server.kill();
    stage.ends(&server, EndReason::Killed)
}
