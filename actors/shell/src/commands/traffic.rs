//! Commands that ask what has become of messages.
//!
//! Does not: check the sums (the kernel does, in debug builds); it shows all that they are made of.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use actor_sdk::abi::inspect::EndpointRecord;

use super::Trouble;
use super::actors::find;
use crate::Shell;
use crate::format::table;

pub fn endpoints(shell: &mut Shell, arguments: &[String]) -> Result<(), Trouble> {
    let [wanted] = arguments else { return Err(Trouble::Usage) };
    let actor = find(shell, wanted)?;
    let head = ["SLOT", "POLICY", "KEEPS", "MOST", "OFFERED", "DELIVERED", "LOST", "QUEUED", "CALLS", "OPEN"];
    let mut rows = Vec::from([head.map(String::from).to_vec()]);
    rows.extend(shell.system.endpoints(&actor).map(|endpoint| row(&endpoint)));
    Ok(shell.terminal.write(&table(&rows))?)
}

/// All that was neither delivered nor is on its way counts as lost.
fn row(endpoint: &EndpointRecord) -> Vec<String> {
    let lost = endpoint.rejected + endpoint.dropped + endpoint.withdrawn + endpoint.discarded;
    Vec::from([
        endpoint.slot.to_string(),
        endpoint.policy.name().into(),
        endpoint.capacity.to_string(),
        endpoint.high_water.to_string(),
        endpoint.offered.to_string(),
        endpoint.delivered.to_string(),
        lost.to_string(),
        (endpoint.queued + endpoint.blocked).to_string(),
        endpoint.calls.to_string(),
        endpoint.outstanding.to_string(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{actor, shown};
    use actor_sdk::Policy;
    use actor_sdk::abi::ActorState;

    #[test]
    fn endpoints_lists_what_has_become_of_messages() {
        let text = shown("endpoints shell\n", |kernel| {
            kernel.add_actor(actor(3, "shell", ActorState::Running));
            let record = EndpointRecord {
                slot: 2,
                policy: Policy::DropOldest,
                capacity: 4,
                high_water: 3,
                offered: 21,
                delivered: 10,
                rejected: 1,
                dropped: 2,
                withdrawn: 3,
                discarded: 0,
                queued: 3,
                blocked: 2,
                calls: 7,
                replied: 3,
                caller_gone: 2,
                callee_gone: 1,
                outstanding: 1,
            };
            kernel.add_endpoint(3, record);
            kernel.add_endpoint(4, EndpointRecord { slot: 9, ..record });
        });
        let row = "2  drop-oldest      4     3       21         10     6       5      7     1\n";
        assert!(text.contains(row), "{text}");
        assert!(!text.contains("   9  "), "another actor's is listed: {text}");
    }
}
