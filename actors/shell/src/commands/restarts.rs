//! The command that shows who was started again, and after what.
//!
//! Does not: know who supervises whom, or those who have ended since: their lines go on with whoever stands in for them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cmp::Reverse;

use actor_sdk::abi::LineageRecord;
use actor_sdk::abi::inspect::ActorRecord;

use super::Trouble;
use super::actors::ended;
use crate::Shell;
use crate::format::{ActorId, table};

const HEAD: [&str; 6] = ["ID", "NAME", "RESTARTS", "FAULTS", "BEFORE", "WHICH"];

pub fn restarts(shell: &mut Shell, _arguments: &[String]) -> Result<(), Trouble> {
    let lineage = |actor: ActorRecord| Some((actor, shell.system.lineage(&actor).ok()?));
    let mut again: Vec<(ActorRecord, LineageRecord)> = shell.system.actors().filter_map(lineage).collect();
    again.retain(|(_, lineage)| lineage.restarts > 0);
    again.sort_by_key(|(_, lineage)| Reverse(lineage.restarts));
    let mut rows = Vec::from([HEAD.map(String::from).to_vec()]);
    rows.extend(again.iter().map(|(actor, lineage)| row(actor, lineage)));
    let said = if again.is_empty() { "nobody was started again\n".into() } else { table(&rows) };
    Ok(shell.terminal.write(&said)?)
}

fn row(actor: &ActorRecord, lineage: &LineageRecord) -> Vec<String> {
    Vec::from([
        ActorId(actor.id).to_string(),
        actor.name.to_string(),
        lineage.restarts.to_string(),
        lineage.faults.to_string(),
        ActorId(lineage.before).to_string(),
        ended(lineage.before_end),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{actor, shown};
    use actor_sdk::abi::{ActorState, FaultKind};
    use actor_sdk::{EndReason, fake::Kernel};

    fn add(kernel: &mut Kernel, index: u32, name: &str, (restarts, faults): (u32, u32), end: EndReason) {
        let record = actor(index, name, ActorState::Idle);
        let first = LineageRecord::first(index, record.id);
        kernel.add_actor(record);
        kernel.add_lineage(LineageRecord { restarts, faults, before: 7 << 32 | 5, before_end: end, ..first });
    }

    #[test]
    fn restarts_lists_who_was_started_again_most_often_first() {
        let text = shown("restarts\nstats pong\nstats root\n", |kernel| {
            kernel.add_actor(actor(0, "root", ActorState::Blocked));
            add(kernel, 1, "echo", (1, 0), EndReason::Silent);
            add(kernel, 2, "pong", (3, 2), EndReason::Fault(FaultKind::Unreachable));
            add(kernel, 3, "ping", (2, 1), EndReason::Exited(12));
        });
        let rows: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        let head = rows.iter().position(|row| row == "ID NAME RESTARTS FAULTS BEFORE WHICH").unwrap();
        let expected =
            ["12.1 pong 3 2 5.7 unreachable", "13.1 ping 2 1 5.7 exited 12", "11.1 echo 1 0 5.7 silent"];
        assert_eq!(rows.get(head + 1..head + 4).unwrap_or_default(), expected, "{text}");
        let told = |row: &str| rows.iter().filter(|one| *one == row).count();
        let rows = ["restarts 3, 2 after faults", "before 5.7, unreachable", "restarts 0, 0 after faults"];
        assert_eq!(rows.map(told), [1, 1, 1], "{text}");
    }

    #[test]
    fn restarts_says_when_there_were_none() {
        let one = |kernel: &mut Kernel| kernel.add_actor(actor(0, "root", ActorState::Blocked));
        assert!(shown("restarts\n", one).contains("nobody was started again"));
    }
}
