//! A server that faults, until its supervisor has started it again and it has answered: as long as its client sees it.
//!
//! The client's first call makes the server fault; its second, made when it is told of that, is answered by the next
//! server. From the arrival of the one to the exit behind the other. The supervisor is an actor like others, which
//! waits for the end and starts a linked draft, without a back-off. The fault's line on the console is in it.

use super::{Sink, stamps};
use crate::stage::{authority, endpoint};
use crate::{Stage, Verdict, check};
use alloc::vec;
use tessera_abi::{EndReason, ObjectKind, Rights};

pub fn to_the_next_answer(stage: &mut Stage<'_>, sink: &mut Sink<'_>) -> Verdict {
    let (spawner, door) = (authority(ObjectKind::Spawner)?, endpoint(4)?);
    let held = vec![spawner.derive(Rights::ALL, 0)?, door.derive(Rights::ALL, 0)?];
    let supervisor = stage.main("starts_again", held)?;
    for fault in 0..=stage.rounds {
        stamps::clear();
        let client = stage.main("calls_it_down_and_up", vec![door.derive(Rights::SEND, 0)?])?;
        stage.ends(&client, EndReason::Exited(0))?;
        let stamps = stamps::all();
        let [fault_ordered, _told, answered] = stamps.as_slice() else {
            check!(false, "{} host calls were stamped instead of three", stamps.len());
            return Ok(());
        };
        // The first one parses the modules.
        if fault > 0 {
            sink(answered - fault_ordered, 1);
        }
    }
    supervisor.kill();
    stage.ends(&supervisor, EndReason::Killed)
}
